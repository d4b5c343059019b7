/** What rows have in common: JSON in a text, pages, and writes of which it is asked whether they did anything. */
import { canonical } from '../../base/canonical.ts';
import { STORE_LIMITS } from './limits.ts';

/** One form for equal values, so that what is hashed can be compared. Undefined is kept as null. */
export const json = (value: unknown): string => canonical(value ?? null);

export const parsed = (text: string): unknown => JSON.parse(text);

/** Which part of a list: the rows before `before`, the newest first. */
export interface PageAsked {
  /** `next` of the page that came before; absent: from the newest on. */
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Where the next page begins; null: this is the last. */
  readonly next: number | null;
}

/** One more than asked for, which tells whether there is another page. */
export const oneMore = ({ limit }: PageAsked): number => rowsOf(limit) + 1;

/** Rows that are read at once, be it asked for more. */
export const rowsOf = (limit: number): number => Math.max(1, Math.min(limit, STORE_LIMITS.pageRowsMax));

/** Of rows that were read with {@link oneMore}. */
export function pageOf<Read extends { readonly seq: number }, Row>(
  read: readonly Read[],
  asked: PageAsked,
  rowOf: (row: Read) => Row,
): Page<Row> {
  const shown = read.slice(0, rowsOf(asked.limit));
  const last = shown.at(-1);
  return { rows: shown.map(rowOf), next: last !== undefined && read.length > shown.length ? last.seq : null };
}

/** Whether a statement has changed a row: `insert ... on conflict do nothing` says so, too. */
export const didChange = (result: {
  readonly numInsertedOrUpdatedRows?: bigint | undefined;
  readonly numUpdatedRows?: bigint;
  readonly numDeletedRows?: bigint;
}): boolean => (result.numInsertedOrUpdatedRows ?? result.numUpdatedRows ?? result.numDeletedRows ?? 0n) > 0n;
