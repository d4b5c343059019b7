/** How the orders of columns go together. */
import type { AnyDevice, Secret, SecureDevice } from '../index.ts';
import { listOf } from './centred.ts';
import type { SecretColumn } from './column.ts';
import { correlationPValue, type PairMatrix } from './correlation.ts';
import { checkOptions, invalid } from './declared.ts';
import { bothPresent, checkRanked, midRanks, momentOf, type Ranks } from './mid-ranks.ts';
import { symmetric, upperOf } from './pairs.ts';
import {
  decidingCounts,
  HIDDEN,
  type MinimumOptions,
  minimumOf,
  publicCount,
  shownCount,
  shownFrom,
} from './small.ts';
import { type Statistic, statistic } from './statistic.ts';

/** Sums of squares of so many ranks are opened exactly: below 2^53. */
const ROWS_MAX = 208_000;

/** Rank correlations of columns, in the order in which they were given. */
export interface RankCorrelations {
  /** Names of the columns. */
  readonly names: readonly string[];
  /** Rows in which both have a value; null where there are too few, and on the diagonal where columns have gaps. */
  readonly counts: PairMatrix;
  /**
   * From -1 to 1; null where a column is constant over those rows, or there are too few, fewer than three among it. On
   * the diagonal 1, and null where the column has no coefficient with any other because it is so.
   */
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
 * Cost: of each column two sorts, which share their rounds, and 80 bytes a row; of each pair with gaps four sorts and
 * 192 bytes a row, 8 more if both have some: of two columns of 2,048 rows 1,520 bytes a row and some 240 rounds. Gaps:
 * pairwise complete; ranks are those among the rows of the pair.
 *
 * Opens: of each pair the sum of products of ranks less their means, and both sums of squares, which tell how many
 * values are equal; with gaps the count of each pair; of fewer than `minimumCount` rows only that they are fewer; on
 * the way what `sort` opens, comparisons in an order that nobody knows. P-values follow from these. Source: Spearman
 * 1904; Kendall 1948 for ties.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: fewer than two columns or too many rows, or of different rows
 * @example
 * const { coefficients } = await spearman([study.column('age'), study.column('euros')]).reveal(reveal);
 */
export function spearman<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  options: MinimumOptions = {},
): Statistic<D, RankCorrelations> {
  checkOptions(options, ['minimumCount'], 'spearman');
  const minimum = minimumOf(options);
  const { length: k } = columns;
  const [first] = columns;
  if (first === undefined || k < 2) throw invalid('a correlation is of two columns or more');
  const { rows } = first;
  const other = columns.find((column) => column.rows !== rows);
  if (other) throw invalid(`columns "${first.name}" and "${other.name}" have ${rows} and ${other.rows} rows`);
  checkRanked(rows, ROWS_MAX);
  const places = upperOf(k, 1);
  const pairs = rankedPairs(columns, places);
  const found = numbersOf(pairs, { rows, minimum });
  const open: Record<string, readonly [Secret<D, 'integer'>, string]> = {
    products: [found.products, 'sums of products of ranks less their means'],
    squares: [found.squares, 'sums of squares of ranks less their means, of both columns of each pair'],
  };
  if (found.counts) open.counts = [found.counts, `rows in which both have a value, -1 below ${minimum}`];
  const hasGaps = pairs.some(({ count }) => count);
  const names = columns.map(({ name }) => name);
  return statistic({
    name: shownFrom(`rank correlation of ${listOf(names)}`, minimum),
    open,
    result: (numbers: Readonly<Record<string, Float64Array>>) => {
      const count = (at: number): number => numbers.counts?.[at] ?? publicCount(rows, minimum);
      const r = (at: number): number | null => {
        const [x = 0, y = 0] = numbers.squares?.subarray(2 * at) ?? [];
        if (x === 0 || y === 0 || count(at) < 3) return null;
        return Math.max(-1, Math.min(1, (numbers.products?.[at] ?? 0) / (Math.sqrt(x) * Math.sqrt(y))));
      };
      const isVaried = (column: number): boolean =>
        places.some(
          (place, at) =>
            place.includes(column) && (numbers.squares?.[2 * at + place.indexOf(column)] ?? 0) > 0,
        );
      const matrix = (value: (at: number) => number | null, diagonal: number): (number | null)[][] =>
        symmetric<number | null>(k, places, value, null).map((row, i) =>
          row.map((one, j) => (i === j && isVaried(i) ? diagonal : one)),
        );
      const ofAll = hasGaps || rows < minimum ? null : rows;
      return {
        names,
        counts: symmetric<number | null>(k, places, (at) => shownCount(count(at)), ofAll),
        coefficients: matrix(r, 1),
        pValues: matrix((at) => correlationPValue(r(at), count(at)), 0),
      };
    },
  });
}

/** What is opened of pairs: where rows are too few, -1 in place of their count and 0 of all else. */
function numbersOf<D extends AnyDevice>(
  pairs: readonly RankedPair<D>[],
  { rows, minimum }: { readonly rows: number; readonly minimum: number },
) {
  const products = all(pairs.map(({ first, second, count }) => momentOf(first, second, count)));
  const squares = all(
    pairs.flatMap(({ first: x, second: y, count }) => [x, y].map((one) => momentOf(one, one, count))),
  );
  const { length } = pairs;
  const device = products.device as unknown as SecureDevice<string, string>;
  const ofAll = (): Secret<D, 'integer'> => device.constant(rows, { dtype: 'integer' }) as never;
  const counted = pairs.some(({ count }) => count)
    ? all(pairs.map(({ count }) => count ?? ofAll()))
    : undefined;
  const counts = decidingCounts(counted, products, { rows, length, minimum });
  if (counts === undefined) return { products, squares, counts: undefined };
  const isShown = counts.ge(minimum);
  const twice = Uint32Array.from({ length: 2 * length }, (_, at) => Math.floor(at / 2));
  return {
    products: isShown.select(products, 0),
    squares: isShown.gather(twice).select(squares, 0),
    counts: counted && isShown.select(counted, HIDDEN),
  };
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
