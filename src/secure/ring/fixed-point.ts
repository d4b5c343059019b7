/**
 * Numbers as elements of Z_2^64. A fixed-point number v stands as round(v · 2^fracBits), negative ones as 2^64 less;
 * whole numbers and booleans (0, 1) stand as they are.
 */
import { DataError } from '../../base/errors.ts';
import type { Words } from '../sharing/shares.ts';
import { positionText, type Shape } from './shape.ts';

/** What the elements of a secret are: fixed-point numbers, whole numbers, or truth values. */
export type Dtype = 'fixed' | 'integer' | 'boolean';

/**
 * Products have twice the fractional bits and must stay below 2^62: 26 bits are left of the point, 18 (5 decimals)
 * right of it.
 */
export const FRAC_BITS = 18;
/** With more, division and exponentials have no room for intermediate results. */
export const FRAC_BITS_MAX = 24;

/**
 * Exclusive bound of fixed-point numbers that can be shared: the product of such a number with 1 can still be computed.
 */
export function fixedLimit(fracBits: number): number {
  return 2 ** (62 - 2 * fracBits);
}

/**
 * Bits of a number that is divided by or whose root is taken: below 2^(44 - fracBits), or the device's domain if that
 * is less.
 */
export function magnitudeBits(fracBits: number): number {
  return Math.min(62 - fracBits, 44);
}

/**
 * Fractional bits that 1/y has beside fracBits, so that it keeps its digits where y is large. The product with x stays
 * below 2^62, because
 * |x/y| is as much smaller than |x|.
 */
export function reciprocalShift(y: number): number {
  return Math.max(0, Math.floor(Math.log2(Math.abs(y))));
}

/** Whether a public factor scales without a truncation, whatever is multiplied. */
export function isWholeFactor(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < INTEGER_LIMIT;
}

/**
 * Exclusive bound of whole numbers that can be shared: exact as JavaScript numbers, and differences can be compared.
 */
export const INTEGER_LIMIT = 2 ** 53;

/**
 * Plain numbers as ring elements. Cost: some 3 ns an element.
 * @throws {DataError} PRIVITY_SECURE_DOMAIN: NaN, an infinity, a number at or beyond the limit; for integers a
 *   fraction, for booleans anything but 0 and 1. The message has the position and never the value.
 */
export function encode(
  values: ArrayLike<number | boolean>,
  dtype: Dtype,
  fracBits: number,
  shape: Shape,
): Words {
  const words = new BigUint64Array(values.length);
  const halves = new Int32Array(words.buffer);
  const scale = dtype === 'fixed' ? 2 ** fracBits : 1;
  const limit = dtype === 'fixed' ? fixedLimit(fracBits) : dtype === 'integer' ? INTEGER_LIMIT : 2;
  const whole = dtype !== 'fixed';
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    // Written so that NaN fails.
    if (!(Math.abs(value) < limit) || (whole && !Number.isInteger(value)) || (limit === 2 && value < 0)) {
      throw outOfDomain(i, value, dtype, limit, shape);
    }
    const scaled = Math.round(value * scale);
    halves[2 * i] = scaled;
    halves[2 * i + 1] = Math.floor(scaled / 2 ** 32);
  }
  return words;
}

/** Ring elements, read as signed, as numbers; exact up to 53 significant bits. */
export function decode(words: Words, dtype: Dtype, fracBits: number): Float64Array {
  const values = new Float64Array(words.length);
  const low = new Uint32Array(words.buffer, words.byteOffset, 2 * words.length);
  const high = new Int32Array(words.buffer, words.byteOffset, 2 * words.length);
  const unit = dtype === 'fixed' ? 2 ** -fracBits : 1;
  for (let i = 0; i < values.length; i++) {
    values[i] = ((high[2 * i + 1] ?? 0) * 2 ** 32 + (low[2 * i] ?? 0)) * unit;
  }
  return values;
}

/** One number as a ring element; for constants in formulas. */
export function encodeNumber(value: number, fracBits: number): bigint {
  return BigInt.asUintN(64, BigInt(Math.round(value * 2 ** fracBits)));
}

function outOfDomain(index: number, value: number, dtype: Dtype, limit: number, shape: Shape): DataError {
  const what = Number.isNaN(value)
    ? 'not a number'
    : !Number.isFinite(value)
      ? 'infinite'
      : Math.abs(value) >= limit || dtype === 'boolean'
        ? `outside the domain of ${dtype} numbers (${dtype === 'boolean' ? '0 or 1' : `below ${limit} in magnitude`})`
        : 'not a whole number';
  return new DataError('PRIVITY_SECURE_DOMAIN', `The value at ${positionText(index, shape)} is ${what}.`);
}
