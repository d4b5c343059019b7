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
const TABLES_BYTES = (TABLE_CHUNK + BAND_BITS / 4) * TABLE_BYTES;

/** Counters of the two passes of the sort (kernels/psi-okvs.ts). */
const COUNTER_BYTES = 4 * (2 ** 11 + 1 + 2 ** 10);

/** Rows that are fetched at once. */
const FETCHED_BYTES = 64 * OKVS_ROW_BYTES;

/** Rows hashed at once: with what comes out, some 300 KiB, which stay in the cache. */
export const HASH_ROWS = 4096;

/** Hashes are made four at a time, and written in vectors: what may be written behind the last that is wanted. */
export const HASH_SLACK_BYTES = 3 * 64 + 16;

/** A key, inputs, and the message and the output of four rows. */
const hashing = { key: 32, inputs: 32 * HASH_ROWS, scratch: 512 };

/** Of the table of tags. */
export const SEED_BYTES = 32;

/** Behind tags, which may be read with the last one. */
const TAG_SLACK_BYTES = 8;

/** Bytes of zeros behind the blocks, of which tables are made that no band reaches into. */
export const BEHIND_BLOCKS_BYTES = (TABLES_BYTES / TABLE_BYTES) * 4 * OKVS_VALUE_BYTES;

/** Addresses of operands of so many bytes, one after the other, and where the last ends. */
function layout<Name extends string>(
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

/** A bucket, and what its methods take beside it. The sort takes the place of the work of these. */
export function bucketLayout(shape: OkvsShape, rows: number) {
  const bands = OKVS_VALUE_BYTES * paddedColumns(shape);
  const encoding = bands + OKVS_VALUE_BYTES * Math.max(shape.columns - rows, 0);
  return layout({
    ...hashing,
    rows: OKVS_ROW_BYTES * rows + HASH_SLACK_BYTES,
    order: 8 * rows,
    tables: TABLES_BYTES,
    counters: COUNTER_BYTES,
    fetched: FETCHED_BYTES,
    blocks: OKVS_VALUE_BYTES * shape.columns + BEHIND_BLOCKS_BYTES,
    work: Math.max(encoding, OKVS_VALUE_BYTES * rows),
  });
}

export function hashLayout(outputBytes: number) {
  return layout({ ...hashing, outputs: outputBytes * HASH_ROWS + HASH_SLACK_BYTES });
}

export function mapLayout(blocks: number) {
  return layout({ basis: BAND_BITS * OKVS_VALUE_BYTES, tables: TABLES_BYTES, blocks });
}

/** The table of a part is behind. */
export function matchLayout(ownBytes: number, peerBytes: number, tagBytes: number, parts: number) {
  return layout({
    seed: SEED_BYTES,
    own: ownBytes + TAG_SLACK_BYTES,
    peer: peerBytes + TAG_SLACK_BYTES,
    items: (8 * (ownBytes + peerBytes)) / tagBytes,
    counts: 4 * parts,
    rows: (4 * peerBytes) / tagBytes,
  });
}

/** Tables are of 4 columns. */
export function paddedColumns(shape: OkvsShape): number {
  return Math.ceil(shape.columns / 4) * 4;
}

/**
 * Bytes that a bucket of so many rows takes, beside the inputs or rows that it is made from: what lies in the module's
 * memory, which is kept for the next bucket, and the result of a method.
 */
export function okvsMemory(shape: OkvsShape, rows: number = shape.rows): number {
  return bucketLayout(shape, rows).end + OKVS_VALUE_BYTES * Math.max(shape.columns, rows);
}
