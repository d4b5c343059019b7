/** How columns go together: Pearson's correlation with p-values and intervals, and covariance. */
import type { AnyDevice, Secret } from '../index.ts';
import { listOf, sparseCount, type Unit, VARIANCE_LEAST } from './centred.ts';
import type { SecretColumn } from './column.ts';
import { checkOptions, confidenceOf } from './declared.ts';
import { normalQuantile, studentTSf } from './distributions.ts';
import { coefficientsOf, covariancesOf, pairsOf, symmetric, taken, upperOf } from './pairs.ts';
import {
  decidingCounts,
  HIDDEN,
  type MinimumOptions,
  minimumOf,
  publicCount,
  shownCount,
  shownFrom,
  withoutSmall,
} from './small.ts';
import { type Statistic, statistic } from './statistic.ts';

/** A symmetric matrix, a row for each column; null where there is no number. */
export type PairMatrix = readonly (readonly (number | null)[])[];

/** Correlations of columns, in the order in which they were given. */
export interface Correlations {
  /** Names of the columns. */
  readonly names: readonly string[];
  /** Rows in which both have a value, and on the diagonal those of a column; null where there are too few. */
  readonly counts: PairMatrix;
  /**
   * From -1 to 1; null where a column is constant over those rows, or there are too few, fewer than three among it. On
   * the diagonal 1, and null where the column itself is so.
   */
  readonly coefficients: PairMatrix;
  /** Of the hypothesis that there is no correlation, against both sides, by Student's t. */
  readonly pValues: PairMatrix;
  /** Lower end of the interval by Fisher's transformation; null for fewer than four rows. */
  readonly lower: PairMatrix;
  /** Upper end of it. */
  readonly upper: PairMatrix;
}

/** Covariances of columns, in the order in which they were given. */
export interface Covariances {
  /** Names of the columns. */
  readonly names: readonly string[];
  /** Rows in which both have a value; null where there are too few. */
  readonly counts: PairMatrix;
  /** By count less one; null where there are fewer than two rows. On the diagonal variances. */
  readonly covariances: PairMatrix;
}

/** How sure an interval is. */
export interface ConfidenceOptions {
  /** Part of all studies whose intervals contain the true number. Default: 0.95. */
  readonly confidence?: number;
}

/** How sure intervals are, and of how few rows nothing is opened. */
export interface CorrelationOptions extends ConfidenceOptions, MinimumOptions {}

/**
 * Pearson's correlation of each two columns, over the rows in which both have a value.
 *
 * Domain: 3 to 2^24 rows. A pair of columns with gaps that has under one row in 512 gets null. Accuracy: 2^-14, with
 * gaps by the part of rows that a pair has; of columns whose deviation is over 1/1000 of their range. Cost, of k
 * columns: 0.02 · k bytes a row and column, with gaps 46.25; a column whose range is over 256 10.25 more; 35 KB and 1.1
 * KB for each pair, 170 rounds, with gaps some 250. Gaps: pairwise complete.
 *
 * Opens: coefficients of all pairs, and of columns with themselves, with 2 in place of one that does not exist; with
 * gaps the count of each; of fewer than `minimumCount` rows only that they are fewer. P-values and intervals follow
 * from these. Source: Pearson 1895; Fisher 1921 for intervals.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: fewer than two columns or three rows
 * @example
 * const { coefficients, pValues } = await correlation(study.columns).reveal(reveal);
 */
export function correlation<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  options: CorrelationOptions = {},
): Statistic<D, Correlations> {
  checkOptions(options, ['confidence', 'minimumCount'], 'correlation');
  const pairs = pairsOf(columns);
  const places = upperOf(columns.length, 0);
  return correlationsOf(
    {
      names: columns.map(({ name }) => name),
      called: 'correlation',
      coefficients: taken(coefficientsOf(pairs), places),
      count: pairs.counts && taken(pairs.counts, places),
      ...{ held: 0, rows: pairs.rows },
    },
    options,
  );
}

interface Opened<D extends AnyDevice> {
  readonly names: readonly string[];
  /** The name of the statistic. */
  readonly called: string;
  /** Of each pair, and on the diagonal, 2 where there is none. */
  readonly coefficients: Secret<D>;
  /** Rows of each pair, or of all pairs; undefined: all rows. */
  readonly count: Secret<D, 'integer'> | undefined;
  /** Columns that are held, each of which takes a row. */
  readonly held: number;
  readonly rows: number;
}

/** Coefficients, and what follows from them. */
export function correlationsOf<D extends AnyDevice>(
  { names, called, coefficients, count: counted, held, rows }: Opened<D>,
  options: CorrelationOptions,
): Statistic<D, Correlations> {
  const confidence = confidenceOf(options);
  const minimum = minimumOf(options);
  const places = upperOf(names.length, 0);
  const open: Record<string, readonly [Secret<D, 'fixed'> | Secret<D, 'integer'>, string]> = {
    coefficients: [coefficients, 'correlations of pairs, 2 where there is none'],
  };
  const deciding = decidingCounts(counted, coefficients, { rows, length: places.length, minimum });
  if (deciding) {
    const isShown = deciding.ge(minimum);
    open.coefficients = [isShown.select(coefficients, 2), 'correlations of pairs, 2 where there is none'];
    if (counted)
      open.counts = [isShown.select(counted, HIDDEN), `rows in which both have a value, -1 below ${minimum}`];
  }
  return statistic({
    name: shownFrom(`${called} of ${listOf(names)}`, minimum),
    open,
    result: (numbers: Readonly<Record<string, Float64Array>>) => {
      const { counts, coefficients: opened } = numbers;
      const count = (at: number): number => counts?.[at] ?? counts?.[0] ?? publicCount(rows, minimum);
      const least = held + (counts ? Math.max(3, sparseCount(rows)) : 3);
      const r = (at: number): number | null => {
        const found = opened?.[at] ?? 2;
        return found > 1.5 || count(at) < least ? null : found;
      };
      const of = (value: (at: number) => number | null, diagonal: number): (number | null)[][] =>
        symmetric<number | null>(
          names.length,
          places,
          (at, row, column) => (row < column || r(at) === null ? value(at) : diagonal),
          null,
        );
      const shown = (at: number): number | null => shownCount(count(at));
      const interval = (at: number): readonly [number, number] | null =>
        fisherInterval(r(at), count(at) - held, confidence);
      return {
        names,
        counts: symmetric<number | null>(names.length, places, shown, null),
        coefficients: of(r, 1),
        pValues: of((at) => correlationPValue(r(at), count(at) - held), 0),
        lower: of((at) => interval(at)?.[0] ?? null, 1),
        upper: of((at) => interval(at)?.[1] ?? null, 1),
      };
    },
  });
}

/**
 * Covariance of each two columns, over the rows in which both have a value, and variances on the diagonal.
 *
 * Domain: as `correlation`. Accuracy: 2^-13 of the product of both deviations, with gaps by the part of rows that a
 * pair has. Cost: as `correlation`. Gaps: pairwise complete.
 *
 * Opens: covariances of all pairs, and of columns with themselves; with gaps the count of each; of fewer than
 * `minimumCount` rows only that they are fewer.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: fewer than two columns or three rows
 * @example const { covariances } = await covariance(study.columns).reveal(reveal);
 */
export function covariance<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  options: MinimumOptions = {},
): Statistic<D, Covariances> {
  checkOptions(options, ['minimumCount'], 'covariance');
  const minimum = minimumOf(options);
  const pairs = pairsOf(columns);
  const places = upperOf(columns.length, 0);
  const { rows, units } = pairs;
  const covariances = taken(covariancesOf(pairs), places);
  const open: Record<string, readonly [Secret<D, 'fixed'> | Secret<D, 'integer'>, string]> = {
    covariances: [covariances, 'covariances of pairs'],
  };
  const counted = pairs.counts && taken(pairs.counts, places);
  const deciding = decidingCounts(counted, covariances, { rows, length: places.length, minimum });
  if (deciding) {
    const shown = withoutSmall(deciding, [covariances], minimum);
    open.covariances = [shown.sums[0] ?? covariances, 'covariances of pairs'];
    if (counted) open.counts = [shown.counts, `rows in which both have a value, -1 below ${minimum}`];
  }
  const names = columns.map(({ name }) => name);
  return statistic({
    name: shownFrom(`covariance of ${listOf(names)}`, minimum),
    open,
    result: (numbers: Readonly<Record<string, Float64Array>>) => {
      const count = (at: number): number => numbers.counts?.[at] ?? publicCount(rows, minimum);
      const least = numbers.counts ? Math.max(2, sparseCount(rows)) : 2;
      const inUnits = (at: number): number =>
        count(at) < least ? 0 : ((numbers.covariances?.[at] ?? 0) * rows) / (count(at) - 1);
      const k = names.length;
      const all = symmetric(k, places, inUnits, 0);
      const isVaried = (column: number): boolean => (all[column]?.[column] ?? 0) >= VARIANCE_LEAST;
      const value = (at: number, row: number, column: number): number | null =>
        count(at) >= least && isVaried(row) && isVaried(column)
          ? inUnits(at) * 2 ** -((units[row] as Unit).shift + (units[column] as Unit).shift)
          : null;
      return {
        names,
        counts: symmetric<number | null>(k, places, (at) => shownCount(count(at)), null),
        covariances: symmetric<number | null>(k, places, value, null),
      };
    },
  });
}

/** Against both sides. */
export function correlationPValue(r: number | null, count: number): number | null {
  if (r === null || count < 3) return null;
  const df = count - 2;
  const rest = 1 - r * r;
  return rest <= 0 ? 0 : 2 * studentTSf(Math.abs(r) * Math.sqrt(df / rest), df);
}

function fisherInterval(
  r: number | null,
  count: number,
  confidence: number,
): readonly [number, number] | null {
  if (r === null || count < 4) return null;
  const half = normalQuantile((1 + confidence) / 2) / Math.sqrt(count - 3);
  const z = Math.atanh(Math.max(-1, Math.min(1, r)));
  return [Math.tanh(z - half), Math.tanh(z + half)];
}
