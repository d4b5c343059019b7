/** How well scores tell two classes apart. */
import type { AnyDevice, Secret } from '../../index.ts';
import type { SecretColumn } from '../column.ts';
import { checkOptions, invalid } from '../declared.ts';
import { leastOf, type MinimumOptions, shownFrom } from '../small.ts';
import { type Statistic, statistic } from '../statistic.ts';
import { type Calibration, calibrationOf, curveOf, type ThresholdCurve } from './buckets.ts';
import { atFalsePositiveRates, atThresholds, type OperatingPoint } from './points.ts';
import { type Evaluated, type Labels, ranked } from './ranked.ts';

/**
 * What goes for all that is asked of one evaluation. `minimumCount` is the smallest number of rows of each class, of
 * each bucket, above each threshold and between two, of which anything is opened.
 */
export interface EvaluationOptions extends MinimumOptions {
  /** By which ledgers list what is opened. Default: `scores`. */
  readonly name?: string;
}

/** The area under the curve of true over false positive rates. */
export interface Auc {
  /** From 0 to 1; a tie of a positive and a negative row counts half. */
  readonly auc: number;
  /** 2 · auc - 1. */
  readonly gini: number;
  /** Rows with label yes. */
  readonly positives: number;
  /** Rows with label no. */
  readonly negatives: number;
}

/** The largest difference between the true and the false positive rate of one threshold. */
export interface KolmogorovSmirnov {
  /** From 0 to 1. */
  readonly ks: number;
  /** Rows with label yes. */
  readonly positives: number;
  /** Rows with label no. */
  readonly negatives: number;
}

/** In how many buckets of equally many rows scores are put. */
export interface BucketsOptions {
  /** Default: 20, or fewer, so that each has `minimumCount` rows. */
  readonly buckets?: number;
}

/**
 * Scores in order, of which only what is asked for is opened. Every result is `undefined` where one of the classes has
 * fewer than `minimumCount` rows, none at all among it; then that this is so is all that is opened.
 */
export interface BinaryEvaluation<D extends AnyDevice> {
  /**
   * Area under the ROC curve, by ranks, ties included (Mann, Whitney 1947). Opens: twice the number of pairs in the
   * right order (a tie counts 1), and the number of rows with label yes. Accuracy: exact integers. Cost: 18 rounds, 8
   * bytes a row.
   * @example const area = await quality.auc().reveal(reveal); // area?.auc
   */
  auc(): Statistic<D, Auc | undefined>;
  /**
   * Statistic of Kolmogorov and Smirnov. Opens: the largest difference as an integer, out of positives · negatives, and
   * the number of rows with label yes; not where it is. Accuracy: exact. Cost: 17 + 11·ceil(log2 n) rounds, 90.8 bytes
   * a row.
   * @example const ks = quality.ks().to(bob);
   */
  ks(): Statistic<D, KolmogorovSmirnov | undefined>;
  /**
   * ROC, precision and recall, lift and gain at as many thresholds as there are buckets: the scores of the rows at
   * equal steps of the order, ties on the side above. Opens: for each threshold how many rows are at or above it, and
   * how many of them have label yes; in all, how many have it. A threshold is left out where ties leave fewer than
   * `minimumCount` rows between it and the next step. The scores at thresholds are not opened. Accuracy: exact. Cost:
   * 15 rounds, 50 bytes a threshold.
   * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: buckets of fewer than `minimumCount` rows
   * @example const points = (await quality.curve({ buckets: 10 }).reveal(reveal))?.points;
   */
  curve(options?: BucketsOptions): Statistic<D, ThresholdCurve | undefined>;
  /**
   * Mean score and rate of label yes in each bucket, the lowest scores first. Opens: what `curve` opens, and the sum of
   * scores of each bucket. Accuracy: counts exact, sums to 2^-18 for each row. Cost: 16 rounds, up to 0.1 KB a bucket.
   * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: buckets of fewer than `minimumCount` rows
   * @example const buckets = (await quality.calibration({ buckets: 10 }).reveal(reveal))?.buckets;
   */
  calibration(options?: BucketsOptions): Statistic<D, Calibration | undefined>;
  /**
   * The lowest threshold at which at most such shares of the rows with label no are at or above it, and what it gives:
   * F1, precision, recall. Opens: for each rate the threshold, which is the score of a row, how many rows are at or
   * above it, and how many of them have label yes; in all, how many have it. Nothing of a rate that fewer than
   * `minimumCount` rows, or none, would set apart from the rate before; results have `undefined` there. Rates are in
   * ascending order, with up to six digits. Accuracy: exact. Cost: 50 rounds, up to 0.12 KB · √n a rate.
   * @throws {UsageError} PRIVITY_STATS_ARGUMENTS
   * @example const [strict] = (await quality.atFalsePositiveRates([0.01]).reveal(reveal)) ?? [];
   */
  atFalsePositiveRates(
    rates: readonly number[],
  ): Statistic<D, readonly (OperatingPoint | undefined)[] | undefined>;
  /**
   * The same at public thresholds, in descending order. Opens: for each how many rows are at or above it, and how many
   * of them have label yes; in all, how many have it. Nothing of a threshold that fewer than `minimumCount` rows, or
   * none, would set apart from the one before. Accuracy: exact. Cost: as `atFalsePositiveRates`.
   * @throws {UsageError} PRIVITY_STATS_ARGUMENTS
   * @example const [half] = (await quality.atThresholds([0.5]).reveal(reveal)) ?? []; // half?.f1
   */
  atThresholds(
    thresholds: readonly number[],
  ): Statistic<D, readonly (OperatingPoint | undefined)[] | undefined>;
}

/**
 * Scores of rows against their labels, 0 or 1 (everything but 0 is yes), which may be elsewhere: both vectors of n on
 * one device, without gaps, n from 2 to 2^20. Scores may be a column: one with gaps is refused, where its values alone
 * would count as 0. Rows are sorted once, by score with labels along, for all that is asked
 * of it; the order of rows changes nothing.
 *
 * Opens: nothing but comparisons of the sort, in an order that nobody knows; see the methods. Two results about one
 * evaluation can tell more than each of them: `minimumCount` is held within a result, not between results. Domain:
 * scores as `sortBy` takes keys, of 10^6 rows less than 2^25 apart. Cost: `sortBy` of two numbers a row, 2·log2 n + 26
 * rounds and 77 bytes a row.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: no vectors of one length, fewer rows than twice `minimumCount`
 * @example const quality = binaryEvaluation(scores, labels, { name: 'risk' });
 */
export function binaryEvaluation<D extends AnyDevice>(
  scores: Secret<D, 'fixed'> | SecretColumn<D>,
  labels: Labels<D>,
  options: EvaluationOptions = {},
): BinaryEvaluation<D> {
  checkOptions(options, ['name', 'minimumCount'], 'binaryEvaluation');
  const minimum = leastOf(options);
  const name = shownFrom(options.name ?? 'scores', minimum);
  const vector = scoresOf(scores);
  if (!('shape' in labels)) throw invalid('labels are a vector, as column("late").values of a table is one');
  const [rows = 0] = vector.shape;
  if (rows < 2 * minimum) throw invalid(`two classes of at least ${minimum} rows are not among ${rows} rows`);
  const inOrder = ranked(vector, labels);
  const { total } = inOrder;
  const enough = total.ge(minimum).and(total.le(rows - minimum));
  const of: Evaluated<D> = { ...inOrder, name, minimum, enough };
  return Object.freeze({
    auc: () => aucOf(of),
    ks: () => ksOf(of),
    curve: (wanted: BucketsOptions = {}) => curveOf(of, bucketsOf(wanted, 'curve')),
    calibration: (wanted: BucketsOptions = {}) => calibrationOf(of, bucketsOf(wanted, 'calibration')),
    atFalsePositiveRates: (rates: readonly number[]) => atFalsePositiveRates(of, rates),
    atThresholds: (thresholds: readonly number[]) => atThresholds(of, thresholds),
  });
}

/** A column says whether it has gaps, which a vector does not: they are zeros there. */
function scoresOf<D extends AnyDevice>(scores: Secret<D, 'fixed'> | SecretColumn<D>): Secret<D, 'fixed'> {
  if ('shape' in scores) return scores;
  if (scores.present === undefined) return scores.values;
  throw invalid(
    `scores have no gaps, and column "${scores.name}" may have some: fill them where its owner is (encoding)`,
  );
}

function bucketsOf(wanted: BucketsOptions, name: string): number | undefined {
  checkOptions(wanted, ['buckets'], name);
  return wanted.buckets;
}

/** Zeros where one of the classes has too few rows. */
const ifEnough = <D extends AnyDevice>(
  { enough }: Evaluated<D>,
  numbers: Secret<D, 'integer'>,
): Secret<D, 'integer'> => enough.select(numbers, 0);

/** Some numbers in one vector, so that one opening has them. */
const inOneVector = <D extends AnyDevice>(
  first: Secret<D, 'integer'>,
  ...others: readonly Secret<D, 'integer'>[]
): Secret<D, 'integer'> => first.reshape([1]).concat(others.map((one) => one.reshape([1])));

function aucOf<D extends AnyDevice>(of: Evaluated<D>): Statistic<D, Auc | undefined> {
  const { rows, ends, positivesOfRun, negativesOfRun, negatives, total } = of;
  // Positives of a run are above all negatives of the runs below, and tie with those of their own.
  const won = ends.mul(positivesOfRun).dot(negatives.mul(2).sub(negativesOfRun));
  const pairs = won.clamp(0, Math.floor((rows * rows) / 2));
  return statistic({
    name: `AUC of ${of.name}`,
    open: {
      counts: [
        ifEnough(of, inOneVector(pairs, total)),
        'twice the pairs in the right order, and rows with label yes; zeros where a class has too few rows',
      ],
    },
    result: ({ counts }) => {
      const [twice = 0, positives = 0] = counts;
      if (positives === 0) return undefined;
      const negatives = rows - positives;
      const auc = twice / (2 * positives * negatives);
      return { auc, gini: 2 * auc - 1, positives, negatives };
    },
  });
}

function ksOf<D extends AnyDevice>(of: Evaluated<D>): Statistic<D, KolmogorovSmirnov | undefined> {
  const { rows, ends, positives, total } = of;
  const places = Array.from({ length: rows }, (_, row) => row + 1);
  // Of rates it would be P_i/P - N_i/N; times P·N it is n·P_i - (i + 1)·P.
  const difference = positives.mul(rows).sub(total.reshape([1]).mul(places));
  const largest = difference.mul(ends).abs().max();
  return statistic({
    name: `KS of ${of.name}`,
    open: {
      counts: [
        ifEnough(of, inOneVector(largest, total)),
        'the largest difference of rates, times positives and negatives, and rows with label yes; zeros where a class has too few rows',
      ],
    },
    result: ({ counts }) => {
      const [difference = 0, positives = 0] = counts;
      if (positives === 0) return undefined;
      const negatives = rows - positives;
      return { ks: difference / (positives * negatives), positives, negatives };
    },
  });
}
