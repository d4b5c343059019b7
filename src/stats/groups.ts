/** A column of numbers by groups of rows: what Welch's t and an analysis of variance are made of. */
import type { AnyDevice, Secret } from '../index.ts';
import { type Block, blockOf, type Unit, VARIANCE_LEAST } from './centred.ts';
import type { SecretCategory, SecretColumn } from './column.ts';
import { checkOptions, checkWords, confidenceOf, invalid } from './declared.ts';
import { fSf, studentTQuantile, studentTSf } from './distributions.ts';
import { type MinimumOptions, minimumOf, shownCount, shownFrom, withoutSmall } from './small.ts';
import { type Statistic, statistic } from './statistic.ts';

/** One group of rows in numbers; null where there are too few of them, or of a variance fewer than two. */
export interface Group {
  /** The word that its rows have. */
  readonly category: string;
  /** Its rows with a value. */
  readonly count: number | null;
  /** Sum of the values. */
  readonly sum: number | null;
  /** Arithmetic mean. */
  readonly mean: number | null;
  /** By count less one. */
  readonly variance: number | null;
}

/** How the means of two groups compare. */
export interface WelchTest {
  /** Both groups, in the order of the categories. */
  readonly groups: readonly Group[];
  /** Mean of the first less that of the second. */
  readonly difference: number;
  /** Student's t of the difference. */
  readonly t: number;
  /** Degrees of freedom, by Welch and Satterthwaite. */
  readonly df: number;
  /** Of the hypothesis that both means are equal, against both sides. */
  readonly pValue: number;
  /** Ends of the interval of the difference. */
  readonly interval: readonly [lower: number, upper: number];
}

/** How the means of several groups compare. */
export interface AnalysisOfVariance {
  /** All groups, in the order of the categories. */
  readonly groups: readonly Group[];
  /** Variance between groups by that within them. */
  readonly f: number;
  /** Degrees of freedom between and within groups. */
  readonly df: readonly [between: number, within: number];
  /** Of the hypothesis that all means are equal. */
  readonly pValue: number;
  /** Part of the sum of squares that lies between groups (eta squared). */
  readonly explained: number;
}

/** Which groups are shown, and how sure intervals are. */
export interface GroupTestOptions extends MinimumOptions {
  /** Part of all studies whose intervals contain the true number. Default: 0.95. */
  readonly confidence?: number;
}

interface Opened {
  readonly counts: Float64Array;
  readonly sums: Float64Array;
  readonly squares: Float64Array;
}

/** Count, sum and sum of squares of each group, from one product of indicators with each. */
function groupSums<D extends AnyDevice, R>(
  column: SecretColumn<D>,
  by: SecretCategory<D>,
  options: MinimumOptions,
  what: { readonly name: string; readonly result: (groups: readonly Group[]) => R },
): Statistic<D, R> {
  if (column.rows !== by.rows)
    throw invalid(`columns "${column.name}" and "${by.name}" have ${column.rows} and ${by.rows} rows`);
  checkWords(by, what.name);
  const minimum = minimumOf(options);
  const block = blockOf([column]);
  const [unit] = block.units as [Unit];
  const x = block.values.reshape([-1]);
  const groups = by.indicators.transpose();
  const shown = withoutSmall(
    countsOf(by, groups, block),
    [groups.matmul(x), groups.matmul(x.square())],
    minimum,
  );
  const [sums, squares] = shown.sums as [Secret<D>, Secret<D>];
  const hidden = minimum > 0 ? ', none of small groups' : '';
  return statistic({
    name: shownFrom(`${what.name} of ${column.name} by ${by.name}`, minimum),
    open: {
      counts: [shown.counts, `rows of each group, -1 below ${minimum}`],
      sums: [sums, `the sum of each group${hidden}`],
      squares: [squares, `the sum of squares of each group${hidden}`],
    },
    result: (numbers) =>
      what.result(by.categories.map((category, at) => groupOf(category, at, numbers, unit))),
  });
}

function countsOf<D extends AnyDevice>(
  by: SecretCategory<D>,
  groups: Secret<D, 'integer'>,
  { present }: Block<D>,
): Secret<D, 'integer'> {
  return present === undefined ? by.indicators.sum(0) : groups.matmul(present.reshape([-1]));
}

function groupOf(category: string, at: number, numbers: Opened, { centre, shift }: Unit): Group {
  const count = shownCount(numbers.counts[at]);
  const [sum = 0, squares = 0] = [numbers.sums[at], numbers.squares[at]];
  if (count === null || count === 0) return { category, count, sum: count, mean: null, variance: null };
  const mean = (sum / count) * 2 ** -shift + centre;
  const inUnits = count > 1 ? (squares - (sum * sum) / count) / (count - 1) : 0;
  const variance = inUnits < VARIANCE_LEAST ? null : inUnits * 4 ** -shift;
  return { category, count, sum: mean * count, mean, variance };
}

/**
 * Welch's t-test: whether the mean of a column differs between two groups, whose variances may differ.
 *
 * Domain: up to 2^30 rows. Null where a group is too small or neither group varies. Accuracy: with r for the larger of
 * |min| and |max| of a column with gaps, for half of max - min elsewhere: means 2^-18 + r · 2^-24; variances r² · 2^-29
 * + deviation · (2^-17 + r · 2^-23). Cost: 10.25 bytes a row, 8 more for each group and sum; 17 rounds. Gaps: rows
 * without a value, or without a category, are in no group.
 *
 * Opens: count, sum and sum of squares of each group of at least `minimumCount` rows, and of the others that they are
 * smaller. Source: Welch 1947; Satterthwaite 1946.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: not two categories, or columns of different rows
 * @example const test = await welchTest(study.column('euros'), study.category('region')).reveal(reveal);
 */
export function welchTest<D extends AnyDevice>(
  column: SecretColumn<D>,
  by: SecretCategory<D>,
  options: GroupTestOptions = {},
): Statistic<D, WelchTest | null> {
  checkWords(by, 'welchTest');
  if (by.categories.length !== 2)
    throw invalid(`a t-test compares two groups, and "${by.name}" has ${by.categories.length} categories`);
  checkOptions(options, ['minimumCount', 'confidence'], 'welchTest');
  const confidence = confidenceOf(options);
  const result = (groups: readonly Group[]): WelchTest | null => welchOf(groups, confidence);
  return groupSums(column, by, options, { name: "Welch's t", result });
}

function welchOf(groups: readonly Group[], confidence: number): WelchTest | null {
  const [first, second] = groups.map(samplesOf);
  if (!first || !second) return null;
  const [a, b] = [first.variance / first.count, second.variance / second.count];
  if (a + b <= 0) return null;
  const difference = first.mean - second.mean;
  const deviation = Math.sqrt(a + b);
  const t = difference / deviation;
  const df = (a + b) ** 2 / (a ** 2 / (first.count - 1) + b ** 2 / (second.count - 1));
  const half = deviation * studentTQuantile((1 + confidence) / 2, df);
  const pValue = 2 * studentTSf(Math.abs(t), df);
  return { groups, difference, t, df, pValue, interval: [difference - half, difference + half] };
}

interface Sample {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

function samplesOf({ count, mean, variance }: Group): Sample | null {
  return count === null || mean === null || variance === null ? null : { count, mean, variance };
}

/**
 * One-way analysis of variance: whether the mean of a column differs between any of several groups.
 *
 * Domain, accuracy, cost, gaps: as `welchTest`. Null where a group is too small or no group varies.
 *
 * Opens: as `welchTest`. Source: Fisher 1925.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: one category, or columns of different rows
 * @example const test = await anova(study.column('euros'), study.category('region')).reveal(reveal);
 */
export function anova<D extends AnyDevice>(
  column: SecretColumn<D>,
  by: SecretCategory<D>,
  options: MinimumOptions = {},
): Statistic<D, AnalysisOfVariance | null> {
  checkOptions(options, ['minimumCount'], 'anova');
  checkWords(by, 'anova');
  if (by.categories.length < 2)
    throw invalid(`an analysis of variance compares groups, and "${by.name}" has one category`);
  return groupSums(column, by, options, { name: 'analysis of variance', result: anovaOf });
}

function anovaOf(groups: readonly Group[]): AnalysisOfVariance | null {
  const samples = groups.map(samplesOf);
  const all = samples.filter((one) => one !== null);
  if (all.length < samples.length) return null;
  const count = all.reduce((sum, one) => sum + one.count, 0);
  const mean = all.reduce((sum, one) => sum + one.mean * one.count, 0) / count;
  const between = all.reduce((sum, one) => sum + one.count * (one.mean - mean) ** 2, 0);
  const within = all.reduce((sum, one) => sum + (one.count - 1) * one.variance, 0);
  const df = [all.length - 1, count - all.length] as const;
  if (within <= 0 || df[1] < 1) return null;
  const f = between / df[0] / (within / df[1]);
  return { groups, f, df, pValue: fSf(f, ...df), explained: between / (between + within) };
}
