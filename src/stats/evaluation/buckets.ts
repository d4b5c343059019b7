/** What is read at public places of the order of scores: curves, lift tables, calibration. */
import type { AnyDevice, Secret } from '../../index.ts';
import { invalid } from '../declared.ts';
import { type Statistic, statistic } from '../statistic.ts';
import type { Evaluated } from './ranked.ts';
import { pointOf, type ThresholdPoint } from './rates.ts';

/** Twenty buckets are what lift tables and curves on a page have. */
const BUCKETS_DEFAULT = 20;

/** Points of the curves of one evaluation, from the highest threshold to the lowest. */
export interface ThresholdCurve {
  /** The last is that of all rows. The point of no rows, where both rates are 0, is not among them. */
  readonly points: readonly ThresholdPoint[];
  /** Rows with label yes. */
  readonly positives: number;
  /** Rows with label no. */
  readonly negatives: number;
}

/** Rows of neighbouring scores. */
export interface CalibrationBucket {
  /** How many. */
  readonly rows: number;
  /** How many of them have label yes. */
  readonly positives: number;
  /** Mean of their scores. */
  readonly meanScore: number;
  /** positives / rows. */
  readonly rate: number;
  /** The rate over that of all rows. */
  readonly lift: number;
}

/** What scores say, beside what is so. */
export interface Calibration {
  /** From the lowest scores to the highest. */
  readonly buckets: readonly CalibrationBucket[];
  /** Mean of |meanScore - rate|, by rows. */
  readonly expectedError: number;
}

/** At places of the order: what is below the score there, so that rows of one score stay together. */
interface Steps<D extends AnyDevice> {
  readonly places: readonly number[];
  readonly below: Secret<D, 'integer'>;
  readonly positivesBelow: Secret<D, 'integer'>;
  /** Whether it may be opened. */
  readonly open: Secret<D, 'boolean'>;
}

/**
 * A step is opened where at least `minimum` rows are between the place of the step before and the rows of its own
 * score: then so many are between any two that are opened, however many between are not.
 */
function stepsOf<D extends AnyDevice>(of: Evaluated<D>, buckets: number | undefined): Steps<D> {
  const { rows, minimum, enough } = of;
  const most = Math.floor(rows / minimum);
  const count = buckets ?? Math.min(BUCKETS_DEFAULT, most);
  if (!Number.isSafeInteger(count) || count < 2 || count > most)
    throw invalid(`${rows} rows make 2 to ${most} buckets of at least ${minimum} rows, not ${count}`);
  const places = Array.from({ length: count - 1 }, (_, step) => Math.floor(((step + 1) * rows) / count));
  const at = (vector: Secret<D, 'integer'>): Secret<D, 'integer'> => vector.gather(places);
  const positivesBelow = at(of.positives).sub(at(of.positivesOfRun));
  const below = positivesBelow.add(at(of.negatives).sub(at(of.negativesOfRun)));
  const least = places.map((_, step) => (places[step - 1] ?? 0) + minimum);
  return { places, below, positivesBelow, open: below.ge(least).and(enough) };
}

const COUNTS = 'rows below each threshold, and those with label yes; zeros of one that is not opened';
const POSITIVES = 'rows with label yes; 0 where a class has too few rows';

function countsOf<D extends AnyDevice>(of: Evaluated<D>, steps: Steps<D>) {
  const { below, positivesBelow, open } = steps;
  const row = (vector: Secret<D, 'integer'>): Secret<D, 'integer'> => vector.reshape([1, -1]);
  const counts = open.select(row(below).concat([row(positivesBelow)]), 0);
  return {
    counts: [counts, COUNTS] as const,
    positives: [of.enough.select(of.total, 0), POSITIVES] as const,
  };
}

/** Places that were opened, from the lowest threshold on: rows below, and those with label yes. */
function openedSteps(counts: Float64Array): { at: number; below: number; positivesBelow: number }[] {
  const size = counts.length / 2;
  return Array.from({ length: size }, (_, at) => ({
    at,
    below: counts[at] ?? 0,
    positivesBelow: counts[size + at] ?? 0,
  })).filter(({ below }) => below > 0);
}

export function curveOf<D extends AnyDevice>(
  of: Evaluated<D>,
  buckets: number | undefined,
): Statistic<D, ThresholdCurve | undefined> {
  const { rows, name } = of;
  return statistic({
    name: `curve of ${name}`,
    open: countsOf(of, stepsOf(of, buckets)),
    result: ({ counts, positives: [positives = 0] }) => {
      if (positives === 0) return undefined;
      const points = [{ below: 0, positivesBelow: 0 }, ...openedSteps(counts)].map((step) =>
        pointOf(
          { rows, positives },
          { selected: rows - step.below, truePositives: positives - step.positivesBelow },
        ),
      );
      return { points: points.reverse(), positives, negatives: rows - positives };
    },
  });
}

export function calibrationOf<D extends AnyDevice>(
  of: Evaluated<D>,
  buckets: number | undefined,
): Statistic<D, Calibration | undefined> {
  const { rows, scores, name } = of;
  const steps = stepsOf(of, buckets);
  const { places, below, open } = steps;
  // Rows of the score at the place, up to the place, are part of the cumulative sum and not below the score.
  const upTo = places.map((place) => place + 1);
  const ofRun = below.neg().add(upTo);
  const sumsBelow = scores.cumulativeSum().gather(places).sub(scores.gather(places).mul(ofRun));
  const total = of.enough.select(scores.sum(), 0);
  return statistic({
    name: `calibration of ${name}`,
    open: {
      ...countsOf(of, steps),
      sums: [
        open.select(sumsBelow, 0).concat([total.reshape([1])]),
        'sum of scores below each threshold, and of all; zeros of what is not opened',
      ],
    },
    result: ({ counts, positives: [positives = 0], sums }) => {
      if (positives === 0) return undefined;
      const ends = [
        ...openedSteps(counts).map((step) => ({ ...step, sum: sums[step.at] ?? 0 })),
        { below: rows, positivesBelow: positives, sum: sums.at(-1) ?? 0 },
      ];
      return bucketsBetween(ends, positives / rows);
    },
  });
}

function bucketsBetween(
  ends: readonly { readonly below: number; readonly positivesBelow: number; readonly sum: number }[],
  rateOfAll: number,
): Calibration {
  const buckets = ends.map(({ below, positivesBelow, sum }, i) => {
    const before = ends[i - 1] ?? { below: 0, positivesBelow: 0, sum: 0 };
    const size = below - before.below;
    const positives = positivesBelow - before.positivesBelow;
    const rate = positives / size;
    return { rows: size, positives, meanScore: (sum - before.sum) / size, rate, lift: rate / rateOfAll };
  });
  const all = buckets.reduce((sum, one) => sum + one.rows, 0);
  const expectedError = buckets.reduce(
    (sum, one) => sum + (one.rows / all) * Math.abs(one.meanScore - one.rate),
    0,
  );
  return { buckets, expectedError };
}
