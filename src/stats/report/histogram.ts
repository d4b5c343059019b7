/** Histograms of opened counts. */
import { invalid } from '../declared.ts';
import { element, type Markup } from './markup.ts';
import { across, type Chart, checkNumbers, drawn, straight, upwards, words } from './plane.ts';
import { numberText } from './table.ts';

/** What a histogram shows. */
export interface HistogramData {
  /** What stands above it. */
  readonly title: string;
  /** Bounds of the bins, rising: one more than there are counts. */
  readonly edges: readonly number[];
  /** Rows in each bin; null where the count was not opened, since too few are in it. */
  readonly counts: readonly (number | null)[];
  /** What the numbers are: `age in years`. */
  readonly label: string;
}

/**
 * A histogram. Bins of different widths are drawn by their density, so that areas stay comparable; a bin whose count
 * was not opened is hatched and marked as hidden.
 *
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: edges do not rise, or are not one more than counts
 * @example const { svg } = histogramChart({ title: 'Age', edges: [20, 40, 60], counts: [12, 30], label: 'years' });
 */
export function histogramChart(data: HistogramData): Chart {
  const { title, edges, counts, label } = data;
  checkNumbers('histogramChart', edges.length - 1, { counts });
  checkNumbers('histogramChart', edges.length, { edges });
  if (counts.length === 0 || edges.some((edge, at) => at > 0 && edge <= (edges[at - 1] ?? edge)))
    throw invalid('histogramChart: edges rise, and there are at least two');
  if (counts.some((count) => count !== null && count < 0))
    throw invalid('histogramChart: no count is below zero');
  const bins = counts.map((count, at) => ({ from: edges[at] ?? 0, to: edges[at + 1] ?? 0, count }));
  const even = evenlyWide(bins);
  const heights = bins.map(({ from, to, count }) =>
    count === null ? null : even ? count : count / (to - from),
  );
  const x = across(edges[0] ?? 0, edges.at(-1) ?? 1);
  const y = upwards(0, Math.max(...heights.map((height) => height ?? 0)) || 1).nice();
  const hidden = bins.filter(({ count }) => count === null).length;
  const alt = inWords(data, bins, hidden);
  const rows = bins.map(({ from, to, count }) => [`${numberText(from)} to ${numberText(to)}`, count]);
  return drawn({
    ...{ title, alt, x, y, xLabel: label, yLabel: even ? 'rows' : `rows by unit of ${label}` },
    numbers: { caption: title, columns: [label, 'rows'], rows },
    marks: bins.flatMap(({ from, to }, at) => bar(x(from), x(to), heights[at] ?? null, y)),
    legend: hidden === 0 ? [] : [{ name: 'hidden: too few rows to be opened', sample: sample() }],
  });
}

interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number | null;
}

/** Edges that were computed differ in their last digits. */
function evenlyWide(bins: readonly Bin[]): boolean {
  const widths = bins.map(({ from, to }) => to - from);
  return Math.max(...widths) - Math.min(...widths) < 1e-6 * Math.max(...widths);
}

function bar(left: number, right: number, height: number | null, y: (value: number) => number): Markup[] {
  const bottom = y(0);
  if (height !== null)
    return [
      element('rect', { x: left, y: y(height), width: right - left, height: bottom - y(height), ...FILLED }),
    ];
  return [
    ...hatched(left, right, bottom),
    words((left + right) / 2, bottom - 26, '?', { 'text-anchor': 'middle' }),
  ];
}

const FILLED = { fill: '#9ebfd6', stroke: '#222', 'stroke-width': 1 };
const HIDDEN_HEIGHT = 20;
const HATCH_STEP = 6;

/** Strokes instead of a pattern, which would need a name that no other picture of a page has. */
function hatched(left: number, right: number, bottom: number): Markup[] {
  const top = bottom - HIDDEN_HEIGHT;
  const strokes: Markup[] = [];
  for (let from = left + HATCH_STEP; from < right; from += HATCH_STEP)
    strokes.push(
      straight([from, top], [Math.max(left, from - HIDDEN_HEIGHT / 2), bottom], { stroke: '#777' }),
    );
  const outline = { fill: 'none', stroke: '#222', 'stroke-dasharray': '3 2' };
  return [
    ...strokes,
    element('rect', { x: left, y: top, width: right - left, height: HIDDEN_HEIGHT, ...outline }),
  ];
}

const sample = (): Markup =>
  element('g', { transform: 'translate(0 -4) scale(1 0.6)' }, ...hatched(0, 46, 16));

function inWords({ title, label }: HistogramData, bins: readonly Bin[], hidden: number): string {
  const seen = bins.filter((bin): bin is Bin & { count: number } => bin.count !== null);
  const all = seen.reduce((sum, { count }) => sum + count, 0);
  const most = seen.reduce<(typeof seen)[number] | undefined>(
    (best, bin) => (best === undefined || bin.count > best.count ? bin : best),
    undefined,
  );
  const range = `${numberText(bins[0]?.from ?? 0)} to ${numberText(bins.at(-1)?.to ?? 0)}`;
  const peak =
    most === undefined
      ? ''
      : ` Most, ${numberText(most.count)}, lie from ${numberText(most.from)} to ${numberText(most.to)}.`;
  const unseen = hidden === 0 ? '' : ` Too few rows to be shown are in ${hidden} more.`;
  return `Histogram, ${title}: ${numberText(all)} rows in ${seen.length} bins of ${label} from ${range}.${peak}${unseen}`;
}
