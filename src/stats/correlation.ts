/** How columns go together: Pearson's correlation with p-values and intervals, and covariance. */
import type { AnyDevice, Secret } from '../index.ts';
import { sparseCount, type Unit, VARIANCE_LEAST } from './centred.ts';
import type { SecretColumn } from './column.ts';
import { checkOptions, confidenceOf } from './declared.ts';
import { normalQuantile, studentTSf } from './distributions.ts';
import { coefficientsOf, covariancesOf, pairsOf, symmetric, taken, upperOf } from './pairs.ts';
import { type Statistic, statistic } from './statistic.ts';

/** A symmetric matrix, a row for each column; null where there is no number. */
export type PairMatrix = readonly (readonly (number | null)[])[];

/** Correlations of columns, in the order in which they were given. */
export interface Correlations {
  /** Names of the columns. */
  readonly names: readonly string[];
  /** Rows in which both have a value; on the diagonal all rows, or null where columns have gaps. */
  readonly counts: PairMatrix;
  /** From -1 to 1; null where a column is constant over those rows, or there are fewer than three. */
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
  /** Rows in which both have a value. */
  readonly counts: readonly (readonly number[])[];
  /** By count less one; null where there are fewer than two rows. On the diagonal variances. */
  readonly covariances: PairMatrix;
}

/** How sure an interval is. */
export interface ConfidenceOptions {
  /** Part of all studies whose intervals contain the true number. Default: 0.95. */
  readonly confidence?: number;
}

/**
 * Pearson's correlation of each two columns, over the rows in which both have a value.
 *
 * Domain: 3 to 2^24 rows. A pair of columns with gaps that has under one row in 512 gets null. Accuracy: 2^-14, with
 * gaps by the part of rows that a pair has; of columns whose deviation is over 1/1000 of their range. Cost, of k
 * columns: 20.5 bytes a row and column, with gaps 46.25; a column whose range is over 256 10.25 more; 41 bytes for each
 * pair and some 250 rounds. Gaps: pairwise complete.
 *
 * Opens: coefficients of all pairs, with 2 in place of one that does not exist; with gaps the count of each pair.
 * P-values and intervals follow from these. Source: Pearson 1895; Fisher 1921 for intervals.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: fewer than two columns or three rows
 * @example
 * const { coefficients, pValues } = await correlation(study.columns).reveal(reveal);
 */
export function correlation<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  options: ConfidenceOptions = {},
): Statistic<D, Correlations> {
  checkOptions(options, ['confidence'], 'correlation');
  const pairs = pairsOf(columns);
  const places = upperOf(columns.length, 1);
  return correlationsOf(
    {
      names: columns.map(({ name }) => name),
      called: 'correlation',
      coefficients: taken(coefficientsOf(pairs), places),
      count: pairs.counts && taken(pairs.counts, places),
      ...{ held: 0, rows: pairs.centred.rows },
    },
    options,
  );
}

interface Opened<D extends AnyDevice> {
  readonly names: readonly string[];
  /** The name of the statistic. */
  readonly called: string;
  /** Of each pair above the diagonal, 2 where there is none. */
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
  options: ConfidenceOptions,
): Statistic<D, Correlations> {
  const confidence = confidenceOf(options);
  const places = upperOf(names.length, 1);
  const open: Record<string, readonly [Secret<D, 'fixed'> | Secret<D, 'integer'>, string]> = {
    coefficients: [coefficients, 'correlations of pairs, 2 where there is none'],
  };
  if (counted) open.counts = [counted, 'rows in which both have a value'];
  return statistic({
    name: `${called} of ${listOf(names)}`,
    open,
    result: (numbers: Readonly<Record<string, Float64Array>>) => {
      const { counts, coefficients: opened } = numbers;
      const count = (at: number): number => counts?.[at] ?? counts?.[0] ?? rows;
      const least = held + (counts ? Math.max(3, sparseCount(rows)) : 3);
      const r = (at: number): number | null => {
        const found = opened?.[at] ?? 2;
        return found > 1.5 || count(at) < least ? null : found;
      };
      const of = <T>(value: (at: number) => T, diagonal: T): T[][] =>
        symmetric(names.length, places, value, diagonal);
      const interval = (at: number): readonly [number, number] | null =>
        fisherInterval(r(at), count(at) - held, confidence);
      return {
        names,
        counts: of<number | null>(count, counts ? null : rows),
        coefficients: of<number | null>(r, 1),
        pValues: of<number | null>((at) => correlationPValue(r(at), count(at) - held), 0),
        lower: of<number | null>((at) => interval(at)?.[0] ?? null, 1),
        upper: of<number | null>((at) => interval(at)?.[1] ?? null, 1),
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
 * Opens: covariances of all pairs, and of columns with themselves; with gaps the count of each pair.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: fewer than two columns or three rows
 * @example const { covariances } = await covariance(study.columns).reveal(reveal);
 */
export function covariance<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
): Statistic<D, Covariances> {
  const pairs = pairsOf(columns);
  const places = upperOf(columns.length, 0);
  const { rows, units } = pairs.centred;
  const open: Record<string, readonly [Secret<D, 'fixed'> | Secret<D, 'integer'>, string]> = {
    covariances: [taken(covariancesOf(pairs), places), 'covariances of pairs'],
  };
  if (pairs.counts) open.counts = [taken(pairs.counts, places), 'rows in which both have a value'];
  const names = columns.map(({ name }) => name);
  return statistic({
    name: `covariance of ${listOf(names)}`,
    open,
    result: (numbers: Readonly<Record<string, Float64Array>>) => {
      const count = (at: number): number => numbers.counts?.[at] ?? rows;
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
        counts: symmetric(k, places, count, rows),
        covariances: symmetric<number | null>(k, places, value, null),
      };
    },
  });
}

/** Names in ledgers have an end: of many columns how many there are. */
const NAMED_MAX = 3;
const listOf = (names: readonly string[]): string =>
  names.length <= NAMED_MAX ? names.join(' and ') : `${names.length} columns`;

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
