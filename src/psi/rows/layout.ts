/** Where the operands of a call lie in the memory of the WebAssembly module, and so how much of it a call takes. */
import { BAND_BITS, OKVS_ROW_BYTES, OKVS_VALUE_BYTES, type OkvsShape } from '../okvs/shape.ts';

/** Below it is the module's own data. */
const HEAP_START = 65_536;

/** Of operands, so that each begins with a line of the cache. */
const ALIGNMENT = 64;

/**
 * Tables of sums of 4 columns each that are there at once, beside those that the last bands reach into: 64 KiB with
 * them, which stay in the second cache, and of which the 33 that are in use stay in the first.
 */
export const TABLE_CHUNK = 224;
const TABLE_BYTES = 256;
const TABLES_BYTES = (TABLE_CHUNK + BAND_BITS / 4 + 1) * TABLE_BYTES;

/** Counters of the two passes of the sort (kernels/psi-okvs.ts). */
const COUNTER_BYTES = 4 * (2 ** 11 + 1 + 2 ** 10);

/** Rows that are reduced at once. */
const FETCHED_BYTES = 64 * OKVS_ROW_BYTES;

/** Addresses of operands of so many bytes, one after the other. */
export function layout(...lengths: readonly number[]): {
  readonly at: readonly number[];
  readonly end: number;
} {
  let end = HEAP_START;
  const at = lengths.map((length) => {
    const start = end;
    end += Math.ceil(length / ALIGNMENT) * ALIGNMENT;
    return start;
  });
  return { at, end };
}

export interface EncodeLayout {
  readonly rows: number;
  /** Random blocks, which take the place of the rows. */
  readonly fill: number;
  readonly order: number;
  readonly bands: number;
  /** Of the sort, in the place of the bands. */
  readonly pairs: number;
  readonly blocks: number;
  readonly tables: number;
  readonly counters: number;
  readonly fetched: number;
  readonly end: number;
}

export function encodeLayout(shape: OkvsShape, rows: number): EncodeLayout {
  const blockBytes = OKVS_VALUE_BYTES * paddedColumns(shape);
  const rowBytes = Math.max(OKVS_ROW_BYTES * rows, (shape.columns - rows) * OKVS_VALUE_BYTES);
  const { at, end } = layout(
    rowBytes,
    8 * rows,
    blockBytes,
    blockBytes,
    TABLES_BYTES,
    COUNTER_BYTES,
    FETCHED_BYTES,
  );
  const [first, order, bands, blocks, tables, counters, fetched] = at as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { rows: first, fill: first, order, bands, pairs: bands, blocks, tables, counters, fetched, end };
}

export interface DecodeLayout {
  readonly rows: number;
  readonly order: number;
  readonly blocks: number;
  readonly values: number;
  /** Of the sort, in the place of the values. */
  readonly pairs: number;
  readonly tables: number;
  readonly counters: number;
  readonly end: number;
}

export function decodeLayout(shape: OkvsShape, rows: number): DecodeLayout {
  const { at, end } = layout(
    OKVS_ROW_BYTES * rows,
    8 * rows,
    OKVS_VALUE_BYTES * shape.columns + behindBlocks,
    OKVS_VALUE_BYTES * rows,
    TABLES_BYTES,
    COUNTER_BYTES,
  );
  const [first, order, blocks, values, tables, counters] = at as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { rows: first, order, blocks, values, pairs: values, tables, counters, end };
}

/** Bytes of zeros behind the blocks, of which tables are made that no band reaches into. */
export const behindBlocks = (TABLES_BYTES / TABLE_BYTES) * 4 * OKVS_VALUE_BYTES;

export function paddedColumns(shape: OkvsShape): number {
  return Math.ceil(shape.columns / 4) * 4;
}

/**
 * Bytes that encoding or decoding a full bucket takes, beside its rows and P at the caller: what lies in the module's
 * memory, and the result.
 */
export function okvsMemory(shape: OkvsShape): number {
  const heap = Math.max(encodeLayout(shape, shape.rows).end, decodeLayout(shape, shape.rows).end);
  return heap + OKVS_VALUE_BYTES * shape.columns;
}
