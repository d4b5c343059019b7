/** How many values lie between public edges. */
import type { AnyDevice, Secret } from '../index.ts';
import type { SecretCategory, SecretColumn } from './column.ts';
import { checkOptions, checkWords, invalid } from './declared.ts';
import { type MinimumOptions, minimumOf, shownCount, shownFrom, withoutSmall } from './small.ts';
import { type Statistic, statistic } from './statistic.ts';

/** Bins of a histogram. */
export interface HistogramOptions extends MinimumOptions {
  /** Ends of the bins, ascending: of k + 1 edges k bins. */
  readonly edges: readonly number[];
}

/** Counts between edges: a bin has its lower edge, and the last one its upper edge, too. */
export interface Histogram {
  /** Ends of the bins. */
  readonly edges: readonly number[];
  /** One for each bin; null where there are too few. */
  readonly counts: readonly (number | null)[];
}

/** How often each word is there. */
export interface Frequency {
  /** The word. */
  readonly category: string;
  /** Rows that have it; null if there are too few. */
  readonly count: number | null;
}

/** Edges of one histogram: each costs a comparison a row. */
const EDGES_MAX = 1_000;

/**
 * Counts of a column between public edges. Values outside of all bins are in none.
 *
 * Domain: any. Accuracy: exact; edges are taken to 2^-18, as values are. Cost, for each row and edge: 33.4 bytes; 28
 * rounds. Where one party has the column, let it share the bins instead (`encoding`): then it is `frequencies`, and
 * costs nothing. Gaps: in no bin.
 *
 * Opens: counts of bins of at least `minimumCount` rows, and of the others that they are smaller.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: edges that are no ascending numbers
 * @example const { counts } = await histogram(study.column('age'), { edges: [0, 18, 65, 120] }).reveal(reveal);
 */
export function histogram<D extends AnyDevice>(
  column: SecretColumn<D>,
  options: HistogramOptions,
): Statistic<D, Histogram> {
  checkOptions(options, ['edges', 'minimumCount'], 'histogram');
  const { edges = [] } = options;
  const bins = edges.length - 1;
  const isAscending = edges.every(
    (edge, at) => Number.isFinite(edge) && (at === 0 || edge > (edges[at - 1] ?? edge)),
  );
  if (bins < 1 || bins >= EDGES_MAX || !isAscending)
    throw invalid(`"edges" are 2 to ${EDGES_MAX} ascending numbers`);
  const minimum = minimumOf(options);
  const fromEach = countsFrom(column, edges);
  const between = fromEach.slice(0, bins).sub(fromEach.slice(1, bins + 1));
  const { counts } = withoutSmall(between, [], minimum);
  return statistic({
    name: shownFrom(`histogram of ${column.name}`, minimum),
    open: { counts: [counts, `rows of each bin, -1 below ${minimum}`] },
    result: ({ counts: opened }) => ({ edges: [...edges], counts: Array.from(opened, shownCount) }),
  });
}

/** How many values are at each edge or above it; of the last edge how many are above. */
function countsFrom<D extends AnyDevice>(
  { values, present, rows }: SecretColumn<D>,
  edges: readonly number[],
): Secret<D, 'integer'> {
  const last = edges.length - 1;
  const column = values.reshape([rows, 1]);
  const below = column.ge(Float64Array.from(edges.slice(0, last)));
  const isIn = below.cast('integer');
  const isAbove = column.gt(edges[last] as number).cast('integer');
  const each = isIn.concat([isAbove], 1);
  return present === undefined ? each.sum(0) : each.transpose().matmul(present);
}

/**
 * How many rows have each word of a column.
 *
 * Domain: any. Accuracy: exact. Cost: local; with a minimum 42 bytes a word, 11 rounds. Gaps: counted nowhere.
 *
 * Opens: counts of words of at least `minimumCount` rows, and of the others that they are rarer.
 * @example const rows = await frequencies(study.category('region')).reveal(reveal);
 */
export function frequencies<D extends AnyDevice>(
  column: SecretCategory<D>,
  options: MinimumOptions = {},
): Statistic<D, readonly Frequency[]> {
  checkWords(column, 'frequencies');
  checkOptions(options, ['minimumCount'], 'frequencies');
  const minimum = minimumOf(options);
  const { counts } = withoutSmall(column.indicators.sum(0), [], minimum);
  return statistic({
    name: shownFrom(`frequencies of ${column.name}`, minimum),
    open: { counts: [counts, `rows of each word, -1 below ${minimum}`] },
    result: ({ counts: opened }) =>
      column.categories.map((category, at) => ({ category, count: shownCount(opened[at]) })),
  });
}
