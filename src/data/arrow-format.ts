/**
 * The part of the Arrow columnar format (https://arrow.apache.org/docs/format/Columnar.html) that tables use: flat
 * columns, no dictionaries, no compression, little-endian.
 */
import { type ColumnType, columnTypes } from './column-type.ts';

/**
 * Bytes of a table as an Arrow stream. One array in Node.js holds 4 GiB; half of it leaves room for the copy that
 * decoding makes.
 */
export const ARROW_BYTES_MAX = 2 ** 31 - 1;

/**
 * Bytes of the description of the columns or of a batch: ample for 4,096 columns with long names, and little to
 * allocate.
 */
export const ARROW_METADATA_BYTES_MAX = 8 * 1024 * 1024;

/** Rows of a batch that we write. Keeps the 32-bit offsets of text columns far from their end. */
export const ARROW_BATCH_ROWS = 65_536;

/**
 * Batches with rows in them: twice as many as a table of the largest size has that we write. Each costs some objects of
 * bookkeeping.
 */
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

/** How Arrow describes the type of a column: a kind, and the fields that kinds have. */
export interface ArrowType {
  readonly kind: number;
  /** Bits of an integer; of other kinds the number that says how precise they are, or their unit. */
  readonly unit?: number;
  readonly signed?: boolean;
  readonly zone?: string;
}

const { int, floatingPoint, binary, utf8, bool, date, timestamp } = arrowType;

/** Single and double precision, days, and microseconds are numbers of enumerations in Schema.fbs. */
export const arrowTypes: Readonly<Record<ColumnType, ArrowType>> = {
  BOOLEAN: { kind: bool },
  TINYINT: { kind: int, unit: 8, signed: true },
  SMALLINT: { kind: int, unit: 16, signed: true },
  INTEGER: { kind: int, unit: 32, signed: true },
  BIGINT: { kind: int, unit: 64, signed: true },
  UTINYINT: { kind: int, unit: 8, signed: false },
  USMALLINT: { kind: int, unit: 16, signed: false },
  UINTEGER: { kind: int, unit: 32, signed: false },
  UBIGINT: { kind: int, unit: 64, signed: false },
  FLOAT: { kind: floatingPoint, unit: 1 },
  DOUBLE: { kind: floatingPoint, unit: 2 },
  DATE: { kind: date, unit: 0 },
  TIMESTAMP: { kind: timestamp, unit: 2, zone: '' },
  TIMESTAMPTZ: { kind: timestamp, unit: 2, zone: 'UTC' },
  VARCHAR: { kind: utf8 },
  BLOB: { kind: binary },
};

const columnTypeOf = new Map(columnTypes.map((type) => [keyOf(arrowTypes[type]), type]));

/** The type that a column of this description has in a table, if any. */
export function columnType(described: ArrowType): ColumnType | undefined {
  return columnTypeOf.get(keyOf(described));
}

function keyOf({ kind, unit, signed, zone }: ArrowType): string {
  return JSON.stringify([kind, unit, signed, zone]);
}
