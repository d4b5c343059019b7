/**
 * A thread that measures decoders or fuzzes them. What it works on stands in shared memory, in case it does not come
 * back.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { growthAt } from '../../src/base/decode-bound.ts';
import type { Decoder } from './decoder.ts';
import { DecoderFuzz, type Finding, type Tally } from './fuzz-loop.ts';
import { measureMemory, StepCounter } from './measure.ts';
import { INPUT_BYTES_MAX } from './mutate.ts';

/** Counter, number of the decoder, bytes of the input; then the input. */
export const SHARED_WORDS = 3;
export const SHARED_BYTES = 4 * SHARED_WORDS + INPUT_BYTES_MAX;

export interface Job {
  /** Address of a module that exports `decoders`. */
  readonly module: string;
  readonly only: string;
  readonly shared: SharedArrayBuffer;
  readonly work:
    | { readonly kind: 'memory' | 'steps'; readonly bytes: number }
    | { readonly kind: 'suspects'; readonly suspects: readonly Suspect[] }
    | { readonly kind: 'fuzz'; readonly seed: number; readonly inputs: number; readonly untilMs: number };
}

export interface Measured {
  readonly decoder: string;
  readonly input: number;
  readonly bytes: number;
  readonly amount: number;
}

export interface Suspect {
  readonly decoder: string;
  readonly input: string;
}

export type Told =
  | { readonly kind: 'progress'; readonly tallies: readonly Tally[] }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'measured'; readonly measured: Measured }
  | { readonly kind: 'suspect'; readonly suspect: Suspect }
  | { readonly kind: 'done'; readonly tallies: readonly Tally[] };

/** Inputs of a decoder before it is the next one's turn. */
const TURN_INPUTS = 50;
const PROGRESS_MS = 1_000;

const tell = (told: Told): void => parentPort?.postMessage(told);

async function measureAll(
  decoders: readonly Decoder[],
  inputsOf: (decoder: Decoder) => readonly Uint8Array[],
  measure: (decoder: Decoder, bytes: Uint8Array) => Promise<number>,
): Promise<void> {
  for (const decoder of decoders) {
    for (const [input, bytes] of inputsOf(decoder).entries()) {
      const amount = await measure(decoder, bytes);
      tell({ kind: 'measured', measured: { decoder: decoder.name, input, bytes: bytes.length, amount } });
    }
  }
  tell({ kind: 'done', tallies: [] });
}

async function fuzzAll(
  decoders: readonly Decoder[],
  shared: SharedArrayBuffer,
  { seed, inputs, untilMs }: { readonly seed: number; readonly inputs: number; readonly untilMs: number },
): Promise<void> {
  const words = new Int32Array(shared, 0, SHARED_WORDS);
  const copy = new Uint8Array(shared, 4 * SHARED_WORDS);
  const fuzzes = decoders.map((decoder, index) => {
    return new DecoderFuzz(decoder, seed, (bytes) => {
      copy.set(bytes);
      words[1] = index;
      words[2] = bytes.length;
      Atomics.add(words, 0, 1);
    });
  });
  const tallies = (): readonly Tally[] => fuzzes.map(({ tally }) => tally);
  let told = Date.now();
  const isLeft = (fuzz: DecoderFuzz): boolean => !fuzz.isOver && fuzz.tally.inputs < inputs;
  while (Date.now() < untilMs && fuzzes.some(isLeft)) {
    for (const fuzz of fuzzes) {
      for (let left = TURN_INPUTS; left > 0 && isLeft(fuzz); left--) {
        const before = fuzz.findings.length;
        await fuzz.try(fuzz.next());
        for (const finding of fuzz.findings.slice(before)) tell({ kind: 'finding', finding });
      }
      if (Date.now() < told + PROGRESS_MS) continue;
      told = Date.now();
      tell({ kind: 'progress', tallies: tallies() });
      // Lets the message leave, and what decoders have left behind go.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  for (const { decoder, suspects } of fuzzes)
    for (const bytes of suspects)
      tell({
        kind: 'suspect',
        suspect: { decoder: decoder.name, input: Buffer.from(bytes).toString('base64') },
      });
  tell({ kind: 'done', tallies: tallies() });
}

if (parentPort !== null) {
  const { module, only, shared, work } = workerData as Job;
  const counter = work.kind === 'steps' || work.kind === 'suspects' ? new StepCounter() : undefined;
  const loaded = (await import(module)) as { readonly decoders: readonly Decoder[] };
  const decoders = loaded.decoders.filter(({ name }) => name.includes(only));
  const measure = (decoder: Decoder, bytes: Uint8Array): Promise<number> =>
    counter?.measure(decoder, bytes, growthAt(decoder.bound.steps, bytes.length)) ??
    measureMemory(decoder, bytes, growthAt(decoder.bound.memory, bytes.length));
  if (work.kind === 'fuzz') await fuzzAll(decoders, shared, work);
  else if (work.kind === 'suspects')
    await measureAll(decoders, ({ name }) => inputsOf(work.suspects, name), measure);
  else await measureAll(decoders, ({ hostile }) => hostile(work.bytes), measure);
}

function inputsOf(suspects: readonly Suspect[], name: string): readonly Uint8Array[] {
  return suspects.flatMap(({ decoder, input }) => (decoder === name ? [Buffer.from(input, 'base64')] : []));
}
