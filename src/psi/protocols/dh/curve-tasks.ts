/** The pieces of work that are worth a thread: blinding own ids, tagging the peer's points; keys of rows. */
import { ID_BYTES } from '../protocol.ts';
import type { Curve } from './curve.ts';
import { POINT_BYTES } from './hash-to-curve.ts';

const encoder = new TextEncoder();

/** Domain separation tag in the form that RFC 9380 section 3.1 recommends. Part of the protocol's version. */
export const CURVE_DST = encoder.encode('PRIVITY-PSI-V01-CS01-with-curve25519_XMD:SHA-512_ELL2_NU_');

const tagPrefix = encoder.encode('PRIVITY-PSI-V03-tag');

/** key · H(id) for each id. */
export function blindIds(curve: Curve, key: Uint8Array, ids: Uint8Array): Uint8Array | undefined {
  const hashed = curve.encode(ids, ID_BYTES, CURVE_DST);
  const points = curve.multiply(key, hashed);
  hashed.fill(0);
  return points;
}

/** Of a row that has a key: its tag in the first half, its key in the second. */
export const HASH_BYTES = 64;

const hashPrefix = encoder.encode('PRIVITY-PSI-V03-row');

/** What all rows that have keys are hashed from: points · key, or for own ids key · H(id). */
export interface HashInput {
  readonly ids: Uint8Array;
  /** Absent: those of the ids themselves. */
  readonly points: Uint8Array | undefined;
}

/** SHA-512(product, id) for each id. Undefined if a point has low order. */
export function hashIds(curve: Curve, key: Uint8Array, { ids, points }: HashInput): Uint8Array | undefined {
  const products = points === undefined ? blindIds(curve, key, ids) : curve.multiply(key, points);
  if (products === undefined) return undefined;
  const hashes = new Uint8Array((ids.byteLength / ID_BYTES) * HASH_BYTES);
  const input = new Uint8Array(hashPrefix.byteLength + POINT_BYTES + ID_BYTES);
  input.set(hashPrefix);
  for (let i = 0; i * ID_BYTES < ids.byteLength; i++) {
    input.set(products.subarray(i * POINT_BYTES, (i + 1) * POINT_BYTES), hashPrefix.byteLength);
    input.set(ids.subarray(i * ID_BYTES, (i + 1) * ID_BYTES), hashPrefix.byteLength + POINT_BYTES);
    hashes.set(curve.sha512(input), i * HASH_BYTES);
  }
  for (const secret of [products, input]) secret.fill(0);
  return hashes;
}

/** Where in a digest the tag of a rank begins; a tag is never longer than half of it. */
const TAG_AT = [0, 32] as const;

/**
 * Two tags for each point, one after the other: pieces of SHA-512(key · point), the first for rank 0 to send, the
 * second for rank 1. A tag that comes back to its sender is therefore none of its peer's. Undefined if a point has low
 * order.
 */
export function tagPoints(
  curve: Curve,
  key: Uint8Array,
  points: Uint8Array,
  tagBytes: number,
): Uint8Array | undefined {
  const products = curve.multiply(key, points);
  if (products === undefined) return undefined;
  const count = points.byteLength / POINT_BYTES;
  const tags = new Uint8Array(count * TAG_AT.length * tagBytes);
  const input = new Uint8Array(tagPrefix.byteLength + POINT_BYTES);
  input.set(tagPrefix);
  for (let i = 0; i < count; i++) {
    input.set(products.subarray(i * POINT_BYTES, (i + 1) * POINT_BYTES), tagPrefix.byteLength);
    const digest = curve.sha512(input);
    for (const [rank, at] of TAG_AT.entries())
      tags.set(digest.subarray(at, at + tagBytes), (TAG_AT.length * i + rank) * tagBytes);
  }
  products.fill(0);
  return tags;
}
