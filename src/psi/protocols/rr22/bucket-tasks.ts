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

export interface EncodeTask extends BeginTask {
  readonly input: BucketInput;
  /** Of what this party draws in the bucket. */
  readonly seed: Uint8Array;
  readonly second: Uint8Array;
}

/** What the receiver keeps until the tags have come. */
export interface Encoded {
  readonly vector: Uint8Array;
  readonly kept: Uint8Array;
}

export interface FindTask {
  readonly input: BucketInput;
  readonly seed: Uint8Array;
  readonly encoded: Encoded;
  readonly tags: Uint8Array;
}

export interface AnswerTask extends BeginTask {
  readonly seed: Uint8Array;
  readonly first: Uint8Array;
}

export interface Answered {
  readonly second: Uint8Array;
  readonly delta: Uint8Array;
  readonly kept: Uint8Array;
}

export interface TagTask {
  readonly input: BucketInput;
  readonly seed: Uint8Array;
  readonly answered: Answered;
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

  encode(lane: Lane, { transfers, input, seed, second }: EncodeTask): Encoded {
    const { a, c } = lane.voleReceiver(input, transfers).finish(second);
    const made = encodeIds(lane.rows, input, seededRandom(seed, 'encoding'));
    addInto(made.encoding, a);
    a.fill(0);
    const vector = new Uint8Array(SEED_BYTES + made.encoding.byteLength);
    vector.set(made.seed);
    vector.set(made.encoding, SEED_BYTES);
    return { vector, kept: c };
  },

  find(
    lane: Lane,
    { input, seed, encoded, tags }: FindTask,
  ): { readonly found: Found; readonly result: Uint8Array; readonly keyed: BucketKeys | undefined } {
    const oprf = { seed: encoded.vector.subarray(0, SEED_BYTES), vector: encoded.kept };
    const own = tagIds(lane.rows, input, oprf);
    try {
      return findTags(lane.rows, input, own, tags, seededRandom(seed, 'table'));
    } finally {
      own.keys.fill(0);
    }
  },

  answer(lane: Lane, { transfers, input, seed, first }: AnswerTask): Answered {
    const sender = lane.voleSender(input, transfers, seed);
    const second = sender.answer(first);
    const answered = { second, delta: sender.delta.slice(), kept: sender.expand() };
    sender.destroy();
    return answered;
  },

  tag(lane: Lane, { input, seed, answered, vector }: TagTask): Shuffled {
    const oprf = lane.oprfSender(answered, vector);
    const own = tagIds(lane.rows, input, oprf);
    oprf.vector.fill(0);
    const shuffled = shuffleTags(own, input, seededRandom(seed, 'order'));
    own.keys.fill(0);
    return shuffled;
  },
} as const;
