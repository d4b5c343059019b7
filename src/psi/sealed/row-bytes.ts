/**
 * Rows of a few columns as bytes of one length, that of the longest, so that no length tells of a value:
 *   a bit for each column, whether the row has a gap there, in whole bytes
 *   of each column its value: numbers in their width, little-endian (DOUBLE and FLOAT as their bits, so that NaN and -0
 *     stay what they are); text and bytes behind their length (u32); of a gap a zero, or no text
 *   zeros
 * A row has one form, and any other is refused. Pure.
 */
import type { DecodeBound } from '../../base/decode-bound.ts';
import { PeerError } from '../../base/errors.ts';
import { type Column, type ColumnType, widthBytes } from '../../data/column-type.ts';
import { arrayOver, type ColumnSource, isFixed, type NumberArray } from '../../data/columns.ts';
import { decodeUtf8 } from '../../data/flatbuffer.ts';

/** Longest row. All rows take as much on the wire: one of more would make a gigabyte of 16,000. */
export const ROW_BYTES_MAX = 64 * 1024;

/** Rows with text have a length that is a multiple of it: what the longest one has is told less exactly. */
const TEXT_STEP_BYTES = 16;

const LENGTH_BYTES = 4;

/** Values of a column: numbers, or the bytes of text. */
export interface RawColumn {
  readonly type: ColumnType;
  readonly values: NumberArray | readonly Uint8Array[];
  /** 1: a gap. Its value is zero, or empty. */
  readonly nulls: Uint8Array;
}

/** A value costs a JavaScript one, and text is there twice. */
export const ROWS_BOUND: DecodeBound = {
  bytesMax: ROW_BYTES_MAX,
  memory: { perByte: 128, once: 128 * 1024 },
  steps: { perByte: 32, once: 5_000 },
};

/** Bytes of a row, whose values of text and bytes have so many together at most. */
export function rowBytes(columns: readonly Pick<Column, 'type'>[], textBytes: number): number {
  const shortest = shortestRow(columns.map(({ type }) => type));
  if (columns.every(({ type }) => isFixed(type))) return shortest;
  return TEXT_STEP_BYTES * Math.ceil((shortest + textBytes) / TEXT_STEP_BYTES);
}

/** Whether rows of these columns can have this length. */
export function isRowBytes(columns: readonly Pick<Column, 'type'>[], bytes: number): boolean {
  const least = rowBytes(columns, 0);
  if (columns.every(({ type }) => isFixed(type))) return bytes === least && bytes <= ROW_BYTES_MAX;
  return bytes >= least && bytes <= ROW_BYTES_MAX && bytes % TEXT_STEP_BYTES === 0;
}

function shortestRow(types: readonly ColumnType[]): number {
  return types.reduce((sum, type) => sum + (widthBytes(type) || LENGTH_BYTES), gapBytes(types.length));
}

const gapBytes = (columns: number): number => Math.ceil(columns / 8);

/** So many rows, one after the other. */
export function encodeRows(columns: readonly RawColumn[], rows: number, bytes: number): Uint8Array {
  const encoded = new Uint8Array(rows * bytes);
  const view = new DataView(encoded.buffer);
  const ends = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) ends[row] = row * bytes + gapBytes(columns.length);
  for (const [index, { type, values, nulls }] of columns.entries()) {
    const width = widthBytes(type);
    const numbers = ArrayBuffer.isView(values) ? bytesOf(values) : undefined;
    for (let row = 0; row < rows; row++) {
      const at = ends[row] as number;
      if (nulls[row] === 1) setGap(encoded, row * bytes, index);
      if (numbers !== undefined) {
        encoded.set(numbers.subarray(row * width, (row + 1) * width), at);
        ends[row] = at + width;
      } else {
        const text = values[row] as Uint8Array;
        view.setUint32(at, text.byteLength, true);
        encoded.set(text, at + LENGTH_BYTES);
        ends[row] = at + LENGTH_BYTES + text.byteLength;
      }
    }
  }
  return encoded;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: NumberArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function setGap(encoded: Uint8Array, row: number, column: number): void {
  encoded[row + (column >> 3)] = (encoded[row + (column >> 3)] ?? 0) | (1 << (column & 7));
}

/**
 * The columns of these rows.
 * @throws {PeerError} PRIVITY_PSI_CHECK
 */
export function decodeRows(
  types: readonly ColumnType[],
  encoded: Uint8Array,
  bytes: number,
): readonly ColumnSource[] {
  const rows = encoded.byteLength / bytes;
  const ends = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    ends[row] = row * bytes + gapBytes(types.length);
    const last = encoded[(ends[row] ?? 0) - 1] ?? 0;
    if (types.length % 8 !== 0 && last >> (types.length % 8) !== 0) throw noRow();
  }
  const columns = types.map((type, index) => {
    const nulls = new Uint8Array(rows);
    for (let row = 0; row < rows; row++)
      nulls[row] = ((encoded[row * bytes + (index >> 3)] ?? 0) >> (index & 7)) & 1;
    const reading: Reading = { type, encoded, bytes, ends, nulls };
    const values = isFixed(type) ? readNumbers(reading, type) : readTexts(reading);
    return { type, values: values as ColumnSource['values'], nulls: nulls.includes(1) ? nulls : undefined };
  });
  for (const [row, end] of ends.entries())
    if (encoded.subarray(end, (row + 1) * bytes).some((byte) => byte !== 0)) throw noRow();
  return columns;
}

interface Reading {
  readonly type: ColumnType;
  readonly encoded: Uint8Array;
  readonly bytes: number;
  /** Where in each row the next value begins. */
  readonly ends: Uint32Array;
  readonly nulls: Uint8Array;
}

function readNumbers(
  { encoded, bytes, ends, nulls }: Reading,
  type: Parameters<typeof arrayOver>[0],
): NumberArray {
  const width = widthBytes(type);
  const values = new Uint8Array(ends.length * width);
  for (const [row, at] of ends.entries()) {
    if (at + width > (row + 1) * bytes) throw noRow();
    const value = encoded.subarray(at, at + width);
    if (nulls[row] === 1 && value.some((byte) => byte !== 0)) throw noRow();
    if (type === 'BOOLEAN' && (value[0] ?? 0) > 1) throw noRow();
    values.set(value, row * width);
    ends[row] = at + width;
  }
  return arrayOver(type, values);
}

function readTexts({ type, encoded, bytes, ends, nulls }: Reading): readonly (string | Uint8Array)[] {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  return Array.from(ends, (at, row) => {
    const from = at + LENGTH_BYTES;
    const end = (row + 1) * bytes;
    if (from > end) throw noRow();
    const length = view.getUint32(at, true);
    if (length > end - from || (nulls[row] === 1 && length > 0)) throw noRow();
    ends[row] = from + length;
    const text = encoded.subarray(from, from + length);
    return type === 'VARCHAR' ? textOf(text) : text.slice();
  });
}

function textOf(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    throw noRow();
  }
}

/** The key of a row fits, so it is no mistake of the line. */
const noRow = (): PeerError =>
  new PeerError('PRIVITY_PSI_CHECK', 'the peer of the intersection encrypted something that is no row');
