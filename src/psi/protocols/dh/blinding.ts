/**
 * Scalars with which X25519 can put a blind on points and take it off again. X25519 takes its scalar with some bits
 * cleared and one set (RFC 7748: "clamped"): so the inverse, modulo the group's order, has to be of that form, too.
 */
import { invariant } from '../../../base/errors.ts';
import type { Random } from '../../../contracts/random.ts';
import { fromLittleEndian, intoLittleEndian } from './field25519.ts';

/** Order of the group that points of ids are in. */
const ORDER = (1n << 252n) + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
const COFACTOR = 8n;
/** The order is 5 modulo 8, and 5 · 5 is 1. */
const ORDER_INVERSE = 5n;
const SCALAR_BYTES = 32;

/** Scalars that are drawn at most; half of them will do, so all of these fail with a chance of 2^-128. */
const DRAWS_MAX = 128;

export interface Blinding {
  /** Uniform among the scalars whose inverse is one, which is every second. */
  readonly scalar: Uint8Array;
  /** What this does to a point after `scalar` gives the point back. */
  readonly inverse: Uint8Array;
}

/** Both are secret. */
export function drawBlinding(random: Random): Blinding {
  for (let left = DRAWS_MAX; left > 0; left--) {
    const scalar = clamped(random.bytes(SCALAR_BYTES));
    const inverse = inverseOf(scalar, random);
    if (inverse !== undefined) return { scalar, inverse };
    scalar.fill(0);
  }
  invariant(false, 'no scalar has an inverse');
}

/** In place: another copy would be left. */
function clamped(scalar: Uint8Array): Uint8Array {
  scalar[0] = (scalar[0] ?? 0) & 0xf8;
  scalar[31] = ((scalar[31] ?? 0) & 0x7f) | 0x40;
  return scalar;
}

/**
 * BigInt takes longer for some numbers than for others. So what is inverted is the scalar times another one that is
 * used for nothing else: how long it takes depends on a uniform number.
 */
function inverseOf(scalar: Uint8Array, random: Random): Uint8Array | undefined {
  const drawn = random.bytes(SCALAR_BYTES);
  const beside = fromLittleEndian(drawn) % ORDER;
  drawn.fill(0);
  const product = (fromLittleEndian(scalar) * beside) % ORDER;
  if (product === 0n) return undefined;
  const inverse = (powerModOrder(product, ORDER - 2n) * beside) % ORDER;
  // The one number below 8 times the order that is this modulo it, and a multiple of 8.
  const times = (COFACTOR - ((inverse * ORDER_INVERSE) % COFACTOR)) % COFACTOR;
  const full = inverse + times * ORDER;
  if (full >> 254n !== 1n) return undefined;
  const bytes = new Uint8Array(SCALAR_BYTES);
  intoLittleEndian(full, bytes);
  return bytes;
}

function powerModOrder(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % ORDER)
    if (rest & 1n) result = (result * square) % ORDER;
  return result;
}
