/** What one column is like: how many values, where they lie, how they spread, and of which shape. */
import type { AnyDevice, Secret } from '../index.ts';
import { blockOf, centredOf, sparseCount, standardisedOf, type Unit, VARIANCE_LEAST } from './centred.ts';
import type { SecretColumn } from './column.ts';
import { checkOptions } from './declared.ts';
import {
  decidingCounts,
  type MinimumOptions,
  minimumOf,
  publicCount,
  shownCount,
  shownFrom,
  withoutSmall,
} from './small.ts';
import { type Statistic, statistic } from './statistic.ts';

/** What is left out of a description, or put into it. */
export interface DescribeOptions extends MinimumOptions {
  /** Skewness and kurtosis, too. Default: true. */
  readonly shape?: boolean;
  /** The smallest and the largest value, each of which is that of some row. Default: false. */
  readonly extremes?: boolean;
}

/**
 * A column in numbers. Null is what is not shown, or what its values do not have: none have a mean, equal ones no
 * shape.
 */
export interface Description {
  /** Rows of the table. */
  readonly rows: number;
  /** Rows with a value; null if there are too few. */
  readonly count: number | null;
  /** Rows without one; null if too few have one. */
  readonly gaps: number | null;
  /** The minimum that rows with a value do not reach; null if it is shown. */
  readonly fewerThan: number | null;
  /** Arithmetic mean. */
  readonly mean: number | null;
  /** By count less one. */
  readonly variance: number | null;
  /** Root of the variance. */
  readonly deviation: number | null;
  /** Third standardised moment, by count; null if it was not asked for. */
  readonly skewness: number | null;
  /** Fourth standardised moment, by count, less the 3 of a normal distribution; null if it was not asked for. */
  readonly kurtosis: number | null;
  /** The smallest value; null if it was not asked for. */
  readonly min: number | null;
  /** The largest value; null if it was not asked for. */
  readonly max: number | null;
}

/** What standardised values are at most, so that fourth powers stay below 2^26, and their sums below 2^45. */
const shapeMax = (rows: number): number => Math.min(80, (2 ** 44 / rows) ** 0.25);

/**
 * Count, mean, variance, skewness and kurtosis of a column; its smallest and largest value only where they are asked
 * for, since each is the value of a row.
 *
 * Domain: columns of up to 2^26 rows. With gaps and under one value in 512 rows, all but the count is null. Accuracy:
 * with r for the larger of |min| and |max| of a column with gaps, and for half of max - min elsewhere: mean 2^-18 + r ·
 * 2^-24; variance r² · 2^-30 + deviation · (2^-17 + r · 2^-23); extremes 2^-18; where the deviation is over r/200,
 * skewness (1 + |skewness|) / 1000 and kurtosis (1 + kurtosis) / 1000. Cost: 10.25 bytes a row, shape 41 more; gaps 16
 * more; extremes 83 more; a column whose range is over 256 10.25 more. Gaps: left out; the count is of the others.
 *
 * Opens: of fewer than `minimumCount` values that, and nothing else. Of others the count, if there can be gaps; the
 * sum, and that of squares about the mean; with `shape` those of second, third and fourth powers of standardised
 * values; with `extremes` both ends. Source: the textbook's two passes (Chan, Golub, LeVeque 1983), on shares.
 * @example const { mean, deviation, gaps } = await describe(study.column('age')).reveal(reveal);
 */
export function describe<D extends AnyDevice>(
  column: SecretColumn<D>,
  options: DescribeOptions = {},
): Statistic<D, Description> {
  const { name, rows } = column;
  const { shape = true, extremes = false } = options;
  checkOptions(options, ['shape', 'extremes', 'minimumCount'], 'describe');
  const minimum = minimumOf(options);
  const centred = centredOf(blockOf([column]));
  const [unit] = centred.units as [Unit];
  const open: Parts<D> = {};
  open.sum = [centred.sums, 'the sum of all values'];
  open.squares = [centred.squares, 'the sum of squares about the mean'];
  if (shape) {
    const scaled = standardisedOf(centred, shapeMax(rows) / Math.sqrt(rows) / 1.25);
    const second = scaled.square();
    const powers = [second, second.mul(scaled), second.square()].map((power) => power.sum(0)) as [
      Secret<D>,
      Secret<D>,
      Secret<D>,
    ];
    open.powers = [
      powers[0].concat([powers[1], powers[2]]),
      'sums of second, third and fourth powers of standardised values',
    ];
  }
  if (extremes) {
    const [least, most] = endsOf(column);
    open.min = [least, 'the smallest value'];
    open.max = [most, 'the largest value'];
  }
  const counts = decidingCounts(centred.counts, centred.sums, { rows, length: 1, minimum });
  return statistic({
    name: shownFrom(`description of ${name}`, minimum),
    open: counts ? shownOnly(counts, open, { minimum, isOpened: centred.counts !== undefined }) : open,
    result: (numbers) => resultOf(numbers, rows, { unit, minimum }),
  });
}

type Parts<D extends AnyDevice> = Record<
  string,
  readonly [Secret<D, 'fixed'> | Secret<D, 'integer'>, string]
>;

/** The count, unless it is that of all rows, and zeros if it is below the minimum. */
function shownOnly<D extends AnyDevice>(
  counts: Secret<D, 'integer'>,
  open: Parts<D>,
  { minimum, isOpened }: { readonly minimum: number; readonly isOpened: boolean },
): Parts<D> {
  const parts = Object.entries(open);
  const shown = withoutSmall(
    counts,
    parts.map(([, [secret]]) => secret as Secret<D>),
    minimum,
  );
  const what = `how many rows have a value, -1 below ${minimum}`;
  return {
    ...(isOpened ? { count: [shown.counts, what] as const } : {}),
    ...Object.fromEntries(parts.map(([key, [, said]], at) => [key, [shown.sums[at] as Secret<D>, said]])),
  };
}

/** Gaps are put at the other end of what the column can have. */
function endsOf<D extends AnyDevice>({ values, present, min, max }: SecretColumn<D>): [Secret<D>, Secret<D>] {
  if (present === undefined) return [values.min(), values.max()];
  const gap = present.neg().add(1).cast('fixed');
  return [values.add(gap.mul(max)).min(), values.add(gap.mul(min)).max()];
}

function resultOf(
  opened: Readonly<Record<string, Float64Array | undefined>>,
  rows: number,
  { unit: { centre, shift }, minimum }: { readonly unit: Unit; readonly minimum: number },
): Description {
  const shown = shownCount(opened.count?.[0] ?? publicCount(rows, minimum));
  if (shown === null) return hiddenOf(rows, minimum);
  const count = shown;
  const isThere = count > 0 && (opened.count === undefined || count >= sparseCount(rows));
  const [sum = 0, squares = 0] = [opened.sum?.[0], opened.squares?.[0]];
  const inUnits = squares / (count - 1);
  const isVaried = isThere && count > 1 && inUnits >= VARIANCE_LEAST;
  const variance = isVaried ? inUnits * 4 ** -shift : null;
  const [second = 0, third = 0, fourth = 0] = opened.powers ?? [];
  // Of equal values only rounded bits are left.
  const isEqual = squares / count < FLAT_VARIANCE || second <= 0;
  const hasShape = isThere && opened.powers !== undefined && !isEqual;
  return {
    ...{ rows, count, gaps: rows - count, fewerThan: null, variance },
    mean: isThere ? (sum / count) * 2 ** -shift + centre : null,
    deviation: variance === null ? null : Math.sqrt(variance),
    skewness: hasShape ? third / count / (second / count) ** 1.5 : null,
    kurtosis: hasShape ? (count * fourth) / second ** 2 - 3 : null,
    min: count > 0 ? (opened.min?.[0] ?? null) : null,
    max: count > 0 ? (opened.max?.[0] ?? null) : null,
  };
}

const hiddenOf = (rows: number, minimum: number): Description => ({
  ...{ rows, count: null, gaps: null, fewerThan: minimum },
  ...{ mean: null, variance: null, deviation: null, skewness: null, kurtosis: null, min: null, max: null },
});

/** Variance in units below which values count as equal: 2^-17 of the range. */
const FLAT_VARIANCE = 2 ** -20;
