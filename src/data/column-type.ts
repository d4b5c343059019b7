/**
 * The types that a column of a table can have. Few on purpose: each of them has an exact counterpart as a JavaScript
 * typed array or string, in Arrow, in CSV and in Parquet, so that a value is the same at every party. Other types that
 * files and queries bring are converted where that loses nothing that matters, and refused otherwise.
 */

/**
 * What a column is in JavaScript, by its type; the names are those of SQL. Gaps (NULL) are refused where arrays are
 * made.
 */
export interface ColumnArrays {
  /** 1 for true, 0 for false. */
  readonly BOOLEAN: Uint8Array;
  /** 8 bits. */
  readonly TINYINT: Int8Array;
  /** 16 bits. */
  readonly SMALLINT: Int16Array;
  /** 32 bits. */
  readonly INTEGER: Int32Array;
  /** 64 bits. */
  readonly BIGINT: BigInt64Array;
  /** 8 bits without sign. */
  readonly UTINYINT: Uint8Array;
  /** 16 bits without sign. */
  readonly USMALLINT: Uint16Array;
  /** 32 bits without sign. */
  readonly UINTEGER: Uint32Array;
  /** 64 bits without sign. */
  readonly UBIGINT: BigUint64Array;
  /** 32 bits, floating point. */
  readonly FLOAT: Float32Array;
  /** 64 bits, floating point: JavaScript's number. */
  readonly DOUBLE: Float64Array;
  /** Days since 1970-01-01. */
  readonly DATE: Int32Array;
  /** Microseconds since 1970-01-01, without a time zone. */
  readonly TIMESTAMP: BigInt64Array;
  /** Microseconds since 1970-01-01, UTC. */
  readonly TIMESTAMPTZ: BigInt64Array;
  /** Text. */
  readonly VARCHAR: string[];
  /** Bytes. */
  readonly BLOB: Uint8Array[];
}

/** The type of a column, by its name in SQL. */
export type ColumnType = keyof ColumnArrays;

/** A whole column as an array with an element for each row. */
export type ColumnData = ColumnArrays[ColumnType];

const widths: Readonly<Record<ColumnType, number>> = {
  BOOLEAN: 1,
  TINYINT: 1,
  SMALLINT: 2,
  INTEGER: 4,
  BIGINT: 8,
  UTINYINT: 1,
  USMALLINT: 2,
  UINTEGER: 4,
  UBIGINT: 8,
  FLOAT: 4,
  DOUBLE: 8,
  DATE: 4,
  TIMESTAMP: 8,
  TIMESTAMPTZ: 8,
  VARCHAR: 0,
  BLOB: 0,
};

export const columnTypes = Object.keys(widths) as readonly ColumnType[];

/** Name and type of one column of a table. */
export interface Column {
  /** As in the header of the file, or as the job named it. */
  readonly name: string;
  /** Its type in SQL. */
  readonly type: ColumnType;
}

export function isColumnType(value: string): value is ColumnType {
  return Object.hasOwn(widths, value);
}

/** Bytes of one value in a typed array; 0 for text and bytes, whose values differ in length. */
export function widthBytes(type: ColumnType): number {
  return widths[type];
}

export function isNumeric(type: ColumnType): boolean {
  return isInteger(type) || type === 'FLOAT' || type === 'DOUBLE';
}

export function isInteger(type: ColumnType): boolean {
  return /^U?(TINY|SMALL|BIG)INT$|^U?INTEGER$/.test(type);
}

/**
 * What a type of a file or query becomes, given the name that DuckDB prints for it.
 * DECIMAL becomes DOUBLE and is refused where that loses something; HUGEINT, which sums of integers have, becomes
 * BIGINT or fails if it does not fit; enumerations, UUIDs and JSON become text; other timestamps become TIMESTAMP.
 * Nested types, times and intervals: undefined.
 */
export function storedType(printed: string): ColumnType | undefined {
  if (isColumnType(printed)) return printed;
  if (printed === 'TIMESTAMP WITH TIME ZONE') return 'TIMESTAMPTZ';
  if (nested(printed) !== undefined) return undefined;
  if (printed.startsWith('DECIMAL(')) return 'DOUBLE';
  if (printed.startsWith('ENUM(') || printed === 'UUID' || printed === 'JSON') return 'VARCHAR';
  if (printed === 'HUGEINT' || printed === 'UHUGEINT') return 'BIGINT';
  if (printed === 'TIMESTAMP_S' || printed === 'TIMESTAMP_MS' || printed === 'TIMESTAMP_NS')
    return 'TIMESTAMP';
  // A column of nothing but NULL has a type of its own in DuckDB.
  if (printed === '"NULL"' || printed === 'NULL') return 'VARCHAR';
  return undefined;
}

/** Digits of a DECIMAL that every double keeps. */
const DECIMAL_DIGITS_SAFE = 15;

/** SQL that is true where {@link storedType} would lose something of a value; undefined: it never does. */
export function whereLossy(printed: string, value: string): string | undefined {
  const back = (type: string) =>
    `TRY_CAST(CAST(${value} AS ${type}) AS ${printed}) IS DISTINCT FROM ${value}`;
  const digits = Number(/^DECIMAL\((\d+),/.exec(printed)?.[1] ?? 0);
  if (digits > DECIMAL_DIGITS_SAFE) return back('DOUBLE');
  return printed === 'TIMESTAMP_NS' ? back('TIMESTAMP') : undefined;
}

function nested(printed: string): string | undefined {
  if (printed.endsWith('[]')) return 'a list';
  if (/\[\d+\]$/.test(printed)) return 'an array';
  if (printed.startsWith('STRUCT')) return 'a structure';
  if (printed.startsWith('MAP')) return 'a map';
  return printed.startsWith('UNION') ? 'a union' : undefined;
}

/** The name of a type without its parameters: those of an enumeration are values, those of a structure are names. */
export function publicTypeName(printed: string): string {
  return nested(printed) ?? /^[A-Z_ ]+/.exec(printed)?.[0].trim() ?? 'unknown';
}
