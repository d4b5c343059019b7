/**
 * Domains of operations, in words of the ring: what a rule of bounds.ts compares with, and what it says where they
 * could be left.
 */
import { type Interval, magnitude, realOf } from './interval.ts';

/** Sums and differences, and whatever is read as signed: below 2^63. */
export const RING_BITS = 63;
/** What is truncated: below 2^62, so that its sign can be told from its carry (docs/protocols.md, "Truncation"). */
export const TRUNCATED_BITS = 62;

/** Why an operation is refused: what could leave which domain. */
export interface Excess {
  /** In words: its products, the divisor, ... */
  readonly what: string;
  readonly came: string;
  readonly domain: string;
  /** What is too near to 0, or below it, needs a larger `min`, not a smaller `max`: from where on it would do. */
  readonly from?: string;
}

/** Thrown by rules, and caught where they are asked. */
export class OutOfDomain extends Error {
  readonly excess: Excess;
  constructor(excess: Excess) {
    super(`${excess.what} may be ${excess.came}, outside ${excess.domain}`);
    this.excess = excess;
  }
}

const number = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}` : `${Number(value.toPrecision(6))}`;

export const rangeText = (x: Interval, fracBits: number): string =>
  `${number(realOf(x.min, fracBits))} to ${number(realOf(x.max, fracBits))}`;

/** Below 2^exponent in magnitude, as words with so many fractional bits. Gives the interval back. */
export function below(x: Interval, exponent: number, what: string, fracBits: number): Interval {
  if (magnitude(x) < 2n ** BigInt(exponent)) return x;
  throw new OutOfDomain({
    what,
    came: rangeText(x, fracBits),
    domain: `below 2^${exponent - fracBits} = ${number(2 ** (exponent - fracBits))} in magnitude`,
  });
}

/** From `from` on, and below `to`: real numbers. */
export function between(x: Interval, from: number, to: number, what: string, fracBits: number): Interval {
  const [min, max] = [realOf(x.min, fracBits), realOf(x.max, fracBits)];
  if (min >= from && max < to) return x;
  throw new OutOfDomain({
    what,
    came: rangeText(x, fracBits),
    domain: `${number(from)} to ${number(to)}`,
    ...(min < from ? { from: number(from) } : {}),
  });
}
