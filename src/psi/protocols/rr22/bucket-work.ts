/**
 * The arithmetic of one bucket, from message to message: for a worker thread, or the calling one. What is kept between
 * two steps goes back to the caller, so that any thread can take the next.
 */
import { createHash } from 'node:crypto';
import { InternalError } from '../../../base/errors.ts';
import type { Random } from '../../../contracts/random.ts';
import { violation } from '../../messages.ts';
import { OKVS_ROW_BYTES, OKVS_VALUE_BYTES, type OkvsShape } from '../../okvs/shape.ts';
import type { RowKernels } from '../../rows/row-kernel-types.ts';
import { NO_ROW } from '../../rows/tag-match.ts';
import { sortedByTag } from '../../tag-order.ts';
import { type BucketSizes, ENCODINGS_MAX, SEED_BYTES } from './sizes.ts';
import { gather } from './split.ts';

/** What is different in each bucket. */
export interface BucketInput {
  readonly number: number;
  readonly sizes: BucketSizes;
  /** All own ids, and the rows of those in this bucket. */
  readonly ids: Uint8Array;
  readonly rows: Uint32Array;
  /** Of this bucket in this run: the same at both parties, in no other run. */
  readonly salt: Uint8Array;
}

/** What a party has found in a bucket: own rows, in the order of the tags. */
export interface Found {
  readonly rows: Uint32Array;
  /** Of these tags. */
  readonly digest: Uint8Array;
}

/** Keyed hash of a purpose under the salt of a bucket. */
function keyOf(salt: Uint8Array, purpose: string, seed: Uint8Array): Uint8Array {
  return createHash('sha256').update(`privity-psi rr22 ${purpose} `).update(salt).update(seed).digest();
}

function hashedRows(kernels: RowKernels, { ids, rows, salt }: BucketInput, seed: Uint8Array): Uint8Array {
  return kernels.hashRows(keyOf(salt, 'rows', seed), gather(ids, rows), OKVS_ROW_BYTES);
}

/** The receiver's ids, encoded under a seed that it draws when it has them. */
export function encodeIds(
  kernels: RowKernels,
  input: BucketInput,
  random: Random,
): { readonly seed: Uint8Array; readonly encoding: Uint8Array } {
  for (let left = ENCODINGS_MAX; left > 0; left--) {
    const seed = random.bytes(SEED_BYTES);
    const encoding = kernels.encode(input.sizes.encoding, hashedRows(kernels, input, seed), random);
    if (encoding !== undefined) return { seed, encoding };
  }
  throw new InternalError('ids could not be encoded, which chance alone makes rarer than 2^-40');
}

/**
 * A tag for each own id: of what `vector` holds for it, and of the id. `delta` at the sender, which takes delta times
 * the id's value away.
 */
export function tagIds(
  kernels: RowKernels,
  input: BucketInput,
  seed: Uint8Array,
  vector: Uint8Array,
  times?: (values: Uint8Array) => Uint8Array,
): Uint8Array {
  const hashed = hashedRows(kernels, input, seed);
  const sums = decodeAll(kernels, input.sizes.encoding, vector, hashed);
  const count = input.rows.length;
  const values = new Uint8Array(count * OKVS_VALUE_BYTES);
  for (let row = 0; row < count; row++)
    values.set(
      hashed.subarray(row * OKVS_ROW_BYTES, row * OKVS_ROW_BYTES + OKVS_VALUE_BYTES),
      row * OKVS_VALUE_BYTES,
    );
  if (times !== undefined) addInto(sums, times(values));
  const pairs = new Uint8Array(2 * count * OKVS_VALUE_BYTES);
  for (let row = 0; row < count; row++) {
    const [from, to] = [row * OKVS_VALUE_BYTES, 2 * row * OKVS_VALUE_BYTES];
    pairs.set(sums.subarray(from, from + OKVS_VALUE_BYTES), to);
    pairs.set(values.subarray(from, from + OKVS_VALUE_BYTES), to + OKVS_VALUE_BYTES);
  }
  const tags = kernels.hashRows(keyOf(input.salt, 'tags', seed), pairs, input.sizes.tagBytes);
  for (const secret of [hashed, sums, values, pairs]) secret.fill(0);
  return tags;
}

/** A list may be longer than the one that was encoded: so many rows at a time. */
function decodeAll(
  kernels: RowKernels,
  shape: OkvsShape,
  vector: Uint8Array,
  hashed: Uint8Array,
): Uint8Array {
  const step = shape.rows * OKVS_ROW_BYTES;
  if (hashed.byteLength <= step) return kernels.decode(shape, vector, hashed);
  const sums = new Uint8Array((hashed.byteLength / OKVS_ROW_BYTES) * OKVS_VALUE_BYTES);
  for (let at = 0; at < hashed.byteLength; at += step) {
    const some = kernels.decode(shape, vector, hashed.subarray(at, at + step));
    sums.set(some, (at / OKVS_ROW_BYTES) * OKVS_VALUE_BYTES);
  }
  return sums;
}

/** The sender's tags as they are sent: sorted, and filled up with random ones. */
export function sortTags(
  tags: Uint8Array,
  input: BucketInput,
  random: Random,
): { readonly tags: Uint8Array; readonly rows: Uint32Array } {
  const { tagBytes, tags: room } = input.sizes;
  const all = new Uint8Array(room * tagBytes);
  all.set(tags);
  const fill = random.bytes(all.byteLength - tags.byteLength);
  all.set(fill, tags.byteLength);
  const list = { bytes: all, tagBytes, step: tagBytes, from: 0 };
  const order = sortedByTag(
    list,
    Uint32Array.from({ length: room }, (_, place) => place),
  );
  const sorted = new Uint8Array(all.byteLength);
  for (const [to, place] of order.entries())
    sorted.set(all.subarray(place * tagBytes, (place + 1) * tagBytes), to * tagBytes);
  const owned = input.rows.length;
  return { tags: sorted, rows: order.map((place) => (place < owned ? (input.rows[place] ?? 0) : NO_ROW)) };
}

/**
 * What the receiver finds among the sender's tags, and a bit for each of these that tells the sender.
 * @throws {PeerError} PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_CHECK
 */
export function findTags(
  kernels: RowKernels,
  input: BucketInput,
  own: Uint8Array,
  peer: Uint8Array,
  random: Random,
): { readonly found: Found; readonly result: Uint8Array } {
  const { tagBytes } = input.sizes;
  requireSorted(peer, tagBytes);
  const matches = kernels.matchTags(own, peer, tagBytes, random);
  // Sorted tags are different ones, and own ones are equal with a chance that the length of tags keeps small.
  if ('repeated' in matches) throw new InternalError('two ids have one tag');
  const result = new Uint8Array(input.sizes.result);
  for (const [place, row] of matches.rows.entries())
    if (row !== NO_ROW) result[place >> 3] = (result[place >> 3] ?? 0) | (1 << (place & 7));
  const found = foundBy(result, peer, tagBytes, (place) => input.rows[matches.rows[place] ?? 0] ?? 0);
  return { found, result };
}

/**
 * What the receiver's bits say to the sender.
 * @throws {PeerError} PRIVITY_PSI_PROTOCOL: a bit where there is no id of the sender
 */
export function readResult(result: Uint8Array, tags: Uint8Array, rows: Uint32Array, tagBytes: number): Found {
  return foundBy(result, tags, tagBytes, (place) => {
    const row = rows[place] ?? NO_ROW;
    if (row === NO_ROW) throw violation('a match with a tag that stands for no id');
    return row;
  });
}

function foundBy(
  result: Uint8Array,
  tags: Uint8Array,
  tagBytes: number,
  rowAt: (place: number) => number,
): Found {
  const rows: number[] = [];
  const digest = createHash('sha256');
  const matched = new Uint8Array(tags.byteLength);
  let at = 0;
  for (let place = 0; place < tags.byteLength / tagBytes; place++) {
    if (((result[place >> 3] ?? 0) & (1 << (place & 7))) === 0) continue;
    rows.push(rowAt(place));
    matched.set(tags.subarray(place * tagBytes, (place + 1) * tagBytes), at);
    at += tagBytes;
  }
  return { rows: Uint32Array.from(rows), digest: digest.update(matched.subarray(0, at)).digest() };
}

/** Rising, so that their order tells nothing, and none is there twice. */
function requireSorted(tags: Uint8Array, tagBytes: number): void {
  for (let at = tagBytes; at < tags.byteLength; at += tagBytes) {
    let difference = 0;
    for (let i = 0; i < tagBytes && difference === 0; i++)
      difference = (tags[at + i] ?? 0) - (tags[at - tagBytes + i] ?? 0);
    if (difference <= 0) throw violation('tags that are not sorted, or one twice');
  }
}

/** Adds `other` to `target`, block by block. */
export function addInto(target: Uint8Array, other: Uint8Array): void {
  const into = new Uint32Array(target.buffer, target.byteOffset, target.byteLength / 4);
  const from = new Uint32Array(other.buffer, other.byteOffset, other.byteLength / 4);
  for (let at = 0; at < into.length; at++) into[at] = (into[at] ?? 0) ^ (from[at] ?? 0);
}
