/**
 * Tables from Arrow IPC streams, which come from peers: every length, offset and byte of text is checked before it is used, nothing is
 * allocated that the bytes received do not pay for, and what is wrong ends as one typed error.
 */
import { DataError, PrivityError } from '../base/errors.ts';
import {
  ARROW_BYTES_MAX,
  ARROW_METADATA_BYTES_MAX,
  arrowType,
  integerType,
  messageHeader,
} from './arrow-format.ts';
import { type Column, type ColumnType, widthBytes } from './column-type.ts';
import { arrayOver, type ColumnData, copyInto, isFixed, type NumberArray, newArray } from './columns.ts';
import { decodeUtf8, FlatTable, type FlatVector, MalformedError, malformed } from './flatbuffer.ts';
import { checkColumnNames, TABLE_COLUMNS_MAX, TABLE_ROWS_MAX } from './relation.ts';
import { type Table, tableFrom } from './table.ts';
import { type NamedSource, relationFrom } from './table-of.ts';

/**
 * The table that `table.toArrow()` made these bytes of. Also reads streams of other Arrow writers that use the same types, flat columns
 * and neither dictionaries nor compression. The bytes are not changed and not kept.
 * @throws {DataError} PRIVITY_TABLE_CORRUPT, PRIVITY_TABLE_LIMIT
 */
export async function tableFromArrow(bytes: Uint8Array): Promise<Table> {
  const { columns, rowCount } = decodeArrow(bytes);
  return tableFrom(await relationFrom(columns, rowCount, 'the received table'));
}

export interface DecodedTable {
  readonly columns: readonly NamedSource[];
  readonly rowCount: number;
}

/** Pure: the columns that an Arrow IPC stream holds. */
export function decodeArrow(bytes: Uint8Array): DecodedTable {
  if (bytes.byteLength > ARROW_BYTES_MAX) {
    throw new DataError(
      'PRIVITY_TABLE_LIMIT',
      `a received table has ${bytes.byteLength} bytes; the limit is ${ARROW_BYTES_MAX}`,
    );
  }
  try {
    return decodeStream(bytes);
  } catch (error) {
    if (error instanceof PrivityError && error.code === 'PRIVITY_TABLE_LIMIT') throw error;
    // A RangeError is a read beyond the end of a view. Names of columns that clash are the sender's fault here, not the user's.
    if (error instanceof MalformedError || error instanceof RangeError || error instanceof DataError) {
      const what = error instanceof MalformedError ? error.message : 'an offset or a name that cannot be';
      throw new DataError(
        'PRIVITY_TABLE_CORRUPT',
        `${bytes.byteLength} received bytes are not a table: ${what}`,
      );
    }
    throw error;
  }
}

interface Message {
  readonly header: FlatTable;
  readonly body: Uint8Array;
}

/** A batch whose counts have been checked against its bytes. */
interface Batch {
  readonly header: FlatTable;
  readonly body: Uint8Array;
  readonly rowCount: number;
  readonly nodes: FlatVector;
  readonly buffers: FlatVector;
}

function decodeStream(bytes: Uint8Array): DecodedTable {
  const messages = readMessages(bytes);
  const first = messages.next();
  if (first.done || first.value.kind !== messageHeader.schema) malformed('it does not begin with a schema');
  const columns = decodeSchema(first.value.message.header);
  const batches: Batch[] = [];
  let rowCount = 0;
  for (const { kind, message } of messages) {
    if (kind !== messageHeader.recordBatch) malformed('a message that is no record batch');
    const batch = openBatch(message, columns.length);
    // Every row must be paid for with bytes: without this a batch could claim rows that nothing stands for.
    checkBacked(batch, columns);
    rowCount += batch.rowCount;
    if (rowCount > TABLE_ROWS_MAX) {
      throw new DataError('PRIVITY_TABLE_LIMIT', `a received table has more than ${TABLE_ROWS_MAX} rows`);
    }
    batches.push(batch);
  }
  return { columns: decodeColumns(columns, batches, rowCount), rowCount };
}

function* readMessages(bytes: Uint8Array): Generator<{ kind: number; message: Message }, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let position = 0; ; ) {
    if (view.getUint32(position, true) !== 0xffff_ffff) malformed('a message without its mark');
    const metadataBytes = view.getInt32(position + 4, true);
    position += 8;
    if (metadataBytes === 0) {
      if (position !== bytes.byteLength) malformed('bytes after its end');
      return;
    }
    if (metadataBytes < 8 || metadataBytes > ARROW_METADATA_BYTES_MAX)
      malformed('a header of impossible size');
    if (position + metadataBytes > bytes.byteLength) malformed('it is cut short');
    const message = FlatTable.root(bytes.subarray(position, position + metadataBytes));
    position += metadataBytes;
    const kind = message.uint8(1);
    const header = message.table(2) ?? malformed('a message without header');
    const bodyBytes = message.size(3);
    if (bodyBytes > bytes.byteLength - position) malformed('it is cut short');
    if (message.int16(0) < 3) malformed('an old version of the format');
    yield { kind, message: { header, body: bytes.subarray(position, position + bodyBytes) } };
    position += bodyBytes;
  }
}

function decodeSchema(schema: FlatTable): readonly Column[] {
  if (schema.int16(0) !== 0) malformed('numbers in big-endian order');
  const columns = schema.tables(1, TABLE_COLUMNS_MAX).map((field): Column => {
    if (field.table(4) !== undefined) malformed('a dictionary');
    if (field.vector(5, 4).length !== 0) malformed('a nested column');
    const type = decodeType(field.uint8(2), field.table(3) ?? malformed('a column without type'));
    return {
      name: field.text(0) ?? '',
      type: type ?? malformed('a column of a type that tables do not have'),
    };
  });
  checkColumnNames(
    columns.map(({ name }) => name),
    'the received table',
  );
  return columns;
}

function decodeType(kind: number, type: FlatTable): ColumnType | undefined {
  switch (kind) {
    case arrowType.int:
      return integerType(type.int32(0), type.uint8(1) !== 0);
    case arrowType.floatingPoint:
      return ([undefined, 'FLOAT', 'DOUBLE'] as const)[type.int16(0)];
    case arrowType.binary:
      return 'BLOB';
    case arrowType.utf8:
      return 'VARCHAR';
    case arrowType.bool:
      return 'BOOLEAN';
    case arrowType.date:
      return type.int16(0, 1) === 0 ? 'DATE' : undefined;
    case arrowType.timestamp: {
      if (type.int16(0) !== 2) return undefined;
      const zone = type.text(1) ?? '';
      return zone === '' ? 'TIMESTAMP' : zone === 'UTC' ? 'TIMESTAMPTZ' : undefined;
    }
    default:
      return undefined;
  }
}

function openBatch({ header, body }: Message, columnCount: number): Batch {
  if (header.table(3) !== undefined) malformed('compressed columns');
  const nodes = header.vector(1, 16);
  if (nodes.length !== columnCount) malformed('another number of columns than announced');
  return { header, body, rowCount: header.size(0), nodes, buffers: header.vector(2, 16) };
}

function buffersOf(type: ColumnType): number {
  return isFixed(type) ? 2 : 3;
}

/** Bytes that `rows` values of a column need at least; for text and bytes, those of the offsets. */
function bytesNeeded(type: ColumnType, rows: number): number {
  if (type === 'BOOLEAN') return Math.ceil(rows / 8);
  if (isFixed(type)) return rows * widthBytes(type);
  return rows === 0 ? 0 : (rows + 1) * 4;
}

function checkBacked(batch: Batch, columns: readonly Column[]): void {
  let index = 0;
  for (const [place, { type }] of columns.entries()) {
    const [length, nullCount] = batch.header.pair(batch.nodes, place);
    if (length !== batch.rowCount) malformed('columns of different length');
    if (nullCount > length) malformed('more gaps than rows');
    if (bufferAt(batch, index + 1).byteLength < bytesNeeded(type, length))
      malformed('a column shorter than announced');
    if (nullCount > 0 && bufferAt(batch, index).byteLength < Math.ceil(length / 8))
      malformed('gaps without a map');
    index += buffersOf(type);
  }
  if (index !== batch.buffers.length) malformed('another number of buffers than its columns have');
}

function bufferAt(batch: Batch, index: number): Uint8Array {
  const [offset, length] = batch.header.pair(batch.buffers, index);
  if (offset + length > batch.body.byteLength) malformed('a buffer outside of its message');
  return batch.body.subarray(offset, offset + length);
}

function decodeColumns(
  columns: readonly Column[],
  batches: readonly Batch[],
  rowCount: number,
): NamedSource[] {
  let index = 0;
  return columns.map(({ name, type }, place) => {
    const values: ColumnData = isFixed(type) ? newArray(type, rowCount) : new Array(rowCount);
    let nulls: Uint8Array | undefined;
    let offset = 0;
    for (const batch of batches) {
      const nullCount = batch.header.pair(batch.nodes, place)[1];
      if (nullCount > 0) {
        nulls ??= new Uint8Array(rowCount);
        markGaps(nulls, offset, bufferAt(batch, index), batch.rowCount, nullCount);
      }
      if (isFixed(type))
        decodeFixed(type, values as NumberArray, offset, bufferAt(batch, index + 1), batch.rowCount);
      else decodeVariable(type, values as unknown[], offset, batch, index);
      offset += batch.rowCount;
    }
    index += buffersOf(type);
    return { name, type, values, nulls };
  });
}

function markGaps(nulls: Uint8Array, offset: number, map: Uint8Array, rows: number, nullCount: number): void {
  let seen = 0;
  for (let row = 0; row < rows; row++) {
    if ((((map[row >> 3] ?? 0) >> (row & 7)) & 1) === 1) continue;
    nulls[offset + row] = 1;
    seen++;
  }
  if (seen !== nullCount) malformed('another number of gaps than announced');
}

function decodeFixed(
  type: ColumnType,
  values: NumberArray,
  offset: number,
  bytes: Uint8Array,
  rows: number,
): void {
  if (type === 'BOOLEAN') {
    for (let row = 0; row < rows; row++) values[offset + row] = ((bytes[row >> 3] ?? 0) >> (row & 7)) & 1;
  } else if (isFixed(type)) {
    copyInto(values, arrayOver(type, bytes.subarray(0, rows * widthBytes(type))), offset);
  }
}

function decodeVariable(
  type: ColumnType,
  values: unknown[],
  offset: number,
  batch: Batch,
  index: number,
): void {
  if (batch.rowCount === 0) return;
  const bytes = bufferAt(batch, index + 1);
  const offsets = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = bufferAt(batch, index + 2);
  let start = offsets.getInt32(0, true);
  for (let row = 0; row < batch.rowCount; row++) {
    const end = offsets.getInt32(4 * (row + 1), true);
    if (start < 0 || end < start || end > data.byteLength) malformed('text outside of its column');
    const piece = data.subarray(start, end);
    values[offset + row] = type === 'VARCHAR' ? decodeUtf8(piece) : new Uint8Array(piece);
    start = end;
  }
}
