/** How columns go together when all others are held: partial correlations, and how much each repeats the others. */
import type { AnyDevice, Secret } from '../index.ts';
import type { SecretColumn } from './column.ts';
import { type ConfidenceOptions, type Correlations, correlationsOf } from './correlation.ts';
import { checkOptions, invalid } from './declared.ts';
import { coefficientsOf, diagonalOf, pairsOf, taken, upperOf } from './pairs.ts';
import { type Statistic, statistic } from './statistic.ts';

/** What is promised of columns whose correlations are inverted. */
export interface InflationOptions {
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
  /** Rows in which all columns have a value. */
  readonly count: number;
  /** One for each column: 1 if the others tell nothing of it. */
  readonly factors: readonly number[];
}

interface Inverted<D extends AnyDevice> {
  readonly count: Secret<D, 'integer'> | undefined;
  readonly rows: number;
  readonly inverse: Secret<D>;
  readonly max: number;
}

const FACTOR_MAX = 1000;

/** The inverse of the correlations of rows that have all values. */
function inverted<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  { max = FACTOR_MAX }: InflationOptions,
): Inverted<D> {
  if (!(max >= 1 && max <= 2 ** 17)) throw invalid('"max" of the factors is a number from 1 to 2^17');
  const masks = columns.flatMap(({ present }) => present ?? []);
  const present = masks
    .slice(1)
    .reduce<Secret<D, 'integer'> | undefined>((all, mask) => all?.mul(mask).clamp(0, 1), masks[0]);
  const whole = columns.map((column) =>
    present ? { ...column, values: column.values.mul(present), present } : column,
  );
  const pairs = pairsOf(whole);
  const k = columns.length;
  // Eigenvalues sum to k, and the smallest is at least 1 by the trace of the inverse, at most k · max.
  const condition = Math.min(2 ** 20 / k, k * k * max);
  const inverse = coefficientsOf(pairs).inverse({ condition, max });
  return { inverse, max, rows: pairs.centred.rows, count: present?.sum() };
}

/**
 * Variance inflation factors: for each column 1/(1 - R²) of its regression on all others.
 *
 * Domain: 2 to 100 columns, 3 to 2^20 rows, factors up to `max`; columns that are constant, or tell all of each other,
 * end the run. Accuracy: factor² · 2^-13 and, of k columns, k · 2^-21 of the largest factor. Cost: `correlation` and
 * `inverse`. Gaps: rows in which all columns have a value.
 *
 * Opens: the factors; with gaps how many rows have all values; on the way one bit, whether the inverse is right.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS
 * @throws {DataError} PRIVITY_SECURE_CONDITION, later: a factor is above `max`, or a column constant
 * @example const { factors } = await varianceInflation(study.columns).reveal(reveal);
 */
export function varianceInflation<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  options: InflationOptions = {},
): Statistic<D, Inflation> {
  checkOptions(options, ['max'], 'varianceInflation');
  const { inverse, count, rows } = inverted(columns, options);
  const open: Record<string, readonly [Secret<D, 'fixed'> | Secret<D, 'integer'>, string]> = {
    factors: [diagonalOf(inverse), 'a factor for each column'],
  };
  if (count) open.count = [count, 'rows in which all have a value'];
  return statistic({
    name: `variance inflation of ${columns.length} columns`,
    open,
    result: (numbers: Readonly<Record<string, Float64Array>>) => ({
      names: columns.map(({ name }) => name),
      count: numbers.count?.[0] ?? rows,
      factors: [...(numbers.factors ?? [])],
    }),
  });
}

/**
 * Partial correlation of each two columns: what is left of it when all other columns are held.
 *
 * Domain: as `varianceInflation`. Accuracy: 2^-13 · the larger factor of inflation. Cost: as `varianceInflation`, and
 * 41 rounds. Gaps: rows in which all columns have a value.
 *
 * Opens: the coefficient of each pair; with gaps how many rows have all values; on the way one bit, whether the inverse
 * is right.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS
 * @throws {DataError} PRIVITY_SECURE_CONDITION, later, as `varianceInflation`
 * @example const { coefficients } = await partialCorrelation(study.columns).reveal(reveal);
 */
export function partialCorrelation<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  options: InflationOptions & ConfidenceOptions = {},
): Statistic<D, Correlations> {
  const { inverse, count, rows, max } = inverted(columns, options);
  const k = columns.length;
  const roots = diagonalOf(inverse).clamp(1, max).rsqrt();
  const scaled = inverse.mul(roots.reshape([k, 1])).mul(roots.reshape([1, k]));
  return correlationsOf(
    {
      names: columns.map(({ name }) => name),
      called: 'partial correlation',
      coefficients: taken(scaled.neg().clamp(-1, 1), upperOf(k, 1)),
      count,
      // Each column that is held takes a row.
      held: k - 2,
      rows,
    },
    options,
  );
}
