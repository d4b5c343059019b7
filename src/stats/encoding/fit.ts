/** What rules learn of a table: in the words and by the arithmetic of scikit-learn. */
import { DataError, type Table } from '../../index.ts';
import type { FittedEncoding, FittedRule, Learned } from './fitted.ts';
import { filledNumbers, filledWords, numbersOf, wordsOf } from './read.ts';

/** @throws {DataError} PRIVITY_COLUMN_…, PRIVITY_TABLE_EMPTY, PRIVITY_STATS_UNSEEN */
export async function fitRules(
  rules: readonly FittedRule[],
  keep: readonly string[],
  table: Table,
): Promise<FittedEncoding> {
  const columns: FittedEncoding['columns'][number][] = [];
  for (const rule of rules) columns.push({ rule, learned: await learn(rule, table) });
  return { kind: 'privity encoding', version: 1, rows: table.rowCount, keep, columns };
}

async function learn(rule: FittedRule, table: Table): Promise<Learned> {
  if (rule.as === 'words' || rule.as === 'oneHot') {
    const words = await wordsOf(table, rule);
    const known = words.filter((word) => word !== undefined);
    const filled = rule.fill === undefined ? {} : { fill: fillOfWords(rule, known) };
    const all = filledWords(words, filled).filter((word) => word !== undefined);
    return { ...filled, words: rule.categories ?? frequentWords(rule, all) };
  }
  const numbers = await numbersOf(table, rule);
  const known = present(numbers);
  const filled = rule.fill === undefined ? {} : { fill: fillOfNumbers(rule, known) };
  const all = present(filledNumbers(numbers, filled));
  if (rule.as === 'bins') return { ...filled, edges: rule.edges ?? quantileEdges(rule, all) };
  return { ...filled, ...scaleOf(rule, all) };
}

const present = (numbers: Float64Array): Float64Array => numbers.filter((value) => !Number.isNaN(value));

/** @throws {DataError} PRIVITY_TABLE_EMPTY: nothing to learn of */
function needSome(rule: FittedRule, values: { readonly length: number }, what: string): void {
  if (values.length > 0) return;
  throw new DataError(
    'PRIVITY_TABLE_EMPTY',
    `column '${rule.from}' has no value in any row, so there is ${what} to learn of it.`,
  );
}

function fillOfNumbers(rule: FittedRule, known: Float64Array): number {
  const { fill } = rule;
  if (typeof fill === 'object') return Number(fill.value);
  needSome(rule, known, 'nothing to fill gaps with');
  if (fill === 'mean') return meanOf(known);
  if (fill === 'mostFrequent') return mostFrequent(known);
  return quantileOf(known.toSorted(), 0.5);
}

function fillOfWords(rule: FittedRule, known: readonly string[]): string {
  if (typeof rule.fill === 'object') return String(rule.fill.value);
  needSome(rule, known, 'nothing to fill gaps with');
  return mostFrequent(known);
}

/** Of several that are as frequent the smallest. */
function mostFrequent<V extends string | number>(values: Iterable<V>): V {
  const [[value] = []] = [...countsOf(values)].sort(
    ([a, many], [b, more]) => more - many || (a < b ? -1 : 1),
  );
  return value as V;
}

function countsOf<V>(values: Iterable<V>): Map<V, number> {
  const counts = new Map<V, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** In the order of their letters; of those that are as frequent the last ones stay, as OneHotEncoder has it. */
function frequentWords(rule: FittedRule, all: readonly string[]): readonly string[] {
  const most = (rule.names?.length ?? 0) - (rule.unseen === 'other' ? 1 : 0);
  needSome(rule, all, 'no word');
  const counts = [...countsOf(all)].sort(([a], [b]) => (a < b ? -1 : 1));
  if (counts.length > most && rule.unseen !== 'other')
    throw new DataError(
      'PRIVITY_STATS_UNSEEN',
      `column '${rule.from}' has more than ${most} different words, and the job has categories for so many. Ask for more, or say { unseen: 'other' } of it.`,
    );
  // Sorting is stable, so of a tie the first goes first.
  const dropped = new Set(
    counts
      .toSorted(([, a], [, b]) => a - b)
      .slice(0, Math.max(0, counts.length - most))
      .map(([word]) => word),
  );
  return counts.map(([word]) => word).filter((word) => !dropped.has(word));
}

/** Ends of bins; fewer where quantiles tie. */
function quantileEdges(rule: FittedRule, all: Float64Array): readonly number[] {
  needSome(rule, all, 'no quantile');
  const sorted = all.toSorted();
  const count = rule.quantiles ?? 1;
  const edges = Array.from({ length: count + 1 }, (_, at) =>
    // As a share of a hundred: the rounding of numpy.percentile, by which a value on an edge is on the same side of it.
    quantileOf(sorted, at === count ? 1 : (at * (100 / count)) / 100),
  );
  return [...new Set(edges)].sort((a, b) => a - b);
}

/** Interpolated between neighbours (type 7), and rounded as numpy does. */
function quantileOf(sorted: Float64Array, share: number): number {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const a = sorted[below] ?? Number.NaN;
  const b = sorted[Math.min(below + 1, sorted.length - 1)] ?? a;
  const t = place - below;
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

function scaleOf(rule: FittedRule, all: Float64Array): Learned {
  const { scale, min = 0, max = 1 } = rule;
  if (scale === undefined) return {};
  needSome(rule, all, 'no scale');
  if (scale === 'standard') return { centre: meanOf(all), scale: deviationOf(all) };
  const [bottom, top] = endsOf(all);
  const range = top - bottom;
  // MinMaxScaler takes ranges of a few roundings for constant columns.
  return { centre: bottom, top, scale: range < 10 * Number.EPSILON ? 1 / (max - min) : range / (max - min) };
}

function endsOf(values: Float64Array): readonly [number, number] {
  let [bottom, top] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < bottom) bottom = value;
    if (value > top) top = value;
  }
  return [bottom, top];
}

/** Summed with what each addition loses (Neumaier). */
function sumOf(values: Float64Array, of: (value: number) => number): number {
  let [sum, lost] = [0, 0];
  for (const one of values) {
    const value = of(one);
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return sum + lost;
}

const meanOf = (values: Float64Array): number => sumOf(values, (value) => value) / values.length;

/** Of the population; 1 where the variance is one of roundings, as StandardScaler decides it. */
function deviationOf(values: Float64Array): number {
  const { length } = values;
  const mean = meanOf(values);
  const variance = sumOf(values, (value) => (value - mean) ** 2) / length;
  const ofRoundings = length * Number.EPSILON * variance + (length * mean * Number.EPSILON) ** 2;
  return variance <= ofRoundings ? 1 : Math.sqrt(variance);
}
