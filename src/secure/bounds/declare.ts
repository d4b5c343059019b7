/**
 * Bounds that are said: where a value is shared, and of results by `clamp` and `assume`. Or not said, and then small.
 */
import { UsageError } from '../../base/errors.ts';
import { type Dtype, fixedLimit, INTEGER_LIMIT } from '../ring/fixed-point.ts';
import { bits, type Interval, interval, realOf } from './interval.ts';

/** What is known of a tensor's elements, at every party alike. */
export interface Bound extends Interval {
  /** Whether it rests on somebody's word (`assume`) and was not checked. */
  readonly assumed: boolean;
}

/** Real numbers as a program says them, both included. `max` alone: of the magnitude. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
}

/**
 * Largest magnitude, as a power of two, of fixed-point numbers of which nothing is said: lab values, ages, standardised
 * features.
 */
export const FIXED_DEFAULT_BITS = 12;
/** Largest magnitude of integers of which nothing is said: the product of two opens exactly, as a JavaScript number. */
export const INTEGER_DEFAULT_BITS = 26;

/** The bound of a fixed-point number of which nothing is said: two such numbers can always be multiplied. */
export function fixedDefault(fracBits: number): number {
  return 2 ** Math.min(FIXED_DEFAULT_BITS, 30 - fracBits);
}

export const fracBitsOf = (dtype: Dtype, fracBits: number): number => (dtype === 'fixed' ? fracBits : 0);

/** The bound of a tensor of which a program says this much. @throws {UsageError} PRIVITY_STEP_INVALID */
export function declaredBound(dtype: Dtype, fracBits: number, range: Range, where: string): Interval {
  const limit = dtype === 'fixed' ? fixedLimit(fracBits) : INTEGER_LIMIT;
  const wrong = (why: string): UsageError =>
    new UsageError('PRIVITY_STEP_INVALID', `A step is wrong: ${where}: ${why}.`);
  if (dtype === 'boolean') {
    if (range.min !== undefined || range.max !== undefined) throw wrong('booleans have no min and no max');
    return bits;
  }
  const fallback = dtype === 'fixed' ? fixedDefault(fracBits) : 2 ** INTEGER_DEFAULT_BITS;
  const max = range.max ?? fallback;
  const min = range.min ?? -max;
  for (const [name, end] of [
    ['min', min],
    ['max', max],
  ] as const) {
    if (typeof end !== 'number' || !(Math.abs(end) < limit))
      throw wrong(`${name} is a number below ${limit} in magnitude, which is what ${dtype} numbers can be`);
    if (dtype === 'integer' && !Number.isInteger(end)) throw wrong(`${name} of integers is a whole number`);
  }
  if (min > max) throw wrong(`min is above max${range.min === undefined ? '; say min, too' : ''}`);
  const scale = 2 ** fracBitsOf(dtype, fracBits);
  return interval(BigInt(Math.round(min * scale)), BigInt(Math.round(max * scale)));
}

/** For people: `0 to 200`. */
export function boundText({ min, max }: Interval, dtype: Dtype, fracBits: number): string {
  const places = fracBitsOf(dtype, fracBits);
  return `${realText(min, places)} to ${realText(max, places)}`;
}

/** A word for people: six digits, enough to see what is too large. */
export function realText(word: bigint, fracBits: number): string {
  const value = realOf(word, fracBits);
  return Number.isSafeInteger(value) && Math.abs(value) < 1e9
    ? `${value}`
    : `${Number(value.toPrecision(6))}`;
}
