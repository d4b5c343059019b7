/**
 * Ids from the database: SHA-256 of each text that a SELECT gives. Texts are hashed outside of the database, which
 * would print each digest as a text and read numbers from it again (1.4 µs an id; this takes a quarter), and they
 * never become JavaScript strings (1 µs).
 */
import { createHash } from 'node:crypto';
import type { DuckDBVector } from '@duckdb/node-api';
import { nextTurn } from '../../base/turn.ts';
import { eachBytes, eachVector, type VectorRows } from '../../data/columns.ts';
import { copyTexts } from '../../data/text-runs.ts';
import { ID_BYTES } from '../protocols/protocol.ts';
import { loadTextHasher } from './text-hasher.ts';
import type { TextHasher } from './text-hasher-types.ts';

/** Bytes of a long text that are hashed before other work of the process gets a turn: some 5 ms. */
const BYTES_PER_TURN = 2 ** 20;

export interface TextsToHash {
  /** Gives one text a row, none of them NULL. */
  readonly select: string;
  /** Rows that it gives. */
  readonly rowCount: number;
  readonly signal: AbortSignal;
}

/**
 * A digest a row, ID_BYTES each, in the order of the rows: in shared memory, so that threads need no copy of it. It is
 * nowhere else: without a salt, on a disk it would tell the ids.
 */
export async function textDigests(
  { select, rowCount, signal }: TextsToHash,
  load: () => Promise<TextHasher> = loadTextHasher,
): Promise<Uint8Array> {
  const digests = new Uint8Array(new SharedArrayBuffer(rowCount * ID_BYTES));
  const hasher = await load();
  const hashVector = async (vector: DuckDBVector, { from, to, offset }: VectorRows): Promise<void> => {
    for (let row = from; row < to; ) {
      const at = (offset + row - from) * ID_BYTES;
      const count = copyTexts(vector, { from: row, to, offset }, hasher);
      if (count === 0) {
        await hashLong(vector, row, digests.subarray(at, at + ID_BYTES), signal);
        row++;
        continue;
      }
      digests.set(hasher.hash(count), at);
      row += count;
      if (row < to) await nextTurn(signal);
    }
  };
  try {
    await eachVector({ select, types: ['VARCHAR'], rowCount, signal }, (vector, _, rows) =>
      hashVector(vector, rows),
    );
  } finally {
    hasher.clear();
  }
  return digests;
}

/** A text of any length. */
async function hashLong(
  vector: DuckDBVector,
  row: number,
  into: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const hash = createHash('sha256');
  let text = new Uint8Array();
  eachBytes(vector, { from: row, to: row + 1, offset: 0 }, (bytes) => {
    text = bytes as Uint8Array<ArrayBuffer>;
  });
  for (let at = 0; at < text.length; at += BYTES_PER_TURN) {
    hash.update(text.subarray(at, at + BYTES_PER_TURN));
    await nextTurn(signal);
  }
  into.set(hash.digest());
}
