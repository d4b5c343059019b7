/** A table of secrets: columns by name, all of the same rows. */
import type { AnyDevice } from '../index.ts';
import type { SecretCategory, SecretColumn } from './column.ts';
import { invalid } from './declared.ts';

/**
 * Columns of numbers, called `N`, and of words, called `G`, on the device `D`. Nobody has the table; names, rows,
 * bounds, categories and which columns can have gaps are public.
 */
export interface SecretTable<D extends AnyDevice, N extends string = string, G extends string = string> {
  /** How many rows there are, the same in each column. */
  readonly rows: number;
  /** Columns of numbers, in order. */
  readonly columns: readonly SecretColumn<D>[];
  /** Columns of words, in order. */
  readonly categories: readonly SecretCategory<D>[];

  /**
   * One column of numbers.
   * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: there is none of this name
   * @example const age = study.column('age');
   */
  column(name: N): SecretColumn<D>;
  /**
   * One column of words.
   * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: there is none of this name
   * @example const region = study.category('region');
   */
  category(name: G): SecretCategory<D>;
  /**
   * The table with only these columns, in this order.
   * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: there is none of one of the names
   * @example const narrow = study.select(['age', 'region']);
   */
  select<const S extends N | G>(names: readonly S[]): SecretTable<D, N & S, G & S>;
}

/**
 * A table of columns that a job has, in place of those that `vertical` and `horizontal` make: of secrets that an
 * intersection has left on the device, or that were computed.
 *
 * Opens: nothing. Cost: local.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: no columns, two of one name, or of different rows
 * @example const scored = secretTable([study.column('age'), secretColumn('change', after.sub(before))]);
 */
export function secretTable<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  categories: readonly SecretCategory<D>[] = [],
): SecretTable<D> {
  const all = [...columns, ...categories];
  const [first] = all;
  if (first === undefined) throw invalid('a table has at least one column');
  const other = all.find(({ rows }) => rows !== first.rows);
  if (other)
    throw invalid(`columns "${first.name}" and "${other.name}" have ${first.rows} and ${other.rows} rows`);
  const twice = all.find(({ name }, at) => all.findIndex((one) => one.name === name) < at);
  if (twice) throw invalid(`two columns are called "${twice.name}"; give one another name in its table`);
  return tableOf(columns, categories, first.rows);
}

function tableOf<D extends AnyDevice>(
  columns: readonly SecretColumn<D>[],
  categories: readonly SecretCategory<D>[],
  rows: number,
): SecretTable<D> {
  return Object.freeze({
    rows,
    columns: Object.freeze([...columns]),
    categories: Object.freeze([...categories]),
    column: (name: string) => named(name, columns, 'of numbers'),
    category: (name: string) => named(name, categories, 'of words'),
    select: (names: readonly string[]) => {
      const parts = names.map((name) => named<{ readonly name: string }>(name, [...columns, ...categories]));
      const isOf = <C extends object>(list: readonly C[]): C[] =>
        parts.filter((one) => list.includes(one as C)) as C[];
      return secretTable(isOf(columns), isOf(categories));
    },
  }) as SecretTable<D>;
}

function named<C extends { readonly name: string }>(name: string, list: readonly C[], what = ''): C {
  const found = list.find((one) => one.name === name);
  if (found) return found;
  const names = list.map((one) => one.name).join(', ');
  throw invalid(`there is no column "${name}"${what && ` ${what}`}; there are ${names || 'none'}`);
}
