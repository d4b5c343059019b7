/** How many are at risk, and to how many it happens, at each time of a public grid: what survival is worked out of. */
import {
  type AnyDevice,
  type At,
  DataError,
  type NamedParty,
  type Secret,
  type Table,
  tensor,
} from '../index.ts';
import type { SecretCategory } from './column.ts';
import { checkCategories, checkOptions, invalid } from './declared.ts';
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

/** Of each party, where nothing is said. */
const ROWS_DEFAULT = 65_536;

const ALL = 'all';

/**
 * A life table of rows that several parties have: each counts its own, the counts are shared and added up.
 *
 * Opens: nothing. Cost: one round; for each party 2 numbers for each group and time. Gaps: none; a row without time,
 * event or group ends the run, and its owner reads which. Each party has a line in its ledger.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS, PRIVITY_SECURE_MEMBER; at the owner, ending the run, {DataError}
 *   PRIVITY_COLUMN_MISSING, PRIVITY_COLUMN_TYPE, PRIVITY_COLUMN_NULLS, PRIVITY_SECURE_DOMAIN, PRIVITY_SHARE_MISMATCH
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
  checkOptions(options, ['parties', 'time', 'event', 'group', 'grid', 'rowsMax', 'name'], 'lifeTable');
  const { grid, name = 'survival', group, rowsMax = ROWS_DEFAULT } = options;
  checkGrid(grid, 'lifeTable');
  for (const key of ['time', 'event'] as const)
    if (typeof options[key] !== 'string') throw invalid(`"${key}" of lifeTable is the name of a column`);
  if (group !== undefined) {
    if (typeof group.column !== 'string' || !Array.isArray(group.categories))
      throw invalid('"group" of lifeTable is { column, categories }: a name, and the words that it can have');
    checkCategories(group.column, group);
  }
  const parts = partsOf(tables, options.parties);
  const groups = Object.freeze([...(group?.categories ?? [ALL])]);
  if (!Number.isSafeInteger(rowsMax) || rowsMax < 1 || rowsMax * parts.length > ROWS_MAX)
    throw invalid(
      `"rowsMax" of lifeTable is a whole number of rows that no party has more of, and times the number of parties, which are ${parts.length}, at most ${ROWS_MAX}; it is ${rowsMax}`,
    );
  const shape = [2, groups.length, grid.length];
  const shared = parts.map(
    (part) =>
      part.share(`${name}, counts of ${part.party}`, (table) => countsAt(table, options, rowsMax), device, {
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

/** Numbers of a column, each as it has to be. @throws {DataError} PRIVITY_COLUMN_…, PRIVITY_SECURE_DOMAIN */
async function checked(
  table: Table,
  name: string,
  isRight: (value: number) => boolean,
  rule: string,
): Promise<Float64Array> {
  const values = await numbersAt(table, name, { gaps: 'never', min: -Infinity, max: Infinity });
  const row = values.findIndex((value) => !isRight(value));
  if (row < 0) return values;
  throw new DataError(
    'PRIVITY_SECURE_DOMAIN',
    `column '${name}', row ${row + 1}: ${rule}, and this is not. Change it where the table is made, or leave such rows out.`,
    { own: `The number here is ${values[row]} (for this party only).` },
  );
}

/** At the owner: events of each group and time, then rows at risk. */
async function countsAt(
  table: Table,
  options: Pick<HorizontalLifeTableOptions<string>, 'time' | 'event' | 'group' | 'grid'>,
  rowsMax: number,
): Promise<Float64Array> {
  const { grid, group } = options;
  if (table.rowCount > rowsMax)
    throw new DataError(
      'PRIVITY_SHARE_MISMATCH',
      `the table has more rows than lifeTable is told that any has, which is ${rowsMax}. Say so in the job: { rowsMax }, up to ${ROWS_MAX} for all parties together.`,
      { own: `It has ${table.rowCount} (for this party only).` },
    );
  const times = await checked(
    table,
    options.time,
    (time) => time >= 0 && time < Infinity,
    'a time is 0 or later',
  );
  const happened = await checked(
    table,
    options.event,
    (event) => event === 0 || event === 1,
    'an event is 1 where it happened at that time, and 0 where nobody knows more after it',
  );
  const groups = group?.categories.length ?? 1;
  const member = group
    ? await indicatorsAt(table, group.column, { categories: group.categories, gaps: 'never' })
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
  checkOptions(options, ['grid', 'group', 'name'], 'verticalLifeTable');
  const { grid, name = 'survival', group } = options;
  checkGrid(grid, 'verticalLifeTable');
  const [rows = 0] = time.shape;
  const groups = Object.freeze([...(group?.categories ?? [ALL])]);
  if (time.shape.length !== 1 || `${event.shape}` !== `${time.shape}` || (group && group.rows !== rows))
    throw invalid(
      `verticalLifeTable takes vectors of the same rows, and times are [${time.shape}], events [${event.shape}]${group ? `, groups of ${group.rows} rows` : ''}`,
    );
  if (rows > ROWS_MAX) throw invalid(`a life table is of up to ${ROWS_MAX} rows, and these are ${rows}`);
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

function checkGrid(grid: readonly number[], name: string): void {
  const length = Array.isArray(grid) ? grid.length : 0;
  if (length === 0 || length > TIMES_MAX)
    throw invalid(`"grid" of ${name} is 1 to ${TIMES_MAX} times, and these are ${length}`);
  const at = grid.findIndex(
    (time, i) => !Number.isFinite(time) || (i > 0 && !(time > (grid[i - 1] ?? time))),
  );
  if (at < 0) return;
  const before = at > 0 ? ` after ${grid[at - 1]}` : '';
  throw invalid(
    `"grid" of ${name} is numbers in ascending order, and number ${at + 1} of it is ${grid[at]}${before}`,
  );
}
