/**
 * Logistic regression on secrets, for any device: nothing in here knows a feature, a label, a coefficient or a score.
 */
import type { AnyDevice, Secret } from 'privity';

export interface Training {
  /** How often all rows are gone through. */
  readonly epochs: number;
  /** Rows of one step. What does not fill a batch at the end of an epoch is left out. */
  readonly batchRows: number;
  /** Length of a step. */
  readonly rate: number;
  /** How strongly coefficients are drawn to zero (L2). */
  readonly ridge: number;
}

export interface Model<D extends AnyDevice> {
  /** One for each feature, of the standardised features. */
  readonly coefficients: Secret<D>;
  readonly bias: Secret<D>;
}

export interface Scaling<D extends AnyDevice> {
  readonly mean: Secret<D>;
  /** One over the standard deviation. */
  readonly scale: Secret<D>;
}

export interface Quality<D extends AnyDevice> {
  readonly auc: Secret<D>;
  /** How many rows are on the right side. */
  readonly right: Secret<D, 'integer'>;
}

/** Added to variances, so that a constant column stays finite. */
const VARIANCE_MIN = 1e-3;
/** Rows that are compared with all others at once: bounds the memory of the evaluation. */
const COMPARED_ROWS_MAX = 256;

/**
 * How many standard deviations a value is at most away from the mean. Of the rows that the mean is of, none is more
 * than the root of their number; a row beyond was measured in another unit.
 */
const DEVIATIONS_MAX = 64;
/**
 * Of the coefficients and the bias on the way. Ridge and the bounded gradient keep them below some tens; larger ones
 * say that training diverges.
 */
const COEFFICIENT_MAX = 256;

/** Means and standard deviations of the columns. */
export function scalingOf<D extends AnyDevice>(x: Secret<D>): Scaling<D> {
  const mean = x.mean(0);
  const variance = x.sub(mean).square().mean(0);
  return { mean, scale: variance.add(VARIANCE_MIN).rsqrt() };
}

export function standardise<D extends AnyDevice>(x: Secret<D>, { mean, scale }: Scaling<D>): Secret<D> {
  return x.sub(mean).mul(scale).assume({ max: DEVIATIONS_MAX });
}

/**
 * Stochastic gradient descent in batches.
 * @param x [rows, features], standardised
 * @param y [rows], 0 or 1
 * @param start coefficients [features] and bias [] to begin with
 */
export function train<D extends AnyDevice>(
  x: Secret<D>,
  y: Secret<D>,
  start: Model<D>,
  { epochs, batchRows, rate, ridge }: Training,
): Model<D> {
  const rows = x.shape[0] ?? 0;
  const step = rate / batchRows;
  let { coefficients, bias } = start;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let from = 0; from + batchRows <= rows; from += batchRows) {
      const batch = x.slice(from, from + batchRows);
      const labels = y.slice(from, from + batchRows);
      const error = batch.matmul(coefficients).add(bias).sigmoid().sub(labels);
      const gradient = batch.transpose().matmul(error);
      // Every step adds to what they could be, though not to what they are: a loop says what it relies on.
      const limit = { max: COEFFICIENT_MAX };
      coefficients = coefficients
        .mul(1 - rate * ridge)
        .sub(gradient.mul(step))
        .assume(limit);
      bias = bias.sub(error.sum().mul(step)).assume(limit);
    }
  }
  return { coefficients, bias };
}

/** Scores above zero speak for label 1. */
export function scoresOf<D extends AnyDevice>(x: Secret<D>, { coefficients, bias }: Model<D>): Secret<D> {
  return x.matmul(coefficients).add(bias);
}

/**
 * How good scores are: the area under the ROC curve (how often a row of label 1 scores above one of label 0, a tie
 * being half) and how many rows are on the right side of zero. Compares every row with every other.
 */
export function qualityOf<D extends AnyDevice>(scores: Secret<D>, y: Secret<D>): Quality<D> {
  const rows = scores.shape[0] ?? 0;
  const negative = y.neg().add(1);
  let wins: Secret<D> | undefined;
  for (let from = 0; from < rows; from += COMPARED_ROWS_MAX) {
    const to = Math.min(rows, from + COMPARED_ROWS_MAX);
    const mine = scores.slice(from, to).reshape([to - from, 1]);
    const above = mine.gt(scores).cast('fixed');
    const notBelow = mine.ge(scores).cast('fixed');
    const won = above.add(notBelow).mul(0.5).matmul(negative).dot(y.slice(from, to));
    wins = wins ? wins.add(won) : won;
  }
  // Both labels occur, so there are at least as many pairs as rows but one; at most half of all rows with the other
  // half.
  const pairs = y
    .sum()
    .mul(negative.sum())
    .assume({ min: rows - 1, max: (rows * rows) / 4 });
  const right = scores.gt(0).xor(y.gt(0.5)).not();
  return { auc: (wins ?? pairs).div(pairs), right: right.cast('integer').sum() };
}
