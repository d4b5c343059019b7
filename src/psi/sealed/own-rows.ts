/** Columns of the own table, read in bulk for rows that are encrypted one by one. */
import { DataError } from '../../base/errors.ts';
import { valueSql, vectorType } from '../../data/arrow-encode.ts';
import type { Column, ColumnType } from '../../data/column-type.ts';
import { isFixed, readColumns } from '../../data/columns.ts';
import type { Relation } from '../../data/relation.ts';
import { identifier } from '../../data/sql.ts';
import { numbered } from '../joins/numbered.ts';
import { type RawColumn, ROW_BYTES_MAX, rowBytes } from './row-bytes.ts';

/**
 * Bytes of every row, which are those of the longest one of the table.
 * @throws {DataError} PRIVITY_TABLE_LIMIT
 */
export async function longestRow(
  { sqlName }: Relation,
  columns: readonly Column[],
  signal: AbortSignal,
): Promise<number> {
  const lengths = columns
    .filter(({ type }) => !isFixed(type))
    .map((column) => `${column.type === 'VARCHAR' ? 'strlen' : 'octet_length'}(${valueSql(column)})`);
  const longest = `max(${['0', ...lengths].join(' + ')})`;
  const [most] = await readColumns(
    `SELECT CAST(coalesce(${longest}, 0) AS BIGINT) FROM ${sqlName}`,
    ['BIGINT'],
    1,
    signal,
  );
  const bytes = rowBytes(columns, Number(most?.[0]));
  if (bytes <= ROW_BYTES_MAX) return bytes;
  throw new DataError(
    'PRIVITY_TABLE_LIMIT',
    `a row of the columns for the other party takes ${bytes} bytes, and every row is sent as long as the longest; the limit is ${ROW_BYTES_MAX}`,
  );
}

/** Some rows of a relation, in its order. */
export async function rawColumns(
  relation: Relation,
  { first, rows }: { readonly first: number; readonly rows: number },
  signal: AbortSignal,
): Promise<readonly RawColumn[]> {
  const { columns } = relation;
  const { from, row } = numbered(relation);
  const list = columns.flatMap((column) => [
    column.type === 'VARCHAR' ? `encode(${valueSql(column)})` : valueSql(column),
    `CAST(${identifier(column.name)} IS NULL AS UTINYINT)`,
  ]);
  const select = `SELECT ${list.join(', ')} FROM ${from} WHERE ${row} >= ${first} AND ${row} < ${first + rows} ORDER BY ${row}`;
  const types = columns.flatMap(({ type }): readonly ColumnType[] => [
    isFixed(type) ? vectorType(type) : 'BLOB',
    'UTINYINT',
  ]);
  const data = await readColumns(select, types, rows, signal);
  return columns.map(({ type }, index) => ({
    type,
    values: data[2 * index] as RawColumn['values'],
    nulls: data[2 * index + 1] as Uint8Array,
  }));
}
