/** Lengths of what is made and said in a bucket, from what both parties know. */
import { OKVS_VALUE_BYTES, type OkvsShape, okvsShape } from '../../okvs/shape.ts';
import { okvsMemory } from '../../rows/layout.ts';
import { ELEMENT_BYTES, type VoleShape, voleShape } from '../../vole/parameters.ts';
import { firstBytes, secondBytes } from '../../vole/vole.ts';
import { ID_BYTES } from '../protocol.ts';
import { pieceCount } from './messages.ts';
import type { BucketPlan } from './plan.ts';

/** Bytes of a seed: of what a party draws in a bucket, and of that under which ids are hashed for their encoding. */
export const SEED_BYTES = 32;

/** Encodings that are tried, each under a new seed. All of them are counted in the chance of a failure. */
export const ENCODINGS_MAX = 2;

export interface BucketSizes {
  readonly encoding: OkvsShape;
  readonly vole: VoleShape;
  /** Tags that the sender sends: of its ids, and random ones. */
  readonly tags: number;
  readonly tagBytes: number;
  /** Lengths of the messages, in bytes. */
  readonly first: number;
  readonly second: number;
  /** Of the vector that a party keeps to itself from one step to the next. */
  readonly kept: number;
  readonly vector: number;
  readonly tagsBytes: number;
  /** 0: there is none. */
  readonly result: number;
}

/** Of the buckets of which this rank is the receiver. */
export function sizesOf(plan: BucketPlan, receiver: number, tagBytes: number): BucketSizes {
  const encoding = okvsShape(plan.room[receiver === 0 ? 0 : 1], plan.buckets * ENCODINGS_MAX);
  const vole = voleShape(encoding.columns);
  const tags = plan.room[receiver === 0 ? 1 : 0];
  return {
    encoding,
    vole,
    tags,
    tagBytes,
    first: firstBytes(vole),
    second: secondBytes(vole),
    kept: vole.outputs * ELEMENT_BYTES,
    vector: SEED_BYTES + encoding.columns * OKVS_VALUE_BYTES,
    tagsBytes: tags * tagBytes,
    result: plan.tellsSender ? Math.ceil(tags / 8) : 0,
  };
}

/** Messages of a bucket, by who sends them. */
export function bucketPieces({ first, second, vector, tagsBytes, result }: BucketSizes): {
  readonly ofReceiver: number;
  readonly ofSender: number;
} {
  return {
    ofReceiver: pieceCount(first) + pieceCount(vector) + pieceCount(result),
    ofSender: pieceCount(second) + pieceCount(tagsBytes),
  };
}

/** Bytes of their bodies. */
export function sentInBucket({ first, second, vector, tagsBytes, result }: BucketSizes): {
  readonly byReceiver: number;
  readonly bySender: number;
} {
  return { byReceiver: first + vector + result, bySender: second + tagsBytes };
}

/** Vectors of all columns of the code that a party has at one time: two at the receiver, and one while they grow. */
export const VOLE_VECTORS = 3;

/** Bytes that work on a bucket takes at most, in either role. */
export function bucketMemory({ encoding, vole, vector, tags, tagsBytes }: BucketSizes): number {
  const rows = Math.max(encoding.rows, tags);
  const ids = rows * ID_BYTES;
  // Messages are in memory here, in a thread, and on their way.
  const messages = 3 * (2 * vector + tagsBytes);
  return okvsMemory(encoding, rows) + VOLE_VECTORS * vole.columns * ELEMENT_BYTES + 2 * ids + messages;
}
