/**
 * Thresholds that are found on shares: the first row of the order of which a condition holds that holds of all rows
 * after it. The last rows of √n blocks are asked first, then the rows of the block that is found, which nobody knows.
 */
import { type AnyDevice, type Secret, tensor } from '../../index.ts';
import { invalid } from '../declared.ts';
import { type Statistic, statistic } from '../statistic.ts';
import { asColumns, type Evaluated } from './ranked.ts';
import { pointOf, type ThresholdPoint } from './rates.ts';

/** What a threshold gives, which was asked for or found. */
export interface OperatingPoint extends ThresholdPoint {
  /** Rows with this score or a higher one are taken for yes. */
  readonly threshold: number;
}

/** False positive rates are compared as counts of millionths. */
const RATE_UNITS = 1_000_000;

/** Each is asked about rows separately. */
const POINTS_MAX = 100;

/** Of some rows of the order, what conditions are about. */
interface Rows<D extends AnyDevice> {
  /** [.., rows]. */
  readonly scores: Secret<D, 'fixed'>;
  readonly negativesBelow: Secret<D, 'integer'>;
}

type Condition<D extends AnyDevice> = (rows: Rows<D>) => Secret<D, 'boolean'>;

/**
 * Points at rates, in ascending order; see `BinaryEvaluation`.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS
 */
export function atFalsePositiveRates<D extends AnyDevice>(
  of: Evaluated<D>,
  rates: readonly number[],
): Statistic<D, readonly (OperatingPoint | undefined)[] | undefined> {
  const units = rates.map((rate) => Math.round(rate * RATE_UNITS));
  const isRate = (rate: number, at: number): boolean =>
    rate >= 0 && rate < 1 && Math.abs(rate * RATE_UNITS - (units[at] ?? 0)) < 1e-6;
  if (!rates.every(isRate)) throw invalid('rates are from 0 to below 1, with at most six digits');
  inOrder(rates, (a, b) => a < b, 'rates', 'ascending');
  const negatives = of.total.neg().add(of.rows);
  const allowed = negatives.reshape([1, 1]).mul(column(units));
  const found = firstRows(of, rates.length, ({ negativesBelow }) =>
    negatives.reshape([1, 1]).sub(negativesBelow).mul(RATE_UNITS).le(allowed),
  );
  return pointsOf(of, `at false positive rates, ${of.name}`, found);
}

/**
 * Points at public thresholds, in descending order; see `BinaryEvaluation`.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS
 */
export function atThresholds<D extends AnyDevice>(
  of: Evaluated<D>,
  thresholds: readonly number[],
): Statistic<D, readonly (OperatingPoint | undefined)[] | undefined> {
  if (!thresholds.every(Number.isFinite)) throw invalid('thresholds are numbers');
  inOrder(thresholds, (a, b) => a > b, 'thresholds', 'descending');
  const found = firstRows(of, thresholds.length, ({ scores }) => scores.ge(column(thresholds)));
  return pointsOf(of, `at thresholds, ${of.name}`, found, thresholds);
}

const column = (numbers: readonly number[]) => tensor([numbers.length, 1], Float64Array.from(numbers));

function inOrder(
  list: readonly number[],
  before: (a: number, b: number) => boolean,
  what: string,
  way: string,
): void {
  if (list.length === 0 || list.length > POINTS_MAX) throw invalid(`1 to ${POINTS_MAX} ${what} are given`);
  if (!list.every((one, at) => at === 0 || before(list[at - 1] as number, one)))
    throw invalid(`${what} are in ${way} order`);
}

/** What is known of the first row of which each condition holds; zeros where there is none. */
interface Found<D extends AnyDevice> {
  readonly below: Secret<D, 'integer'>;
  readonly positivesBelow: Secret<D, 'integer'>;
  readonly scores: Secret<D, 'fixed'>;
  /** Whether there is one. */
  readonly any: Secret<D, 'boolean'>;
}

function firstRows<D extends AnyDevice>(of: Evaluated<D>, count: number, holds: Condition<D>): Found<D> {
  const { rows } = of;
  const size = Math.ceil(Math.sqrt(rows));
  const blocks = Math.ceil(rows / size);
  const inBlocks = Array.from({ length: blocks * size }, (_, i) => Math.min(i, rows - 1));
  const lasts = Array.from({ length: blocks }, (_, block) => Math.min((block + 1) * size, rows) - 1);
  const negativesBelow = of.negatives.sub(of.negativesOfRun);
  const positivesBelow = of.positives.sub(of.positivesOfRun);
  const numbers = asColumns([negativesBelow, positivesBelow]);
  const atLasts = holds({ scores: of.scores.gather(lasts), negativesBelow: negativesBelow.gather(lasts) });
  const block = firstTrue(atLasts, count, blocks);
  const own = block.matmul(numbers.gather(inBlocks).reshape([blocks, size * 2])).reshape([count, size, 2]);
  const scores = block.matmul(of.scores.gather(inBlocks).reshape([blocks, size]));
  const [negativesThere, positivesThere] = [0, 1].map((at) =>
    own.slice(at, at + 1, 2).reshape([count, size]),
  ) as [Secret<D, 'integer'>, Secret<D, 'integer'>];
  const row = firstTrue(holds({ scores, negativesBelow: negativesThere }), count, size);
  return {
    below: negativesThere.add(positivesThere).dot(row),
    positivesBelow: positivesThere.dot(row),
    scores: scores.dot(row),
    any: atLasts
      .reshape([count, blocks])
      .slice(blocks - 1, blocks, 1)
      .reshape([count]),
  };
}

/** Along rows of which all are true after the first that is: 1 there, 0 elsewhere. */
function firstTrue<D extends AnyDevice>(
  are: Secret<D, 'boolean'>,
  count: number,
  size: number,
): Secret<D, 'integer'> {
  const ones = are.cast('integer').reshape([count, size]);
  if (size === 1) return ones;
  return ones.slice(0, 1, 1).concat([ones.slice(1, size, 1).sub(ones.slice(0, size - 1, 1))], 1);
}

function pointsOf<D extends AnyDevice>(
  of: Evaluated<D>,
  name: string,
  found: Found<D>,
  given?: readonly number[],
): Statistic<D, readonly (OperatingPoint | undefined)[] | undefined> {
  const { rows, minimum, total, enough } = of;
  const { below, positivesBelow, scores, any } = found;
  const [count = 0] = below.shape;
  // No row is at or above a threshold that no row has reached.
  const selected = any.select(below.neg().add(rows), 0);
  const truePositives = any.select(positivesBelow.neg().add(total.reshape([1])), 0);
  const more =
    count === 1
      ? selected
      : selected.slice(0, 1).concat([selected.slice(1, count).sub(selected.slice(0, count - 1))]);
  const open = more
    .ge(minimum)
    .and(selected.le(rows - minimum))
    .and(enough);
  const row = (vector: Secret<D, 'integer'>): Secret<D, 'integer'> => vector.reshape([1, -1]);
  const counts = open.select(row(selected).concat([row(truePositives)]), 0);
  const thresholds = given ? undefined : open.select(scores, 0);
  const always = {
    counts: [
      counts,
      'rows at or above each threshold, and those with label yes; zeros of one that is not opened',
    ],
    positives: [enough.select(total, 0), 'rows with label yes; 0 where a class has too few rows'],
  } as const;
  const result = (opened: {
    readonly counts: Float64Array;
    readonly positives: Float64Array;
    readonly thresholds?: Float64Array;
  }): readonly (OperatingPoint | undefined)[] | undefined => {
    const [positives = 0] = opened.positives;
    if (positives === 0) return undefined;
    return Array.from({ length: count }, (_, at) => {
      const [chosen, yes] = [opened.counts[at] ?? 0, opened.counts[count + at] ?? 0];
      const threshold = given?.[at] ?? opened.thresholds?.[at];
      if (chosen === 0 || threshold === undefined) return undefined;
      return { threshold, ...pointOf({ rows, positives }, { selected: chosen, truePositives: yes }) };
    });
  };
  return thresholds
    ? statistic({ name, open: { ...always, thresholds: [thresholds, 'the thresholds'] }, result })
    : statistic({ name, open: always, result });
}
