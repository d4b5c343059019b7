/** What a rule of bounds is given, what it says, and what several of them do. */
import { type Dtype, isWholeFactor } from '../ring/fixed-point.ts';
import { axisOf, elementCount, type Shape } from '../ring/shape.ts';
import { below, RING_BITS } from './domain.ts';
import { difference, type Interval, outward, realOf } from './interval.ts';

export interface BoundedOperand {
  readonly bound: Interval;
  readonly dtype: Dtype;
  readonly shape: Shape;
  /** Of one that is public. */
  readonly words?: BigUint64Array;
  /** Of one that is public and divides: as it was given. */
  readonly exact?: Float64Array;
  /** Of a single public number. */
  readonly number?: number | undefined;
}

export interface BoundInput {
  readonly operands: readonly BoundedOperand[];
  readonly params: readonly unknown[];
  /** Of the result. */
  readonly shape: Shape;
  readonly fracBits: number;
}

/** How far a result may be from the result in real numbers: in words, with f fractional bits. */
export interface Accuracy {
  readonly text: string;
  of(result: number, input: BoundInput): number;
}

export interface BoundRule {
  /** For docs/protocols.md: what is asked of operands, with f fractional bits. */
  readonly domain: string;
  /** For docs/protocols.md: what is known of the result. */
  readonly result: string;
  readonly accuracy: Accuracy;
  /** @throws {OutOfDomain} */
  bound(input: BoundInput): Interval;
}

export const ulp = ({ fracBits }: BoundInput): number => 2 ** -fracBits;
export const exact: Accuracy = { text: 'exact', of: () => 0 };

/** Elements along the axis that the first parameter names. */
export function along(input: BoundInput, otherwise: number): number {
  const { shape } = input.operands[0] as BoundedOperand;
  const [axis = otherwise] = input.params as readonly [number?];
  return shape[axisOf(shape, axis, 'axis')] ?? 1;
}

/** Products of two fixed numbers have too many fractional bits, unless one is a whole number that everybody knows. */
export function isTruncated({
  operands: [x, y = x],
}: {
  readonly operands: readonly Pick<BoundedOperand, 'dtype' | 'number'>[];
}): boolean {
  return x?.dtype === 'fixed' && y?.dtype === 'fixed' && !isWholeFactor(y.number);
}

/** Fractional bits of a number, or of a product of two. */
export const places = ({ dtype }: BoundedOperand, { fracBits }: BoundInput): number =>
  dtype === 'fixed' ? fracBits : 0;

export const one = (input: BoundInput): BoundedOperand => input.operands[0] as BoundedOperand;
export const two = (input: BoundInput): BoundedOperand => input.operands[1] as BoundedOperand;
/** How many elements of the operand make one of the result. */
export const merged = (input: BoundInput): number =>
  elementCount(one(input).shape) / elementCount(input.shape);

export const ring = (
  x: Interval,
  what: string,
  input: BoundInput,
  fracBits = places(one(input), input),
): Interval => below(x, RING_BITS, what, fracBits);

export const rule = (
  domain: string,
  result: string,
  bound: BoundRule['bound'],
  accuracy: Accuracy = exact,
): BoundRule => ({
  accuracy,
  domain,
  result,
  bound,
});
export const kept = (domain = 'any'): BoundRule => rule(domain, "the operand's", (input) => one(input).bound);

/** Differences are compared by their sign, so they have to have one. */
export function compared(input: BoundInput, x = one(input).bound, y = two(input).bound): void {
  ring(difference(x, y), 'the difference of its operands', input);
  ring(difference(y, x), 'the difference of its operands', input);
}

/** Of functions, for docs/protocols.md: what is known of their results. */
export const ENDS = 'of the ends, and as far off as it is';

/** A function whose results are as accurate as it says; `min` and `max` give the ends of them. */
export const monotone = (
  input: BoundInput,
  { min, max }: Interval,
  of: (x: number) => number,
  accuracy: Accuracy,
): Interval => {
  const { fracBits } = input;
  const error = (end: number): number => accuracy.of(end, input);
  return outward(of(realOf(min, fracBits)), of(realOf(max, fracBits)), error, fracBits);
};
