/** Tables as Arrow IPC streams: batch by batch, so that beside the stream itself one batch is in memory. */
import { DataError } from '../base/errors.ts';
import { ARROW_BATCH_ROWS, ARROW_BYTES_MAX } from './arrow-format.ts';
import { ArrowStream, type ColumnBatch, streamBytesMax } from './arrow-stream.ts';
import { type Column, type ColumnType, widthBytes } from './column-type.ts';
import { eachVector, readColumns } from './columns.ts';
import type { Relation } from './relation.ts';
import { identifier } from './sql.ts';

/** @throws {DataError} PRIVITY_TABLE_LIMIT */
export async function encodeArrow(relation: Relation): Promise<Uint8Array<ArrayBuffer>> {
  const { columns, rowCount, sqlName } = relation;
  const { gapped, textBytes } = await sizes(relation);
  const bytesMax = streamBytesMax(columns, gapped, rowCount) + textBytes;
  if (bytesMax > ARROW_BYTES_MAX) {
    throw new DataError(
      'PRIVITY_TABLE_LIMIT',
      `a table of ${rowCount} rows and ${columns.length} columns takes more than the ${ARROW_BYTES_MAX} bytes that can be sent as one`,
    );
  }
  const stream = new ArrowStream(columns, gapped, rowCount, bytesMax);
  // Of each column its values, and behind them whether they are gaps, if it has any.
  const read = columns.flatMap((column, index): readonly Read[] => {
    const value = { index, isGaps: false, type: vectorType(column.type), sql: valueSql(column) };
    const isNull = `CAST(${identifier(column.name)} IS NULL AS UTINYINT)`;
    return gapped.has(index) ? [value, { index, isGaps: true, type: 'UTINYINT', sql: isNull }] : [value];
  });
  const types = read.map(({ type }) => type);
  const select = `SELECT ${read.map(({ sql }) => sql).join(', ')} FROM ${sqlName}`;
  await eachVector({ select, types, rowCount, stretchRows: ARROW_BATCH_ROWS }, (vector, place, rows) => {
    const { index, isGaps } = read[place] as Read;
    const column = stream.columns[index] as ColumnBatch;
    if (isGaps) column.takeGaps(vector, rows);
    else column.takeValues(vector, rows);
    if (place === read.length - 1) stream.tookRows(rows.to - rows.from);
  });
  return stream.end();
}

/** What is read of the table: the values of a column, or where its gaps are. */
interface Read {
  readonly index: number;
  readonly isGaps: boolean;
  readonly type: ColumnType;
  readonly sql: string;
}

/** Which columns have NULLs, and the bytes of all text. */
async function sizes({ columns, sqlName }: Relation): Promise<{ gapped: Set<number>; textBytes: number }> {
  const counts = columns.map(({ name }) => `count(*) - count(${identifier(name)})`);
  const lengths = columns
    .filter(({ type }) => widthBytes(type) === 0)
    .map(({ name, type }) => {
      const length = type === 'VARCHAR' ? 'strlen' : 'octet_length';
      return `coalesce(sum(${length}(${identifier(name)}))::BIGINT, 0)`;
    });
  const all = [...counts, ...lengths];
  const row = await readColumns(
    `SELECT ${all.join(', ')} FROM ${sqlName}`,
    all.map((): ColumnType => 'BIGINT'),
    1,
  );
  const numbers = row.map((column) => Number(column[0]));
  return {
    gapped: new Set([...columns.keys()].filter((index) => (numbers[index] ?? 0) > 0)),
    textBytes: numbers.slice(columns.length).reduce((a, b) => a + b, 0),
  };
}

/** Where a value is NULL the database's buffer holds whatever was there before. It must not leave the process. */
export function valueSql({ name, type }: Column): string {
  const value = `coalesce(${identifier(name)}, ${zero(type)})`;
  return type === 'BOOLEAN' ? `CAST(${value} AS UTINYINT)` : value;
}

/** A vector of numbers is read as a whole, one of booleans value by value. */
export function vectorType(type: ColumnType): ColumnType {
  return type === 'BOOLEAN' ? 'UTINYINT' : type;
}

function zero(type: ColumnType): string {
  if (type === 'VARCHAR' || type === 'BLOB') return `CAST('' AS ${type})`;
  if (type === 'BOOLEAN') return 'false';
  if (type === 'DATE' || type.startsWith('TIMESTAMP')) return `CAST('1970-01-01' AS ${type})`;
  return `CAST(0 AS ${type})`;
}
