/**
 * Columns between DuckDB and JavaScript, a chunk (2,048 rows) at a time: numbers as typed arrays, without a JavaScript value per
 * row. Text has to be made row by row and is 20 times slower, which is why ids stay in SQL wherever possible.
 */
import type { DuckDBAppender, DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { InternalError, invariant } from '../base/errors.ts';
import { nextTurn } from '../base/turn.ts';
import type { ColumnType } from './column-type.ts';
import { duckDb, withConnection } from './database.ts';

export type NumberArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** What `column` gives, by type: BOOLEAN 0/1; DATE days, TIMESTAMP and TIMESTAMPTZ microseconds since 1970-01-01 (UTC). */
export interface ColumnArrays {
  readonly BOOLEAN: Uint8Array;
  readonly TINYINT: Int8Array;
  readonly SMALLINT: Int16Array;
  readonly INTEGER: Int32Array;
  readonly BIGINT: BigInt64Array;
  readonly UTINYINT: Uint8Array;
  readonly USMALLINT: Uint16Array;
  readonly UINTEGER: Uint32Array;
  readonly UBIGINT: BigUint64Array;
  readonly FLOAT: Float32Array;
  readonly DOUBLE: Float64Array;
  readonly DATE: Int32Array;
  readonly TIMESTAMP: BigInt64Array;
  readonly TIMESTAMPTZ: BigInt64Array;
  readonly VARCHAR: string[];
  readonly BLOB: Uint8Array[];
}

export type ColumnData = ColumnArrays[ColumnType];

/** Rows of one DuckDB chunk. */
export const CHUNK_ROWS = 2048;

/** Chunks that are read before other work of the process gets a turn (about 5 ms). */
const CHUNKS_PER_TURN = 32;

/** Numbers that are written before other work gets a turn: some 5 ms, however many columns they are in. */
const NUMBERS_PER_TURN = CHUNKS_PER_TURN * CHUNK_ROWS;
/** What a value that is written row by row, a text say, costs beside a number. */
const NUMBERS_PER_ITEM = 16;
/** Bytes of text that cost as much as a number. */
const TEXT_BYTES_PER_NUMBER = 32;

/** Text and bytes of one chunk: its values are in memory at one time, twice. A chunk of longer ones has fewer rows. */
const CHUNK_TEXT_BYTES_MAX = 32 * 1024 * 1024;

const arrays = {
  BOOLEAN: Uint8Array,
  TINYINT: Int8Array,
  SMALLINT: Int16Array,
  INTEGER: Int32Array,
  BIGINT: BigInt64Array,
  UTINYINT: Uint8Array,
  USMALLINT: Uint16Array,
  UINTEGER: Uint32Array,
  UBIGINT: BigUint64Array,
  FLOAT: Float32Array,
  DOUBLE: Float64Array,
  DATE: Int32Array,
  TIMESTAMP: BigInt64Array,
  TIMESTAMPTZ: BigInt64Array,
} as const;

type FixedType = keyof typeof arrays;

export function isFixed(type: ColumnType): type is FixedType {
  return Object.hasOwn(arrays, type);
}

export function newArray(type: FixedType, length: number): NumberArray {
  return new arrays[type](length);
}

/** A typed array over bytes, copied if they are not aligned. */
export function arrayOver(type: FixedType, bytes: Uint8Array): NumberArray {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  const ArrayClass = arrays[type];
  return new ArrayClass(
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    aligned.byteLength / ArrayClass.BYTES_PER_ELEMENT,
  );
}

/** Copies `source` into `target`; both are of one column and so of one class, which the union type cannot say. */
export function copyInto(target: NumberArray, source: NumberArray, offset: number): void {
  (target as Float64Array).set(source as Float64Array, offset);
}

/**
 * Reads the columns that a SELECT gives, each of exactly `rowCount` rows without NULL (the SELECT sees to that).
 * One array a column: a typed array, `string[]` or `Uint8Array[]`.
 */
export async function readColumns(
  select: string,
  types: readonly ColumnType[],
  rowCount: number,
  signal?: AbortSignal,
): Promise<ColumnData[]> {
  const data = types.map(
    (type): ColumnData => (isFixed(type) ? newArray(type, rowCount) : new Array(rowCount)),
  );
  let offset = 0;
  await eachChunk(select, signal, (chunk) => {
    invariant(offset + chunk.rowCount <= rowCount, 'a relation has more rows than it was counted to have');
    for (const [index, type] of types.entries())
      readVector(chunk, index, type, data[index] as ColumnData, offset);
    offset += chunk.rowCount;
  });
  // An interrupted query just ends.
  signal?.throwIfAborted();
  invariant(offset === rowCount, 'a relation has fewer rows than it was counted to have');
  return data;
}

async function eachChunk(
  select: string,
  signal: AbortSignal | undefined,
  use: (chunk: DuckDBDataChunk) => void,
): Promise<void> {
  await withConnection(async (connection) => {
    const result = await connection.stream(select);
    for (let turn = 1; ; turn++) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      use(chunk);
      if (turn % CHUNKS_PER_TURN === 0) await nextTurn(signal);
    }
  }, signal);
}

function readVector(
  chunk: DuckDBDataChunk,
  index: number,
  type: ColumnType,
  into: ColumnData,
  offset: number,
): void {
  const vector = chunk.getColumnVector(index);
  if (isFixed(type) && type !== 'BOOLEAN') {
    copyInto(into as NumberArray, itemsOf(vector), offset);
    return;
  }
  for (let row = 0; row < chunk.rowCount; row++) {
    const item: unknown = vector.getItem(row);
    if (type === 'BOOLEAN') (into as Uint8Array)[offset + row] = item === true ? 1 : 0;
    else if (type === 'VARCHAR') (into as string[])[offset + row] = item as string;
    else (into as Uint8Array[])[offset + row] = Uint8Array.from((item as { bytes: Uint8Array }).bytes);
  }
}

/** The array behind a vector of fixed-width values. The package declares it private, but its own documentation uses it so. */
function itemsOf(vector: object): NumberArray {
  const items = (vector as { items?: unknown }).items;
  if (ArrayBuffer.isView(items) && !(items instanceof DataView)) return items as NumberArray;
  throw new InternalError(
    'a DuckDB vector does not have the layout that this version of @duckdb/node-api should have',
  );
}

/** One column to be written: values of every row, and which rows are NULL (1), if any are. */
export interface ColumnSource {
  readonly type: ColumnType;
  readonly values: ColumnData;
  readonly nulls?: Uint8Array | undefined;
}

/** A column whose values are made when they are written: stretch by stretch, from the first row to the last, each once. */
export interface ColumnStream {
  readonly type: ColumnType;
  /** Bytes of text that a stretch stands for; 0 for numbers. Stretches are asked about before they are read. */
  textBytes(offset: number, rows: number): number;
  read(offset: number, rows: number): Pick<ColumnSource, 'values' | 'nulls'>;
}

export type WrittenColumn = ColumnSource | ColumnStream;

/** Appends rows to a table of the given column types, in chunks. */
export async function appendColumns(
  connection: DuckDBConnection,
  sqlName: string,
  columns: readonly WrittenColumn[],
  rowCount: number,
): Promise<void> {
  const duckdb = await duckDb();
  const types = columns.map(({ type }) => duckdb[type]);
  const appender = await connection.createAppender(sqlName.replaceAll('"', ''));
  let cost = 0;
  try {
    for (let offset = 0; offset < rowCount; ) {
      const rows = chunkRows(columns, offset, Math.min(CHUNK_ROWS, rowCount - offset));
      const chunk = duckdb.DuckDBDataChunk.create(types, rows);
      for (const [index, column] of columns.entries()) {
        fillVector(duckdb, chunk, index, column, offset, rows);
        cost += writingCost(column, offset, rows);
        if (cost < NUMBERS_PER_TURN) continue;
        cost = 0;
        await nextTurn();
      }
      appender.appendDataChunk(chunk);
      offset += rows;
    }
  } finally {
    closeAppender(appender);
  }
}

/** Rows of the chunk from `offset` on: at most so many, and one at least. */
function chunkRows(columns: readonly WrittenColumn[], offset: number, rowsMax: number): number {
  let rows = rowsMax;
  while (rows > 1 && textBytes(columns, offset, rows) > CHUNK_TEXT_BYTES_MAX) rows >>= 1;
  return rows;
}

function textBytes(columns: readonly WrittenColumn[], offset: number, rows: number): number {
  return columns.reduce((sum, column) => sum + ('read' in column ? column.textBytes(offset, rows) : 0), 0);
}

/** In numbers: what takes as long to write. */
function writingCost(column: WrittenColumn, offset: number, rows: number): number {
  if (isFixed(column.type) && column.type !== 'BOOLEAN') return rows;
  return NUMBERS_PER_ITEM * rows + textBytes([column], offset, rows) / TEXT_BYTES_PER_NUMBER;
}

function fillVector(
  duckdb: Awaited<ReturnType<typeof duckDb>>,
  chunk: DuckDBDataChunk,
  index: number,
  column: WrittenColumn,
  offset: number,
  rows: number,
): void {
  const { type } = column;
  const vector = chunk.getColumnVector(index);
  const byRow = !isFixed(type) || type === 'BOOLEAN';
  const { values, nulls } = 'read' in column ? column.read(offset, rows) : column;
  const first = 'read' in column ? 0 : offset;
  if (!byRow) copyInto(itemsOf(vector), (values as Float64Array).subarray(first, first + rows), 0);
  for (let row = 0; row < rows; row++) {
    if (nulls?.[first + row] === 1) vector.setItem(row, null);
    else if (type === 'BOOLEAN') vector.setItem(row, values[first + row] !== 0);
    else if (type === 'BLOB')
      vector.setItem(row, new duckdb.DuckDBBlobValue(values[first + row] as Uint8Array));
    else if (byRow) vector.setItem(row, values[first + row] as string);
    else if (nulls === undefined) break;
  }
  vector.flush();
}

function closeAppender(appender: DuckDBAppender): void {
  appender.closeSync();
}
