/** How the orders of columns go together. */
import type { AnyDevice, Secret } from '../index.ts';
import type { SecretColumn } from './column.ts';
import { correlationPValue, type PairMatrix } from './correlation.ts';
import { invalid } from './declared.ts';
import { bothPresent, checkRanked, midRanks, momentOf, type Ranks } from './mid-ranks.ts';
import { symmetric, upperOf } from './pairs.ts';
import { type Statistic, statistic } from './statistic.ts';

/** Sums of squares of so many ranks are opened exactly: below 2^53. */
const ROWS_MAX = 208_000;

/** Rank correlations of columns, in the order in which they were given. */
export interface RankCorrelations {
  /** Names of the columns. */
  readonly names: readonly string[];
  /** Rows in which both have a value; on the diagonal all rows, or null where columns have gaps. */
  readonly counts: PairMatrix;
  /** From -1 to 1; null where a column is constant over those rows, or there are fewer than three. */
  readonly coefficients: PairMatrix;
  /** Of the hypothesis that neither order says anything of the other, against both sides, by Student's t. */
  readonly pValues: PairMatrix;
}

/** What a pair needs: ranks of both among the rows that both have. */
interface RankedPair<D extends AnyDevice> {
  /** How many rows both have; undefined: all. */
  readonly count: Secret<D, 'integer'> | undefined;
  readonly first: Ranks<D>;
  readonly second: Ranks<D>;
}

/**
 * Spearman's correlation of each two columns: Pearson's of their ranks, of equal values the mean rank.
 *
 * Domain: up to 208,000 rows; ends of a column at most 2^(43 - ceil(log2 n)) apart. Accuracy: exact, as doubles are.
 * Cost: of each column two sorts, which share their rounds, and 80 bytes a row; of each pair with gaps four sorts and 200
 * bytes a row: of two columns of 2,048 rows 1,520 bytes a row and some 240 rounds. Gaps: pairwise complete; ranks are
 * those among the rows of the pair.
 *
 * Opens: of each pair the sum of products of ranks less their means, and both sums of squares, which tell how many
 * values are equal; with gaps the count of each pair; on the way what `sort` opens, comparisons in an order that nobody
 * knows. P-values follow from these. Source: Spearman 1904; Kendall 1948 for ties.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: fewer than two columns or too many rows, or of different rows
 * @example
 * const { coefficients } = await spearman([study.column('age'), study.column('euros')]).reveal(reveal);
 */
export function spearman<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
): Statistic<D, RankCorrelations> {
  const { length: k } = columns;
  const [first] = columns;
  if (first === undefined || k < 2) throw invalid('a correlation is of two columns or more');
  const { rows } = first;
  const other = columns.find((column) => column.rows !== rows);
  if (other) throw invalid(`columns "${first.name}" and "${other.name}" have ${rows} and ${other.rows} rows`);
  checkRanked(rows, ROWS_MAX);
  const places = upperOf(k, 1);
  const pairs = rankedPairs(columns, places);
  const open: Record<string, readonly [Secret<D, 'integer'>, string]> = {
    products: [
      all(pairs.map(({ first, second, count }) => momentOf(first, second, count))),
      'sums of products of ranks less their means',
    ],
    squares: [
      all(pairs.flatMap(({ first: x, second: y, count }) => [x, y].map((one) => momentOf(one, one, count)))),
      'sums of squares of ranks less their means, of both columns of each pair',
    ],
  };
  const counted = pairs.flatMap(({ count }) => (count ? [count] : []));
  if (counted.length > 0) open.counts = [all(counted), 'rows in which both have a value'];
  const withGaps = pairs.flatMap(({ count }, at) => (count ? [at] : []));
  const names = columns.map(({ name }) => name);
  return statistic({
    name: `rank correlation of ${k > 3 ? `${k} columns` : names.join(' and ')}`,
    open,
    result: (numbers: Readonly<Record<string, Float64Array>>) => {
      const count = (at: number): number => numbers.counts?.[withGaps.indexOf(at)] ?? rows;
      const r = (at: number): number | null => {
        const [x = 0, y = 0] = numbers.squares?.subarray(2 * at) ?? [];
        if (x === 0 || y === 0 || count(at) < 3) return null;
        return Math.max(-1, Math.min(1, (numbers.products?.[at] ?? 0) / (Math.sqrt(x) * Math.sqrt(y))));
      };
      return {
        names,
        counts: symmetric<number | null>(k, places, count, counted.length > 0 ? null : rows),
        coefficients: symmetric<number | null>(k, places, r, 1),
        pValues: symmetric<number | null>(k, places, (at) => correlationPValue(r(at), count(at)), 0),
      };
    },
  });
}

/** Columns without gaps are ranked once, whatever the number of their pairs. */
function rankedPairs<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  places: readonly (readonly [row: number, column: number])[],
): readonly RankedPair<D>[] {
  const whole = new Map<SecretColumn<D>, Ranks<D>>();
  return places.map(([row, column]) => {
    const [x, y] = [columns[row], columns[column]] as [SecretColumn<D>, SecretColumn<D>];
    const present = bothPresent(x.present, y.present);
    if (present) return { count: present.sum(), first: midRanks(x, present), second: midRanks(y, present) };
    const ranks = (one: SecretColumn<D>): Ranks<D> => {
      const made = whole.get(one) ?? midRanks(one, undefined);
      whole.set(one, made);
      return made;
    };
    return { count: undefined, first: ranks(x), second: ranks(y) };
  });
}

function all<D extends AnyDevice>(numbers: readonly Secret<D, 'integer'>[]): Secret<D, 'integer'> {
  const [first, ...others] = numbers.map((one) => one.reshape([1])) as [
    Secret<D, 'integer'>,
    ...Secret<D, 'integer'>[],
  ];
  return others.length === 0 ? first : first.concat(others);
}
