/** Makes inputs for each decoder in turn, and holds what happens against its bound. */
import { growthAt } from '../../src/base/decode-bound.ts';
import { PrivityError } from '../../src/base/errors.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { shrink } from '../../src/simulation/shrink.ts';
import type { Decoder } from './decoder.ts';
import { measureMemory, usedBytes } from './measure.ts';
import { mutate } from './mutate.ts';

export type Fault = 'throws' | 'memory' | 'steps' | 'endless';

export interface Finding {
  readonly decoder: string;
  readonly fault: Fault;
  readonly says: string;
  /** Base64. */
  readonly input: string;
}

export interface Tally {
  readonly decoder: string;
  readonly inputs: number;
  readonly taken: number;
  /** Different refusals: how far inputs got. */
  readonly refusals: number;
}

/** Inputs that have led to something new, of one decoder: later ones are made of them. */
const POOL_MAX = 500;
/** Findings of one decoder: more of them say the same. */
const FINDINGS_MAX = 3;
/**
 * The slowest inputs of a decoder: their steps are counted afterwards, by which they are judged, since a pause can make
 * anything slow.
 */
const SUSPECTS = 3;
/** Attempts at making an input smaller that has found something. */
const SHRINK_ATTEMPTS = 200;

export class DecoderFuzz {
  readonly decoder: Decoder;
  readonly #random: SeededRandom;
  readonly #onTry: (bytes: Uint8Array) => void;
  readonly #pool: Uint8Array[] = [];
  readonly #refusals = new Set<string>();
  readonly findings: Finding[] = [];
  readonly #slowest: { readonly tookMs: number; readonly bytes: Uint8Array }[] = [];
  #inputs = 0;
  #taken = 0;

  /** `onTry` is told of each input before it is tried. */
  constructor(decoder: Decoder, seed: number, onTry: (bytes: Uint8Array) => void = () => undefined) {
    this.decoder = decoder;
    this.#onTry = onTry;
    this.#random = new SeededRandom(seed, decoder.name);
  }

  get tally(): Tally {
    return {
      decoder: this.decoder.name,
      inputs: this.#inputs,
      taken: this.#taken,
      refusals: this.#refusals.size,
    };
  }

  get suspects(): readonly Uint8Array[] {
    return this.#slowest.map(({ bytes }) => bytes);
  }

  get isOver(): boolean {
    return this.findings.length >= FINDINGS_MAX;
  }

  next(): Uint8Array {
    const random = this.#random;
    const one = (): Uint8Array =>
      this.#pool.length > 0 && random.chance(0.5) ? random.pick(this.#pool) : this.decoder.valid(random);
    return mutate(random, this.decoder, one(), one());
  }

  async try(bytes: Uint8Array): Promise<void> {
    this.#inputs++;
    const outcome = await this.#outcome(bytes);
    if (outcome.taken) this.#taken++;
    if (!this.#refusals.has(outcome.kind)) {
      this.#refusals.add(outcome.kind);
      if (this.#pool.length < POOL_MAX) this.#pool.push(Uint8Array.from(bytes));
    }
    if (outcome.fault === undefined) return;
    const isFaulty = async (candidate: Uint8Array): Promise<boolean> =>
      (await this.#outcome(candidate)).fault === outcome.fault;
    const smaller = await shrink(bytes, shorter, isFaulty, SHRINK_ATTEMPTS);
    this.findings.push({
      decoder: this.decoder.name,
      fault: outcome.fault,
      says: outcome.kind,
      input: Buffer.from(smaller).toString('base64'),
    });
  }

  async #outcome(
    bytes: Uint8Array,
  ): Promise<{ readonly taken: boolean; readonly kind: string; readonly fault?: Fault }> {
    const { bound, codes, decode } = this.decoder;
    this.#onTry(bytes);
    const [before, began] = [usedBytes(), performance.now()];
    let said: { readonly taken: boolean; readonly kind: string; readonly fault?: Fault };
    try {
      const result = await decode(bytes);
      said = { taken: true, kind: shapeOf(result) };
    } catch (error) {
      const isRefusal = error instanceof PrivityError && codes.includes(error.code);
      said = { taken: false, kind: kindOf(error), ...(isRefusal ? {} : { fault: 'throws' }) };
    }
    const tookMs = performance.now() - began;
    const memoryMax = growthAt(bound.memory, bytes.length);
    if (usedBytes() - before > memoryMax) {
      const memory = await measureMemory(this.decoder, bytes, memoryMax);
      if (memory > memoryMax)
        return {
          ...said,
          kind: `${memory} bytes for ${bytes.length}; the bound is ${memoryMax}`,
          fault: 'memory',
        };
    }
    if (tookMs > (this.#slowest.at(-1)?.tookMs ?? 0) || this.#slowest.length < SUSPECTS) {
      this.#slowest.push({ tookMs, bytes: Uint8Array.from(bytes) });
      this.#slowest.sort((one, other) => other.tookMs - one.tookMs).splice(SUSPECTS);
    }
    return said;
  }
}

/** Without what an input says of itself. */
function kindOf(error: unknown): string {
  if (error instanceof PrivityError) return `${error.code} ${error.message.replace(/\d+/g, '#')}`;
  const where = error instanceof Error ? (error.stack?.split('\n')[1]?.trim() ?? '') : '';
  return `${String(error)} ${where}`;
}

/** Fields whose text says of which form something is. */
const TELLING: ReadonlySet<string> = new Set(['kind', 'type', 'why', 'case']);

/** What was decoded, roughly: so much that inputs of another form count as new. */
function shapeOf(value: unknown, depth = 0): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  if (Array.isArray(value))
    return `${Math.min(2, value.length)}[${depth > 2 ? '' : shapeOf(value[0], depth + 1)}]`;
  if (ArrayBuffer.isView(value) || depth > 2) return '.';
  const fields = Object.entries(value).slice(0, 16);
  return fields
    .map(
      ([key, field]) =>
        `${key}:${TELLING.has(key) ? String(field).replace(/\d+/g, '#') : shapeOf(field, depth + 1)}`,
    )
    .join();
}

/** Ever smaller pieces are taken out. */
function* shorter(bytes: Uint8Array): Generator<Uint8Array, void, boolean> {
  let shortest = bytes;
  for (let size = Math.ceil(bytes.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < shortest.length; ) {
      const candidate = Buffer.concat([shortest.subarray(0, at), shortest.subarray(at + size)]);
      if (yield candidate) shortest = candidate;
      else at += size;
    }
  }
}
