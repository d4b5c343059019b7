/** Tables as Arrow IPC streams. Writing is left to the Arrow library; see arrow-decode.ts for why reading is not. */
import * as arrow from 'apache-arrow';
import { DataError } from '../base/errors.ts';
import { ARROW_BATCH_ROWS, ARROW_BYTES_MAX } from './arrow-format.ts';
import { type Column, type ColumnType, widthBytes } from './column-type.ts';
import { type ColumnData, type NumberArray, readColumns } from './columns.ts';
import type { Relation } from './relation.ts';
import { identifier } from './sql.ts';

/** @throws {DataError} PRIVITY_TABLE_LIMIT */
export async function encodeArrow(relation: Relation): Promise<Uint8Array<ArrayBuffer>> {
  const { columns, rowCount, sqlName } = relation;
  const quoted = columns.map(({ name }) => identifier(name));
  const [counts, textBytes] = await sizes(relation);
  const fixedBytes = columns.reduce((sum, { type }) => sum + rowCount * (widthBytes(type) || 4), 0);
  if (fixedBytes + textBytes > ARROW_BYTES_MAX) {
    throw new DataError(
      'PRIVITY_TABLE_LIMIT',
      `a table of ${rowCount} rows and ${columns.length} columns takes more than the ${ARROW_BYTES_MAX} bytes that can be sent as one`,
    );
  }
  // Where a value is NULL the database's buffer holds whatever was there before. It must not leave the process.
  const values = await readColumns(
    `SELECT ${columns.map(({ type }, i) => `coalesce(${quoted[i]}, ${zero(type)})`).join(', ')} FROM ${sqlName}`,
    columns.map(({ type }) => type),
    rowCount,
  );
  const gapped = columns.map((_, index) => index).filter((index) => (counts[index] ?? 0) > 0);
  const gaps = await readColumns(
    `SELECT ${gapped.map((index) => `CAST(${quoted[index]} IS NULL AS UTINYINT)`).join(', ') || '0::UTINYINT'} FROM ${sqlName}`,
    gapped.length === 0 ? ['UTINYINT'] : gapped.map(() => 'UTINYINT'),
    rowCount,
  );
  const nullsOf = new Map(gapped.map((index, place) => [index, gaps[place] as Uint8Array]));
  return writeStream(columns, values, nullsOf, rowCount);
}

/** NULLs by column, and bytes of all text. */
async function sizes({ columns, sqlName }: Relation): Promise<readonly [readonly number[], number]> {
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
  return [numbers.slice(0, columns.length), numbers.slice(columns.length).reduce((a, b) => a + b, 0)];
}

function zero(type: ColumnType): string {
  if (type === 'VARCHAR' || type === 'BLOB') return `CAST('' AS ${type})`;
  if (type === 'BOOLEAN') return 'false';
  if (type === 'DATE' || type.startsWith('TIMESTAMP')) return `CAST('1970-01-01' AS ${type})`;
  return `CAST(0 AS ${type})`;
}

function writeStream(
  columns: readonly Column[],
  values: readonly ColumnData[],
  nullsOf: ReadonlyMap<number, Uint8Array>,
  rowCount: number,
): Uint8Array<ArrayBuffer> {
  const fields = columns.map(({ name, type }) => new arrow.Field(name, dataType(type), true));
  const schema = new arrow.Schema(fields);
  const batches: arrow.RecordBatch[] = [];
  for (let start = 0; start < rowCount || start === 0; start += ARROW_BATCH_ROWS) {
    const end = Math.min(rowCount, start + ARROW_BATCH_ROWS);
    const children = columns.map(({ type }, index) =>
      columnBatch(type, values[index] as ColumnData, nullsOf.get(index), start, end),
    );
    const data = arrow.makeData({
      type: new arrow.Struct(fields),
      length: end - start,
      nullCount: 0,
      children,
    });
    batches.push(new arrow.RecordBatch(schema, data));
  }
  return arrow.RecordBatchStreamWriter.writeAll(batches).toUint8Array(true) as Uint8Array<ArrayBuffer>;
}

function dataType(type: ColumnType): arrow.DataType {
  switch (type) {
    case 'BOOLEAN':
      return new arrow.Bool();
    case 'TINYINT':
      return new arrow.Int8();
    case 'SMALLINT':
      return new arrow.Int16();
    case 'INTEGER':
      return new arrow.Int32();
    case 'BIGINT':
      return new arrow.Int64();
    case 'UTINYINT':
      return new arrow.Uint8();
    case 'USMALLINT':
      return new arrow.Uint16();
    case 'UINTEGER':
      return new arrow.Uint32();
    case 'UBIGINT':
      return new arrow.Uint64();
    case 'FLOAT':
      return new arrow.Float32();
    case 'DOUBLE':
      return new arrow.Float64();
    case 'DATE':
      return new arrow.DateDay();
    case 'TIMESTAMP':
      return new arrow.TimestampMicrosecond();
    case 'TIMESTAMPTZ':
      return new arrow.TimestampMicrosecond('UTC');
    case 'VARCHAR':
      return new arrow.Utf8();
    case 'BLOB':
      return new arrow.Binary();
  }
}

function columnBatch(
  type: ColumnType,
  values: ColumnData,
  nulls: Uint8Array | undefined,
  start: number,
  end: number,
): arrow.Data {
  const length = end - start;
  const gaps = nulls?.subarray(start, end);
  const nullCount = gaps?.reduce((sum, gap) => sum + gap, 0) ?? 0;
  const nullBitmap = nullCount > 0 && gaps !== undefined ? packBits(gaps, 1) : undefined;
  const common = { length, nullCount, nullBitmap: nullBitmap ?? null };
  if (type === 'VARCHAR' || type === 'BLOB') {
    const { valueOffsets, data } = joinPieces(values as readonly (string | Uint8Array)[], start, end);
    if (type === 'BLOB') return arrow.makeData({ type: new arrow.Binary(), ...common, valueOffsets, data });
    return arrow.makeData({ type: new arrow.Utf8(), ...common, valueOffsets, data });
  }
  const part = (values as Float64Array).subarray(start, end);
  const data = type === 'BOOLEAN' ? packBits(part as unknown as Uint8Array, 0) : (part as NumberArray);
  // One call for all fixed-width types: the overloads of makeData tell them apart by type only.
  return arrow.makeData({ type: dataType(type) as arrow.Float64, ...common, data: data as Float64Array });
}

/** One bit an element, the lowest first, set where it differs from `zeroFor`. */
function packBits(flags: Uint8Array, zeroFor: 0 | 1): Uint8Array {
  const bits = new Uint8Array(Math.ceil(flags.length / 8));
  for (let index = 0; index < flags.length; index++) {
    if (flags[index] !== zeroFor) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
  }
  return bits;
}

function joinPieces(
  values: readonly (string | Uint8Array)[],
  start: number,
  end: number,
): { valueOffsets: Int32Array; data: Uint8Array } {
  const valueOffsets = new Int32Array(end - start + 1);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for (let row = start; row < end; row++) {
    const value = values[row] ?? '';
    const piece = typeof value === 'string' ? Buffer.from(value) : value;
    pieces.push(piece);
    bytes += piece.byteLength;
    valueOffsets[row - start + 1] = bytes;
  }
  return { valueOffsets, data: Buffer.concat(pieces, bytes) };
}
