/** Whether the values of one group tend to be larger than those of another. */
import type { AnyDevice } from '../index.ts';
import type { SecretCategory, SecretColumn } from './column.ts';
import { checkOptions, checkWords, invalid } from './declared.ts';
import { normalSf } from './distributions.ts';
import { bothPresent, checkRanked, midRanks, momentOf } from './mid-ranks.ts';
import { type MinimumOptions, minimumOf, shownFrom } from './small.ts';
import { type Statistic, statistic } from './statistic.ts';

/** Sums of squares of so many doubled ranks are opened exactly: below 2^53. */
const ROWS_MAX = 114_000;

/** Which groups are shown, and how the p-value is taken. */
export interface MannWhitneyOptions extends MinimumOptions {
  /** Half a pair less in the p-value: ranks are whole numbers, the normal distribution is not. Default: true. */
  readonly continuity?: boolean;
}

/** Two groups by the order of their values. */
export interface MannWhitneyTest {
  /** Rows of each group with a value, in the order of the categories. */
  readonly counts: readonly [first: number, second: number];
  /** Pairs of rows in which the first group has the larger value; a tie is half a pair. */
  readonly u: number;
  /** U less half of all pairs, by its deviation with ties; null if all values are equal. */
  readonly z: number | null;
  /** Of the hypothesis that neither group tends to larger values, against both sides; null as `z`, unless corrected. */
  readonly pValue: number | null;
  /** Part of all pairs in which the first group has the larger value. */
  readonly superiority: number;
}

/**
 * The test of Mann, Whitney and Wilcoxon: whether the values of rows with the first word of `by` tend to be larger or
 * smaller than those with the second.
 *
 * Domain: up to 114,000 rows; ends of the column at most 2^(43 - ceil(log2 n)) apart. Accuracy: U exact; the p-value is
 * by the normal approximation with a correction for ties: use it from some ten rows in each group on. Cost: two sorts,
 * which share their rounds, and 96 bytes a row. Gaps: rows without a value, or without a word, are left out.
 *
 * Opens: rows of both groups; the sum of ranks of the first less its mean, and the sum of squares of all of them, which
 * tells how many values are equal. Nothing of this, and null, if one of both groups has fewer than `minimumCount` rows.
 * On the way what `sort` opens, comparisons in an order that nobody knows. Source: Mann, Whitney 1947; Wilcoxon 1945.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: not two categories, too many rows, or columns of different rows
 * @example const test = await mannWhitney(study.column('euros'), study.category('region')).reveal(reveal);
 */
export function mannWhitney<D extends AnyDevice>(
  column: SecretColumn<D>,
  by: SecretCategory<D>,
  options: MannWhitneyOptions = {},
): Statistic<D, MannWhitneyTest | null> {
  const { name, rows } = column;
  checkWords(by, 'mannWhitney');
  checkOptions(options, ['minimumCount', 'continuity'], 'mannWhitney');
  if (by.rows !== rows) throw invalid(`columns "${name}" and "${by.name}" have ${rows} and ${by.rows} rows`);
  if (by.categories.length !== 2)
    throw invalid(`two groups are compared, and "${by.name}" has ${by.categories.length} categories`);
  checkRanked(rows, ROWS_MAX);
  const minimum = minimumOf(options);
  const ranked = bothPresent(by.indicators.sum(1), column.present);
  const ranks = midRanks(column, ranked);
  const counts = column.present
    ? by.indicators.matmul(column.present, { transposeLeft: true })
    : by.indicators.sum(0);
  const first = by.indicators.slice(0, 1, 1).reshape([rows]);
  const share = counts.slice(0, 1).mul(counts.sum().sub(rows));
  const sum = ranks.doubled.dot(first).sub(share);
  const sums = sum.concat([momentOf(ranks, ranks, counts.sum()).reshape([1])]);
  const isEach = counts.ge(minimum);
  const isShown = isEach.slice(0, 1).and(isEach.slice(1, 2));
  const numbers = isShown.gather([0, 0, 0, 0]).select(counts.concat([sums]), -1);
  return statistic({
    name: shownFrom(`Mann-Whitney of ${name} by ${by.name}`, minimum),
    open: {
      numbers: [
        numbers,
        `rows of both groups, twice the sum of ranks of the first less its mean, and of squares; all -1 if a group has fewer than ${minimum}`,
      ],
    },
    result: ({ numbers: [a = 0, b = 0, sum = 0, squares = 0] }) =>
      a < 1 || b < 1 ? null : testOf([a, b], sum, squares, options.continuity ?? true),
  });
}

/** Of twice the ranks: with their squares, the variance of the sum of some of them needs no correction for ties. */
function testOf(
  counts: readonly [number, number],
  sum: number,
  squares: number,
  isCorrected: boolean,
): MannWhitneyTest {
  const [a, b] = counts;
  const pairs = a * b;
  const distance = sum / 2;
  const deviation = Math.sqrt((pairs * squares) / 4 / ((a + b) * (a + b - 1)));
  const u = distance + pairs / 2;
  const z = deviation > 0 ? distance / deviation : null;
  const away = Math.abs(distance) - (isCorrected ? 0.5 : 0);
  // Of equal values the correction alone is left: they say nothing against the hypothesis.
  const pValue = deviation > 0 ? Math.min(1, 2 * normalSf(away / deviation)) : isCorrected ? 1 : null;
  return { counts, u, z, pValue, superiority: u / pairs };
}
