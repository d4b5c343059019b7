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
import type { tasks } from './bin-tasks.ts';
import type { BinsInput } from './bin-work.ts';
import { type Bins, type BinsSetting, NO_ROW } from './bins.ts';
import { CHOICES, EMPTY } from './cuckoo.ts';
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
  readonly #result: Result;
  #next = 0;
  #ended = 0;

  constructor(line: PsiLine, setting: BinsSetting, plan: BinsPlan, engine: BucketEngine<typeof tasks>) {
    this.#line = line;
    this.#setting = setting;
    this.#plan = plan;
    this.#engine = engine;
    this.#inbox = new Inbox(line, (bucket) => this.#earlyBytes(bucket));
    this.#result = new Result(plan);
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
    try {
      const split = await splitting;
      this.#requireRoom(split);
      const lanes = Array.from({ length: BUCKETS_AT_ONCE }, () => this.#work(split, transfers));
      await this.#line.together(this.#inbox.listen(this.#piecesDue()), ...lanes);
      return this.#result.bins(holds);
    } finally {
      this.#result.destroy();
      transfers.fill(0);
    }
  }

  #requireRoom({ starts }: BucketRows): void {
    const room = this.#setting.holds ? this.#plan.room.holder : this.#plan.room.other;
    for (let bucket = 0; bucket < this.#plan.buckets; bucket++)
      if ((starts[bucket + 1] ?? 0) - (starts[bucket] ?? 0) > room)
        throw new InternalError('ids do not fit their buckets, which chance alone makes rarer than 2^-40');
  }

  /** Takes one bucket after the other, in their order: so the peer works on the same ones. */
  async #work(split: BucketRows, transfers: Uint8Array): Promise<void> {
    while (this.#next < this.#plan.buckets) {
      const number = this.#next++;
      const input = this.#inputOf(number, split);
      const bucket: Bucket = { number, input, seed: this.#setting.random.bytes(SEED_BYTES), transfers };
      try {
        await (this.#setting.holds ? this.#hold(bucket) : this.#hint(bucket));
      } finally {
        bucket.seed.fill(0);
        input.payload.fill(0);
      }
      this.#advance();
    }
  }

  #inputOf(number: number, split: BucketRows): BinsInput {
    const { ids, payload } = this.#setting;
    const rows = split.rows.subarray(split.starts[number], split.starts[number + 1]);
    const salt = this.#digest(`bucket ${number}`);
    return { number, sizes: this.#plan.sizes, ids, rows, salt, payload: gatherColumns(payload, rows) };
  }

  async #hold({ number, input, seed, transfers }: Bucket): Promise<void> {
    const { sizes } = input;
    const first = await this.#engine.do('begin', { transfers, input });
    const second = this.#inbox.due(number, 'second', sizes.second);
    await sendPieces(this.#line, 'first', number, first);
    const placed = await this.#engine.do('place', { transfers, input, seed, second: await second });
    try {
      const hints = this.#inbox.due(number, 'hints', sizes.hintsBytes);
      await sendPieces(this.#line, 'vector', number, placed.vector);
      const lanes = await this.#engine.do('open', { input, seed, placed, hints: await hints });
      this.#result.take(number, lanes);
      this.#result.takeRows(number, placed.table, input.rows);
    } finally {
      for (const secret of [placed.kept, placed.table]) secret.fill(0);
    }
  }

  async #hint({ number, input, seed, transfers }: Bucket): Promise<void> {
    const { sizes } = input;
    const first = await this.#inbox.due(number, 'first', sizes.first);
    const answered = await this.#engine.do('answer', { transfers, input, seed, first });
    try {
      const vector = this.#inbox.due(number, 'vector', sizes.vector);
      await sendPieces(this.#line, 'second', number, answered.second);
      const made = await this.#engine.do('hint', { input, seed, answered, vector: await vector });
      this.#result.take(number, made.lanes);
      await sendPieces(this.#line, 'hints', number, made.hints);
    } finally {
      for (const secret of [answered.delta, answered.kept]) secret.fill(0);
    }
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

/** What the buckets leave. A peer has sent what it must for each before there is room for it. */
class Result {
  readonly #plan: BinsPlan;
  /** By bucket: its lanes that mean something, and its rows at the holder. */
  readonly #lanes: BigUint64Array[][] = [];
  readonly #rows: Uint32Array[] = [];

  constructor(plan: BinsPlan) {
    this.#plan = plan;
  }

  /** The lanes are zeroed. */
  take(bucket: number, lanes: Uint32Array): void {
    const { bits, sizes } = this.#plan;
    // All of the lowest 32 bits count, as no word has fewer than 40.
    const highMask = 2 ** (bits - 32) - 1;
    for (let high = 1; high < 2 * sizes.bins; high += 2) lanes[high] = (lanes[high] ?? 0) & highMask;
    this.#lanes[bucket] = Array.from({ length: 1 + sizes.columns }, (_, lane) =>
      new BigUint64Array(lanes.buffer, lanes.byteOffset + 8 * lane * sizes.bins, sizes.bins).slice(),
    );
    lanes.fill(0);
  }

  takeRows(bucket: number, table: Uint32Array, rows: Uint32Array): void {
    this.#rows[bucket] = table.map((slot) =>
      slot === EMPTY ? NO_ROW : (rows[Math.floor(slot / CHOICES)] ?? 0),
    );
  }

  /** In one place. What it was made of is zeroed. */
  bins(holds: boolean): Bins {
    const { bins, bits, sizes } = this.#plan;
    const joined = (lane: number): BigUint64Array => {
      const whole = new BigUint64Array(bins);
      for (const [bucket, lanes] of this.#lanes.entries()) {
        whole.set(lanes[lane] ?? [], bucket * sizes.bins);
        lanes[lane]?.fill(0n);
        lanes[lane] = new BigUint64Array();
      }
      return whole;
    };
    const words = joined(0);
    const shares = Array.from({ length: sizes.columns }, (_, column) => joined(1 + column));
    if (!holds) return { bins, bits, words, shares };
    const rowOf = new Uint32Array(bins);
    for (const [bucket, rows] of this.#rows.entries()) rowOf.set(rows, bucket * sizes.bins);
    return { bins, bits, words, shares, rowOf };
  }

  destroy(): void {
    for (const lane of this.#lanes.flat()) lane?.fill(0n);
    for (const rows of this.#rows) rows?.fill(0);
  }
}

/** The values of these rows, column after column, two words each, low first. */
function gatherColumns(columns: readonly BigUint64Array[], rows: Uint32Array): Uint32Array {
  const words = new Uint32Array(2 * rows.length * columns.length);
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
