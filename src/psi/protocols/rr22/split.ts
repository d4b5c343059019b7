/** Which own ids are in which bucket. */
import type { RowKernels } from '../../rows/row-kernel-types.ts';
import { ID_BYTES } from '../protocol.ts';

/** Rows of the own list, bucket by bucket. */
export interface BucketRows {
  /** In memory that threads share. */
  readonly rows: Uint32Array;
  /** Where the rows of each bucket begin, and one more: where those of the last one end. */
  readonly starts: Uint32Array;
}

/** Bytes of the hash that says in which bucket an id is. */
const HASH_BYTES = 8;
/** Ids that are hashed at once: 2 MiB. */
const IDS_AT_ONCE = 65_536;

/** `key`: of 32 bytes, the same at both parties and in no other run, so that nobody can choose ids of one bucket. */
export function splitIds(kernels: RowKernels, ids: Uint8Array, key: Uint8Array, buckets: number): BucketRows {
  const count = ids.byteLength / ID_BYTES;
  const bucketOf = new Uint32Array(count);
  const starts = new Uint32Array(buckets + 1);
  for (let first = 0; first < count; first += IDS_AT_ONCE) {
    const some = ids.subarray(first * ID_BYTES, (first + IDS_AT_ONCE) * ID_BYTES);
    const hashes = kernels.hashRows(key, some, HASH_BYTES);
    const words = new Uint32Array(hashes.buffer, hashes.byteOffset, hashes.byteLength / 4);
    for (let at = 0; at < words.length; at += 2) {
      // 52 bits as a fraction, times the number of buckets: their chances differ by less than 2^-28 of each.
      const fraction = ((words[at] ?? 0) * 2 ** 20 + ((words[at + 1] ?? 0) >>> 12)) / 2 ** 52;
      const bucket = Math.floor(fraction * buckets);
      bucketOf[first + at / 2] = bucket;
      starts[bucket + 1] = (starts[bucket + 1] ?? 0) + 1;
    }
    hashes.fill(0);
  }
  for (let bucket = 0; bucket < buckets; bucket++)
    starts[bucket + 1] = (starts[bucket + 1] ?? 0) + (starts[bucket] ?? 0);
  const next = starts.slice(0, buckets);
  const rows = new Uint32Array(new SharedArrayBuffer(4 * count));
  for (let row = 0; row < count; row++) {
    const bucket = bucketOf[row] ?? 0;
    const place = next[bucket] ?? 0;
    rows[place] = row;
    next[bucket] = place + 1;
  }
  return { rows, starts };
}
