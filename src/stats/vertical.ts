/** A table whose parties have columns of the same rows, as an intersection leaves them. */
import type { AnyDevice, At, NamedParty, Table } from '../index.ts';
import { checkDeclared, checkOptions, invalid, type PartyColumns } from './declared.ts';
import { columnsOf, partsOf, type RowsOption, rowsOf } from './parts.ts';
import { type SecretTable, secretTable } from './table.ts';

/** Names of the columns of numbers among `C`. */
export type NumberNames<C> = C extends unknown
  ? { [N in keyof C]: C[N] extends { readonly categories: unknown } ? never : N }[keyof C] & string
  : never;
/** Names of the columns of words among `C`. */
export type CategoryNames<C> = C extends unknown
  ? { [N in keyof C]: C[N] extends { readonly categories: unknown } ? N : never }[keyof C] & string
  : never;

/** What is public of a vertical table. */
export interface VerticalOptions<P extends string, C extends { readonly [K in P]: PartyColumns }> {
  /** The parties that have the tables, as the job is given them. */
  readonly parties: { readonly [K in P]: NamedParty<K> };
  /** By party, by name: its columns that are shared, and what can be in them. */
  readonly columns: C;
  /** How many rows each table has; or the job's `reveal`: then the first party tells all parties. */
  readonly rows: RowsOption;
}

/**
 * A table of secrets from tables whose rows belong together one by one: those that `psi` gives. Each party shares the
 * columns that are named of it; nobody gets those of another.
 *
 * Opens: nothing; with `rows: reveal` the number of rows. Cost: one round; for each number and each gap mark a shared
 * element, of words one for each category. Each column is a line in the ledger of its owner.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS, PRIVITY_SECURE_MEMBER; at the owner, ending the run:
 *   PRIVITY_SHARE_MISMATCH (another number of rows) and {DataError} PRIVITY_COLUMN_MISSING, PRIVITY_COLUMN_TYPE,
 *   PRIVITY_COLUMN_NULLS, PRIVITY_SECURE_DOMAIN, with column and row, which only that party reads
 * @example
 * const both = await vertical(spu, psi({ on: 'id' }, visits, purchases), {
 *   parties: { alice, bob },
 *   columns: {
 *     alice: { age: { min: 0, max: 120, gaps: true } },
 *     bob: { euros: { min: 0, max: 500 } },
 *   },
 *   rows: reveal,
 * });
 */
export async function vertical<
  D extends AnyDevice,
  P extends string,
  const C extends { readonly [K in P]: PartyColumns },
>(
  device: D,
  tables: { readonly [K in P]: At<K, Table> },
  options: VerticalOptions<P, C>,
): Promise<SecretTable<D, NumberNames<C[P]>, CategoryNames<C[P]>>> {
  checkOptions(options, ['parties', 'columns', 'rows'], 'vertical');
  const parts = partsOf(tables, options.parties);
  const { columns: declared } = options;
  for (const ofParty of Object.values<PartyColumns>(declared)) checkDeclared(ofParty);
  const stranger = Object.keys(declared).find((party) => !parts.some((part) => part.party === party));
  if (stranger !== undefined) throw invalid(`"columns" names "${stranger}", which has no table here`);
  const [first] = parts;
  if (first === undefined) throw invalid('there is no table');
  const rows = await rowsOf(first, options.rows);
  const shared = parts.map((part) => columnsOf(part, device, declared[part.party as P] ?? {}, rows));
  return secretTable(
    shared.flatMap(({ columns }) => columns),
    shared.flatMap(({ categories }) => categories),
  ) as SecretTable<D, NumberNames<C[P]>, CategoryNames<C[P]>>;
}
