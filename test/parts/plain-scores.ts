/** What privity/stats says of scores, worked out in the open by other ways: pairs and thresholds one by one. */
import type { Calibration } from '../../src/stats/evaluation/buckets.ts';
import type { OperatingPoint } from '../../src/stats/evaluation/points.ts';
import { pointOf, type ThresholdPoint } from '../../src/stats/evaluation/rates.ts';

/** Score and label. */
export type Row = readonly [score: number, label: 0 | 1];

const ofClass = (rows: readonly Row[], label: 0 | 1): number[] =>
  rows.filter((row) => row[1] === label).map(([score]) => score);

const atOrAbove = (scores: readonly number[], threshold: number): number =>
  scores.filter((score) => score >= threshold).length;

export function plainAuc(rows: readonly Row[]): number {
  const [positives, negatives] = [ofClass(rows, 1), ofClass(rows, 0)];
  let twice = 0;
  for (const yes of positives) for (const no of negatives) twice += yes > no ? 2 : Number(yes === no);
  return twice / (2 * positives.length * negatives.length);
}

export function plainKs(rows: readonly Row[]): number {
  const [positives, negatives] = [ofClass(rows, 1), ofClass(rows, 0)];
  const rate = (of: readonly number[], at: number): number => atOrAbove(of, at) / of.length;
  return Math.max(...rows.map(([at]) => Math.abs(rate(positives, at) - rate(negatives, at))));
}

export function plainPoint(rows: readonly Row[], threshold: number): OperatingPoint {
  const positives = ofClass(rows, 1);
  const selected = atOrAbove(
    rows.map(([score]) => score),
    threshold,
  );
  const of = { rows: rows.length, positives: positives.length };
  return { threshold, ...pointOf(of, { selected, truePositives: atOrAbove(positives, threshold) }) };
}

/** Scores at equal steps, without those between which and the step before are too few rows. */
function thresholdsOf(rows: readonly Row[], buckets: number, atLeast: number): number[] {
  const scores = rows.map(([score]) => score).sort((a, b) => a - b);
  const places = Array.from({ length: buckets }, (_, step) => Math.floor((step * rows.length) / buckets));
  return places
    .slice(1)
    .filter((place, step) => scores.indexOf(scores[place] ?? 0) >= (places[step] ?? 0) + atLeast)
    .map((place) => scores[place] ?? 0);
}

export function plainCurve(rows: readonly Row[], buckets: number, atLeast: number): ThresholdPoint[] {
  return [Number.NEGATIVE_INFINITY, ...thresholdsOf(rows, buckets, atLeast)]
    .map((threshold) => {
      const { threshold: _, ...point } = plainPoint(rows, threshold);
      return point;
    })
    .reverse();
}

export function plainCalibration(rows: readonly Row[], buckets: number, atLeast: number): Calibration {
  const ends = [...thresholdsOf(rows, buckets, atLeast), Number.POSITIVE_INFINITY];
  const rateOfAll = ofClass(rows, 1).length / rows.length;
  const made = ends.map((end, i) => {
    const own = rows.filter(([score]) => score < end && score >= (ends[i - 1] ?? Number.NEGATIVE_INFINITY));
    const positives = ofClass(own, 1).length;
    const meanScore = own.reduce((sum, [score]) => sum + score, 0) / own.length;
    const rate = positives / own.length;
    return { rows: own.length, positives, meanScore, rate, lift: rate / rateOfAll };
  });
  const errors = made.map((one) => one.rows * Math.abs(one.meanScore - one.rate));
  return { buckets: made, expectedError: errors.reduce((sum, one) => sum + one, 0) / rows.length };
}
