/**
 * The steps of a bucket that are worth a thread. Each is made of what it is given alone, so that any thread can take
 * the next one: what it drew at random, it draws again from the same seed.
 */
import { addInto } from '../../vole/gf128.ts';
import {
  type BucketInput,
  type BucketKeys,
  encodeIds,
  type Found,
  findTags,
  type Shuffled,
  shuffleTags,
  tagIds,
} from './bucket-work.ts';
import type { Lane, VoleBucket } from './lane.ts';
import { seededRandom } from './seeded-random.ts';
import { SEED_BYTES } from './sizes.ts';
import { type BucketRows, splitIds } from './split.ts';

export interface SplitTask {
  readonly ids: Uint8Array;
  readonly key: Uint8Array;
  readonly buckets: number;
}

export interface BeginTask {
  /** Seeds of the oblivious transfers in which this party is the receiver. */
  readonly transfers: Uint8Array;
  readonly input: VoleBucket;
}

/** What is secret and written by a step goes into shared memory of the one that asks for it, which zeroes it. */
export interface EncodeTask extends BeginTask {
  readonly input: BucketInput;
  /** Of what this party draws in the bucket. */
  readonly seed: Uint8Array;
  readonly second: Uint8Array;
  /** Written: what the receiver keeps until the tags have come. */
  readonly kept: Uint8Array;
}

export interface FindTask {
  readonly input: BucketInput;
  readonly seed: Uint8Array;
  /** With which its vector begins. */
  readonly encodingSeed: Uint8Array;
  readonly kept: Uint8Array;
  readonly tags: Uint8Array;
}

export interface AnswerTask extends BeginTask {
  readonly seed: Uint8Array;
  readonly first: Uint8Array;
  /** Both written: what the sender keeps until the vector has come. */
  readonly delta: Uint8Array;
  readonly kept: Uint8Array;
}

export interface TagTask {
  readonly input: BucketInput;
  readonly seed: Uint8Array;
  readonly delta: Uint8Array;
  readonly kept: Uint8Array;
  readonly vector: Uint8Array;
}

export const tasks = {
  split(lane: Lane, { ids, key, buckets }: SplitTask): BucketRows {
    return splitIds(lane.rows, ids, key, buckets);
  },

  begin(lane: Lane, { transfers, input }: BeginTask): Uint8Array {
    const receiver = lane.voleReceiver(input, transfers);
    const { first } = receiver;
    receiver.destroy();
    return first;
  },

  /** Gives the vector for the sender. */
  encode(lane: Lane, { transfers, input, seed, second, kept }: EncodeTask): Uint8Array {
    const { a, c } = lane.voleReceiver(input, transfers).finish(second);
    kept.set(c);
    c.fill(0);
    const made = encodeIds(lane.rows, input, seededRandom(seed, 'encoding'));
    addInto(made.encoding, a);
    a.fill(0);
    const vector = new Uint8Array(SEED_BYTES + made.encoding.byteLength);
    vector.set(made.seed);
    vector.set(made.encoding, SEED_BYTES);
    return vector;
  },

  find(
    lane: Lane,
    { input, seed, encodingSeed, kept, tags }: FindTask,
  ): { readonly found: Found; readonly result: Uint8Array; readonly keyed: BucketKeys | undefined } {
    const own = tagIds(lane.rows, input, { seed: encodingSeed, vector: kept });
    try {
      return findTags(lane.rows, input, own, tags, seededRandom(seed, 'table'));
    } finally {
      for (const secret of [own.tags, own.keys]) secret.fill(0);
    }
  },

  /** Gives the answer for the receiver. */
  answer(lane: Lane, { transfers, input, seed, first, delta, kept }: AnswerTask): Uint8Array {
    const sender = lane.voleSender(input, transfers, seed);
    const second = sender.answer(first);
    delta.set(sender.delta);
    const expanded = sender.expand();
    kept.set(expanded);
    expanded.fill(0);
    sender.destroy();
    return second;
  },

  tag(lane: Lane, { input, seed, delta, kept, vector }: TagTask): Shuffled {
    const oprf = lane.oprfSender({ delta, kept }, vector);
    const own = tagIds(lane.rows, input, oprf);
    const shuffled = shuffleTags(own, input, seededRandom(seed, 'order'));
    for (const secret of [oprf.vector, own.tags, own.keys]) secret.fill(0);
    return shuffled;
  },
} as const;
