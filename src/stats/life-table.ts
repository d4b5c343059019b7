/** How many are at risk, and to how many it happens, at each time of a public grid: what survival is worked out of. */
import { type AnyDevice, type At, type NamedParty, type Secret, type Table, tensor } from '../index.ts';
import type { SecretCategory } from './column.ts';
import { invalid } from './declared.ts';
import { indicatorsAt, numbersAt } from './owner.ts';
import { partsOf } from './parts.ts';

/** Each time is a row of the table. */
const TIMES_MAX = 2_000;

/** Above this the quotients of counts have too few digits. */
const ROWS_MAX = 2 ** 20;

/** Times that count, and groups, all public. */
export interface LifeTableOptions {
  /**
   * Times in ascending order. One that is between two counts at the later; with all times that there are, nothing is
   * rounded. Rows beyond the last are at risk to the end.
   */
  readonly grid: readonly number[];
  /** By which ledgers list what is opened. Default: `survival`. */
  readonly name?: string;
}

/** What is public of tables whose rows are elsewhere each. */
export interface HorizontalLifeTableOptions<P extends string> extends LifeTableOptions {
  /** The parties that have the tables, as the job is given them. */
  readonly parties: { readonly [K in P]: NamedParty<K> };
  /** The column of times, 0 or later. */
  readonly time: string;
  /** The column that is 1 where it happened at that time, and 0 where nobody knows more after it. */
  readonly event: string;
  /** The column of groups, and which there are. Default: all rows are one group. */
  readonly group?: { readonly column: string; readonly categories: readonly string[] };
  /** No party has more rows. Default: 65,536. */
  readonly rowsMax?: number;
}

/** Counts by group and time, which nobody has. */
export interface LifeTable<D extends AnyDevice> {
  /** By which ledgers list what is opened. */
  readonly name: string;
  /** Times, ascending. */
  readonly grid: readonly number[];
  /** Names of groups. */
  readonly groups: readonly string[];
  /** [groups, times]: to how many it happens. */
  readonly events: Secret<D, 'integer'>;
  /** [groups, times]: how many it has not happened to before, and of whom something is known then. */
  readonly atRisk: Secret<D, 'integer'>;
  /** There are no more rows. */
  readonly rowsMax: number;
}

const ALL = 'all';

/**
 * A life table of rows that several parties have: each counts its own, the counts are shared and added up.
 *
 * Opens: nothing. Cost: one round; for each party 2 numbers for each group and time. Gaps: none; a row without time,
 * event or group ends the run, and its owner reads which. Each party has a line in its ledger.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS, PRIVITY_SECURE_MEMBER; at the owner, ending the run, {DataError}
 *   PRIVITY_COLUMN_MISSING, PRIVITY_COLUMN_TYPE, PRIVITY_COLUMN_NULLS, PRIVITY_SECURE_DOMAIN
 * @example
 * const trial = lifeTable(spu, { alice: northern, bob: southern }, {
 *   parties: { alice, bob },
 *   ...{ time: 'days', event: 'died', group: { column: 'arm', categories: ['old', 'new'] } },
 *   grid: Array.from({ length: 104 }, (_, week) => 7 * (week + 1)),
 * });
 */
export function lifeTable<D extends AnyDevice, P extends string>(
  device: D,
  tables: { readonly [K in P]: At<K, Table> },
  options: HorizontalLifeTableOptions<P>,
): LifeTable<D> {
  const { grid, name = 'survival', group, rowsMax = 65_536 } = options;
  checkGrid(grid);
  const parts = partsOf(tables, options.parties);
  const groups = Object.freeze([...(group?.categories ?? [ALL])]);
  if (!Number.isSafeInteger(rowsMax) || rowsMax < 1 || rowsMax * parts.length > ROWS_MAX)
    throw invalid(`rowsMax is 1 to ${ROWS_MAX} rows for all parties together`);
  const shape = [2, groups.length, grid.length];
  const shared = parts.map(
    (part) =>
      part.share(`${name}, counts of ${part.party}`, (table) => countsAt(table, options), device, {
        ...{ shape, dtype: 'integer', min: 0, max: rowsMax },
      }) as Secret<D, 'integer'>,
  );
  const [first, ...others] = shared as [Secret<D, 'integer'>, ...Secret<D, 'integer'>[]];
  const both = others.reduce((sum, one) => sum.add(one), first);
  const [events, atRisk] = [0, 1].map((at) => both.slice(at, at + 1).reshape(shape.slice(1))) as [
    Secret<D, 'integer'>,
    Secret<D, 'integer'>,
  ];
  return Object.freeze({ name, grid, groups, events, atRisk, rowsMax: rowsMax * parts.length });
}

/** At the owner: events of each group and time, then rows at risk. */
async function countsAt(
  table: Table,
  options: Pick<HorizontalLifeTableOptions<string>, 'time' | 'event' | 'group' | 'grid'>,
): Promise<Float64Array> {
  const { grid, group } = options;
  const times = await numbersAt(table, options.time, {
    ...{ gaps: false, min: 0, max: Number.MAX_VALUE },
  });
  const happened = await numbersAt(table, options.event, { gaps: false, min: 0, max: 1 });
  const groups = group?.categories.length ?? 1;
  const member = group
    ? await indicatorsAt(table, group.column, { categories: group.categories, gaps: false })
    : new Float64Array(times.length).fill(1);
  const size = groups * grid.length;
  const counts = new Float64Array(2 * size);
  const count = (place: number, more: number): void => {
    counts[place] = (counts[place] ?? 0) + more;
  };
  for (const [row, time] of times.entries()) {
    const first = (member.indexOf(1, row * groups) - row * groups) * grid.length;
    const at = placeOf(time, grid);
    if (happened[row] === 1 && at < grid.length) count(first + at, 1);
    count(size + first + Math.min(at, grid.length - 1), 1);
  }
  // At risk are those who leave then or later.
  for (let place = size - 1; place > 0; place--)
    if (place % grid.length !== 0) count(size + place - 1, counts[size + place] ?? 0);
  return counts;
}

/** Of the first time of the grid that is not before. */
function placeOf(time: number, grid: readonly number[]): number {
  let [from, to] = [0, grid.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((grid[middle] ?? 0) < time) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Groups of rows whose times are elsewhere, and what is public. */
export interface VerticalLifeTableOptions<D extends AnyDevice> extends LifeTableOptions {
  /** Which group each row is in. Default: all rows are one group. */
  readonly group?: SecretCategory<D>;
}

/**
 * A life table of rows whose times, events and groups are with different parties, or were computed: vectors of n.
 *
 * Opens: nothing. Domain: times as differences with those of the grid. Cost: 12 rounds; 33.4 bytes for each row and
 * time, 8 bytes for each row and group. Gaps: none; a row without group is left out.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS
 * @example const quarter = verticalLifeTable(days, died, { grid: [30, 60, 90] });
 */
export function verticalLifeTable<D extends AnyDevice>(
  time: Secret<D, 'fixed'>,
  event: Secret<D, 'integer'>,
  options: VerticalLifeTableOptions<D>,
): LifeTable<D> {
  const { grid, name = 'survival', group } = options;
  checkGrid(grid);
  const [rows = 0] = time.shape;
  const groups = Object.freeze([...(group?.categories ?? [ALL])]);
  if (time.shape.length !== 1 || `${event.shape}` !== `${time.shape}` || (group && group.rows !== rows))
    throw invalid('times, events and groups are of the same rows');
  if (rows > ROWS_MAX) throw invalid(`a life table is of up to ${ROWS_MAX} rows`);
  const column = event.reshape([rows, 1]);
  const members = group?.indicators ?? column.mul(0).add(1);
  const columns = members.mul(column).concat([members], 1);
  const times = tensor([grid.length, 1], Float64Array.from(grid));
  // Rows up to each time, and those of them to whom it happened.
  const upTo = time.le(times).cast('integer').matmul(columns).transpose();
  const count = groups.length;
  const [happened, gone] = [upTo.slice(0, count), upTo.slice(count, 2 * count)];
  const before = (of: Secret<D, 'integer'>): Secret<D, 'integer'> =>
    grid.length === 1
      ? of.mul(0)
      : of
          .slice(0, 1, 1)
          .mul(0)
          .concat([of.slice(0, grid.length - 1, 1)], 1);
  const all = members.sum(0).reshape([count, 1]);
  return Object.freeze({
    ...{ name, grid, groups, rowsMax: rows },
    events: happened.sub(before(happened)).clamp(0, rows),
    atRisk: all.sub(before(gone)).clamp(0, rows),
  });
}

function checkGrid(grid: readonly number[]): void {
  const { length } = grid;
  const ascends = grid.every((time, at) => at === 0 || time > (grid[at - 1] ?? time));
  if (length === 0 || length > TIMES_MAX || !grid.every(Number.isFinite) || !ascends)
    throw invalid(`the grid is 1 to ${TIMES_MAX} times in ascending order`);
}
