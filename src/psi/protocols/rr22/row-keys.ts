/** Keys of rows, as buckets end: in any order, into the place that each has. */
import { ROW_KEY_BYTES, type RowKeys } from '../protocol.ts';
import type { BucketKeys } from './bucket-work.ts';

/** Memory is touched where there are keys, and is taken once: a bucket has no more of them than own rows. */
export class RowKeyStore {
  readonly #rows: Uint32Array;
  readonly #slots: Uint32Array;
  readonly #keys: Uint8Array;
  /** By bucket: where its part begins, and how many are in it. */
  readonly #parts: { readonly start: number; readonly count: number }[] = [];

  constructor(ownRows: number) {
    this.#rows = new Uint32Array(ownRows);
    this.#slots = new Uint32Array(ownRows);
    this.#keys = new Uint8Array(ownRows * ROW_KEY_BYTES);
  }

  /** `start`: own rows of all buckets before. */
  put(bucket: number, start: number, firstSlot: number, { rows, slots }: BucketKeys, keys: Uint8Array): void {
    this.#rows.set(rows, start);
    this.#slots.set(
      slots.map((slot) => firstSlot + slot),
      start,
    );
    this.#keys.set(keys.subarray(0, rows.length * ROW_KEY_BYTES), start * ROW_KEY_BYTES);
    this.#parts[bucket] = { start, count: rows.length };
  }

  /** All of them, without the gaps between buckets. They go on in the same memory. */
  all(): RowKeys {
    let end = 0;
    for (const { start, count } of this.#parts) {
      this.#rows.copyWithin(end, start, start + count);
      this.#slots.copyWithin(end, start, start + count);
      this.#keys.copyWithin(end * ROW_KEY_BYTES, start * ROW_KEY_BYTES, (start + count) * ROW_KEY_BYTES);
      end += count;
    }
    this.#keys.fill(0, end * ROW_KEY_BYTES);
    return {
      places: this.#rows.subarray(0, end),
      slots: this.#slots.subarray(0, end),
      keys: this.#keys.subarray(0, end * ROW_KEY_BYTES),
    };
  }

  destroy(): void {
    this.#keys.fill(0);
  }
}
