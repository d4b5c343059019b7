/** The flow of rr22 over the line: which message follows which, in each bucket that is under way. */
import { createHash } from 'node:crypto';
import { deferred } from '../../../base/deferred.ts';
import { InternalError } from '../../../base/errors.ts';
import { ignored } from '../../../base/ignored.ts';
import type { PsiLine } from '../../line.ts';
import { violation } from '../../messages.ts';
import type { PsiMatches, PsiSetting } from '../protocol.ts';
import type { BucketEngine } from './bucket-engine.ts';
import { type BucketInput, type Found, readResult } from './bucket-work.ts';
import { DueMessage, type PartName, PIECES_MAX, sendPieces } from './messages.ts';
import { BUCKETS_AT_ONCE, type BucketPlan } from './plan.ts';
import { openTransfers, type Transfers } from './setup.ts';
import { type BucketSizes, bucketPieces, SEED_BYTES, sizesOf } from './sizes.ts';
import type { BucketRows } from './split.ts';

/** A bucket of which every step has what it needs. */
interface Bucket {
  readonly number: number;
  readonly input: BucketInput;
  /** Of what this party draws in it. */
  readonly seed: Uint8Array;
  readonly transfers: Uint8Array;
}

export class Session {
  readonly #line: PsiLine;
  readonly #setting: PsiSetting;
  readonly #plan: BucketPlan;
  readonly #engine: BucketEngine;
  /** By rank of the receiver. */
  readonly #sizes: readonly [BucketSizes, BucketSizes];
  /** What the buckets under way wait for, by their number. */
  readonly #waiting = new Map<number, Waiting>();
  readonly #found: Found[] = [];
  #next = 0;
  #ended = 0;

  constructor(line: PsiLine, setting: PsiSetting, plan: BucketPlan, engine: BucketEngine) {
    this.#line = line;
    this.#setting = setting;
    this.#plan = plan;
    this.#engine = engine;
    this.#sizes = [sizesOf(plan, 0, setting.tagBytes), sizesOf(plan, 1, setting.tagBytes)];
  }

  async run(): Promise<PsiMatches | undefined> {
    const { ids, agreement } = this.#setting;
    const key = digestOf('buckets', agreement);
    const splitting = this.#engine.do('split', { ids, key, buckets: this.#plan.buckets });
    void ignored(splitting, 'its failure is met after the setup');
    const transfers = await openTransfers(this.#line, this.#setting, this.#plan);
    try {
      const split = await splitting;
      this.#requireRoom(split);
      const lanes = Array.from({ length: BUCKETS_AT_ONCE }, () => this.#work(split, transfers));
      await this.#line.together(this.#listen(), ...lanes);
      return this.#setting.receives ? this.#matches() : undefined;
    } finally {
      for (const seeds of Object.values(transfers)) seeds?.fill(0);
    }
  }

  #requireRoom({ starts }: BucketRows): void {
    const room = this.#plan.room[this.#line.rank as 0 | 1];
    for (let bucket = 0; bucket < this.#plan.buckets; bucket++)
      if ((starts[bucket + 1] ?? 0) - (starts[bucket] ?? 0) > room)
        throw new InternalError('ids do not fit their buckets, which chance alone makes rarer than 2^-40');
  }

  /** Takes one bucket after the other, in their order: so the peer works on the same ones. */
  async #work(split: BucketRows, transfers: Transfers): Promise<void> {
    while (this.#next < this.#plan.buckets) {
      const number = this.#next++;
      const isReceiver = this.#isReceiver(number);
      const seeds = isReceiver ? transfers.receiving : transfers.sending;
      if (seeds === undefined) throw new InternalError('a bucket without oblivious transfers');
      const bucket: Bucket = {
        number,
        input: this.#inputOf(number, split),
        seed: this.#setting.random.bytes(SEED_BYTES),
        transfers: seeds,
      };
      try {
        const found = await (isReceiver ? this.#receive(bucket) : this.#send(bucket));
        if (found !== undefined) this.#found[number] = found;
      } finally {
        bucket.seed.fill(0);
      }
      this.#advance();
    }
  }

  #inputOf(number: number, { rows, starts }: BucketRows): BucketInput {
    const receiver = this.#plan.receiver(number);
    return {
      number,
      sizes: this.#sizes[receiver as 0 | 1],
      ids: this.#setting.ids,
      rows: rows.subarray(starts[number], starts[number + 1]),
      salt: digestOf(`bucket ${number} of rank ${receiver}`, this.#setting.agreement),
    };
  }

  async #receive({ number, input, seed, transfers }: Bucket): Promise<Found> {
    const { sizes } = input;
    const first = await this.#engine.do('begin', { transfers, input });
    const second = this.#due(number, 'second', sizes.second);
    await sendPieces(this.#line, 'first', number, first);
    const encoded = await this.#engine.do('encode', { transfers, input, seed, second: await second });
    const tags = this.#due(number, 'tags', sizes.tagsBytes);
    await sendPieces(this.#line, 'vector', number, encoded.vector);
    const { found, result } = await this.#engine.do('find', { input, seed, encoded, tags: await tags });
    encoded.kept.fill(0);
    if (sizes.result > 0) await sendPieces(this.#line, 'result', number, result);
    return found;
  }

  async #send({ number, input, seed, transfers }: Bucket): Promise<Found | undefined> {
    const { sizes } = input;
    const first = await this.#due(number, 'first', sizes.first);
    const answered = await this.#engine.do('answer', { transfers, input, seed, first });
    const vector = this.#due(number, 'vector', sizes.vector);
    await sendPieces(this.#line, 'second', number, answered.second);
    const tagged = await this.#engine.do('tag', { input, seed, answered, vector: await vector });
    for (const secret of [answered.delta, answered.kept]) secret.fill(0);
    const result = sizes.result === 0 ? undefined : this.#due(number, 'result', sizes.result);
    await sendPieces(this.#line, 'tags', number, tagged.tags);
    return result && readResult(await result, tagged.tags, tagged.rows, sizes.tagBytes);
  }

  /** The next message of a bucket, whole. To be asked for before the peer has what it answers. */
  #due(bucket: number, name: PartName, bytes: number): Promise<Uint8Array> {
    const waiting = this.#waiting.get(bucket) ?? waitFor(name, bytes);
    waiting.isAskedFor = true;
    // One that came early, and whole, is waited for no longer.
    if (waiting.message.body === undefined) this.#waiting.set(bucket, waiting);
    else this.#waiting.delete(bucket);
    const due = this.#line.orFailure(waiting.promise);
    void ignored(due, 'where a send before it fails, nobody comes to wait for it');
    return due;
  }

  /** Takes all that the peer sends, at once: only its first message of a bucket can come before it is asked for. */
  async #listen(): Promise<void> {
    for (let left = this.#piecesDue(); left > 0; left--) {
      const part = await this.#line.receivePart();
      const bucket = Math.floor(part.index / PIECES_MAX);
      const waiting = this.#waiting.get(bucket) ?? this.#early(bucket);
      waiting.message.take(part);
      const { body } = waiting.message;
      if (body === undefined) continue;
      // What is early stays until its bucket comes.
      if (waiting.isAskedFor) this.#waiting.delete(bucket);
      waiting.resolve(body);
    }
  }

  /** Of a bucket to which this party has not come yet. The peer is never further ahead. */
  #early(bucket: number): Waiting {
    const isAhead = bucket >= this.#next && bucket < this.#next + BUCKETS_AT_ONCE;
    if (!isAhead || bucket >= this.#plan.buckets || this.#isReceiver(bucket))
      throw violation('a message of a bucket that is not due');
    const waiting = waitFor('first', this.#sizes[this.#line.peer as 0 | 1].first);
    this.#waiting.set(bucket, waiting);
    return waiting;
  }

  #isReceiver(bucket: number): boolean {
    return this.#plan.receiver(bucket) === this.#line.rank;
  }

  #piecesDue(): number {
    let pieces = 0;
    for (let bucket = 0; bucket < this.#plan.buckets; bucket++) {
      const { ofReceiver, ofSender } = bucketPieces(this.#sizes[this.#plan.receiver(bucket) as 0 | 1]);
      pieces += this.#isReceiver(bucket) ? ofSender : ofReceiver;
    }
    return pieces;
  }

  /** Buckets of both lists end together, so each stands for the same part of all ids. */
  #advance(): void {
    const { ownRows, peerRows, advance } = this.#setting;
    const before = this.#ended++;
    const idsAt = (ended: number): number => Math.floor(((ownRows + peerRows) * ended) / this.#plan.buckets);
    advance(idsAt(this.#ended) - idsAt(before));
  }

  #matches(): PsiMatches {
    const total = this.#found.reduce((sum, { rows }) => sum + rows.length, 0);
    const places = new Uint32Array(total);
    const hash = createHash('sha256');
    let at = 0;
    for (const { rows, digest } of this.#found) {
      places.set(rows, at);
      at += rows.length;
      hash.update(digest);
    }
    const all = hash.digest();
    return { places, digests: [digestOf('done of rank 0', all), digestOf('done of rank 1', all)] };
  }
}

interface Waiting {
  readonly message: DueMessage;
  readonly promise: Promise<Uint8Array>;
  isAskedFor: boolean;
  resolve(body: Uint8Array): void;
}

function waitFor(name: PartName, bytes: number): Waiting {
  const { promise, resolve } = deferred<Uint8Array>();
  return { message: new DueMessage(name, bytes), promise, isAskedFor: false, resolve };
}

function digestOf(purpose: string, of: Uint8Array): Uint8Array {
  return createHash('sha256').update(`privity-psi rr22 ${purpose} `).update(of).digest();
}
