/**
 * The part of the Arrow columnar format (https://arrow.apache.org/docs/format/Columnar.html) that tables use: flat columns, no
 * dictionaries, no compression, little-endian.
 */
import type { ColumnType } from './column-type.ts';

/** Bytes of a table as an Arrow stream. One array in Node.js holds 4 GiB; half of it leaves room for the copy that decoding makes. */
export const ARROW_BYTES_MAX = 2 ** 31 - 1;

/** Bytes of the description of the columns or of a batch: ample for 4,096 columns with long names, and little to allocate. */
export const ARROW_METADATA_BYTES_MAX = 8 * 1024 * 1024;

/** Rows of a batch that we write. Keeps the 32-bit offsets of text columns far from their end. */
export const ARROW_BATCH_ROWS = 65_536;

/** Batches with rows in them: twice as many as a table of the largest size has that we write. Each costs some objects of bookkeeping. */
export const ARROW_BATCHES_MAX = 65_536;

/** Numbers of the union `MessageHeader` in Message.fbs. */
export const messageHeader = { schema: 1, dictionaryBatch: 2, recordBatch: 3 } as const;

/** Numbers of the union `Type` in Schema.fbs. */
export const arrowType = {
  int: 2,
  floatingPoint: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  date: 8,
  timestamp: 10,
} as const;

const integers: Readonly<Record<string, ColumnType>> = {
  '8 true': 'TINYINT',
  '16 true': 'SMALLINT',
  '32 true': 'INTEGER',
  '64 true': 'BIGINT',
  '8 false': 'UTINYINT',
  '16 false': 'USMALLINT',
  '32 false': 'UINTEGER',
  '64 false': 'UBIGINT',
};

export function integerType(bitWidth: number, signed: boolean): ColumnType | undefined {
  return integers[`${bitWidth} ${signed}`];
}
