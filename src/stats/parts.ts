/** From a table at one party to columns on the device. Types of parties are checked where users call, not in here. */
import {
  type AnyDevice,
  type At,
  DataError,
  type Handle,
  type NamedParty,
  type Reveal,
  type Secret,
  type ShareOptions,
  type Table,
  UsageError,
} from '../index.ts';
import type { SecretCategory, SecretColumn } from './column.ts';
import { type AnyColumnOptions, boundsOf, checkCategories, invalid, isCategories } from './declared.ts';
import { indicatorsAt, numbersAt, presentAt } from './owner.ts';

/** Bounds that some device refuses for their size. */
const LARGE = 2 ** 20;

/** How many rows there are, or the job's `reveal`, by which the owner tells all parties. */
export type RowsOption = number | Reveal;

/** A table of one party, as this file uses it. */
export interface Part {
  readonly party: string;
  /** Counts the rows and tells all parties. */
  readonly count: (reveal: Reveal) => Promise<number>;
  /** Shares what `code` makes of the table. */
  readonly share: (
    name: string,
    code: (table: Table) => Promise<Float64Array>,
    device: AnyDevice,
    options: ShareOptions,
  ) => unknown;
}

/** What `Party.run` and `At.to` do, for any party. */
interface Runs {
  readonly run: (
    name: string,
    inputs: Readonly<Record<string, Handle>>,
    code: (inputs: { readonly table: Table }) => unknown,
  ) => Handle;
}
interface Shares {
  readonly to: (device: AnyDevice, options: ShareOptions) => unknown;
}

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS: a table without its party, or the other way round */
export function partsOf<P extends string>(
  tables: { readonly [K in P]: At<K, Table> },
  parties: { readonly [K in P]: NamedParty<K> },
): readonly Part[] {
  const names = Object.keys(tables) as P[];
  if (names.length === 0) throw invalid('there is no table');
  const alone = [...names, ...(Object.keys(parties) as P[])].find(
    (name) => tables[name] === undefined || parties[name]?.name !== name,
  );
  if (alone !== undefined)
    throw invalid(`"${alone}" is among the tables or the parties, and not in both as itself`);
  return names.map((party) => partOf(party, tables[party], parties[party] as unknown as Runs));
}

function partOf(party: string, table: Handle, at: Runs): Part {
  return {
    party,
    count: (reveal) => {
      const count = at.run(`rows of ${party}`, { table }, (inputs) => inputs.table.rowCount);
      return (reveal as unknown as (value: Handle) => Promise<number>)(count);
    },
    share: (name, code, device, options) => {
      const made: unknown = at.run(name, { table }, (inputs) => code(inputs.table));
      return (made as Shares).to(device, options);
    },
  };
}

/** Shares what bounds allow. @throws {UsageError} PRIVITY_STATS_ARGUMENTS: larger than numbers of the device can be */
function withinDevice<T>(
  name: string,
  party: string,
  { min, max }: { readonly min: number; readonly max: number },
  share: () => T,
): T {
  try {
    return share();
  } catch (error) {
    const isBound = error instanceof UsageError && error.code === 'PRIVITY_STEP_INVALID';
    if (!isBound || Math.max(max, -min) < LARGE) throw error;
    throw invalid(
      `column "${name}" of ${party} has numbers from ${min} to ${max}, which are too large for the device. Declare a narrower interval, or let ${party} share it in a larger unit, ` +
        `thousands in place of ones: table.query('SELECT x / 1000 AS x FROM rows'). What the device says: ${error.message}`,
    );
  }
}

/** A column of numbers of one party, on the device. */
export function numberColumn<D extends AnyDevice>(
  part: Part,
  device: D,
  name: string,
  options: Exclude<AnyColumnOptions, { readonly categories: unknown }>,
  rows: number,
): SecretColumn<D> {
  const { gaps = false } = options;
  const { min, max } = boundsOf(name, options);
  const read = (table: Table): Promise<Float64Array> => numbersAt(table, name, { gaps, min, max });
  const range = gaps ? { min: Math.min(0, min), max: Math.max(0, max) } : { min, max };
  const values = withinDevice(name, part.party, range, () =>
    part.share(name, read, device, { shape: [rows], ...range }),
  );
  const present = gaps
    ? part.share(`${name}, where present`, (table) => presentAt(table, name), device, {
        ...{ shape: [rows], dtype: 'integer', min: 0, max: 1 },
      })
    : undefined;
  return Object.freeze({
    name,
    values: values as Secret<D, 'fixed'>,
    present: present as Secret<D, 'integer'> | undefined,
    ...{ min, max, rows, from: Object.freeze([part.party]) },
  });
}

/** A column of words of one party, on the device. */
export function categoryColumn<D extends AnyDevice>(
  part: Part,
  device: D,
  name: string,
  options: Extract<AnyColumnOptions, { readonly categories: unknown }>,
  rows: number,
): SecretCategory<D> {
  checkCategories(name, options);
  const { gaps = false } = options;
  const categories = Object.freeze([...options.categories]);
  const read = (table: Table): Promise<Float64Array> => indicatorsAt(table, name, { categories, gaps });
  const shape = [rows, categories.length];
  const indicators = part.share(name, read, device, { shape, dtype: 'integer', min: 0, max: 1 });
  return Object.freeze({
    name,
    categories,
    indicators: indicators as Secret<D, 'integer'>,
    ...{ rows, from: Object.freeze([part.party]) },
  });
}

/** All columns that are declared of one party's table. */
export function columnsOf<D extends AnyDevice>(
  part: Part,
  device: D,
  declared: Readonly<Record<string, AnyColumnOptions>>,
  rows: number,
): { readonly columns: readonly SecretColumn<D>[]; readonly categories: readonly SecretCategory<D>[] } {
  const columns: SecretColumn<D>[] = [];
  const categories: SecretCategory<D>[] = [];
  for (const [name, options] of Object.entries(declared)) {
    if (isCategories(options)) categories.push(categoryColumn(part, device, name, options, rows));
    else columns.push(numberColumn(part, device, name, options, rows));
  }
  return { columns, categories };
}

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS; {DataError} PRIVITY_TABLE_EMPTY, at every party alike */
export async function rowsOf(part: Part, rows: RowsOption): Promise<number> {
  if (typeof rows === 'function') {
    const count = await part.count(rows);
    if (count > 0) return count;
    throw new DataError(
      'PRIVITY_TABLE_EMPTY',
      `the table of ${part.party} has no rows, so there is nothing to share. If it comes from psi, no key was in both tables: ` +
        'look at how both write them (profileKeys), and at the column that on names. Otherwise the file or its filter leaves no row.',
    );
  }
  if (Number.isSafeInteger(rows) && rows > 0) return rows;
  throw invalid('"rows" is how many rows there are, or the reveal of the job');
}
