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
import { ROW_KEY_BYTES } from '../protocol.ts';
import { encodeInputs, evaluate, keyOf, type OprfInputs, type OprfKey } from './oprf.ts';
import type { BucketSizes } from './sizes.ts';

/** What is different in each bucket. */
export interface BucketInput {
  readonly number: number;
  readonly sizes: BucketSizes;
  /** All own ids, and the rows of those in this bucket. */
  readonly ids: Uint8Array;
  readonly rows: Uint32Array;
  /** Of this bucket in this run: the same at both parties, in no other run. */
  readonly salt: Uint8Array;
  /** Where rows have keys: room for those of all own rows of the bucket. Written, and secret. */
  readonly keys: Uint8Array | undefined;
}

/** What a party has found in a bucket: own rows, in the order of the sender's tags. */
export interface Found {
  readonly rows: Uint32Array;
  /** Of these tags. */
  readonly digest: Uint8Array;
}

/** Of each own id. */
export interface Tagged {
  readonly tags: Uint8Array;
  /** {@link ROW_KEY_BYTES} each, where rows have keys. Secret. */
  readonly keys: Uint8Array;
}

/** Of which rows {@link BucketInput.keys} has keys, from its beginning: in the order of the sender's tags. */
export interface BucketKeys {
  readonly rows: Uint32Array;
  /** Places among these tags. */
  readonly slots: Uint32Array;
}

/** The receiver's ids, encoded under a seed that it draws when it has them. */
export function encodeIds(
  kernels: RowKernels,
  input: BucketInput,
  random: Random,
): { readonly seed: Uint8Array; readonly encoding: Uint8Array } {
  return encodeInputs(oprfInputs(kernels, input), random);
}

/** A tag for each own id: of the function's value. A row's key is another hash of the same. */
export function tagIds(kernels: RowKernels, input: BucketInput, oprf: OprfKey): Tagged {
  const { rows, salt, sizes } = input;
  const tags = new Uint8Array(rows.length * sizes.tagBytes);
  const keys = new Uint8Array(input.keys ? rows.length * ROW_KEY_BYTES : 0);
  const [tagKey, keyKey] = [keyOf(salt, 'tags', oprf.seed), keyOf(salt, 'keys', oprf.seed)];
  evaluate(oprfInputs(kernels, input), sizes.encoding.rows, oprf, (values, from) => {
    tags.set(kernels.hashRows(tagKey, values, sizes.tagBytes), from * sizes.tagBytes);
    if (!input.keys) return;
    const made = kernels.hashRows(keyKey, values, ROW_KEY_BYTES);
    keys.set(made, from * ROW_KEY_BYTES);
    made.fill(0);
  });
  return { tags, keys };
}

/** Ids go straight into the memory of the kernels. */
function oprfInputs(kernels: RowKernels, { sizes, ids, rows, salt }: BucketInput): OprfInputs {
  return {
    salt,
    count: rows.length,
    hashed: (key, from, to) => kernels.hashedBucket(sizes.encoding, key, ids, rows.subarray(from, to)),
  };
}

/** What a sender has of the tags that it sends. */
export interface Shuffled {
  readonly tags: Uint8Array;
  /** The own row of each; {@link NO_ROW}: of none. */
  readonly rows: Uint32Array;
  /** Where rows have keys: of all own rows. */
  readonly keyed: BucketKeys | undefined;
}

/** The sender's tags as they are sent: in random order, among random ones that fill up. */
export function shuffleTags({ tags, keys }: Tagged, input: BucketInput, random: Random): Shuffled {
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
  if (!input.keys) return { tags: all, rows, keyed: undefined };
  const indexAt = new Uint32Array(room).fill(NO_ROW);
  for (let at = 0; at < owned; at++) indexAt[places[at] ?? 0] = at;
  return { tags: all, rows, keyed: keysBySlot(input.rows, indexAt, keys, input.keys) };
}

/** `indexAt`: for each slot which of the bucket's own rows it is of; {@link NO_ROW}: none that counts. */
function keysBySlot(own: Uint32Array, indexAt: Uint32Array, keys: Uint8Array, into: Uint8Array): BucketKeys {
  const slots = Uint32Array.from(indexAt.keys()).filter((slot) => indexAt[slot] !== NO_ROW);
  const rows = slots.map((slot, at) => {
    const index = indexAt[slot] ?? 0;
    into.set(keys.subarray(index * ROW_KEY_BYTES, (index + 1) * ROW_KEY_BYTES), at * ROW_KEY_BYTES);
    return own[index] ?? 0;
  });
  return { rows, slots };
}

/**
 * What the receiver finds among the sender's tags, and a bit for each of these that tells the sender.
 * @throws {PeerError} PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_CHECK
 */
export function findTags(
  kernels: RowKernels,
  input: BucketInput,
  own: Tagged,
  peer: Uint8Array,
  random: Random,
): { readonly found: Found; readonly result: Uint8Array; readonly keyed: BucketKeys | undefined } {
  const { tagBytes } = input.sizes;
  const matches = kernels.matchTags(own.tags, peer, tagBytes, random);
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
  const keyed = input.keys && keysBySlot(input.rows, matches.rows, own.keys, input.keys);
  return { found, result, keyed };
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
