/** How good scores are, of opened numbers: ROC curves and calibration. */
import { line } from 'd3-shape';
import { invalid } from '../declared.ts';
import {
  across,
  type Chart,
  checkNumbers,
  drawn,
  lineSample,
  markerAt,
  path,
  type Scale,
  straight,
  stylesOf,
  upwards,
} from './plane.ts';
import { numberText } from './table.ts';

/** The curve of one score. It is drawn from 0,0 to 1,1: of no row, and of all rows. */
export interface RocCurve {
  /** For the legend. */
  readonly name: string;
  /** Of each threshold, rising. */
  readonly falsePositiveRate: readonly number[];
  /** Of the same thresholds. */
  readonly truePositiveRate: readonly number[];
  /** The area below it, shown in the legend. */
  readonly auc?: number;
}

/** What a chart of ROC curves shows. */
export interface RocData {
  /** What stands above it. */
  readonly title: string;
  /** One for each score. */
  readonly curves: readonly RocCurve[];
}

/**
 * ROC curves of up to six scores, with the diagonal of a score that knows nothing.
 *
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: a rate is not between 0 and 1, or lists differ in length
 * @example
 * const curve = { name: 'model', falsePositiveRate: [0, 0.1, 1], truePositiveRate: [0, 0.8, 1], auc: 0.85 };
 * const { svg } = rocChart({ title: 'ROC', curves: [curve] });
 */
export function rocChart({ title, curves }: RocData): Chart {
  const styled = stylesOf(curves);
  for (const { name: _, auc: __, ...rates } of curves) checkShares('rocChart', rates);
  const [x, y] = [across(0, 1), upwards(0, 1)];
  const alt = `ROC, ${title}: ${curves.map(rocInWords).join(' ')}`;
  const points = (curve: RocCurve) =>
    curve.falsePositiveRate.map((rate, at) => [rate, curve.truePositiveRate[at] ?? 0] as const);
  const drawnOf = (curve: RocCurve) => fromEndToEnd(points(curve));
  const rows = curves.flatMap((curve) => points(curve).map(([fpr, tpr]) => [curve.name, fpr, tpr]));
  const columns = ['score', 'false positive rate', 'true positive rate'];
  return drawn({
    ...{ title, alt, x, y, xLabel: 'false positive rate', yLabel: 'true positive rate' },
    marks: [diagonal(x, y), ...styled.map(([curve, style]) => path(lineOf(x, y)(drawnOf(curve)), style))],
    legend: styled.map(([{ name, auc }, style]) => ({
      name: auc === undefined ? name : `${name}, AUC ${numberText(auc)}`,
      sample: lineSample(style, false),
    })),
    numbers: { caption: title, columns, rows },
  });
}

/** How often what a score says happens, bin by bin. */
export interface CalibrationSeries {
  /** For the legend. */
  readonly name: string;
  /** The mean score of each bin, rising. */
  readonly meanScore: readonly number[];
  /** The share of positives among its rows. */
  readonly share: readonly number[];
  /** How many rows are in it. */
  readonly counts?: readonly number[];
}

/** What a chart of calibration shows. */
export interface CalibrationData {
  /** What stands above it. */
  readonly title: string;
  /** One for each score. */
  readonly series: readonly CalibrationSeries[];
}

/**
 * Calibration of up to six scores: what happened beside what was said, with the diagonal of a score that is right.
 *
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: something is not between 0 and 1, or lists differ in length
 * @example
 * const one = { name: 'model', meanScore: [0.1, 0.4, 0.8], share: [0.12, 0.35, 0.9] };
 * const { svg } = calibrationChart({ title: 'Calibration', series: [one] });
 */
export function calibrationChart({ title, series }: CalibrationData): Chart {
  const styled = stylesOf(series);
  for (const { name: _, counts, ...shares } of series) {
    checkShares('calibrationChart', shares);
    checkNumbers('calibrationChart', shares.share.length, { counts });
  }
  const [x, y] = [across(0, 1), upwards(0, 1)];
  const points = ({ meanScore, share }: CalibrationSeries) =>
    meanScore.map((score, at) => [score, share[at] ?? 0] as const);
  const alt = `Calibration, ${title}: ${series.map(calibrationInWords).join(' ')}`;
  const rows = series.flatMap((one) =>
    points(one).map(([score, share], at) => [one.name, score, share, one.counts?.[at] ?? null]),
  );
  const columns = ['score', 'mean score', 'share of positives', 'rows'];
  return drawn({
    ...{ title, alt, x, y, xLabel: 'mean score', yLabel: 'share of positives' },
    marks: [
      diagonal(x, y),
      ...styled.flatMap(([one, style]) => [
        path(lineOf(x, y)(points(one)), style),
        ...points(one).map(([score, share]) => markerAt(x(score), y(share), style)),
      ]),
    ],
    legend: styled.map(([{ name }, style]) => ({ name, sample: lineSample(style, true) })),
    numbers: { caption: title, columns, rows },
  });
}

/** Thresholds that were opened lie between those of no row and of all rows, which every curve has. */
function fromEndToEnd(
  points: readonly (readonly [number, number])[],
): readonly (readonly [number, number])[] {
  const [first, last] = [points[0], points.at(-1)];
  const isAt = (point: readonly [number, number] | undefined, end: number): boolean =>
    point?.[0] === end && point[1] === end;
  return [
    ...(isAt(first, 0) ? [] : [[0, 0] as const]),
    ...points,
    ...(isAt(last, 1) ? [] : [[1, 1] as const]),
  ];
}

function checkShares(what: string, lists: Readonly<Record<string, readonly number[]>>): void {
  const length = Object.values(lists)[0]?.length ?? 0;
  checkNumbers(what, length, lists);
  if (length === 0) throw invalid(`${what}: there is at least one point`);
  if (Object.values(lists).some((list) => list.some((share) => share < 0 || share > 1)))
    throw invalid(`${what}: shares lie between 0 and 1`);
}

const lineOf = (x: Scale, y: Scale) =>
  line<readonly [number, number]>()
    .x(([at]) => x(at))
    .y(([, at]) => y(at));

const diagonal = (x: Scale, y: Scale) =>
  straight([x(0), y(0)], [x(1), y(1)], {
    stroke: '#777',
    'stroke-dasharray': '1 4',
    'stroke-linecap': 'round',
  });

function rocInWords({ name, auc, falsePositiveRate, truePositiveRate }: RocCurve): string {
  const area = auc === undefined ? '' : `an area of ${numberText(auc)} and `;
  const at = falsePositiveRate.findLastIndex((rate) => rate <= 0.1);
  return `${name} has ${area}a true positive rate of ${numberText(truePositiveRate[at] ?? 0)} at a false positive rate of at most 0.1.`;
}

function calibrationInWords({ name, meanScore, share }: CalibrationSeries): string {
  const off = meanScore.map((score, at) => Math.abs(score - (share[at] ?? 0)));
  const at = off.indexOf(Math.max(...off));
  return `${name} is furthest off where it says ${numberText(meanScore[at] ?? 0)} and ${numberText(share[at] ?? 0)} are positive.`;
}
