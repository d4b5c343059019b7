/**
 * Texts of the database in bulk, without a JavaScript value a row. A vector of texts is 16 bytes a row: the length, and
 * the text itself if it has at most 12 bytes, else where it lies (duckdb_string_t of DuckDB's C interface). Texts of a
 * vector lie one behind the other, so that most vectors take two copies.
 */
import type { DuckDBBlobVector, DuckDBVector } from '@duckdb/node-api';
import { InternalError, invariant } from '../base/errors.ts';
import type { VectorRows } from './columns.ts';

/** Where texts are copied to. */
export interface TextRoom {
  readonly bytes: Uint8Array;
  /** Where in `bytes` each begins. */
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
}

/** Bytes of a text in its vector, of which so many can be the text itself. */
const ENTRY_BYTES = 16;
const INLINE_BYTES_MAX = 12;
const INLINE_AT = 4;
const ADDRESS_AT = 8;

/**
 * Two texts that lie no further apart are copied with what is between them. It can always be read: less than a page
 * lies in the pages of the two.
 */
const GAP_BYTES_MAX = 64;

/**
 * Copies texts of these rows of a vector of bytes, from the first on, as many as there is room for, and gives how many.
 * None: the first is larger than all of the room.
 */
export function copyTexts(vector: DuckDBVector, { from, to }: VectorRows, room: TextRoom): number {
  const { dataView, validity } = layoutOf(vector);
  const rows = Math.min(to - from, room.starts.length);
  const entries = rows * ENTRY_BYTES;
  invariant(entries <= room.bytes.length, 'a room for texts has no room for the entries of a vector');
  room.bytes.set(new Uint8Array(dataView.buffer, dataView.byteOffset + from * ENTRY_BYTES, entries));
  const addresses = new Float64Array(rows);
  let used = entries;
  // The texts of rows from `first` on lie between these addresses, and are not copied yet.
  let [first, low, high] = [0, 0, 0];
  const copyRun = (end: number): void => {
    if (high > low) room.bytes.set(bytesAt(vector, low, high - low), used);
    for (let row = first; row < end; row++) {
      if ((room.lengths[row] as number) > INLINE_BYTES_MAX)
        room.starts[row] = used + (addresses[row] as number) - low;
    }
    used += high - low;
    [first, low, high] = [end, 0, 0];
  };
  for (let row = 0; row < rows; row++) {
    invariant(validity.itemValid(from + row), 'a text has no value');
    const entry = (from + row) * ENTRY_BYTES;
    const length = dataView.getUint32(entry, true);
    if (length <= INLINE_BYTES_MAX) {
      room.lengths[row] = length;
      room.starts[row] = row * ENTRY_BYTES + INLINE_AT;
      continue;
    }
    const address =
      dataView.getUint32(entry + ADDRESS_AT, true) +
      dataView.getUint32(entry + ADDRESS_AT + 4, true) * 2 ** 32;
    if (address > high + GAP_BYTES_MAX || address + length + GAP_BYTES_MAX < low) copyRun(row);
    const [lower, higher] =
      high > low ? [Math.min(low, address), Math.max(high, address + length)] : [address, address + length];
    if (higher - lower > room.bytes.length - used) {
      copyRun(row);
      return row;
    }
    room.lengths[row] = length;
    addresses[row] = address;
    [low, high] = [lower, higher];
  }
  copyRun(rows);
  return rows;
}

/** The package reads an entry by the address in it; this one is of no vector, and stands for all of a run. */
function bytesAt(vector: DuckDBVector, address: number, length: number): Uint8Array {
  const entry = new DataView(new ArrayBuffer(ENTRY_BYTES));
  entry.setUint32(0, length, true);
  entry.setUint32(ADDRESS_AT, address % 2 ** 32, true);
  entry.setUint32(ADDRESS_AT + 4, Math.floor(address / 2 ** 32), true);
  const { getItemBytes } = vector as Partial<DuckDBBlobVector>;
  const bytes = getItemBytes?.call(
    { dataView: entry, validity: ALL_VALID } as unknown as DuckDBBlobVector,
    0,
  );
  invariant(bytes?.length === length, 'a run of texts cannot be read');
  return bytes;
}

const ALL_VALID = { itemValid: () => true };

/** What the package declares private, though its own documentation uses the like. */
function layoutOf(vector: object): { dataView: DataView; validity: { itemValid(row: number): boolean } } {
  const { dataView, validity } = vector as { dataView?: unknown; validity?: { itemValid?: unknown } };
  if (dataView instanceof DataView && typeof validity?.itemValid === 'function')
    return { dataView, validity: validity as { itemValid(row: number): boolean } };
  throw new InternalError(
    'a DuckDB vector does not have the layout that this version of @duckdb/node-api should have',
  );
}
