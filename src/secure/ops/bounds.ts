/**
 * What is known of the result of each operation, from what is known of its operands: a rule for every operation, beside what it costs
 * (costs.ts, tensor-costs.ts). A rule also refuses operands with which the result, or anything on the way to it, could leave its domain;
 * the operations themselves do not look. docs/protocols.md has every rule in the words that stand here.
 */
import { below, OutOfDomain, RING_BITS, rangeText, TRUNCATED_BITS } from '../bounds/domain.ts';
import {
  absolute,
  bits,
  clamped,
  difference,
  greater,
  hull,
  type Interval,
  interval,
  intervalOf,
  lesser,
  negated,
  product,
  realOf,
  shifted,
  squared,
  sum,
  times,
  truncated,
} from '../bounds/interval.ts';
import {
  type Accuracy,
  along,
  type BoundedOperand,
  type BoundInput,
  type BoundRule,
  compared,
  isTruncated,
  kept,
  merged,
  one,
  places,
  ring,
  rule,
  two,
  ulp,
} from '../bounds/rule.ts';
import { type Dtype, isWholeFactor } from '../ring/fixed-point.ts';
import { div, exp, log, mean, reciprocal, rsqrt, sigmoid, softmax, sqrt, tanh } from './function-bounds.ts';

const ofProducts: Accuracy = {
  text: "2^-f; `{ truncation: 'exact' }`: rounded down; with integers and by public whole numbers exact",
  of: (_, input) => (isTruncated(input) ? ulp(input) : 0),
};

const comparison = rule('differences below 2^(63-f)', '0 to 1', (input) => {
  compared(input);
  return bits;
});

/** Sums of so many products each. */
function products(input: BoundInput, each: Interval, count: number, what: string): Interval {
  const [x, y = x] = input.operands as [BoundedOperand, BoundedOperand?];
  const all = times(each, BigInt(count));
  const fracBits = places(x, input) + places(y, input);
  if (x.dtype !== 'fixed' || y.dtype !== 'fixed') return below(all, RING_BITS, what, fracBits);
  return truncated(below(all, TRUNCATED_BITS, what, fracBits), input.fracBits);
}

const mul = rule(
  'two fixed numbers: products below 2^(62-2f); by a public whole number, or with integers: below 2^(63-f)',
  'products of the ends',
  (input) => {
    const [x, y] = [one(input), two(input)];
    if (isWholeFactor(y.number)) return ring(times(x.bound, BigInt(y.number)), 'its products', input);
    return products(input, product(x.bound, y.bound), 1, 'its products');
  },
  ofProducts,
);
const sumOfProducts = rule(
  'sums of k products as products: two fixed numbers below 2^(62-2f), with integers below 2^(63-f)',
  'k times the products of the ends',
  (input) =>
    products(
      input,
      product(one(input).bound, two(input).bound),
      one(input).shape.at(-1) ?? 1,
      'its sums of products',
    ),
  ofProducts,
);

const cumulativeSum = rule('the sum of all n below 2^(63-f)', "1 to n times the operand's", (input) => {
  const { bound } = one(input);
  return ring(hull(bound, times(bound, BigInt(along(input, 0)))), 'its sums', input);
});

/** The larger of each two, or of all: elements are compared with each other. */
const largest = (result: string, of: (input: BoundInput) => Interval): BoundRule =>
  rule('differences below 2^(63-f)', result, (input) => {
    compared(input, one(input).bound, one(input).bound);
    return of(input);
  });
const chosen = (result: string, of: (x: bigint, y: bigint) => bigint): BoundRule =>
  rule('differences below 2^(63-f)', result, (input) => {
    compared(input);
    const [x, y] = [one(input).bound, two(input).bound];
    return interval(of(x.min, y.min), of(x.max, y.max));
  });

/** Bits that a sort adds to each key, so that no two are equal. */
export const positionBits = (count: number): number => (count <= 1 ? 0 : Math.ceil(Math.log2(count)));

/** How far apart keys may lie, in words: key · 2^positionBits + position has to have a difference with a sign. */
export const keySpanMax = (count: number): bigint =>
  (2n ** BigInt(RING_BITS) - BigInt(count)) / 2n ** BigInt(positionBits(count));

function sortable(input: BoundInput, keys: BoundedOperand): void {
  const count = keys.shape[0] ?? 1;
  const span = keys.bound.max - keys.bound.min;
  if (span <= keySpanMax(count)) return;
  const fracBits = places(keys, input);
  throw new OutOfDomain({
    what: `the keys of a sort of ${count}`,
    came: rangeText(keys.bound, fracBits),
    domain: `what ends at most ${realOf(keySpanMax(count), fracBits)} apart`,
  });
}
const sort = rule('the ends at most 2^(63-f-⌈log2 n⌉) apart', "the operand's", (input) => {
  sortable(input, one(input));
  return one(input).bound;
});
const sortBy = rule('the ends of the keys as in `sort`', "the operand's", (input) => {
  sortable(input, two(input));
  return one(input).bound;
});

const groupSum = rule(
  'sums of the largest group below 2^(63-f); of secret groups any may have all rows, and count + group is below 2^63',
  "0, or up to as many times the operand's as a group has rows",
  (input) => {
    const { bound, shape } = one(input);
    const groups = input.operands[1];
    const rows = shape[0] ?? 1;
    if (groups) compared(input, groups.bound, interval(0n, BigInt(input.shape[0] ?? 1)));
    const size = groups ? rows : largestGroup(input.params[0] as ArrayLike<number>);
    return ring(hull(interval(0n, 0n), times(bound, BigInt(size))), 'its sums', input);
  },
);

function largestGroup(groups: ArrayLike<number>): number {
  const counts = new Map<number, number>();
  for (let row = 0; row < groups.length; row++) {
    const group = groups[row] ?? -1;
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  let most = 0;
  for (const count of counts.values()) most = Math.max(most, count);
  return most;
}

const cast = rule(
  'integer to fixed: below 2^(63-f); fixed to integer: below 2^(62-f)',
  "the operand's, rounded down; of booleans 0 to 1",
  (input) => {
    const { bound, dtype } = one(input);
    const { fracBits } = input;
    const [to] = input.params as readonly [Dtype];
    if (to === dtype || dtype === 'boolean') return to === 'fixed' ? inUnits(bound, dtype, fracBits) : bound;
    if (to === 'boolean') return bits;
    if (to === 'fixed') return below(inUnits(bound, dtype, fracBits), RING_BITS, 'its results', fracBits);
    return shifted(below(bound, TRUNCATED_BITS, 'its operand', fracBits), fracBits);
  },
);
const inUnits = (bound: Interval, dtype: Dtype, fracBits: number): Interval =>
  dtype === 'fixed' ? bound : times(bound, 2n ** BigInt(fracBits));

const shift = rule(
  'to the left: the result below 2^63; to the right: below 2^62',
  "the operand's, times 2^by",
  (input) => {
    const { bound } = one(input);
    const by = Number(input.params[0]);
    if (by >= 0) return ring(times(bound, 2n ** BigInt(by)), 'its results', input);
    return shifted(below(bound, TRUNCATED_BITS, 'its operand', 0), -by);
  },
);

const clamp = rule(
  'differences with both ends below 2^(63-f)',
  'lo to hi, and what was known before',
  (input) => {
    const to = endsOf(input);
    compared(input, one(input).bound, to);
    return clamped(one(input).bound, to);
  },
);

/** `clamp(lo, hi)` and `assume({ min, max })` are given their ends as words. */
const endsOf = ({ params: [min, max] }: BoundInput): Interval => interval(min as bigint, max as bigint);

export const opBounds = {
  add: rule('sums below 2^(63-f)', 'sums of the ends', (input) =>
    ring(sum(one(input).bound, two(input).bound), 'its sums', input),
  ),
  sub: rule('differences below 2^(63-f)', 'differences of the ends', (input) =>
    ring(difference(one(input).bound, two(input).bound), 'its differences', input),
  ),
  neg: rule('any', 'the ends with the other sign', (input) => negated(one(input).bound)),
  mul,
  square: rule(
    'as `mul`',
    '0, or squares of the ends',
    (input) => products(input, squared(one(input).bound), 1, 'its squares'),
    ofProducts,
  ),
  dot: sumOfProducts,
  matmul: sumOfProducts,
  sum: rule('sums of all n below 2^(63-f)', "n times the operand's", (input) =>
    ring(times(one(input).bound, BigInt(merged(input))), 'its sums', input),
  ),
  cumulativeSum,
  mean,
  minimum: chosen('the smaller of both ends', lesser),
  maximum: chosen('the larger of both ends', greater),
  abs: rule('any', 'magnitudes', (input) => absolute(one(input).bound)),
  relu: rule('any', "the operand's from 0 on", ({ operands: [x] }) =>
    clamped((x as BoundedOperand).bound, interval(0n, 2n ** BigInt(RING_BITS))),
  ),
  min: largest("the operand's", (input) => one(input).bound),
  max: largest("the operand's", (input) => one(input).bound),
  argmax: largest('0 to n - 1', (input) => interval(0n, BigInt(merged(input) - 1))),
  div,
  reciprocal,
  sqrt,
  rsqrt,
  exp,
  log,
  sigmoid,
  tanh,
  softmax,
  lt: comparison,
  le: comparison,
  gt: comparison,
  ge: comparison,
  eq: comparison,
  ne: comparison,
  select: rule('any', 'what either may be', ({ operands: [, x, y] }) =>
    hull((x as BoundedOperand).bound, (y as BoundedOperand).bound),
  ),
  and: rule('any', '0 to 1', () => bits),
  or: rule('any', '0 to 1', () => bits),
  xor: rule('any', '0 to 1', () => bits),
  not: rule('any', '0 to 1', () => bits),
  clamp,
  assume: rule('any', 'min to max, and what was known before', (input) =>
    clamped(one(input).bound, endsOf(input)),
  ),
  sort,
  sortBy,
  shuffle: kept(),
  groupSum,
  reshape: kept(),
  transpose: kept(),
  slice: kept(),
  concat: rule('any', 'what any may be', ({ operands }) =>
    operands
      .map(({ bound }) => bound)
      .reduce((all, bound) => intervalOf(all.min, all.max, bound.min, bound.max)),
  ),
  gather: kept(),
  cast,
  shift,
} satisfies Record<string, BoundRule>;

export type BoundedOperation = keyof typeof opBounds;
