/**
 * The arithmetic of one bucket, from message to message: for a worker thread, or the calling one. What is kept between
 * two steps goes back to the caller, so that any thread can take the next.
 */
import { createHash } from 'node:crypto';
import { PeerError } from '../../../base/errors.ts';
import type { Random } from '../../../contracts/random.ts';
import { violation } from '../../messages.ts';
import type { RowKernels } from '../../rows/row-kernel-types.ts';
import { NO_ROW } from '../../rows/tag-match.ts';
import { randomPermutation } from '../../shuffle.ts';
import { encodeInputs, evaluate, keyOf, type OprfBucket, type OprfKey } from './oprf.ts';
import type { BucketSizes } from './sizes.ts';
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

/** What a party has found in a bucket: own rows, in the order of the sender's tags. */
export interface Found {
  readonly rows: Uint32Array;
  /** Of these tags. */
  readonly digest: Uint8Array;
}

/** The receiver's ids, encoded under a seed that it draws when it has them. */
export function encodeIds(
  kernels: RowKernels,
  input: BucketInput,
  random: Random,
): { readonly seed: Uint8Array; readonly encoding: Uint8Array } {
  return encodeInputs(kernels, oprfBucket(input), gather(input.ids, input.rows), random);
}

/** A tag for each own id: of the function's value. */
export function tagIds(kernels: RowKernels, input: BucketInput, oprf: OprfKey): Uint8Array {
  const { rows, ids, salt, sizes } = input;
  const tags = new Uint8Array(rows.length * sizes.tagBytes);
  const key = keyOf(salt, 'tags', oprf.seed);
  const idsAt = (from: number, to: number): Uint8Array => gather(ids, rows.subarray(from, to));
  evaluate(kernels, oprfBucket(input), oprf, rows.length, idsAt, (values, from) =>
    tags.set(kernels.hashRows(key, values, sizes.tagBytes), from * sizes.tagBytes),
  );
  return tags;
}

const oprfBucket = ({ sizes, salt }: BucketInput): OprfBucket => ({ encoding: sizes.encoding, salt });

/** The sender's tags as they are sent: in random order, among random ones that fill up. */
export function shuffleTags(
  tags: Uint8Array,
  input: BucketInput,
  random: Random,
): { readonly tags: Uint8Array; readonly rows: Uint32Array } {
  const { tagBytes, tags: room } = input.sizes;
  const owned = input.rows.length;
  // Places that get no tag of an id keep what was drawn.
  const all = random.bytes(room * tagBytes);
  const rows = new Uint32Array(room).fill(NO_ROW);
  const places = randomPermutation(room, random);
  for (let at = 0; at < owned; at++) {
    const place = places[at] ?? 0;
    rows[place] = input.rows[at] ?? 0;
    for (let i = 0; i < tagBytes; i++) all[place * tagBytes + i] = tags[at * tagBytes + i] ?? 0;
  }
  return { tags: all, rows };
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
  const matches = kernels.matchTags(own, peer, tagBytes, random);
  // Chance alone makes it rarer than 2^-40.
  if ('repeated' in matches)
    throw new PeerError(
      'PRIVITY_PSI_CHECK',
      `the peer of the intersection made one tag for two ids of its own`,
    );
  const result = new Uint8Array(Math.ceil(input.sizes.tags / 8));
  for (let place = 0; place < matches.rows.length; place++)
    if (matches.rows[place] !== NO_ROW) result[place >> 3] = (result[place >> 3] ?? 0) | (1 << (place & 7));
  const found = foundBy(result, peer, tagBytes, (place) => input.rows[matches.rows[place] ?? 0] ?? 0);
  return { found, result };
}

/**
 * What the receiver's bits say to the sender.
 * @throws {PeerError} PRIVITY_PSI_PROTOCOL: a bit where there is no id of the sender, or no tag
 */
export function readResult(result: Uint8Array, tags: Uint8Array, rows: Uint32Array, tagBytes: number): Found {
  const unused = 8 * result.byteLength - rows.length;
  if ((result.at(-1) ?? 0) >> (8 - unused) !== 0) throw violation('a match with a tag that is not there');
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
  const rows = new Uint32Array(tags.byteLength / tagBytes);
  const matched = new Uint8Array(tags.byteLength);
  let [count, at] = [0, 0];
  for (let place = 0; place < rows.length; place++) {
    if (((result[place >> 3] ?? 0) & (1 << (place & 7))) === 0) continue;
    rows[count++] = rowAt(place);
    // Byte by byte: a view of so few costs more than they do.
    for (let i = place * tagBytes; i < (place + 1) * tagBytes; i++) matched[at++] = tags[i] ?? 0;
  }
  const digest = createHash('sha256').update(matched.subarray(0, at)).digest();
  return { rows: rows.slice(0, count), digest };
}
