/** How far predictions are from what came, and Brier's score of probabilities. */
import type { AnyDevice, Secret } from '../../index.ts';
import type { SecretColumn } from '../column.ts';
import { checkOptions, invalid } from '../declared.ts';
import { checkBounds, rowsBelow } from '../public-bins.ts';
import { leastOf, type MinimumOptions, shownFrom } from '../small.ts';
import { type Statistic, statistic } from '../statistic.ts';
import { fixedOf, type Labels } from './ranked.ts';

/**
 * Before they are squared, numbers are brought near this: the squares stay below 2^26, and what is dropped is small.
 */
const SCALED = 2 ** 12;

/** Of numbers that were brought to `SCALED`: where a mean that is off by its last bits is all of the variance. */
const VARIANCE_MIN = 2 ** -10;

/** Mean of squares. */
export interface SquaredError {
  /** Mean squared error. */
  readonly mse: number;
  /** Its root, in the units of the column. */
  readonly rmse: number;
}

/** Rows between two bounds. */
export interface ResidualBin {
  /** The lower bound, which belongs to the bin; -Infinity of the first. */
  readonly from: number;
  /** The upper bound, which does not; Infinity of the last. */
  readonly to: number;
  /** How many rows are between. */
  readonly rows: number;
}

/** By which bounds residuals are counted; bins of fewer rows than `minimumCount` are joined with the next. */
export interface ResidualOptions extends MinimumOptions {
  /** Ascending, public. Bins are below the first, from each to the next, and from the last on. */
  readonly bounds: readonly number[];
}

/** Predictions beside what came, of which only what is asked for is opened. */
export interface RegressionEvaluation<D extends AnyDevice> {
  /**
   * Mean squared error. Opens: the sum of squares. Accuracy: (r / 2^20)², where r is the largest difference that the
   * bounds of both columns allow. Cost: 2 rounds, 10.25 bytes a row; where r is above 4096, twice that.
   * @example const { mse } = await fit.squared().reveal(reveal);
   */
  squared(): Statistic<D, SquaredError>;
  /**
   * Mean absolute error. Opens: the sum of absolute differences. Accuracy: exact, of numbers as they were shared. Cost:
   * 11 rounds, 41.4 bytes a row.
   * @example const mae = await fit.absolute().reveal(reveal);
   */
  absolute(): Statistic<D, number>;
  /**
   * Mean of |difference / what came|. Opens: the sum. Domain: what came is all above 0, or all below, by the bounds of
   * its column, and quotients below 2^18. Accuracy: 3 · 2^-18 + mape · 2^-21. Cost: 46 rounds, 249.8 bytes a row.
   * @throws {UsageError} PRIVITY_SECURE_BOUND
   * @example const mape = await fit.percentage().reveal(reveal);
   */
  percentage(): Statistic<D, number>;
  /**
   * Coefficient of determination: 1 less the squared error over the variance of what came; undefined where that is
   * below (r / 2^16)², where r is the range of the bounds of its column, as of a constant. Opens: the sum of squares,
   * and that of what came around its mean. Accuracy: (1 + |r2|) · (r / 2^20)² / variance. Cost: 6 rounds, 20.5 bytes a
   * row.
   * @example const r2 = await fit.r2().reveal(reveal);
   */
  r2(): Statistic<D, number | undefined>;
  /**
   * How often differences (what came less what was predicted) lie between bounds. Opens: of each bound how many are
   * below, where at least `minimumCount` are between it and the bound before, and as many are not below; bins between
   * others are joined. Accuracy: exact. Cost: 24 rounds, 33.4 bytes for each row and bound.
   * @throws {UsageError} PRIVITY_STATS_ARGUMENTS
   * @example const bins = await fit.residuals({ bounds: [-1, 0, 1] }).reveal(reveal);
   */
  residuals(options: ResidualOptions): Statistic<D, readonly ResidualBin[]>;
}

/**
 * Predictions of rows beside what came, which may be elsewhere: two columns of n without gaps.
 *
 * Opens: nothing; see the methods. Domain: bounds of the columns as they are declared. Cost: local.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: columns of different rows, or with gaps
 * @example const fit = regressionEvaluation(predicted, actual);
 */
export function regressionEvaluation<D extends AnyDevice>(
  predicted: SecretColumn<D>,
  actual: SecretColumn<D>,
): RegressionEvaluation<D> {
  const { rows } = actual;
  if (predicted.rows !== rows) throw invalid(`${predicted.rows} predictions for ${rows} rows`);
  if (predicted.present || actual.present)
    throw invalid('predictions and what came have no gaps; fill them, or leave such rows out');
  const difference = actual.values.sub(predicted.values);
  const largest = Math.max(actual.max - predicted.min, predicted.max - actual.min);
  const [scale, own] = [scaleOf(largest), scaleOf(actual.max - actual.min)];
  const squares = (of: Secret<D, 'fixed'>, by: number): Secret<D, 'fixed'> => of.mul(by).square().sum();
  const name = (what: string): string => `${what} of ${predicted.name}`;
  return Object.freeze({
    squared: () =>
      statistic({
        name: name('squared error'),
        open: { sum: [squares(difference, scale), 'sum of squared differences, scaled'] },
        result: ({ sum: [sum = 0] }) => {
          const mse = sum / rows / scale ** 2;
          return { mse, rmse: Math.sqrt(mse) };
        },
      }),
    absolute: () =>
      statistic({
        name: name('absolute error'),
        open: { sum: [difference.abs().sum(), 'sum of absolute differences'] },
        result: ({ sum: [sum = 0] }) => sum / rows,
      }),
    percentage: () =>
      statistic({
        name: name('percentage error'),
        open: { sum: [difference.div(actual.values).abs().sum(), 'sum of absolute quotients'] },
        result: ({ sum: [sum = 0] }) => sum / rows,
      }),
    r2: () => {
      const around = actual.values.sub(actual.values.mean());
      return statistic({
        name: name('R2'),
        open: {
          errors: [squares(difference, scale), 'sum of squared differences, scaled'],
          all: [squares(around, own), `sum of squares of ${actual.name} around its mean, scaled`],
        },
        result: ({ errors: [errors = 0], all: [all = 0] }) =>
          all / rows < VARIANCE_MIN ? undefined : 1 - errors / scale ** 2 / (all / own ** 2),
      });
    },
    residuals: (options: ResidualOptions) => histogramOf(difference, name('residuals'), options),
  });
}

/** A power of two that brings numbers up to `largest` near `SCALED`. */
const scaleOf = (largest: number): number => 2 ** Math.floor(Math.log2(SCALED / Math.max(largest, 2 ** -18)));

function histogramOf<D extends AnyDevice>(
  values: Secret<D, 'fixed'>,
  name: string,
  options: ResidualOptions,
): Statistic<D, readonly ResidualBin[]> {
  checkOptions(options, ['bounds', 'minimumCount'], 'residuals');
  const { bounds } = options;
  checkBounds(bounds);
  const minimum = leastOf(options);
  const [rows = 0] = values.shape;
  const { length } = bounds;
  const below = rowsBelow(values, bounds);
  const more =
    length === 1 ? below : below.slice(0, 1).concat([below.slice(1, length).sub(below.slice(0, length - 1))]);
  // Between two that are opened there are at least the rows between the second and the bound before it.
  const open = more.ge(minimum).and(below.le(rows - minimum));
  return statistic({
    name: shownFrom(name, minimum),
    open: {
      below: [open.select(below, 0), 'rows below each bound; 0 of one that is not opened'],
    },
    result: ({ below }) => {
      const ends = bounds.flatMap((to, at) => ((below[at] ?? 0) > 0 ? [{ to, below: below[at] ?? 0 }] : []));
      ends.push({ to: Number.POSITIVE_INFINITY, below: rows });
      return ends.map(({ to, below }, at) => {
        const before = ends[at - 1];
        return { from: before?.to ?? Number.NEGATIVE_INFINITY, to, rows: below - (before?.below ?? 0) };
      });
    },
  });
}

/**
 * Brier's score of probabilities: the mean of (probability - label)², with labels 0 and 1, both vectors of n without
 * gaps.
 *
 * Opens: the sum of squares. Domain: differences below 2^13, sums below 2^45. Accuracy: 2^-18. Cost: 2 rounds, 10.25
 * bytes a row; labels that are truths cost 2 rounds and 8 bytes more.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: not two vectors of one length
 * @example const brier = await brierScore(scores, labels).reveal(reveal);
 */
export function brierScore<D extends AnyDevice>(
  probabilities: Secret<D, 'fixed'>,
  labels: Labels<D>,
  { name = 'scores' }: { readonly name?: string } = {},
): Statistic<D, number> {
  const [rows = 0] = probabilities.shape;
  if (probabilities.shape.length !== 1 || `${labels.shape}` !== `${probabilities.shape}`)
    throw invalid('probabilities and labels are vectors of one length');
  const difference = probabilities.sub(fixedOf(labels));
  return statistic({
    name: `Brier score of ${name}`,
    open: { sum: [difference.square().sum(), 'sum of squared differences'] },
    result: ({ sum: [sum = 0] }) => sum / rows,
  });
}
