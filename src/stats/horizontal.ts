/** A table whose parties have rows of the same columns. */
import type { AnyDevice, At, NamedParty, Reveal, Secret, Table } from '../index.ts';
import type { SecretCategory, SecretColumn } from './column.ts';
import { checkDeclared, checkOptions, invalid, type PartyColumns } from './declared.ts';
import { columnsOf, partsOf, rowsOf } from './parts.ts';
import { type SecretTable, secretTable } from './table.ts';
import type { CategoryNames, NumberNames } from './vertical.ts';

/** What is public of a horizontal table. */
export interface HorizontalOptions<P extends string, C extends PartyColumns> {
  /** The parties that have the tables, as the job is given them. */
  readonly parties: { readonly [K in P]: NamedParty<K> };
  /** By name: the columns that are shared, and what can be in them. Each party has them all. */
  readonly columns: C;
  /** How many rows each party has; or the job's `reveal`: then each tells all parties. */
  readonly rows: { readonly [K in P]: number } | Reveal;
}

/**
 * A table of secrets from tables of the same columns: the rows of one party, then those of the next. A row that two
 * parties have is there twice.
 *
 * Opens: nothing; with `rows: reveal` the number of rows of each party. Cost: as `vertical`.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS, PRIVITY_SECURE_MEMBER; at the owner, ending the run, as `vertical`
 * @example
 * const all = await horizontal(spu, { alice: clinicOne, bob: clinicTwo }, {
 *   parties: { alice, bob },
 *   columns: { age: { min: 0, max: 120 }, sex: { categories: ['f', 'm'], gaps: true } },
 *   rows: reveal,
 * });
 */
export async function horizontal<D extends AnyDevice, P extends string, const C extends PartyColumns>(
  device: D,
  tables: { readonly [K in P]: At<K, Table> },
  options: HorizontalOptions<P, C>,
): Promise<SecretTable<D, NumberNames<C>, CategoryNames<C>>> {
  checkOptions(options, ['parties', 'columns', 'rows'], 'horizontal');
  const parts = partsOf(tables, options.parties);
  const { columns: declared, rows } = options;
  checkDeclared(declared);
  const shared: ReturnType<typeof columnsOf<D>>[] = [];
  for (const part of parts) {
    const own = await rowsOf(part, typeof rows === 'function' ? rows : rows[part.party as P]);
    shared.push(columnsOf(part, device, declared, own));
  }
  const [first] = shared;
  if (first === undefined) throw invalid('there is no table');
  const columns = first.columns.map((_, at) =>
    numbersTogether(shared.flatMap((one) => one.columns[at] ?? [])),
  );
  const categories = first.categories.map((_, at) =>
    wordsTogether(shared.flatMap((one) => one.categories[at] ?? [])),
  );
  return secretTable(columns, categories) as SecretTable<D, NumberNames<C>, CategoryNames<C>>;
}

function numbersTogether<D extends AnyDevice>(parts: readonly SecretColumn<D>[]): SecretColumn<D> {
  const [first] = parts as [SecretColumn<D>];
  const masks = parts.flatMap(({ present }) => present ?? []);
  return Object.freeze({
    ...first,
    values: stacked(parts.map(({ values }) => values)),
    present: masks.length === 0 ? undefined : stacked(masks),
    ...ofAll(parts),
  });
}

function wordsTogether<D extends AnyDevice>(parts: readonly SecretCategory<D>[]): SecretCategory<D> {
  const [first] = parts as [SecretCategory<D>];
  return Object.freeze({
    ...first,
    indicators: stacked(parts.map(({ indicators }) => indicators)),
    ...ofAll(parts),
  });
}

function stacked<D extends AnyDevice, T extends 'fixed' | 'integer'>(
  parts: readonly Secret<D, T>[],
): Secret<D, T> {
  const [first, ...others] = parts as [Secret<D, T>, ...Secret<D, T>[]];
  return others.length === 0 ? first : first.concat(others);
}

const ofAll = (parts: readonly { readonly rows: number; readonly from: readonly string[] }[]) => ({
  rows: parts.reduce((sum, { rows }) => sum + rows, 0),
  from: Object.freeze(parts.flatMap(({ from }) => from)),
});
