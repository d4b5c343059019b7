/** How the words of two columns go together: counts of each combination, and whether they depend on each other. */
import type { AnyDevice, Secret } from '../index.ts';
import { CHI_ROWS_MAX, chiSquareSecrets, EXPECTED_LEAST } from './chi-square.ts';
import type { SecretCategory } from './column.ts';
import { checkOptions, checkWords, confidenceOf, invalid } from './declared.ts';
import { chiSquareSf, normalQuantile, normalSf } from './distributions.ts';
import { fisherExact } from './fisher.ts';
import type { GroupTestOptions } from './groups.ts';
import { type MinimumOptions, minimumOf, shownCount, shownFrom, withoutSmall } from './small.ts';
import { type Statistic, statistic } from './statistic.ts';

/** What is opened of a cross table. */
export interface CrosstabOptions extends MinimumOptions {
  /**
   * Whether counts are opened. If not, the test is worked out on shares and is all that is opened: chi-square tells
   * what the cells that are not shown have, where all others are. Default: true.
   */
  readonly cells?: boolean;
}

/** Counts of all combinations of two columns. */
export interface Crosstab {
  /** Words of the first column. */
  readonly rows: readonly string[];
  /** Words of the second column. */
  readonly columns: readonly string[];
  /** A list for each word of the first column; null where there are too few, or counts are not opened. */
  readonly counts: readonly (readonly (number | null)[])[];
  /**
   * Whether both depend on each other; null if a count is not shown, or only one word is there. Without `cells`, null
   * if a word has too few rows.
   */
  readonly chiSquare: ChiSquareTest | null;
  /** Two-sided p-value of Fisher's exact test; null unless both have two words and all counts are shown. */
  readonly fisher: number | null;
}

/** Pearson's test of independence, without a correction for continuity. */
export interface ChiSquareTest {
  /** Sum over cells of the squared difference by what is expected. */
  readonly chiSquare: number;
  /** Degrees of freedom. */
  readonly df: number;
  /** Of the hypothesis that neither depends on the other. */
  readonly pValue: number;
  /** The smallest expected count; null if counts are not opened. */
  readonly leastExpected: number | null;
  /** Whether fewer than 5 rows are expected of some cell: then the p-value is rough. */
  readonly isRough: boolean;
}

/** How often something is so, in two groups. */
export interface TwoProportions {
  /** In each group: how many rows, and how many of them. */
  readonly groups: readonly { readonly category: string; readonly count: number; readonly hits: number }[];
  /** Part of the first group less that of the second. */
  readonly difference: number;
  /** Of the difference, by both groups together. */
  readonly z: number;
  /** Of the hypothesis that both parts are equal, against both sides. */
  readonly pValue: number;
  /** Ends of the interval of the difference, by each group alone (Wald). */
  readonly interval: readonly [lower: number, upper: number];
}

/** Rows of each combination: one exact product of indicators. */
function countsOf<D extends AnyDevice>(
  first: SecretCategory<D>,
  second: SecretCategory<D>,
  name: string,
): Secret<D, 'integer'> {
  checkWords(first, name);
  checkWords(second, name);
  if (first.rows !== second.rows)
    throw invalid(`columns "${first.name}" and "${second.name}" have ${first.rows} and ${second.rows} rows`);
  return first.indicators.transpose().matmul(second.indicators);
}

function crossed<D extends AnyDevice, R>(
  first: SecretCategory<D>,
  second: SecretCategory<D>,
  options: MinimumOptions,
  what: { readonly name: string; readonly result: (counts: readonly (readonly (number | null)[])[]) => R },
): Statistic<D, R> {
  const minimum = minimumOf(options);
  const { counts } = withoutSmall(countsOf(first, second, what.name), [], minimum);
  const k = second.categories.length;
  return statistic({
    name: shownFrom(`${what.name} of ${first.name} by ${second.name}`, minimum),
    open: { counts: [counts, `rows of each combination, -1 below ${minimum}`] },
    result: ({ counts: opened }) =>
      what.result(
        first.categories.map((_, row) =>
          second.categories.map((__, column) => shownCount(opened[row * k + column])),
        ),
      ),
  });
}

/**
 * Counts of all combinations of the words of two columns, with Pearson's chi-square and, of two by two, Fisher's exact
 * test.
 *
 * Domain: any; without `cells` up to 2^20 rows, of which one in 512 has both words. Accuracy: exact; without `cells`
 * 2^-10 of chi-square, and as much. Cost: 8 bytes and, with a minimum, 42 more a cell; 12 rounds; without `cells` 0.42
 * KB a cell and 0.4 KB a word, some 130 rounds. Gaps: rows without one of both words are in no cell.
 *
 * Opens: counts of cells of at least `minimumCount` rows, and of the others that they are smaller. Sums of rows and
 * columns are not opened: with them, a cell that is alone in its row would not be hidden. Without `cells` chi-square,
 * its degrees of freedom and whether it is rough, and no count; zeros, if a word has fewer than `minimumCount` rows,
 * and one at least, or one of both columns a single word. Source: Pearson 1900; Fisher 1934.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: columns of different rows
 * @example
 * const table = await crosstab(study.category('region'), study.category('sex')).reveal(reveal);
 * const shared = crosstab(study.category('region'), study.category('sex'), { cells: false });
 * const { chiSquare } = await shared.reveal(reveal);
 */
export function crosstab<D extends AnyDevice>(
  first: SecretCategory<D>,
  second: SecretCategory<D>,
  options: CrosstabOptions = {},
): Statistic<D, Crosstab> {
  checkOptions(options, ['cells', 'minimumCount'], 'crosstab');
  if (options.cells === false) return hiddenTest(first, second, options);
  return crossed(first, second, options, {
    name: 'crosstab',
    result: (counts) => ({
      rows: first.categories,
      columns: second.categories,
      counts,
      chiSquare: chiSquareOf(counts),
      fisher: fisherOf(counts),
    }),
  });
}

/** The test alone, of counts that stay where they are. */
function hiddenTest<D extends AnyDevice>(
  first: SecretCategory<D>,
  second: SecretCategory<D>,
  options: MinimumOptions,
): Statistic<D, Crosstab> {
  const minimum = minimumOf(options);
  const counts = countsOf(first, second, 'crosstab');
  if (first.rows > CHI_ROWS_MAX) throw invalid(`a test without counts is of up to ${CHI_ROWS_MAX} rows`);
  const { statistic: secret, about } = chiSquareSecrets(counts, first.rows, minimum);
  return statistic({
    name: shownFrom(`chi-square of ${first.name} by ${second.name}`, minimum),
    open: {
      chiSquare: [secret, 'chi-square, 0 if there is none'],
      about: [
        about,
        `degrees of freedom, 0 if there are none, and whether under ${EXPECTED_LEAST} rows are expected`,
      ],
    },
    result: ({ chiSquare: [chiSquare = 0], about: [df = 0, rough] }) => ({
      rows: first.categories,
      columns: second.categories,
      counts: first.categories.map(() => second.categories.map(() => null)),
      chiSquare:
        df < 1
          ? null
          : { chiSquare, df, pValue: chiSquareSf(chiSquare, df), leastExpected: null, isRough: rough === 1 },
      fisher: null,
    }),
  });
}

const whole = (counts: readonly (readonly (number | null)[])[]): readonly (readonly number[])[] | null =>
  counts.every((row) => row.every((count) => count !== null)) ? (counts as readonly number[][]) : null;

const total = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0);

/** Words that no row has are left out: nothing is expected of them. */
function chiSquareOf(shown: readonly (readonly (number | null)[])[]): ChiSquareTest | null {
  const filled = whole(shown)?.filter((row) => total(row) > 0);
  if (!filled) return null;
  const sums = (filled[0] ?? []).map((_, column) => total(filled.map((row) => row[column] ?? 0)));
  const counts = filled.map((row) => row.filter((__, column) => (sums[column] ?? 0) > 0));
  const rows = counts.map(total);
  const columns = sums.filter((sum) => sum > 0);
  const df = (rows.length - 1) * (columns.length - 1);
  if (df < 1) return null;
  const all = total(rows);
  let [chiSquare, leastExpected] = [0, Number.POSITIVE_INFINITY];
  for (const [i, row] of rows.entries())
    for (const [j, column] of columns.entries()) {
      const expected = (row * column) / all;
      chiSquare += ((counts[i]?.[j] ?? 0) - expected) ** 2 / expected;
      leastExpected = Math.min(leastExpected, expected);
    }
  const isRough = leastExpected < EXPECTED_LEAST;
  return { chiSquare, df, pValue: chiSquareSf(chiSquare, df), leastExpected, isRough };
}

function fisherOf(shown: readonly (readonly (number | null)[])[]): number | null {
  const counts = whole(shown);
  const [first, second] = counts ?? [];
  if (counts?.length !== 2 || first?.length !== 2 || second === undefined) return null;
  return fisherExact([
    [first[0] ?? 0, first[1] ?? 0],
    [second[0] ?? 0, second[1] ?? 0],
  ]).p;
}

/**
 * Whether something is as frequent in one group as in another: rows whose `outcome` is its first word, of rows with
 * each of the two words of `by`.
 *
 * Domain, accuracy, cost, gaps: as `crosstab`. Null where one of the four counts is not shown, or all rows are alike.
 *
 * Opens: as `crosstab`, four counts. Source: the z-test of pooled proportions.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: not two words in each column, or columns of different rows
 * @example const test = await twoProportions(study.category('sex'), study.category('region')).reveal(reveal);
 */
export function twoProportions<D extends AnyDevice>(
  outcome: SecretCategory<D>,
  by: SecretCategory<D>,
  options: GroupTestOptions = {},
): Statistic<D, TwoProportions | null> {
  checkOptions(options, ['minimumCount', 'confidence'], 'twoProportions');
  const confidence = confidenceOf(options);
  for (const column of [outcome, by]) checkWords(column, 'twoProportions');
  for (const { name, categories } of [outcome, by])
    if (categories.length !== 2)
      throw invalid(`two proportions are of two words each, and "${name}" has ${categories.length}`);
  return crossed(by, outcome, options, {
    name: 'proportions',
    result: (counts) => proportionsOf(counts, by.categories, confidence),
  });
}

function proportionsOf(
  shown: readonly (readonly (number | null)[])[],
  categories: readonly string[],
  confidence: number,
): TwoProportions | null {
  const counts = whole(shown);
  if (counts === null) return null;
  const groups = counts.map((row, at) => ({
    ...{ category: categories[at] ?? '', count: total(row), hits: row[0] ?? 0 },
  }));
  const [first, second] = groups;
  if (!first || !second || first.count === 0 || second.count === 0) return null;
  const pooled = (first.hits + second.hits) / (first.count + second.count);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / first.count + 1 / second.count));
  if (deviation === 0) return null;
  const part = ({ hits, count }: { hits: number; count: number }): number => hits / count;
  const difference = part(first) - part(second);
  const own = groups.reduce((sum, one) => sum + (part(one) * (1 - part(one))) / one.count, 0);
  const half = normalQuantile((1 + confidence) / 2) * Math.sqrt(own);
  const z = difference / deviation;
  const interval = [difference - half, difference + half] as const;
  return { groups, difference, z, pValue: 2 * normalSf(Math.abs(z)), interval };
}
