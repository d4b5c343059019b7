/** Columns of numbers by groups of rows, of which small ones are not shown. */
import type { AnyDevice, Secret } from '../index.ts';
import { type Block, blockOf, type Unit, VARIANCE_LEAST } from './centred.ts';
import type { SecretCategory, SecretColumn } from './column.ts';
import { checkOptions, checkWords, invalid } from './declared.ts';
import { groupsOf, type SecretKey } from './secret-key.ts';
import { type MinimumOptions, minimumOf, shownCount, shownFrom, withoutSmall } from './small.ts';
import { type Statistic, statistic } from './statistic.ts';

/** Which groups are shown, and what of them. */
export interface GroupByOptions extends MinimumOptions {
  /** The smallest and the largest value of each group, each of which is that of some row. Default: false. */
  readonly extremes?: boolean;
}

/** One group of rows. */
export interface GroupSummary {
  /** The word that its rows have. */
  readonly category: string;
  /** How many rows have it; null if they are too few. */
  readonly rows: number | null;
  /** The minimum that its rows do not reach; null if it is shown. */
  readonly fewerThan: number | null;
  /** Each column over these rows, by its name. */
  readonly columns: Readonly<Record<string, GroupNumbers>>;
}

/** A column over the rows of one group. Null is what is not shown, was not asked for, or what no value has. */
export interface GroupNumbers {
  /** Rows with a value; null if there are too few. */
  readonly count: number | null;
  /** The minimum that they do not reach; null if it is shown. */
  readonly fewerThan: number | null;
  /** Sum of the values. */
  readonly sum: number | null;
  /** Arithmetic mean. */
  readonly mean: number | null;
  /** By count less one. */
  readonly variance: number | null;
  /** The smallest value; null if it was not asked for. */
  readonly min: number | null;
  /** The largest value; null if it was not asked for. */
  readonly max: number | null;
}

/** Secrets of all groups: rows of categories. */
interface GroupSecrets<D extends AnyDevice> {
  /** [categories, 1 + columns]: rows, and rows with a value of each column. */
  readonly counts: Secret<D, 'integer'>;
  /** [categories, 3 · columns]: of each column the sum, then sums in units, then sums of their squares. */
  readonly sums: Secret<D> | undefined;
  /** [categories, 2 · columns]: of each column the smallest, then the largest. */
  readonly ends: Secret<D> | undefined;
}

type OpenedGroups = Readonly<Record<string, Float64Array>>;

/**
 * Count, sum, mean and variance of columns for each category of another one, which may be another party's; the smallest
 * and the largest value only where they are asked for, since each is the value of a row.
 *
 * Domain: rows · max of a column below 2^45, and up to 2^30 rows. Accuracy: counts exact, sums and means as exact as
 * the values are (2^-18 each, of whole numbers exact); variance, with r for the larger of |min| and |max| of a column
 * with gaps and for half of max - min elsewhere, r² · 2^-29 + deviation · (2^-17 + r · 2^-23); extremes 2^-18. Cost: 16
 * rounds; 10.25 bytes for each row and column, of one whose range is over 256 20.9; for each category 42 bytes, and 114
 * for each column. Of a `secretKey` of 100 groups 600 bytes for each row, and 144 for each further column. Extremes: 99
 * bytes for each row, column and category, with gaps 107, and 11 · ceil(log2 n) rounds. Gaps: a row without a category
 * is in no group; one without a value is in `rows`, and in no number of that column.
 *
 * Opens: how many rows each group has, and of each column count, sum, its sum in a common unit and that of squares, all
 * of at least `minimumCount` rows: of the others that they are fewer. Whether a group is small is decided on shares.
 * `minimumCount` hides one group at a time: where all others are shown and the number of all rows is known, the last
 * one's count follows. Source: a product with indicators.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: columns of different rows, or two of one name
 * @example
 * const byRegion = await groupBy([study.column('euros')], study.category('region')).reveal(reveal);
 * const spent = byRegion.map(({ category, columns }) => [category, columns.euros?.mean ?? 'too few']);
 */
export function groupBy<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  by: SecretCategory<D> | SecretKey<D>,
  options: GroupByOptions = {},
): Statistic<D, readonly GroupSummary[]> {
  checkWords(by, 'groupBy');
  checkOptions(options, ['minimumCount', 'extremes'], 'groupBy');
  if (!Array.isArray(columns as unknown))
    throw invalid('groupBy takes a list of columns of numbers, as [study.column("age")]');
  checkColumns(columns, by);
  const minimum = minimumOf(options);
  const block = columns.length > 0 ? blockOf(columns) : undefined;
  const secrets = secretsOf(columns, by, block, options.extremes ?? false);
  const { counts, sums, ends } = shownOf(secrets, minimum);
  const hidden = minimum > 0 ? ', 0 of small groups' : '';
  const open: Record<string, readonly [Secret<D> | Secret<D, 'integer'>, string]> = {
    counts: [counts, `rows of each group, and rows with a value, -1 below ${minimum}`],
  };
  if (sums) open.sums = [sums, `sums of values, in units, and of squares, of each group${hidden}`];
  if (ends) open.ends = [ends, `smallest and largest value of each group${hidden}`];
  return statistic({
    name: shownFrom(`groups by ${by.name}`, minimum),
    open,
    result: (numbers: OpenedGroups) =>
      by.categories.map((category, at) =>
        summaryOf(category, at, columns, { numbers, minimum, units: block?.units ?? [] }),
      ),
  });
}

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS */
function checkColumns<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  by: SecretCategory<D> | SecretKey<D>,
): void {
  for (const [at, { name, rows }] of columns.entries()) {
    if (rows !== by.rows)
      throw invalid(`columns "${name}" and "${by.name}" have ${rows} and ${by.rows} rows`);
    if (columns.findIndex((one) => one.name === name) < at) throw invalid(`two columns are called "${name}"`);
  }
}

function secretsOf<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  by: SecretCategory<D> | SecretKey<D>,
  block: Block<D> | undefined,
  extremes: boolean,
): GroupSecrets<D> {
  if (extremes && 'codes' in by)
    throw invalid(`extremes are those of groups that an owner knows, and nobody has "${by.name}"`);
  const groups = groupsOf(by, columns.length);
  if (block === undefined) return { counts: groups.rows, sums: undefined, ends: undefined };
  const { values, present } = block;
  const [first, ...others] = columns.map((one) => one.values.reshape([-1, 1])) as [Secret<D>, ...Secret<D>[]];
  const counts = present
    ? groups.rows.concat([groups.sums(present)], 1)
    : groups.rows.gather(new Uint32Array(1 + columns.length), 1);
  return {
    counts,
    sums: groups.sums(first.concat([...others, values, values.square()], 1)),
    ends: extremes && !('codes' in by) ? endsOf(columns, by.indicators) : undefined,
  };
}

/** Rows of other groups, and gaps, are put at the other end of what the column can have. */
function endsOf<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  indicators: Secret<D, 'integer'>,
): Secret<D> {
  const ends = columns.map(({ values, present, min, max, rows }) => {
    const isThere = present ? indicators.mul(present.reshape([rows, 1])) : indicators;
    const from = (end: number): Secret<D> => {
      const inside = values.sub(end).reshape([rows, 1]).mul(isThere);
      return inside.add(end);
    };
    return [from(max).min(0).reshape([-1, 1]), from(min).max(0).reshape([-1, 1])] as const;
  });
  const [first, ...others] = [...ends.map(([least]) => least), ...ends.map(([, most]) => most)];
  return (first as Secret<D>).concat(others, 1);
}

/** What may be opened of all this: whether a number is shown hangs on the count of its own column. */
function shownOf<D extends AnyDevice>(
  { counts, sums, ends }: GroupSecrets<D>,
  minimum: number,
): GroupSecrets<D> {
  if (minimum === 0 || sums === undefined)
    return { counts: withoutSmall(counts, [], minimum).counts, sums, ends };
  const columns = (counts.shape[1] ?? 1) - 1;
  const isShown = counts.ge(minimum);
  const ofColumns = (times: number): Secret<D, 'boolean'> =>
    isShown.gather(
      Uint32Array.from({ length: times * columns }, (_, at) => 1 + (at % columns)),
      1,
    );
  return {
    counts: isShown.select(counts, -1),
    sums: ofColumns(3).select(sums, 0),
    ends: ends && ofColumns(2).select(ends, 0),
  };
}

interface Shown {
  readonly numbers: OpenedGroups;
  readonly minimum: number;
  readonly units: readonly Unit[];
}

function summaryOf<D extends AnyDevice>(
  category: string,
  group: number,
  columns: readonly SecretColumn<D>[],
  { numbers, minimum, units }: Shown,
): GroupSummary {
  const k = columns.length;
  const counts = numbers.counts?.subarray(group * (k + 1));
  const sums = numbers.sums?.subarray(group * 3 * k);
  const ends = numbers.ends?.subarray(group * 2 * k);
  const rows = shownCount(counts?.[0]);
  const list = columns.map(({ name }, at): [string, GroupNumbers] => {
    const count = shownCount(counts?.[1 + at]);
    const [sum = 0, inUnits = 0, squares = 0] = [sums?.[at], sums?.[k + at], sums?.[2 * k + at]];
    const isThere = count !== null && count > 0;
    const { shift } = units[at] as Unit;
    const variance = isThere && count > 1 ? (squares - inUnits ** 2 / count) / (count - 1) : 0;
    return [
      name,
      {
        count,
        ...{ fewerThan: count === null ? minimum : null, sum: count === null ? null : sum },
        mean: isThere ? sum / count : null,
        variance: variance < VARIANCE_LEAST ? null : variance * 4 ** -shift,
        min: isThere ? (ends?.[at] ?? null) : null,
        max: isThere ? (ends?.[k + at] ?? null) : null,
      },
    ];
  });
  return { category, rows, fewerThan: rows === null ? minimum : null, columns: Object.fromEntries(list) };
}
