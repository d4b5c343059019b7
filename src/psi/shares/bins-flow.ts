/** The flow of an intersection into shares over the line: which message follows which, in the buckets under way. */
import { createHash } from 'node:crypto';
import { InternalError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import type { PsiLine } from '../line.ts';
import type { BucketEngine } from '../protocols/rr22/bucket-engine.ts';
import { Inbox } from '../protocols/rr22/inbox.ts';
import { pieceCount, sendPieces } from '../protocols/rr22/messages.ts';
import { BUCKETS_AT_ONCE } from '../protocols/rr22/plan.ts';
import { openTransfers } from '../protocols/rr22/setup.ts';
import { SEED_BYTES } from '../protocols/rr22/sizes.ts';
import type { BucketRows } from '../protocols/rr22/split.ts';
import { SharedSecrets, sharedBytes, takenOver } from '../shared-bytes.ts';
import { ELEMENT_BYTES } from '../vole/parameters.ts';
import type { tasks } from './bin-tasks.ts';
import type { BinsInput, Placement, RegionRows } from './bin-work.ts';
import type { Bins, BinsSetting } from './bins.ts';
import { Lanes } from './lanes.ts';
import type { BinsPlan } from './plan.ts';

/** A bucket of which every step has what it needs. */
interface Bucket {
  readonly number: number;
  readonly input: BinsInput;
  /** Of what this party draws in it. */
  readonly seed: Uint8Array;
  readonly transfers: Uint8Array;
}

export class BinsSession {
  readonly #line: PsiLine;
  readonly #setting: BinsSetting;
  readonly #plan: BinsPlan;
  readonly #engine: BucketEngine<typeof tasks>;
  readonly #inbox: Inbox;
  readonly #lanes: Lanes;
  /** At the holder: where the rows of a region are, from when its first bucket is worked on. */
  readonly #placements = new Map<number, Promise<Placement>>();
  readonly #secrets = new SharedSecrets();
  #next = 0;
  #ended = 0;

  constructor(line: PsiLine, setting: BinsSetting, plan: BinsPlan, engine: BucketEngine<typeof tasks>) {
    this.#line = line;
    this.#setting = setting;
    this.#plan = plan;
    this.#engine = engine;
    this.#inbox = new Inbox(line, (bucket) => this.#earlyBytes(bucket));
    this.#lanes = new Lanes(plan, setting.holds, setting.random);
  }

  async run(): Promise<Bins> {
    const { ids, holds, random } = this.#setting;
    const agreement = this.#digest('run');
    const splitting = this.#engine.do('split', {
      ids,
      key: this.#digest('buckets'),
      buckets: this.#plan.buckets,
    });
    void ignored(splitting, 'its failure is met after the setup');
    const holder = holds ? this.#line.rank : this.#line.peer;
    const { receiving, sending } = await openTransfers(
      this.#line,
      { random, agreement },
      { receivers: new Set([holder]) },
    );
    const transfers = receiving ?? sending;
    if (transfers === undefined) throw new InternalError('a run without oblivious transfers');
    this.#secrets.add(transfers);
    const split = await splitting;
    this.#requireRoom(split);
    const lanes = Array.from({ length: BUCKETS_AT_ONCE }, () => this.#work(split, transfers));
    await this.#line.together(this.#inbox.listen(this.#piecesDue()), ...lanes);
    return this.#lanes.bins();
  }

  /** Zeroes what is secret. When the engine is closed: before that, a thread could write it again. */
  destroy(): void {
    this.#lanes.destroy();
    this.#secrets.destroy();
  }

  #requireRoom({ starts }: BucketRows): void {
    const { buckets, bucketsIn, room, rooms } = this.#plan;
    const { holds } = this.#setting;
    const fits = (from: number, count: number, most: number): boolean =>
      (starts[from + count] ?? 0) - (starts[from] ?? 0) <= most;
    for (let bucket = 0; bucket < buckets; bucket++)
      if (
        !fits(bucket, 1, holds ? rooms.holder : rooms.other) ||
        (holds && bucket % bucketsIn === 0 && !fits(bucket, bucketsIn, room))
      )
        throw new InternalError('ids do not fit their buckets, which chance alone makes rarer than 2^-40');
  }

  /** Takes one bucket after the other, in their order: so the peer works on the same ones. */
  async #work(split: BucketRows, transfers: Uint8Array): Promise<void> {
    while (this.#next < this.#plan.buckets) {
      const number = this.#next++;
      const input = this.#inputOf(number, split);
      const seed = this.#secrets.add(takenOver(this.#setting.random.bytes(SEED_BYTES)));
      const bucket: Bucket = { number, input, seed, transfers };
      await (this.#setting.holds ? this.#hold(bucket, split) : this.#hint(bucket));
      this.#secrets.forget(seed, input.payload);
      this.#advance();
    }
  }

  #inputOf(number: number, split: BucketRows): BinsInput {
    const { ids, payload } = this.#setting;
    const { sizes, bins, bucketsIn } = this.#plan;
    const rows = split.rows.subarray(split.starts[number], split.starts[number + 1]);
    const region = Math.floor(number / bucketsIn);
    return {
      number,
      sizes,
      ids,
      rows,
      salt: this.#digest(`bucket ${number}`),
      region: { salt: this.#digest(`region ${region}`), firstBin: region * bins },
      lanes: this.#lanes.words,
      payload: this.#secrets.add(gatherColumns(payload, rows)),
    };
  }

  /** Where the rows of a bucket are: the part of its region's that is its own. */
  async #placed({ number, input }: Bucket, { rows, starts }: BucketRows): Promise<Placement> {
    const { bucketsIn, bins } = this.#plan;
    const region = Math.floor(number / bucketsIn);
    const [first = 0, last] = [starts[region * bucketsIn], starts[(region + 1) * bucketsIn]];
    let placing = this.#placements.get(region);
    if (placing === undefined) {
      const inRegion = rows.subarray(first, last);
      placing = this.#place({ ids: input.ids, rows: inRegion, salt: input.region.salt, bins }, region);
      void ignored(placing, 'told where it is awaited');
      this.#placements.set(region, placing);
    }
    const { seed, binOf, choiceOf } = await placing;
    const [from, to] = [(starts[number] ?? 0) - first, (starts[number + 1] ?? 0) - first];
    return { seed, binOf: binOf.subarray(from, to), choiceOf: choiceOf.subarray(from, to) };
  }

  async #place(region: RegionRows, number: number): Promise<Placement> {
    const seed = this.#secrets.add(takenOver(this.#setting.random.bytes(SEED_BYTES)));
    const rows = region.rows.length;
    const binOf = new Uint32Array(new SharedArrayBuffer(rows * Uint32Array.BYTES_PER_ELEMENT));
    const places = { binOf: this.#secrets.add(binOf), choiceOf: this.#secrets.add(sharedBytes(rows)) };
    const placedBy = await this.#engine.do('place', { region, seed, places });
    this.#secrets.forget(seed);
    this.#lanes.place(number, region.rows, binOf);
    return { seed: placedBy, ...places };
  }

  async #hold(bucket: Bucket, split: BucketRows): Promise<void> {
    const { number, input, seed, transfers } = bucket;
    const { sizes } = input;
    const first = await this.#engine.do('begin', { transfers, input });
    const second = this.#inbox.due(number, 'second', sizes.second);
    await sendPieces(this.#line, 'first', number, first);
    const placed = await this.#placed(bucket, split);
    const kept = this.#secrets.add(sharedBytes(sizes.kept));
    const asked = { transfers, input, seed, second: await second, placed, kept };
    const vector = await this.#engine.do('encode', asked);
    const hints = this.#inbox.due(number, 'hints', sizes.hintsBytes);
    await sendPieces(this.#line, 'vector', number, vector);
    const encodingSeed = vector.slice(SEED_BYTES, 2 * SEED_BYTES);
    await this.#engine.do('open', { input, placed, encodingSeed, kept, hints: await hints });
    this.#secrets.forget(kept, placed.binOf, placed.choiceOf);
  }

  async #hint({ number, input, seed, transfers }: Bucket): Promise<void> {
    const { sizes } = input;
    const first = await this.#inbox.due(number, 'first', sizes.first);
    const delta = this.#secrets.add(sharedBytes(ELEMENT_BYTES));
    const kept = this.#secrets.add(sharedBytes(sizes.kept));
    const second = await this.#engine.do('answer', { transfers, input, seed, first, delta, kept });
    const vector = this.#inbox.due(number, 'vector', sizes.vector);
    await sendPieces(this.#line, 'second', number, second);
    const hints = await this.#engine.do('hint', { input, seed, delta, kept, vector: await vector });
    this.#secrets.forget(delta, kept);
    await sendPieces(this.#line, 'hints', number, hints);
  }

  /** Of a bucket to which this party has not come yet. The holder is never further ahead. */
  #earlyBytes(bucket: number): number | undefined {
    const isAhead = bucket >= this.#next && bucket < this.#next + BUCKETS_AT_ONCE;
    if (this.#setting.holds || !isAhead || bucket >= this.#plan.buckets) return undefined;
    return this.#plan.sizes.first;
  }

  #piecesDue(): number {
    const { first, second, vector, hintsBytes } = this.#plan.sizes;
    const due = this.#setting.holds ? [second, hintsBytes] : [first, vector];
    return this.#plan.buckets * due.reduce((pieces, bytes) => pieces + pieceCount(bytes), 0);
  }

  #advance(): void {
    const { ownRows, peerRows, advance } = this.#setting;
    const before = this.#ended++;
    const idsAt = (ended: number): number => Math.floor(((ownRows + peerRows) * ended) / this.#plan.buckets);
    advance(idsAt(this.#ended) - idsAt(before));
  }

  #digest(purpose: string): Uint8Array {
    const hash = createHash('sha256').update(`privity-psi shares ${purpose} `);
    return hash.update(this.#setting.agreement).digest();
  }
}

/** The values of these rows, for threads: column after column, two words each, low first. */
function gatherColumns(columns: readonly BigUint64Array[], rows: Uint32Array): Uint32Array {
  const values = rows.length * columns.length;
  const words = new Uint32Array(new SharedArrayBuffer(values * BigUint64Array.BYTES_PER_ELEMENT));
  let to = 0;
  for (const column of columns) {
    const from = new Uint32Array(column.buffer, column.byteOffset, 2 * column.length);
    for (let at = 0; at < rows.length; at++) {
      const row = 2 * (rows[at] ?? 0);
      words[to++] = from[row] ?? 0;
      words[to++] = from[row + 1] ?? 0;
    }
  }
  return words;
}
