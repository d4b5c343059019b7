/**
 * Tables from Arrow IPC streams, which come from peers: every length, offset and byte of text is checked before it is
 * used, nothing is allocated that the bytes received do not pay for, and what is wrong ends as one typed error.
 */
import type { DecodeBound } from '../base/decode-bound.ts';
import { DataError, PrivityError } from '../base/errors.ts';
import { ArrowColumn, Batch, buffersOf, type Message } from './arrow-batch.ts';
import {
  ARROW_BATCHES_MAX,
  ARROW_BYTES_MAX,
  ARROW_METADATA_BYTES_MAX,
  arrowType,
  columnType,
  messageHeader,
} from './arrow-format.ts';
import type { Column, ColumnType } from './column-type.ts';
import { FlatTable, MalformedError, malformed } from './flatbuffer.ts';
import { COLUMN_NAME_BYTES_MAX, checkColumnNames, TABLE_COLUMNS_MAX, TABLE_ROWS_MAX } from './relation.ts';
import { type Table, tableFrom } from './table.ts';
import { relationFrom } from './table-of.ts';

/**
 * The table that `table.toArrow()` made these bytes of. Also reads streams of other Arrow writers that use the same
 * types, flat columns and neither dictionaries nor compression. The bytes are not changed, not kept, and must not
 * change before the table is there.
 * @throws {DataError} PRIVITY_TABLE_CORRUPT, PRIVITY_TABLE_LIMIT
 */
export async function tableFromArrow(bytes: Uint8Array): Promise<Table> {
  try {
    const { columns, rowCount } = decodeArrow(bytes);
    return tableFrom(await relationFrom(columns, rowCount, 'the received table'));
  } catch (error) {
    throw arrowError(error, bytes);
  }
}

/** What values cost: at most 2,048 rows of each column are in memory at one time, and no text longer than the bytes. */
export const ARROW_BOUND: DecodeBound = {
  bytesMax: ARROW_BYTES_MAX,
  memory: { perByte: 128, once: 512 * 1024 },
  steps: { perByte: 32, once: 80_000 },
};

export interface DecodedTable {
  /** Their values are made, and their texts checked, as they are read. */
  readonly columns: readonly ArrowColumn[];
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
    throw arrowError(error, bytes);
  }
}

/** What decoding these bytes, or reading one of their columns, has thrown: in words for people. */
export function arrowError(error: unknown, { byteLength }: Uint8Array): unknown {
  const isMalformed = error instanceof MalformedError || error instanceof RangeError;
  // Names of columns that clash are the sender's fault here, not the user's.
  const isName = error instanceof PrivityError && error.code === 'PRIVITY_COLUMN_NAME';
  if (!isMalformed && !isName) return error;
  // A RangeError is a read beyond the end of a view.
  const what = error instanceof MalformedError ? error.message : 'an offset or a name that cannot be';
  return new DataError('PRIVITY_TABLE_CORRUPT', `${byteLength} received bytes are not a table: ${what}`);
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
    const batch = new Batch(message, columns);
    rowCount += batch.rowCount;
    if (rowCount > TABLE_ROWS_MAX) throw overLimit(TABLE_ROWS_MAX, 'rows');
    if (batch.rowCount > 0) batches.push(batch);
    if (batches.length > ARROW_BATCHES_MAX) throw overLimit(ARROW_BATCHES_MAX, 'batches of rows');
  }
  let buffer = 0;
  const streams = columns.map((column, place) => {
    const stream = new ArrowColumn(column, place, buffer, batches);
    buffer += buffersOf(column.type);
    return stream;
  });
  return { columns: streams, rowCount };
}

const overLimit = (max: number, what: string): DataError =>
  new DataError('PRIVITY_TABLE_LIMIT', `a received table has more than ${max} ${what}`);

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
  let nameBytes = 0;
  const columns = schema.tables(1, TABLE_COLUMNS_MAX).map((field): Column => {
    if (field.table(4) !== undefined) malformed('a dictionary');
    if (field.vector(5, 4).length !== 0) malformed('a nested column');
    const type = decodeType(field.uint8(2), field.table(3) ?? malformed('a column without type'));
    const name = field.text(0, COLUMN_NAME_BYTES_MAX) ?? '';
    nameBytes += Buffer.byteLength(name);
    // Several could be the same bytes, of which the sender has paid for one.
    if (nameBytes > schema.bytes) malformed('names that are longer than what says them');
    return {
      name,
      type: type ?? malformed('a column of a type that tables do not have'),
    };
  });
  checkColumnNames(
    columns.map(({ name }) => name),
    'the received table',
  );
  return columns;
}

/** Bytes of the name of a time zone; the one that tables have is UTC. */
const ZONE_BYTES_MAX = 64;

function decodeType(kind: number, type: FlatTable): ColumnType | undefined {
  switch (kind) {
    case arrowType.int:
      return columnType({ kind, unit: type.int32(0), signed: type.uint8(1) !== 0 });
    case arrowType.floatingPoint:
      return columnType({ kind, unit: type.int16(0) });
    case arrowType.date:
      return columnType({ kind, unit: type.int16(0, 1) });
    case arrowType.timestamp:
      return columnType({ kind, unit: type.int16(0), zone: type.text(1, ZONE_BYTES_MAX) ?? '' });
    default:
      return columnType({ kind });
  }
}
