/** Survival curves of Kaplan and Meier, of opened numbers. */
import { area, curveStepAfter, line } from 'd3-shape';
import { invalid } from '../declared.ts';
import { element, type Markup } from './markup.ts';
import {
  across,
  type Chart,
  checkNumbers,
  drawn,
  lineSample,
  type NumberLine,
  path,
  type Scale,
  type Style,
  straight,
  stylesOf,
  upwards,
} from './plane.ts';
import { numberText } from './table.ts';

/** The curve of one group: at each of `times`, rising, the share that lives on. */
export interface SurvivalLine {
  /** For the legend. */
  readonly name: string;
  /** At which the curve falls, rising. */
  readonly times: readonly number[];
  /** The part that is left from each time on. */
  readonly survival: readonly number[];
  /** The lower end of a confidence band; null where there is none. */
  readonly lower?: readonly (number | null)[];
  /** The upper end of a confidence band; null where there is none. */
  readonly upper?: readonly (number | null)[];
  /** How many were still observed just before each time: shown below the axis. */
  readonly atRisk?: readonly number[];
  /** How many left without an event at each time: a tick where it is not zero. */
  readonly censored?: readonly number[];
}

/** What a chart of survival shows. */
export interface SurvivalData {
  /** What stands above it. */
  readonly title: string;
  /** One for each group. */
  readonly curves: readonly SurvivalLine[];
  /** What times are: `days since surgery`. */
  readonly timeLabel: string;
}

/**
 * Kaplan-Meier curves of up to six groups, with their bands, ticks where somebody left, and the numbers at risk.
 *
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: times do not rise from zero, or lists differ in length
 * @example
 * const curve = { name: 'all', times: [3, 5, 9], survival: [0.9, 0.7, 0.7] };
 * const { svg } = survivalChart({ title: 'Survival', curves: [curve], timeLabel: 'days' });
 */
export function survivalChart({ title, curves, timeLabel }: SurvivalData): Chart {
  const styled = stylesOf(curves);
  for (const curve of curves) check(curve);
  const last = Math.max(...curves.map(({ times }) => times.at(-1) ?? 0));
  const x = across(0, last).nice();
  const y = upwards(0, 1);
  const alt = `${title}: ${curves.map((curve) => inWords(curve, timeLabel)).join(' ')}`;
  const ticks = x.ticks(6);
  const lines = curves.filter(({ atRisk }) => atRisk !== undefined).map((curve) => riskLine(curve, ticks));
  return drawn({
    ...{ title, alt, x, y, xLabel: timeLabel, yLabel: 'share without an event', xTicks: ticks },
    numbers: { caption: title, columns: COLUMNS, rows: curves.flatMap(rowsOf) },
    marks: [
      ...styled.map(([curve, style]) => band(curve, style, x, y)),
      ...styled.flatMap(([curve, style]) => steps(curve, style, x, y)),
    ],
    legend: styled.map(([{ name }, style]) => ({ name, sample: lineSample(style, false) })),
    ...(lines.length === 0 ? {} : { below: { heading: 'at risk', lines } }),
  });
}

const COLUMNS = ['group', 'time', 'at risk', 'share without an event', 'lower', 'upper'];

const rowsOf = (curve: SurvivalLine) =>
  curve.times.map((time, at) => [
    ...[curve.name, time, curve.atRisk?.[at] ?? null, curve.survival[at] ?? null],
    ...[curve.lower?.[at] ?? null, curve.upper?.[at] ?? null],
  ]);

function check({ name: _, times, ...lists }: SurvivalLine): void {
  checkNumbers('survivalChart', times.length, { times, ...lists });
  if (times.length === 0 || times.some((time, at) => time < 0 || time <= (times[at - 1] ?? -1)))
    throw invalid('survivalChart: times rise from zero, and there is at least one');
  if (lists.survival.some((share) => share < 0 || share > 1))
    throw invalid('survivalChart: survival lies between 0 and 1');
}

interface Step {
  readonly time: number;
  readonly share: number;
  readonly lower: number | null;
  readonly upper: number | null;
}

/** Everybody lives at the beginning. */
const stepsOf = ({ times, survival, lower, upper }: SurvivalLine): Step[] => [
  { time: 0, share: 1, lower: 1, upper: 1 },
  ...times.map((time, at) => ({
    ...{ time, share: survival[at] ?? 0 },
    ...{ lower: lower?.[at] ?? null, upper: upper?.[at] ?? null },
  })),
];

function band(curve: SurvivalLine, { colour }: Style, x: Scale, y: Scale): Markup {
  const shape = area<Step>()
    .defined(({ lower, upper }) => lower !== null && upper !== null)
    .x(({ time }) => x(time))
    .y0(({ lower }) => y(lower ?? 0))
    .y1(({ upper }) => y(upper ?? 0))
    .curve(curveStepAfter);
  const has = curve.lower !== undefined && curve.upper !== undefined;
  return element('path', { d: (has && shape(stepsOf(curve))) || '', fill: colour, 'fill-opacity': 0.12 });
}

function steps(curve: SurvivalLine, style: Style, x: Scale, y: Scale): Markup[] {
  const shape = line<Step>()
    .x(({ time }) => x(time))
    .y(({ share }) => y(share))
    .curve(curveStepAfter);
  const ticks = curve.times.flatMap((time, at) => {
    if ((curve.censored?.[at] ?? 0) === 0) return [];
    const middle = y(curve.survival[at] ?? 0);
    return [straight([x(time), middle - 5], [x(time), middle + 5], { stroke: style.colour })];
  });
  return [path(shape(stepsOf(curve)), style), ...ticks];
}

/** Somebody is at risk at a tick who was observed up to it. */
function riskLine({ name, times, atRisk = [] }: SurvivalLine, ticks: readonly number[]): NumberLine {
  const values = ticks.map((tick) => {
    const at = times.findIndex((time) => time >= tick);
    return { at: tick, text: numberText(at < 0 ? 0 : (atRisk[at] ?? 0)) };
  });
  return { name, values };
}

function inWords({ name, times, survival }: SurvivalLine, timeLabel: string): string {
  const half = times[survival.findIndex((share) => share <= 0.5)];
  const median = half === undefined ? 'it stays above a half' : `it reaches a half at ${numberText(half)}`;
  const end = `${numberText(survival.at(-1) ?? 0)} at ${numberText(times.at(-1) ?? 0)} ${timeLabel}`;
  return `${name}: from 1 to ${end}; ${median}.`;
}
