/**
 * The plane that every chart draws on: two axes with ticks, a title, a legend of lines, and what a reader who sees no
 * picture is told instead. Series differ by dashes and markers; colours come on top, of those that most people can tell
 * apart (Okabe and Ito, Color Universal Design, 2008).
 */
import { type ScaleLinear, scaleLinear } from 'd3-scale';
import { invalid } from '../declared.ts';
import { element, joined, type Markup, text } from './markup.ts';
import type { ReportTable } from './table.ts';

/** A chart that stands by itself, as text. */
export interface Chart {
  /** What stands above it. */
  readonly title: string;
  /** What the picture shows, in words. It stands in the picture too. */
  readonly alt: string;
  /** An `<svg>` element. */
  readonly svg: string;
  /** The numbers that were drawn. */
  readonly numbers: ReportTable;
}

/** How one series is drawn. */
export interface Style {
  readonly colour: string;
  /** Lengths of strokes and gaps in pixels; undefined is a whole line. */
  readonly dash: string | undefined;
  /** The outline of its marker, around 0,0. */
  readonly marker: string;
}

const STYLES: readonly Style[] = [
  { colour: '#0072b2', dash: undefined, marker: 'M-4,0a4,4,0,1,0,8,0a4,4,0,1,0,-8,0Z' },
  { colour: '#d55e00', dash: '8 4', marker: 'M-4,-4H4V4H-4Z' },
  { colour: '#000000', dash: '2 3', marker: 'M0,-5L5,4H-5Z' },
  { colour: '#007a5a', dash: '12 3 2 3', marker: 'M0,-5.5L5.5,0L0,5.5L-5.5,0Z' },
  { colour: '#b0508a', dash: '5 2 1 2 1 2', marker: 'M0,5L5,-4H-5Z' },
  { colour: '#5a5a5a', dash: '16 4', marker: 'M-5,-1.5H-1.5V-5H1.5V-1.5H5V1.5H1.5V5H-1.5V1.5H-5Z' },
];

/** The styles of so many series. @throws {UsageError} PRIVITY_STATS_ARGUMENTS: nobody can tell more apart */
export function stylesOf<T>(series: readonly T[]): readonly (readonly [T, Style])[] {
  if (series.length < 1 || series.length > STYLES.length)
    throw invalid(`a chart has 1 to ${STYLES.length} series, and there are ${series.length}`);
  return STYLES.slice(0, series.length).flatMap((style, at) => {
    const one = series[at];
    return one === undefined ? [] : [[one, style] as const];
  });
}

/** All of one length, and all of them numbers. @throws {UsageError} PRIVITY_STATS_ARGUMENTS */
export function checkNumbers(
  what: string,
  length: number,
  lists: Readonly<Record<string, readonly (number | null)[] | undefined>>,
): void {
  for (const [key, list] of Object.entries(lists)) {
    if (list === undefined) continue;
    if (list.length !== length)
      throw invalid(`${what}: ${key} has ${list.length} numbers instead of ${length}`);
    if (list.some((value) => value !== null && !Number.isFinite(value)))
      throw invalid(`${what}: ${key} has something that is no finite number`);
  }
}

const WIDTH = 640;
const BOX = { left: 68, right: 604, top: 44, bottom: 344 };
const TICKS = 6;
const LINE = 20;
const INK = '#222';
const FAINT = '#ddd';

export type Scale = ScaleLinear<number, number>;

/** A scale over the width of the plane. */
export const across = (from: number, to: number): Scale =>
  scaleLinear().domain(domain(from, to)).range([BOX.left, BOX.right]);

/** A scale over its height. */
export const upwards = (from: number, to: number): Scale =>
  scaleLinear().domain(domain(from, to)).range([BOX.bottom, BOX.top]);

/** An axis on which all is one number has room around it. */
const domain = (from: number, to: number): [number, number] => (from < to ? [from, to] : [from - 1, to + 1]);

export interface Drawing {
  readonly title: string;
  readonly alt: string;
  readonly x: Scale;
  readonly y: Scale;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Where ticks of the x axis are, if not at round numbers. */
  readonly xTicks?: readonly number[];
  readonly marks: readonly Markup[];
  readonly numbers: ReportTable;
  readonly legend?: readonly { readonly name: string; readonly sample: Markup }[];
  /** Lines of numbers below the ticks of the x axis, each with a name. */
  readonly below?: { readonly heading: string; readonly lines: readonly NumberLine[] };
}

export interface NumberLine {
  readonly name: string;
  readonly values: readonly { readonly at: number; readonly text: string }[];
}

/** Charts that were drawn in this process: a picture that came over the network is another party's markup. */
const own = new WeakSet<Chart>();

/** Whether the markup of a chart is of this module. */
export const isOwn = (chart: Chart): boolean => own.has(chart);

/** The whole chart. */
export function drawn(drawing: Drawing): Chart {
  const { title, alt, numbers } = drawing;
  const chart = Object.freeze({ title, alt, svg: pictureOf(drawing), numbers });
  own.add(chart);
  return chart;
}

function pictureOf(drawing: Drawing): Markup {
  const { title, alt, x, y, marks, legend = [], below } = drawing;
  const lines = below === undefined ? 0 : below.lines.length * 2 + 1;
  const legendTop = BOX.bottom + 66 + lines * LINE;
  const height = legendTop + legend.length * LINE;
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${WIDTH} ${height}`,
      width: WIDTH,
      height,
      role: 'img',
      'aria-label': alt,
      'font-family': 'system-ui, "DejaVu Sans", sans-serif',
      'font-size': 13,
      fill: INK,
    },
    element('title', {}, text(title)),
    element('desc', {}, text(alt)),
    element('rect', { width: WIDTH, height, fill: '#fff' }),
    words(BOX.left, 24, title, { 'font-size': 16, 'font-weight': 'bold' }),
    xAxis(drawing, x),
    yAxis(drawing, y),
    joined(marks),
    ...(below === undefined ? [] : [numberLines(below, x)]),
    ...legend.map(({ name, sample }, at) => legendLine(name, sample, legendTop + at * LINE)),
  );
}

/** Words at a place. */
export const words = (
  x: number,
  y: number,
  what: string,
  more: Readonly<Record<string, string | number>> = {},
): Markup => element('text', { x, y, ...more }, text(what));

/** A straight line. */
export const straight = (
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  more: Readonly<Record<string, string | number | undefined>> = {},
): Markup => element('line', { x1, y1, x2, y2, stroke: INK, ...more });

function xAxis({ xLabel, xTicks }: Drawing, x: Scale): Markup {
  const name = x.tickFormat(TICKS);
  const ticks = (xTicks ?? x.ticks(TICKS)).flatMap((value) => [
    straight([x(value), BOX.bottom], [x(value), BOX.bottom + 5]),
    words(x(value), BOX.bottom + 20, name(value), { 'text-anchor': 'middle' }),
  ]);
  return joined([
    straight([BOX.left, BOX.bottom], [BOX.right, BOX.bottom]),
    ...ticks,
    words((BOX.left + BOX.right) / 2, BOX.bottom + 42, xLabel, { 'text-anchor': 'middle' }),
  ]);
}

function yAxis({ yLabel }: Drawing, y: Scale): Markup {
  const name = y.tickFormat(TICKS);
  const ticks = y
    .ticks(TICKS)
    .flatMap((value) => [
      straight([BOX.left, y(value)], [BOX.right, y(value)], { stroke: FAINT }),
      words(BOX.left - 8, y(value) + 4, name(value), { 'text-anchor': 'end' }),
    ]);
  const middle = (BOX.top + BOX.bottom) / 2;
  return joined([
    ...ticks,
    straight([BOX.left, BOX.top], [BOX.left, BOX.bottom]),
    words(18, middle, yLabel, { 'text-anchor': 'middle', transform: `rotate(-90 18 ${middle})` }),
  ]);
}

function numberLines({ heading, lines }: NonNullable<Drawing['below']>, x: Scale): Markup {
  const top = BOX.bottom + 66;
  const all = lines.flatMap(({ name, values }, at) => [
    words(BOX.left, top + (2 * at + 1) * LINE, name, { fill: '#555' }),
    ...values.map((value) =>
      words(x(value.at), top + (2 * at + 2) * LINE - 2, value.text, { 'text-anchor': 'middle' }),
    ),
  ]);
  return joined([words(BOX.left, top, heading, { 'font-weight': 'bold' }), ...all]);
}

const legendLine = (name: string, sample: Markup, y: number): Markup =>
  joined([
    element('g', { transform: `translate(${BOX.left} ${y})` }, sample),
    words(BOX.left + 56, y + 4, name),
  ]);

/** What a legend shows of a line. */
export const lineSample = ({ colour, dash, marker }: Style, marked: boolean): Markup =>
  joined([
    straight([0, 0], [46, 0], { stroke: colour, 'stroke-width': 2, 'stroke-dasharray': dash }),
    ...(marked ? [element('path', { d: marker, fill: colour, transform: 'translate(23 0)' })] : []),
  ]);

/** A line of a series. */
export const path = (d: string | null, { colour, dash }: Style): Markup =>
  element('path', { d: d ?? '', fill: 'none', stroke: colour, 'stroke-width': 2, 'stroke-dasharray': dash });

/** A marker of a series. */
export const markerAt = (x: number, y: number, { colour, marker }: Style): Markup =>
  element('path', {
    d: marker,
    fill: colour,
    transform: `translate(${Math.round(x * 100) / 100} ${Math.round(y * 100) / 100})`,
  });
