/** Values below which given parts of a column lie. */
import type { AnyDevice, Secret, SecureDevice } from '../index.ts';
import type { SecretColumn } from './column.ts';
import { checkOptions, invalid } from './declared.ts';
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

/** Parts of a column, and where they end. */
export interface Quantiles {
  /** As they were given. */
  readonly probabilities: readonly number[];
  /** One for each probability; null if no row has a value, or too few have one. */
  readonly values: readonly (number | null)[];
  /** Rows with a value; null if there are too few. */
  readonly count: number | null;
  /** The minimum that they do not reach; null if it is shown. */
  readonly fewerThan: number | null;
}

/** A probability as a whole number of this many bits. */
const PLACE_BITS = 24;
/** Of the way from one value to the next. */
const PART_BITS = 14;
/** Of one call: with gaps, each costs a comparison a row. */
const PROBABILITIES_MAX = 1_000;

/**
 * Quantiles of a column, from the smallest (0) over the median (0.5) to the largest (1). Between two values they are
 * interpolated, as NumPy and R do it where they are not told otherwise (type 7).
 *
 * Domain: `max - min` of the column up to 2^45 / rows. Accuracy: 2^-17, and 2^-13 of the way from one value to the
 * next where they lie between two. Cost: one `sort`; with gaps 18.5 bytes a row and probability more. Gaps: left out;
 * where they are, nobody learns.
 *
 * Opens: the quantiles, each of which is the value of a row or lies between those of two; with gaps the count; of fewer
 * than `minimumCount` values only that they are fewer; on the way what `sort` opens, comparisons in an order that
 * nobody knows. Source: Hyndman, Fan 1996.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: probabilities that are none
 * @example const { values } = await quantiles(study.column('age'), [0.25, 0.5, 0.75]).reveal(reveal);
 */
export function quantiles<D extends AnyDevice>(
  column: SecretColumn<D>,
  probabilities: readonly number[],
  options: MinimumOptions = {},
): Statistic<D, Quantiles> {
  checkOptions(options, ['minimumCount'], 'quantiles');
  const minimum = minimumOf(options);
  const isRight = Array.isArray(probabilities) && probabilities.every((p) => p >= 0 && p <= 1);
  if (!isRight || probabilities.length === 0 || probabilities.length > PROBABILITIES_MAX)
    throw invalid(`quantiles takes a list of 1 to ${PROBABILITIES_MAX} probabilities from 0 to 1`);
  const { name, rows, present } = column;
  const found = present ? ofPart(column, present, probabilities) : ofAll(column, probabilities);
  const what = 'a quantile for each probability';
  const open: Record<string, readonly [Secret<D, 'fixed'> | Secret<D, 'integer'>, string]> = {
    values: [found, what],
  };
  const counts = decidingCounts(present?.sum().reshape([1]), found, { rows, length: 1, minimum });
  if (counts) {
    const shown = withoutSmall(counts, [found], minimum);
    open.values = [shown.sums[0] ?? found, what];
    if (present) open.count = [shown.counts, `how many rows have a value, -1 below ${minimum}`];
  }
  return statistic({
    name: shownFrom(`quantiles of ${name}`, minimum),
    open,
    result: (numbers: Readonly<Record<string, Float64Array>>) => {
      const count = shownCount(numbers.count?.[0] ?? publicCount(rows, minimum));
      const isThere = count !== null && count > 0;
      const values = probabilities.map((_, at) => (isThere ? (numbers.values?.[at] ?? null) : null));
      const fewerThan = count === null ? minimum : null;
      return { probabilities: [...probabilities], values, count, fewerThan };
    },
  });
}

/** Places are public. */
function ofAll<D extends AnyDevice>(
  { values, rows }: SecretColumn<D>,
  probabilities: readonly number[],
): Secret<D> {
  const places = probabilities.map((p) => (rows - 1) * p);
  const sorted = values.sort();
  const at = (round: (place: number) => number): Secret<D> =>
    sorted.gather(Uint32Array.from(places, (place) => round(place)));
  const parts = places.map((place) => place - Math.floor(place));
  const lower = at(Math.floor);
  if (parts.every((part) => part === 0)) return lower;
  return lower.add(at(Math.ceil).sub(lower).mul(lastBits(parts)));
}

/** Factors that fixed point keeps as they are. */
const lastBits = (parts: readonly number[]): Float64Array =>
  Float64Array.from(parts, (part) => Math.round(part * 2 ** PART_BITS) / 2 ** PART_BITS);

/** How many values there are is secret, and so are the places: each is marked among all. */
function ofPart<D extends AnyDevice>(
  { values, rows, min, max }: SecretColumn<D>,
  present: Secret<D, 'integer'>,
  probabilities: readonly number[],
): Secret<D> {
  const beyond = Math.max(0, Math.ceil(max)) + 1;
  const sorted = values.add(present.neg().add(1).cast('fixed').mul(beyond)).sort();
  const next = sorted.slice(1, rows).concat([sorted.slice(rows - 1, rows)]);
  const device = values.device as unknown as SecureDevice<string, string>;
  const ranks = device.constant(
    Float64Array.from({ length: rows }, (_, at) => at),
    { dtype: 'integer' },
  );
  // The place as a whole number and a part of it: both of the same number, so that between rows there is no leap.
  const steps = present
    .sum()
    .sub(1)
    .clamp(0, rows)
    .mul(Float64Array.from(probabilities, (p) => Math.round(p * 2 ** PLACE_BITS)));
  const whole = steps.shift(-PLACE_BITS);
  const part = steps
    .sub(whole.mul(2 ** PLACE_BITS))
    .shift(PART_BITS - PLACE_BITS)
    .clamp(0, 2 ** PART_BITS)
    .cast('fixed')
    .div(2 ** PART_BITS);
  const isPlace = (ranks as unknown as Secret<D, 'integer'>)
    .eq(whole.reshape([probabilities.length, 1]))
    .cast('integer');
  // One row is marked of each, so the sum over all rows is one value.
  const at = (list: Secret<D>): Secret<D> => isPlace.matmul(list).clamp(Math.min(0, min), beyond);
  const [lower, upper] = [at(sorted), at(next)];
  return lower.add(upper.sub(lower).mul(part));
}
