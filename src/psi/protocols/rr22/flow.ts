/** The flow of rr22 over the line: which message follows which, in each bucket that is under way. */
import { createHash } from 'node:crypto';
import { InternalError } from '../../../base/errors.ts';
import { ignored } from '../../../base/ignored.ts';
import type { PsiLine } from '../../line.ts';
import { SharedSecrets, sharedBytes, takenOver } from '../../shared-bytes.ts';
import { ELEMENT_BYTES } from '../../vole/parameters.ts';
import { type PsiMatches, type PsiSetting, ROW_KEY_BYTES } from '../protocol.ts';
import type { BucketEngine } from './bucket-engine.ts';
import { type BucketInput, type BucketKeys, type Found, readResult } from './bucket-work.ts';
import { Inbox } from './inbox.ts';
import { sendPieces } from './messages.ts';
import { BUCKETS_AT_ONCE, type BucketPlan } from './plan.ts';
import type { RowKeyStore } from './row-keys.ts';
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

/** What comes of a bucket: at a party that is told, and of rows that have keys. */
interface Ended {
  readonly found?: Found;
  readonly keyed: BucketKeys | undefined;
}

export class Session {
  readonly #line: PsiLine;
  readonly #setting: PsiSetting;
  readonly #plan: BucketPlan;
  readonly #engine: BucketEngine;
  /** By rank of the receiver. */
  readonly #sizes: readonly [BucketSizes, BucketSizes];
  readonly #inbox: Inbox;
  readonly #found: Found[] = [];
  /** Where rows have keys: takes them. */
  readonly #keys: RowKeyStore | undefined;
  readonly #secrets = new SharedSecrets();
  #next = 0;
  #ended = 0;

  constructor(
    line: PsiLine,
    setting: PsiSetting,
    plan: BucketPlan,
    engine: BucketEngine,
    keys?: RowKeyStore,
  ) {
    this.#line = line;
    this.#setting = setting;
    this.#plan = plan;
    this.#engine = engine;
    this.#inbox = new Inbox(line, (bucket) => this.#earlyBytes(bucket));
    this.#keys = keys;
    this.#sizes = [sizesOf(plan, 0, setting.tagBytes), sizesOf(plan, 1, setting.tagBytes)];
  }

  async run(): Promise<PsiMatches | undefined> {
    const { ids, agreement } = this.#setting;
    const key = digestOf('buckets', agreement);
    const splitting = this.#engine.do('split', { ids, key, buckets: this.#plan.buckets });
    void ignored(splitting, 'its failure is met after the setup');
    const transfers = await openTransfers(this.#line, this.#setting, this.#plan);
    for (const seeds of Object.values(transfers)) if (seeds !== undefined) this.#secrets.add(seeds);
    const split = await splitting;
    this.#requireRoom(split);
    const lanes = Array.from({ length: BUCKETS_AT_ONCE }, () => this.#work(split, transfers));
    await this.#line.together(this.#inbox.listen(this.#piecesDue()), ...lanes);
    return this.#setting.receives ? this.#matches() : undefined;
  }

  /** Zeroes what is secret. When the engine is closed: before that, a thread could write it again. */
  destroy(): void {
    this.#secrets.destroy();
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
        seed: this.#secrets.add(takenOver(this.#setting.random.bytes(SEED_BYTES))),
        transfers: seeds,
      };
      const { found, keyed } = await (isReceiver ? this.#receive(bucket) : this.#send(bucket));
      if (found !== undefined) this.#found[number] = found;
      this.#takeKeys(bucket.input, split.starts[number] ?? 0, keyed);
      this.#secrets.forget(bucket.seed);
      this.#advance();
    }
  }

  #inputOf(number: number, { rows, starts }: BucketRows): BucketInput {
    const receiver = this.#plan.receiver(number);
    const own = rows.subarray(starts[number], starts[number + 1]);
    return {
      number,
      sizes: this.#sizes[receiver as 0 | 1],
      ids: this.#setting.ids,
      rows: own,
      salt: digestOf(`bucket ${number} of rank ${receiver}`, this.#setting.agreement),
      keys: this.#keys && this.#secrets.add(sharedBytes(own.length * ROW_KEY_BYTES)),
    };
  }

  /** `start`: own rows of all buckets before. */
  #takeKeys({ number, sizes, keys }: BucketInput, start: number, keyed: BucketKeys | undefined): void {
    if (keyed === undefined || keys === undefined) return;
    this.#keys?.put(number, start, number * sizes.tags, keyed, keys);
    this.#secrets.forget(keys);
  }

  async #receive({ number, input, seed, transfers }: Bucket): Promise<Ended> {
    const { sizes } = input;
    const first = await this.#engine.do('begin', { transfers, input });
    const second = this.#inbox.due(number, 'second', sizes.second);
    await sendPieces(this.#line, 'first', number, first);
    const kept = this.#secrets.add(sharedBytes(sizes.kept));
    const asked = { transfers, input, seed, second: await second, kept };
    const vector = await this.#engine.do('encode', asked);
    const tags = this.#inbox.due(number, 'tags', sizes.tagsBytes);
    await sendPieces(this.#line, 'vector', number, vector);
    const encodingSeed = vector.slice(0, SEED_BYTES);
    const sought = { input, seed, encodingSeed, kept, tags: await tags };
    const { found, result, keyed } = await this.#engine.do('find', sought);
    this.#secrets.forget(kept);
    if (sizes.result > 0) await sendPieces(this.#line, 'result', number, result);
    return { found, keyed };
  }

  async #send({ number, input, seed, transfers }: Bucket): Promise<Ended> {
    const { sizes } = input;
    const first = await this.#inbox.due(number, 'first', sizes.first);
    const delta = this.#secrets.add(sharedBytes(ELEMENT_BYTES));
    const kept = this.#secrets.add(sharedBytes(sizes.kept));
    const second = await this.#engine.do('answer', { transfers, input, seed, first, delta, kept });
    const vector = this.#inbox.due(number, 'vector', sizes.vector);
    await sendPieces(this.#line, 'second', number, second);
    const tagged = await this.#engine.do('tag', { input, seed, delta, kept, vector: await vector });
    this.#secrets.forget(delta, kept);
    const { tags, rows, keyed } = tagged;
    if (sizes.result === 0) {
      await sendPieces(this.#line, 'tags', number, tags);
      return { keyed };
    }
    const result = this.#inbox.due(number, 'result', sizes.result);
    await sendPieces(this.#line, 'tags', number, tags);
    return { found: readResult(await result, tags, rows, sizes.tagBytes), keyed };
  }

  /** Of a bucket to which this party has not come yet. The peer is never further ahead. */
  #earlyBytes(bucket: number): number | undefined {
    const isAhead = bucket >= this.#next && bucket < this.#next + BUCKETS_AT_ONCE;
    if (!isAhead || bucket >= this.#plan.buckets || this.#isReceiver(bucket)) return undefined;
    return this.#sizes[this.#line.peer as 0 | 1].first;
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

function digestOf(purpose: string, of: Uint8Array): Uint8Array {
  return createHash('sha256').update(`privity-psi rr22 ${purpose} `).update(of).digest();
}
