/** Where the operands of a call lie in the memory of the WebAssembly module, and so how much of it a call takes. */
import { BAND_BITS, OKVS_ROW_BYTES, OKVS_VALUE_BYTES, type OkvsShape } from '../okvs/shape.ts';

/** Below it is the module's own data. */
export const HEAP_START = 65_536;

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

/** Rows that are fetched at once. */
const FETCHED_BYTES = 64 * OKVS_ROW_BYTES;

/** Bytes of zeros behind the blocks, of which tables are made that no band reaches into. */
export const BEHIND_BLOCKS_BYTES = (TABLES_BYTES / TABLE_BYTES) * 4 * OKVS_VALUE_BYTES;

/** Addresses of operands of so many bytes, one after the other, and where the last ends. */
export function layout<Name extends string>(
  lengths: Readonly<Record<Name, number>>,
): Readonly<Record<Name | 'end', number>> {
  let end = HEAP_START;
  const places: Record<string, number> = {};
  for (const [name, length] of Object.entries<number>(lengths)) {
    places[name] = end;
    end += Math.ceil(length / ALIGNMENT) * ALIGNMENT;
  }
  places.end = end;
  return places as Record<Name | 'end', number>;
}

/** Random blocks come to stand where the rows were, and the sort takes the place of the bands. */
export function encodeLayout(shape: OkvsShape, rows: number) {
  const blockBytes = OKVS_VALUE_BYTES * paddedColumns(shape);
  return layout({
    rows: Math.max(OKVS_ROW_BYTES * rows, (shape.columns - rows) * OKVS_VALUE_BYTES),
    order: 8 * rows,
    bands: blockBytes,
    blocks: blockBytes,
    tables: TABLES_BYTES,
    counters: COUNTER_BYTES,
    fetched: FETCHED_BYTES,
  });
}

/** The sort takes the place of the values. */
export function decodeLayout(shape: OkvsShape, rows: number) {
  return layout({
    rows: OKVS_ROW_BYTES * rows,
    order: 8 * rows,
    blocks: OKVS_VALUE_BYTES * shape.columns + BEHIND_BLOCKS_BYTES,
    values: OKVS_VALUE_BYTES * rows,
    tables: TABLES_BYTES,
    counters: COUNTER_BYTES,
    fetched: FETCHED_BYTES,
  });
}

/** Tables are of 4 columns. */
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
