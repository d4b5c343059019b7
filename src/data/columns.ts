/**
 * Columns between DuckDB and JavaScript, a chunk (2,048 rows) at a time: numbers as typed arrays, without a JavaScript
 * value per row. Text has to be made row by row and is 20 times slower, which is why ids stay in SQL wherever possible.
 */
import type {
  DuckDBAppender,
  DuckDBBlobVector,
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBVector,
} from '@duckdb/node-api';
import { InternalError, invariant } from '../base/errors.ts';
import { nextTurn } from '../base/turn.ts';
import type { ColumnData, ColumnType } from './column-type.ts';
import { duckDb, withConnection } from './database.ts';
import { decodeUtf8 } from './flatbuffer.ts';

export type { ColumnArrays, ColumnData } from './column-type.ts';

/** A typed array whose class is the type of a column. */
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
  const read = { select, types, rowCount, signal };
  await eachVector(read, (vector, index, rows) => {
    readVector(vector, types[index] as ColumnType, data[index] as ColumnData, rows);
  });
  return data;
}

export interface VectorRead {
  readonly select: string;
  readonly types: readonly ColumnType[];
  /** Rows that the SELECT gives. */
  readonly rowCount: number;
  /** Pieces do not reach over a multiple of so many rows. Default: they may. */
  readonly stretchRows?: number;
  readonly signal?: AbortSignal | undefined;
}

/** The rows from `from` to `to` of a vector; the first of them is row `offset` of the SELECT. */
export interface VectorRows {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

/**
 * Gives the columns of a SELECT piece by piece: of each stretch of rows the vectors from left to right. Text comes as
 * the bytes of its UTF-8, for {@link eachBytes}. A vector is good until what `use` gives has settled.
 */
export async function eachVector(
  { select, types, rowCount, stretchRows = rowCount, signal }: VectorRead,
  use: (vector: DuckDBVector, index: number, rows: VectorRows) => void | Promise<void>,
): Promise<void> {
  let offset = 0;
  let cost = 0;
  const usePiece = async (chunk: DuckDBDataChunk, rows: VectorRows): Promise<void> => {
    for (const [index, type] of types.entries()) {
      const using = use(chunk.getColumnVector(index), index, rows);
      if (using !== undefined) await using;
      cost += (isFixed(type) && type !== 'BOOLEAN' ? 1 : NUMBERS_PER_ITEM) * (rows.to - rows.from);
      if (cost < NUMBERS_PER_TURN) continue;
      cost = 0;
      await nextTurn(signal);
    }
  };
  await withConnection(async (connection) => {
    const result = await connection.stream(asBytes(select, types));
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      invariant(offset + chunk.rowCount <= rowCount, 'a relation has more rows than it was counted to have');
      for (let from = 0; from < chunk.rowCount; ) {
        const to = Math.min(chunk.rowCount, from + stretchRows - (offset % stretchRows));
        await usePiece(chunk, { from, to, offset });
        offset += to - from;
        from = to;
      }
    }
  }, signal);
  // An interrupted query just ends.
  signal?.throwIfAborted();
  invariant(offset === rowCount, 'a relation has fewer rows than it was counted to have');
}

/** The package that gives texts of a vector takes a byte order mark at their beginning away. */
function asBytes(select: string, types: readonly ColumnType[]): string {
  if (!types.includes('VARCHAR')) return select;
  const names = types.map((_, index) => `c${index}`);
  const list = types.map((type, index) => (type === 'VARCHAR' ? `encode(c${index})` : names[index]));
  return `SELECT ${list.join(', ')} FROM (${select}) AS given(${names.join(', ')})`;
}

function readVector(vector: DuckDBVector, type: ColumnType, into: ColumnData, rows: VectorRows): void {
  const { from, to, offset } = rows;
  if (type === 'VARCHAR') {
    const texts = into as string[];
    eachBytes(vector, rows, (bytes, row) => {
      texts[offset + row] = decodeUtf8(bytes);
    });
  } else if (type === 'BLOB') {
    const items = into as Uint8Array[];
    eachBytes(vector, rows, (bytes, row) => {
      items[offset + row] = bytes.slice();
    });
  } else if (type === 'BOOLEAN') {
    const flags = into as Uint8Array;
    for (let row = from; row < to; row++) flags[offset + row - from] = vector.getItem(row) === true ? 1 : 0;
  } else copyNumbers(vector, rows, into as NumberArray, offset);
}

/** The numbers of these rows of a vector. */
export function copyNumbers(
  vector: DuckDBVector,
  { from, to }: VectorRows,
  into: NumberArray,
  at: number,
): void {
  copyInto(into, itemsOf(vector).subarray(from, to), at);
}

/** The bytes or texts of these rows of a vector, counted from 0. They are good until `use` returns. */
export function eachBytes(
  vector: DuckDBVector,
  { from, to }: VectorRows,
  use: (bytes: Uint8Array, row: number) => void,
): void {
  const { getItemBytes } = vector as Partial<DuckDBBlobVector>;
  invariant(getItemBytes !== undefined, 'a vector of bytes is of another type');
  for (let row = from; row < to; row++) use(getItemBytes.call(vector, row) ?? NO_BYTES, row - from);
}

const NO_BYTES = new Uint8Array();

/**
 * The array behind a vector of fixed-width values. The package declares it private, but its own documentation uses it
 * so.
 */
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

/**
 * A column whose values are made when they are written: stretch by stretch, from the first row to the last, each once.
 */
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

/**
 * Takes the rows of a SELECT into a table of the same columns, which may be in another database. Gives how many there
 * were.
 */
export async function copyRows(
  from: DuckDBConnection,
  select: string,
  to: DuckDBConnection,
  sqlName: string,
): Promise<number> {
  const result = await from.stream(select);
  const appender = await to.createAppender(sqlName.replaceAll('"', ''));
  let rows = 0;
  try {
    for (let turn = 1; ; turn++) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return rows;
      appender.appendDataChunk(chunk);
      rows += chunk.rowCount;
      if (turn % CHUNKS_PER_TURN === 0) await nextTurn();
    }
  } finally {
    closeAppender(appender);
  }
}
