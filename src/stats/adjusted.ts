/** How columns go together when all others are held: partial correlations, and how much each repeats the others. */
import { type AnyDevice, type Secret, tensor } from '../index.ts';
import type { SecretColumn } from './column.ts';
import { type CorrelationOptions, type Correlations, correlationsOf } from './correlation.ts';
import { checkOptions, invalid } from './declared.ts';
import { coefficientsOf, diagonalOf, pairsOf, taken, upperOf } from './pairs.ts';
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

/** What is promised of columns whose correlations are inverted, and of how few rows nothing is opened. */
export interface InflationOptions extends MinimumOptions {
  /**
   * No column repeats the others so much that its factor is above this: public, and checked. 1000 is a column of which
   * the others tell all but a thousandth of its variance. Default: 1000; at most 2^17.
   */
  readonly max?: number;
}

/** How much each column repeats the others. */
export interface Inflation {
  /** Names of the columns. */
  readonly names: readonly string[];
  /** Rows in which all columns have a value; null if there are too few. */
  readonly count: number | null;
  /** The minimum that they do not reach; null if it is shown. */
  readonly fewerThan: number | null;
  /**
   * One for each column: 1 if the others tell nothing of it. Null for a column whose values are equal, which the others
   * are then taken without; and for all columns where rows are too few, or `above` says so.
   */
  readonly factors: readonly (number | null)[];
  /** The promised maximum, if some factor is above it: nobody learns of which column. Null if none is. */
  readonly above: number | null;
}

interface Inverted<D extends AnyDevice> {
  readonly count: Secret<D, 'integer'> | undefined;
  readonly rows: number;
  /** Of the correlations; zeros if they are not as promised. A constant column is as one of its own. */
  readonly inverse: Secret<D>;
  /** Whether the values of a column are equal. */
  readonly isFlat: Secret<D, 'boolean'>;
  readonly max: number;
}

const FACTOR_MAX = 1000;
const COLUMNS_MAX = 100;
/** In place of the factor of a constant column; 0 stands where no inverse is given, and other factors are 1 or more. */
const CONSTANT = -1;

/** The inverse of the correlations of rows that have all values. */
function inverted<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  { max = FACTOR_MAX }: InflationOptions,
): Inverted<D> {
  if (!(max >= 1 && max <= 2 ** 17)) throw invalid('"max" of the factors is a number from 1 to 2^17');
  const { length: k } = columns;
  if (k > COLUMNS_MAX) throw invalid(`up to ${COLUMNS_MAX} columns are held at once, and these are ${k}`);
  const masks = columns.flatMap(({ present }) => present ?? []);
  const present = masks
    .slice(1)
    .reduce<Secret<D, 'integer'> | undefined>((all, mask) => all?.mul(mask).clamp(0, 1), masks[0]);
  const whole = columns.map((column) =>
    present ? { ...column, values: column.values.mul(present), present } : column,
  );
  const pairs = pairsOf(whole);
  const coefficients = coefficientsOf(pairs);
  const isFlat = diagonalOf(coefficients).gt(1.5);
  const identity = Float64Array.from({ length: k * k }, (_, at) => Number(at % (k + 1) === 0));
  // Eigenvalues sum to k, and the smallest is at least 1 by the trace of the inverse, at most k · max.
  const condition = Math.min(2 ** 20 / k, k * k * max);
  const inverse = eitherOf(isFlat).select(tensor([k, k], identity), coefficients);
  return {
    ...{ isFlat, max, rows: pairs.rows, count: present?.sum().reshape([1]) },
    inverse: inverse.inverseOrZeros({ condition, max }),
  };
}

/** For each pair, whether it is so of one of both. */
function eitherOf<D extends AnyDevice>(is: Secret<D, 'boolean'>): Secret<D, 'boolean'> {
  const [k = 0] = is.shape;
  return is.reshape([k, 1]).or(is.reshape([1, k]));
}

/**
 * Variance inflation factors: for each column 1/(1 - R²) of its regression on all others.
 *
 * Domain: 2 to 100 columns, 3 to 2^20 rows, factors up to `max`. Accuracy: factor² · 2^-13 and, of k columns, k · 2^-21
 * of the largest factor. Cost: `correlation` and `inverseOrZeros`. Gaps: rows in which all columns have a value.
 *
 * Opens: the factors, -1 of a column whose values are equal; all others are 0 if one is above `max`, or columns tell
 * all of each other; with gaps how many rows have all values; of fewer than `minimumCount` only that they are fewer.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS
 * @example const { factors } = await varianceInflation(study.columns).reveal(reveal);
 */
export function varianceInflation<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  options: InflationOptions = {},
): Statistic<D, Inflation> {
  checkOptions(options, ['max', 'minimumCount'], 'varianceInflation');
  const minimum = minimumOf(options);
  const { inverse, isFlat, count, rows, max } = inverted(columns, options);
  const factors = isFlat.select(CONSTANT, diagonalOf(inverse));
  const what = 'a factor for each column, -1 of a constant one, 0 if one is above the maximum';
  const open: Record<string, readonly [Secret<D, 'fixed'> | Secret<D, 'integer'>, string]> = {
    factors: [factors, what],
  };
  const counts = decidingCounts(count, factors, { rows, length: 1, minimum });
  if (counts) {
    const shown = withoutSmall(counts, [factors], minimum);
    open.factors = [shown.sums[0] ?? factors, what];
    if (count) open.count = [shown.counts, `rows in which all have a value, -1 below ${minimum}`];
  }
  return statistic({
    name: shownFrom(`variance inflation of ${columns.length} columns`, minimum),
    open,
    result: (numbers: Readonly<Record<string, Float64Array>>) => {
      const found = shownCount(numbers.count?.[0] ?? publicCount(rows, minimum));
      const opened = [...(numbers.factors ?? [])];
      const isAbove = found !== null && opened.some((factor) => factor > CONSTANT / 2 && factor < 0.5);
      return {
        names: columns.map(({ name }) => name),
        count: found,
        fewerThan: found === null ? minimum : null,
        factors: opened.map((factor) => (found === null || factor < 0.5 ? null : factor)),
        above: isAbove ? max : null,
      };
    },
  });
}

/**
 * Partial correlation of each two columns: what is left of it when all other columns are held.
 *
 * Domain: as `varianceInflation`. Accuracy: 2^-13 · the larger factor of inflation. Cost: as `varianceInflation`, and
 * 41 rounds. Gaps: rows in which all columns have a value. Null where a column is constant, which is then not held, and
 * everywhere where a factor of inflation is above `max`.
 *
 * Opens: the coefficient of each pair, 2 where there is none; with gaps how many rows have all values; of fewer than
 * `minimumCount` only that they are fewer.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS
 * @example const { coefficients } = await partialCorrelation(study.columns).reveal(reveal);
 */
export function partialCorrelation<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  options: InflationOptions & CorrelationOptions = {},
): Statistic<D, Correlations> {
  checkOptions(options, ['max', 'confidence', 'minimumCount'], 'partialCorrelation');
  const { inverse, isFlat, count, rows, max } = inverted(columns, options);
  const k = columns.length;
  const diagonal = diagonalOf(inverse);
  const roots = diagonal.clamp(1, max).rsqrt();
  const scaled = inverse.mul(roots.reshape([k, 1])).mul(roots.reshape([1, k]));
  const isNone = eitherOf(isFlat.or(diagonal.lt(0.5)));
  return correlationsOf(
    {
      names: columns.map(({ name }) => name),
      called: 'partial correlation',
      coefficients: taken(isNone.select(2, scaled.neg().clamp(-1, 1)), upperOf(k, 0)),
      count,
      // Each column that is held takes a row.
      held: k - 2,
      rows,
    },
    options,
  );
}
