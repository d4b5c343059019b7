/** How many rows the tables of a proposal have, as far as their owners tell. Pure. */
import type { PublishedColumn, PublishedSchema } from '../../data/published-schema.ts';
import type { Contract, Growth } from '../../observe/contract/contract.ts';
import { isWhole } from '../../observe/contract/contract.ts';
import type { ProposalDocument } from '../model/proposal.ts';

/** Where nobody tells: a number that is easy to multiply in the head. */
export const ROWS_ASSUMED = 1_000_000;

/** `published`: of all tables. `partly`: the most that any owner tells. `assumed`: none tells. */
export type RowsFrom = 'published' | 'partly' | 'assumed';

export interface ExpectedTable {
  readonly party: string;
  readonly setting: string;
  readonly columns: readonly PublishedColumn[];
  /** undefined: not told. */
  readonly rows: number | undefined;
}

export interface ExpectedSizes {
  /** Of each table whose own number is not told. */
  readonly rows: number;
  readonly rowsFrom: RowsFrom;
  readonly tables: readonly ExpectedTable[];
}

/** @param schemaOf what is published of a dataset here; undefined: nothing */
export function expectedSizes(
  { datasets, parties }: Pick<ProposalDocument, 'datasets' | 'parties'>,
  schemaOf: (party: string, dataset: string) => PublishedSchema | undefined,
): ExpectedSizes {
  const tables = parties.flatMap((party) =>
    Object.entries(datasets[party] ?? {}).map(([setting, name]): ExpectedTable => {
      const schema = schemaOf(party, name);
      return { party, setting, columns: schema?.columns ?? [], rows: schema?.rows };
    }),
  );
  const told = tables.flatMap(({ rows }) => (rows === undefined ? [] : [rows]));
  if (told.length === 0) return { rows: ROWS_ASSUMED, rowsFrom: 'assumed', tables };
  const rowsFrom = told.length === tables.length ? 'published' : 'partly';
  return { rows: Math.max(...told), rowsFrom, tables };
}

/** What a size of the contract is expected to be; undefined: nothing can be said of it. */
export function sizeOf(word: string, contract: Contract, sizes: ExpectedSizes): number | undefined {
  if (isWhole(word)) return Number(word);
  const symbol = contract.symbols.find(({ name }) => name === word);
  if (symbol?.kind !== 'rows') return undefined;
  const table = sizes.tables.find(({ party, setting }) => `${party}.${setting}` === symbol.of);
  return table?.rows ?? sizes.rows;
}

export const growthAt = ({ fixed, perRow }: Growth, rows: number): number => fixed + perRow * rows;
