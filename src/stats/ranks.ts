/**
 * Ranks of rows, with ties: the statistics that look at the order of values and not at their size. Rows are sorted with
 * what belongs to them, so that nobody has to learn which row went where.
 */
import type { AnyDevice, Secret, SecureDevice } from '../index.ts';
import type { SecretCategory, SecretColumn } from './column.ts';
import { secretColumn } from './column.ts';
import { type ConfidenceOptions, type Correlations, correlationOf } from './correlation.ts';
import { invalid } from './declared.ts';
import { normalSf } from './distributions.ts';
import { type Statistic, statistic } from './statistic.ts';

/** Rows in the order of a key, and their ranks. */
interface Ranked<D extends AnyDevice> {
  /** Twice the rank of each row, from 2 on; of equal keys their mean. */
  readonly doubled: Secret<D, 'integer'>;
  /** How many rows have the key of this row. */
  readonly ties: Secret<D, 'integer'>;
}

/** Of a sorted key: where a run of equal keys begins and ends follows from which neighbours differ. */
function ranksOf<D extends AnyDevice>(sorted: Secret<D>): Ranked<D> {
  const [rows = 0] = sorted.shape;
  const device = sorted.device as unknown as SecureDevice<string, string>;
  const yes = device.constant([1], { dtype: 'boolean' }) as unknown as Secret<D, 'boolean'>;
  const numbered = Float64Array.from({ length: rows }, (_, at) => at);
  const places = device.constant(numbered, { dtype: 'integer' }) as unknown as Secret<D, 'integer'>;
  const backwards = Uint32Array.from(numbered, (at) => rows - 1 - at);
  const differs = sorted.slice(1, rows).ne(sorted.slice(0, rows - 1));
  const first = lastMarked(yes.concat([differs]), places);
  const after = lastMarked(yes.concat([differs.gather(backwards.slice(1))]), places).gather(backwards);
  // `after` counts from the other end.
  const last = after.neg().add(rows - 1);
  return { doubled: first.add(last).add(2), ties: last.sub(first).add(1) };
}

/**
 * At each place the value at the last mark up to there: prefixes of twice the length in each of log2 n levels. The
 * first place is marked.
 */
function lastMarked<D extends AnyDevice>(
  marks: Secret<D, 'boolean'>,
  values: Secret<D, 'integer'>,
): Secret<D, 'integer'> {
  const [rows = 0] = marks.shape;
  let [marked, value] = [marks, values];
  for (let step = 1; step < rows; step *= 2) {
    const here = marked.slice(step, rows);
    const found = here.select(value.slice(step, rows), value.slice(0, rows - step));
    value = value.slice(0, step).concat([found]);
    marked = marked.slice(0, step).concat([here.or(marked.slice(0, rows - step))]);
  }
  return value;
}

/** Whether one group tends to larger values. */
export interface MannWhitney {
  /** Rows of each group with a value, in the order of the categories. */
  readonly counts: readonly [number, number];
  /** Pairs in which the first group has the larger value; a tie is half a pair. */
  readonly u: number;
  /** Normal deviate of it, corrected for ties and for continuity. */
  readonly z: number;
  /** Of the hypothesis that neither group tends to larger values, against both sides. */
  readonly pValue: number;
  /** How often the first group has the larger value: U by the number of pairs. */
  readonly superiority: number;
}

/** Of one call: sums of squares of ranks stay whole numbers that doubles have. */
const RANKED_ROWS_MAX = 2 ** 20;

function checkRanked(rows: number): void {
  if (rows < 3 || rows > RANKED_ROWS_MAX)
    throw invalid(`ranks are of 3 to ${RANKED_ROWS_MAX} rows, and these are ${rows}`);
}

/** Values, and beyond all of them where there is none. */
function keysOf<D extends AnyDevice>(
  { values, max }: SecretColumn<D>,
  present: Secret<D, 'integer'> | undefined,
): Secret<D> {
  if (present === undefined) return values;
  const gap = present.neg().add(1).cast('fixed');
  const beyond = Math.max(0, Math.ceil(max)) + 1;
  return values.mul(present).add(gap.mul(beyond));
}

/**
 * Spearman's correlation of two columns: Pearson's of their ranks, of equal values the mean rank.
 *
 * Domain: 3 to 2^20 rows. Accuracy: as `correlation`. Cost: two sorts with columns, and for each 10.5 bytes a row and
 * 32 for each of log2 n levels of 3 rounds; then `correlation`. Gaps: rows in which both have a value.
 *
 * Opens: as `correlation`; on the way what `sort` opens, comparisons in an order that nobody knows. Source: Spearman
 * 1904.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: columns of different rows, or fewer than three
 * @example const { coefficients } = await spearman(study.column('age'), study.column('euros')).reveal(reveal);
 */
export function spearman<D extends AnyDevice>(
  first: SecretColumn<D>,
  second: SecretColumn<D>,
  options: ConfidenceOptions = {},
): Statistic<D, Correlations> {
  const { rows } = first;
  if (second.rows !== rows)
    throw invalid(`columns "${first.name}" and "${second.name}" have ${rows} and ${second.rows} rows`);
  checkRanked(rows);
  const both =
    first.present && second.present ? first.present.mul(second.present) : (first.present ?? second.present);
  const [x, y] = [keysOf(first, both), keysOf(second, both)];
  const column = (secret: Secret<D>): Secret<D> => secret.reshape([rows, 1]);
  const mask = both?.cast('fixed') ?? undefined;
  const all = [x, y, ...(mask ? [mask] : [])].map(column) as [Secret<D>, ...Secret<D>[]];
  const byX = all[0].concat(all.slice(1), 1).sortBy(x);
  const at = (table: Secret<D>, index: number): Secret<D> => table.slice(index, index + 1, 1).reshape([rows]);
  const xRanks = ranksOf(at(byX, 0)).doubled.cast('fixed');
  const rest = [xRanks, at(byX, 1), ...(mask ? [at(byX, 2)] : [])].map(column) as [Secret<D>, ...Secret<D>[]];
  const byY = rest[0].concat(rest.slice(1), 1).sortBy(at(byX, 1));
  const yRanks = ranksOf(at(byY, 1)).doubled.cast('fixed');
  const present = mask ? at(byY, 2).add(0.5).cast('integer').clamp(0, 1) : undefined;
  const ranked = (
    [
      // In one table with the values, they have the bounds of those.
      [first.name, at(byY, 0).clamp(0, 2 * rows + 2)],
      [second.name, yRanks],
    ] as const
  ).map(([name, ranks]) =>
    secretColumn(name, present ? ranks.mul(present) : ranks, {
      ...{ min: 0, max: 2 * rows + 2 },
      ...(present && { present }),
    }),
  );
  return correlationOf(ranked, 'rank correlation', options);
}

/**
 * The test of Mann, Whitney and Wilcoxon: whether values of one group tend to be larger than those of another.
 *
 * Domain: 3 to 2^20 rows. Accuracy: exact; the p-value is by the normal approximation, corrected for ties and
 * continuity: use it from some ten rows in each group on. Cost: one sort with two columns, 10.5 bytes a row and 32 for
 * each of log2 n levels of 3 rounds. Gaps: rows without a value, or without a word, are left out.
 *
 * Opens: rows of both groups, the sum of ranks of the first, and the sum of t³ - t over runs of t equal values; on the
 * way what `sort` opens. Null where a group is empty, or all values are equal. Source: Mann, Whitney 1947.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: not two categories, or columns of different rows
 * @example const test = await mannWhitney(study.column('euros'), study.category('sex')).reveal(reveal);
 */
export function mannWhitney<D extends AnyDevice>(
  column: SecretColumn<D>,
  by: SecretCategory<D>,
): Statistic<D, MannWhitney | null> {
  const { rows } = column;
  if (by.rows !== rows)
    throw invalid(`columns "${column.name}" and "${by.name}" have ${rows} and ${by.rows} rows`);
  if (by.categories.length !== 2)
    throw invalid(`two groups are compared, and "${by.name}" has ${by.categories.length} categories`);
  checkRanked(rows);
  const member = column.present ? by.indicators.mul(column.present.reshape([rows, 1])) : by.indicators;
  const keys = keysOf(column, member.sum(1).clamp(0, 1));
  const sorted = keys
    .reshape([rows, 1])
    .concat([member.cast('fixed')], 1)
    .sortBy(keys);
  const at = (index: number): Secret<D> => sorted.slice(index, index + 1, 1).reshape([rows]);
  const group = (index: number): Secret<D, 'integer'> => at(index).add(0.5).cast('integer').clamp(0, 1);
  const [first, second] = [group(1), group(2)];
  const { doubled, ties } = ranksOf(at(0));
  const inRun = ties.mul(ties).sub(1);
  return statistic({
    name: `Mann-Whitney of ${column.name} by ${by.name}`,
    open: {
      counts: [member.sum(0), 'rows of both groups'],
      ranks: [doubled.dot(first), 'twice the sum of ranks of the first group'],
      ties: [inRun.dot(first.add(second)), 'sum of t³ - t over runs of t equal values'],
    },
    result: ({ counts, ranks, ties: tied }) =>
      mannWhitneyOf([counts[0] ?? 0, counts[1] ?? 0], (ranks[0] ?? 0) / 2, tied[0] ?? 0),
  });
}

function mannWhitneyOf(counts: readonly [number, number], ranks: number, ties: number): MannWhitney | null {
  const [a, b] = counts;
  const all = a + b;
  if (a === 0 || b === 0) return null;
  const u = ranks - (a * (a + 1)) / 2;
  const variance = ((a * b) / 12) * (all + 1 - ties / (all * (all - 1)));
  if (variance <= 0) return null;
  const distance = u - (a * b) / 2;
  // Half a pair less: the normal distribution is continuous, and ranks are not.
  const z = (Math.sign(distance) * Math.max(0, Math.abs(distance) - 0.5)) / Math.sqrt(variance);
  return { counts, u, z, pValue: 2 * normalSf(Math.abs(z)), superiority: u / (a * b) };
}
