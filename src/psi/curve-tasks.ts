/** The two pieces of work that are worth a thread: blinding own ids, tagging the peer's points. */
import type { Curve } from './curve.ts';
import { POINT_BYTES } from './hash-to-curve.ts';

/** Bytes of an id when it reaches the curve: a SHA-256 digest of its canonical form (keys.ts). */
export const ID_BYTES = 32;

const encoder = new TextEncoder();

/** Domain separation tag in the form that RFC 9380 section 3.1 recommends. Part of the protocol's version. */
export const CURVE_DST = encoder.encode('PRIVITY-PSI-V01-CS01-with-curve25519_XMD:SHA-512_ELL2_NU_');

const tagPrefix = encoder.encode('PRIVITY-PSI-V01-tag');

/** key · H(id) for each id. */
export function blindIds(curve: Curve, key: Uint8Array, ids: Uint8Array): Uint8Array | undefined {
  return curve.multiply(key, curve.encode(ids, ID_BYTES, CURVE_DST));
}

/** The first bytes of SHA-512(key · point), a tag for each point; undefined if a point has low order. */
export function tagPoints(
  curve: Curve,
  key: Uint8Array,
  points: Uint8Array,
  tagBytes: number,
): Uint8Array | undefined {
  const products = curve.multiply(key, points);
  if (products === undefined) return undefined;
  const count = points.byteLength / POINT_BYTES;
  const tags = new Uint8Array(count * tagBytes);
  const input = new Uint8Array(tagPrefix.byteLength + POINT_BYTES);
  input.set(tagPrefix);
  for (let i = 0; i < count; i++) {
    input.set(products.subarray(i * POINT_BYTES, (i + 1) * POINT_BYTES), tagPrefix.byteLength);
    tags.set(curve.sha512(input).subarray(0, tagBytes), i * tagBytes);
  }
  return tags;
}
