/**
 * What those operations cost whose result has another shape than their operands, or whose cost depends on a type or a parameter; beside
 * {@link opCosts}, and held by the compliance suite in the same way. `f`: fractional bits of the device.
 */
import { type Cost, inSequence, times } from '../cost.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { type Dtype, reciprocalShift } from '../ring/fixed-point.ts';
import type { MatrixDims } from '../ring/matrix-dims.ts';
import { local, opCosts } from './costs.ts';
import { SAMPLED_KEYS_MIN, sampledLevels } from './quicksort.ts';

/** What goes with the keys of a sort: the keys made different by their position, and the keys as they are. */
const SORT_COLUMNS = 2;

export const tensorCosts = {
  share: (c: ProtocolCosts, owner: number, length: number, dtype: Dtype): Cost =>
    dtype === 'boolean' ? c.shareB(owner, length, 1) : c.shareA(owner, length),
  reveal: (c: ProtocolCosts, length: number, dtype: Dtype, to?: number): Cost =>
    dtype === 'boolean' ? c.openB(length, 1, to) : c.openA(length, to),

  fromPublic: local,
  sum: local,
  cumulativeSum: local,
  xor: local,
  not: local,
  reshape: local,
  transpose: local,
  slice: local,
  concat: local,
  gather: local,

  /** With a public factor that has a point. */
  mulByPublic: (c: ProtocolCosts, length: number, f: number): Cost => c.truncS(length, f),
  mulExact: (c: ProtocolCosts, length: number, f: number): Cost =>
    inSequence(c.mulSS(length), c.truncExactS(length, f)),
  mulByPublicExact: (c: ProtocolCosts, length: number, f: number): Cost => c.truncExactS(length, f),
  /** Where one operand is an integer. */
  mulOfIntegers: (c: ProtocolCosts, length: number): Cost => c.mulSS(length),
  matmul: (c: ProtocolCosts, dims: MatrixDims, f: number): Cost => c.matmulTruncSS(dims, f),
  matmulExact: (c: ProtocolCosts, dims: MatrixDims, f: number): Cost =>
    inSequence(c.matmulSS(dims), c.truncExactS(dims.batch * dims.rows * dims.columns, f)),
  matmulByPublic: (c: ProtocolCosts, { batch, rows, columns }: MatrixDims, f: number): Cost =>
    c.truncS(batch * rows * columns, f),
  matmulOfIntegers: (c: ProtocolCosts, dims: MatrixDims): Cost => c.matmulSS(dims),
  dot: (c: ProtocolCosts, count: number, inner: number, f: number): Cost =>
    c.matmulTruncSS({ batch: count, rows: 1, inner, columns: 1 }, f),
  divByNumber: (c: ProtocolCosts, length: number, divisor: number, f: number): Cost =>
    c.truncS(length, f + reciprocalShift(divisor)),
  /** Of `size` elements in each of so many rows. */
  mean: (c: ProtocolCosts, rows: number, size: number, f: number): Cost => {
    const halvings = Math.floor(Math.log2(size));
    return inSequence(
      times(0, c.mulSS(1)),
      ...(halvings > 0 ? [c.truncS(rows, halvings)] : []),
      ...(size === 2 ** halvings ? [] : [c.truncS(rows, f)]),
    );
  },

  max: (c: ProtocolCosts, rows: number, size: number): Cost => tournament(c, rows, size, 1),
  min: (c: ProtocolCosts, rows: number, size: number): Cost => tournament(c, rows, size, 1),
  argmax: (c: ProtocolCosts, rows: number, size: number): Cost => tournament(c, rows, size, 2),
  softmax: (c: ProtocolCosts, rows: number, size: number, f: number): Cost =>
    inSequence(
      tournament(c, rows, size, 1),
      opCosts.exp(c, rows * size, f),
      opCosts.reciprocal(c, rows, f),
      opCosts.mul(c, rows * size, f),
    ),

  /** Numbers; `conditions` are as many booleans as were given, before they are broadcast. */
  select: (c: ProtocolCosts, conditions: number, length: number): Cost =>
    inSequence(c.bit2a(conditions), c.mulSS(length)),
  selectOfBooleans: (c: ProtocolCosts, length: number): Cost => c.andSS(length, 1),
  and: (c: ProtocolCosts, length: number): Cost => c.andSS(length, 1),
  or: (c: ProtocolCosts, length: number): Cost => c.andSS(length, 1),
  /** Fixed to integer rounds down; integer to fixed is local, and so is what does not change the type. */
  cast: (c: ProtocolCosts, length: number, from: Dtype, to: Dtype, f: number): Cost => {
    if (from === to || (from === 'integer' && to === 'fixed')) return times(0, c.mulSS(1));
    if (from === 'boolean') return c.bit2a(length);
    return to === 'boolean' ? c.eqzS(length) : c.truncExactS(length, f);
  },
  /** To the left it is local. */
  shift: (c: ProtocolCosts, length: number, by: number): Cost =>
    by >= 0 ? times(0, c.mulSS(1)) : c.truncExactS(length, -by),

  clamp: (c: ProtocolCosts, length: number): Cost =>
    inSequence(c.msbS(2 * length), c.bit2a(2 * length), c.mulSS(2 * length)),
  /** Of keys that rest on an assumption, before a sort. */
  checkWithin: (c: ProtocolCosts, length: number): Cost =>
    inSequence(c.msbS(2 * length), c.bit2a(2 * length), c.eqzS(1), c.openB(1, 1)),
  /** `columns`: numbers in the rows of all tensors together. */
  shuffle: (c: ProtocolCosts, rows: number, columns: number): Cost => c.shuffleS(rows, columns),
  /**
   * Of a sort whose levels make so many comparisons each: which they are is random, see {@link sortOnAverage}.
   * `along`: numbers in the rows of what is sorted with the keys.
   */
  sort: sortOf,
  /** By secret groups; public ones are local. `width`: numbers in a row. */
  groupSum: (c: ProtocolCosts, rows: number, width: number, count: number): Cost =>
    inSequence(
      c.eqzS(rows * count),
      c.bit2a(rows * count),
      c.matmulSS({ batch: 1, rows: count, inner: rows, columns: width }),
    ),
} as const;

/** A sort on average, with comparisons in whole words. */
export function sortOnAverage(c: ProtocolCosts, rows: number, along = 0): Cost {
  const levels = Math.round(sortLevels(rows));
  const comparisons = 64 * Math.ceil(sortComparisons(rows) / levels / 64);
  return sortOf(c, rows, new Array<number>(levels).fill(comparisons), along);
}

function sortOf(c: ProtocolCosts, rows: number, comparisons: readonly number[], along = 0): Cost {
  return inSequence(
    c.shuffleS(rows, SORT_COLUMNS + along),
    ...comparisons.map((count) => inSequence(c.msbS(count), c.openB(count, 1))),
  );
}

/** A level for every halving of `size`: a comparison of each pair, and its winner's columns. */
function tournament(c: ProtocolCosts, rows: number, size: number, columns: number): Cost {
  const steps: Cost[] = [];
  for (let width = size; width > 1; width = Math.ceil(width / 2)) {
    const pairs = rows * Math.floor(width / 2);
    steps.push(inSequence(c.msbS(pairs), c.bit2a(pairs), c.mulSS(columns * pairs)));
  }
  return inSequence(times(0, c.mulSS(1)), ...steps);
}

/** Sizes of the segments between the keys of a sample, as which the average over all is taken. */
const QUANTILES = 64;

/** What a sample (`quicksort.ts`) leaves of n keys: so many segments of so many keys on average, whose sizes are about geometric. */
function sampled(n: number) {
  const levels = sampledLevels(n);
  const keys = 2 ** levels - 1;
  return { levels, keys, segments: keys + 1, mean: (n - keys) / (keys + 1) };
}

/**
 * Comparisons that a sort of n keys makes, on average and within one in a hundred: those of quicksort on a random order, 2(n+1)·H(n) - 4n,
 * or from 512 keys on those of a sample, of its tree and of the segments in between: 17.3·n for 2^16 keys, 21.3·n for 10^6.
 */
export function sortComparisons(n: number): number {
  if (n < SAMPLED_KEYS_MIN) {
    let harmonic = 0;
    for (let i = 1; i <= n; i++) harmonic += 1 / i;
    return 2 * (n + 1) * harmonic - 4 * n;
  }
  const { levels, keys, segments, mean } = sampled(n);
  const inTree = (levels - 2) * 2 ** levels + 2;
  let inSegments = 0;
  for (let i = 0; i < QUANTILES; i++) {
    inSegments += sortComparisons(Math.round(-mean * Math.log(1 - (i + 0.5) / QUANTILES))) / QUANTILES;
  }
  return (keys * (keys - 1)) / 2 + inTree + (n - keys) * levels + segments * inSegments;
}

/**
 * Levels of a sort of n ≥ 16 keys, on average, within one up to 4,096 keys and within two above. Below 512 it is the height of a search
 * tree that grew from a random order, which grows like 4.311·ln n - 1.953·ln ln n; from there on a sample, its tree, and the largest of many
 * segments. The constants are fitted: to the exact recursion, and to sorts, to which tests hold them.
 */
export function sortLevels(n: number): number {
  if (n < SAMPLED_KEYS_MIN) return 4.311 * Math.log(n) - 1.953 * Math.log(Math.log(n)) - 4.9;
  const { levels, segments, mean } = sampled(n);
  return 2.5 + levels + sortLevels(mean * (Math.log(segments) + 0.58));
}
