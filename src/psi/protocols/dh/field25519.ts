/**
 * Arithmetic modulo p = 2^255 - 19, for what the native libraries do not offer. On public values only: BigInt is not
 * constant-time.
 */

export const p = (1n << 255n) - 19n;

/** The coefficient A of Curve25519: v^2 = u^3 + A u^2 + u (RFC 7748). */
export const curveA = 486_662n;

export function mod(x: bigint): bigint {
  const r = x % p;
  return r < 0n ? r + p : r;
}

export function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = mod(base), rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % p) {
    if (rest & 1n) result = (result * square) % p;
  }
  return result;
}

export function isSquare(x: bigint): boolean {
  return power(x, (p - 1n) >> 1n) !== p - 1n;
}

/** Inverts all elements with one exponentiation (Montgomery's trick). None may be zero. */
export function invertAll(elements: readonly bigint[]): bigint[] {
  const products: bigint[] = [];
  let product = 1n;
  for (const element of elements) {
    products.push(product);
    product = (product * element) % p;
  }
  let inverse = power(product, p - 2n);
  const inverses = new Array<bigint>(elements.length);
  for (let i = elements.length - 1; i >= 0; i--) {
    inverses[i] = (inverse * (products[i] ?? 1n)) % p;
    inverse = (inverse * (elements[i] ?? 1n)) % p;
  }
  return inverses;
}

/** The integer that bytes stand for, most significant first (OS2IP). */
export function fromBigEndian(bytes: Uint8Array): bigint {
  return bytes.byteLength === 0
    ? 0n
    : BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`);
}

/** The integer that 32 bytes stand for, least significant first. */
export function fromLittleEndian(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 32);
  return (
    view.getBigUint64(0, true) |
    (view.getBigUint64(8, true) << 64n) |
    (view.getBigUint64(16, true) << 128n) |
    (view.getBigUint64(24, true) << 192n)
  );
}

/** Writes an integer below 2^256 as 32 bytes, least significant first. */
export function intoLittleEndian(x: bigint, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 32);
  view.setBigUint64(0, x & 0xffff_ffff_ffff_ffffn, true);
  view.setBigUint64(8, (x >> 64n) & 0xffff_ffff_ffff_ffffn, true);
  view.setBigUint64(16, (x >> 128n) & 0xffff_ffff_ffff_ffffn, true);
  view.setBigUint64(24, x >> 192n, true);
}
