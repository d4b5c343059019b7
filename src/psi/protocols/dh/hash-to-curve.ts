/**
 * encode_to_curve of RFC 9380 with the suite curve25519_XMD:SHA-512_ELL2_NU_, as u-coordinates.
 *
 * Why an encoding and not just a hash: if H(id) were a hash taken for a u-coordinate, half of all ids would land on the
 * twist of the curve. Which half is visible to everyone in every point that is sent, one bit of every id.
 *
 * Why the non-uniform encoding (one Elligator 2, not the sum of two) is enough here. Its values are not uniform on the
 * group: a point is the image of anything from none to sixteen field elements. The proof of Diffie-Hellman PSI programs
 * the random oracle behind H so that H(id) is a point P = g^r of the simulator's choice (or a re-randomised challenge),
 * and needs no more of P than that the decisional Diffie-Hellman problem is hard for it. With Elligator 2 the simulator
 * can do so, because the map can be inverted: draw r; add a random point of the 8-torsion to P/8, which the cofactor
 * will remove; accept with probability (number of field elements that map there) / 2, else draw again, two attempts on
 * average; lift one of those elements, chosen at random, to a random 48-byte string that reduces to it. Accepted points
 * and strings have the distribution of the real protocol up to 2^-128, and acceptance depends on r alone, never on a
 * party's key, so blinded points stay as hard to tell from random ones as the problem itself.
 *
 * The sign of v, which RFC 9380 fixes and libsodium treats as an input, does not matter: X25519 sees only u.
 */
import { InternalError } from '../../../base/errors.ts';
import {
  curveA,
  fromBigEndian,
  fromLittleEndian,
  intoLittleEndian,
  invertAll,
  isSquare,
  mod,
  p,
} from './field25519.ts';

/** Bytes of a u-coordinate. */
export const POINT_BYTES = 32;

/** Bytes of a field element before reduction: ceil((255 + 128) / 8), RFC 9380 section 5. */
const FIELD_HASH_BYTES = 48;

const SHA512_BYTES = 64;
const SHA512_BLOCK_BYTES = 128;

export type Sha512 = (input: Uint8Array) => Uint8Array;

/** RFC 9380 section 5.3.1, with SHA-512. `dst` is at most 255 bytes, `length` at most 255 · 64. */
export function expandMessageXmd(
  sha512: Sha512,
  message: Uint8Array,
  dst: Uint8Array,
  length: number,
): Uint8Array {
  const blocks = Math.ceil(length / SHA512_BYTES);
  if (dst.byteLength > 255 || blocks > 255)
    throw new InternalError('a message is expanded beyond what RFC 9380 allows');
  const tail = dst.byteLength + 1;
  const first = new Uint8Array(SHA512_BLOCK_BYTES + message.byteLength + 3 + tail);
  first.set(message, SHA512_BLOCK_BYTES);
  let at = SHA512_BLOCK_BYTES + message.byteLength;
  first[at++] = length >> 8;
  first[at++] = length & 0xff;
  first[at++] = 0;
  first.set(dst, at);
  first[first.byteLength - 1] = dst.byteLength;
  const b0 = sha512(first).slice();
  const output = new Uint8Array(blocks * SHA512_BYTES);
  const next = new Uint8Array(SHA512_BYTES + 1 + tail);
  next.set(first.subarray(first.byteLength - tail), SHA512_BYTES + 1);
  for (let block = 1; block <= blocks; block++) {
    const previous = output.subarray((block - 2) * SHA512_BYTES, (block - 1) * SHA512_BYTES);
    for (let i = 0; i < SHA512_BYTES; i++) next[i] = (b0[i] ?? 0) ^ (block === 1 ? 0 : (previous[i] ?? 0));
    next[SHA512_BYTES] = block;
    output.set(sha512(next), (block - 1) * SHA512_BYTES);
  }
  for (const secret of [first, b0, next]) secret.fill(0);
  return output.subarray(0, length);
}

/** RFC 9380 section 5.2: hash_to_field with count 1. */
export function hashToField(sha512: Sha512, message: Uint8Array, dst: Uint8Array): bigint {
  const bytes = expandMessageXmd(sha512, message, dst, FIELD_HASH_BYTES);
  const element = fromBigEndian(bytes) % p;
  bytes.fill(0);
  return element;
}

/**
 * RFC 9380 section 6.7.1 (Elligator 2 with Z = 2): the u-coordinate. In plain arithmetic; the fallback and the check of
 * the native one.
 */
export function elligator2(r: bigint): bigint {
  const [inverse] = invertAll([mod(1n + 2n * r * r)]);
  const u = mod(-curveA * (inverse ?? 1n));
  const vSquared = mod(((u + curveA) * u + 1n) * u);
  return isSquare(vSquared) ? u : mod(-u - curveA);
}

/**
 * RFC 9380 section 7 with h_eff = 8: three doublings of a u-coordinate, in projective form. Undefined for the point at
 * infinity.
 */
export function clearCofactor(u: bigint): bigint | undefined {
  let x = u;
  let z = 1n;
  for (let doubling = 0; doubling < 3; doubling++) {
    const xx = (x * x) % p;
    const zz = (z * z) % p;
    const xz = (x * z) % p;
    x = mod((xx - zz) * (xx - zz));
    z = mod(4n * xz * (xx + curveA * xz + zz));
  }
  if (z === 0n) return undefined;
  return mod(x * (invertAll([z])[0] ?? 0n));
}

/**
 * u-coordinates of Edwards points given by their encodings (RFC 8032): u = (1 + y) / (1 - y), one inversion for all.
 * The points lie in the group of prime order, so y = 1 could only be the neutral element: chance 2^-252 for a hash.
 */
export function edwardsToMontgomery(points: Uint8Array): Uint8Array {
  const count = points.byteLength / POINT_BYTES;
  const numerators: bigint[] = [];
  const denominators: bigint[] = [];
  for (let i = 0; i < count; i++) {
    const y = fromLittleEndian(points.subarray(i * POINT_BYTES, (i + 1) * POINT_BYTES)) & ((1n << 255n) - 1n);
    if (y === 1n) throw new InternalError('an id hashed to the neutral element');
    numerators.push(1n + y);
    denominators.push(mod(1n - y));
  }
  const output = new Uint8Array(points.byteLength);
  for (const [i, inverse] of invertAll(denominators).entries()) {
    intoLittleEndian(
      ((numerators[i] ?? 0n) * inverse) % p,
      output.subarray(i * POINT_BYTES, (i + 1) * POINT_BYTES),
    );
  }
  return output;
}
