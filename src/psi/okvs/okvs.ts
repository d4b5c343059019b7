/**
 * An oblivious key-value store: a vector P such that for each row, of a value and a band of bits, the sum of the blocks
 * of P at the bits of the band is the value. Who has P and not the rows cannot tell which were encoded.
 *
 * Reference: Bienstock, Patel, Seo and Yeo, Near-Optimal Oblivious Key-Value Stores, USENIX Security 2023,
 *   https://eprint.iacr.org/2023/903 (RB-OKVS).
 * Differences: a band of 128 bits at an expansion of 14 to 25 percent, where the paper has wider bands at 3 to 10; its
 *   first bit is not forced to 1, so that failures follow a chain that can be computed (shape.ts).
 * Security: for distinct rows whose bytes are those of a random oracle, P is uniform, so it says nothing of the ids:
 *   values are uniform, and columns without a row are filled at random. Left at 0, these would tell which columns rows
 *   use, and so ids to who can hash them. Where P is sent under a mask that is uniform in every column the filling is
 *   not needed; it is kept so that P is safe by itself. A failure tells that rows of such bands are there; it has a
 *   chance of at most 2^-40 over all encodings of a run (shape.ts).
 * Needs: rows of hashed bytes (rows/blake3.ts) under a key that is drawn for this encoding after the ids are fixed: who
 *   knows it before can look for ids whose rows fail.
 * Flow: rows are sorted by the column at which their band begins; each is reduced by those before it until its first
 *       bit stands in a column that is still free; from the last column to the first, each column's block follows
 *       from the later ones, or is random.
 * Cost: 16 bytes a column, 1.14 to 1.25 columns a row; no messages of its own. Some 4 reductions a row to encode, and
 *   33 additions of blocks a row to encode and to decode (kernels/psi-okvs.ts). The time depends on the rows, at a
 *   party that knows them.
 */
import { invariant } from '../../base/errors.ts';
import type { Random } from '../../contracts/random.ts';
import { BAND_BITS, OKVS_ROW_BYTES, OKVS_ROWS_MAX, OKVS_VALUE_BYTES, type OkvsShape } from './shape.ts';

const ROW_WORDS = OKVS_ROW_BYTES / 4;
const WORDS = OKVS_VALUE_BYTES / 4;

/** Words of a row before its band. */
const BAND_AT = 6;

const TWO_TO_32 = 2 ** 32;

/**
 * The column at which a row's band begins: 64 of its bits, as a fraction, times the number of starts. The chances of
 * two starts differ by less than 2^-64, so by a part of 2^-43 of either.
 */
function startOf(rows: Uint32Array, row: number, starts: number): number {
  const low = rows[row * ROW_WORDS + 4] as number;
  const high = rows[row * ROW_WORDS + 5] as number;
  return Math.floor((high * starts + Math.floor((low * starts) / TWO_TO_32)) / TWO_TO_32);
}

/**
 * Undefined if the rows cannot be encoded, which two equal ones cannot. Otherwise `columns` blocks; the rows that were
 * given may come in any order. `random` is asked once, for as many blocks as there are columns without a row; they are
 * used from the last such column on.
 */
export function encode(shape: OkvsShape, rows: Uint8Array, random: Random): Uint8Array | undefined {
  const count = rowCount(rows);
  checkRows(shape, count);
  const words = words32(rows);
  const bands = new Uint32Array(shape.columns * WORDS);
  const blocks = new Uint32Array(shape.columns * WORDS);
  const row = new Uint32Array(2 * WORDS);
  const [band, value] = [row.subarray(0, WORDS), row.subarray(WORDS)];
  for (const index of sortByStart(words, shape.starts)) {
    value.set(words.subarray(index * ROW_WORDS, index * ROW_WORDS + WORDS));
    bandOf(words, index, shape.band, band);
    let column = startOf(words, index, shape.starts);
    for (;;) {
      const zeros = trailingZeros(band);
      if (zeros === 32 * WORDS) return undefined;
      shiftRight(band, zeros);
      column += zeros;
      if (bands[column * WORDS] === 0) break;
      add(band, 0, bands, column * WORDS);
      add(value, 0, blocks, column * WORDS);
    }
    // A pivot's band begins with its own column, so bit 0 is set; a column without a row has an empty band.
    bands.set(band, column * WORDS);
    blocks.set(value, column * WORDS);
  }
  const fill = words32(random.bytes((shape.columns - count) * OKVS_VALUE_BYTES));
  let filled = 0;
  for (let column = shape.columns - 1; column >= 0; column--) {
    if (bands[column * WORDS] === 0) {
      blocks.set(fill.subarray(filled, filled + WORDS), column * WORDS);
      filled += WORDS;
    } else {
      band.set(bands.subarray(column * WORDS, (column + 1) * WORDS));
      band[0] = (band[0] as number) ^ 1;
      addColumns(blocks, column * WORDS, blocks, column, band);
    }
  }
  bands.fill(0);
  row.fill(0);
  return new Uint8Array(blocks.buffer);
}

/** The value of each row in P; that of a row which was not encoded is random. */
export function decode(shape: OkvsShape, encoding: Uint8Array, rows: Uint8Array): Uint8Array {
  checkEncoding(shape, encoding);
  const count = rowCount(rows);
  const words = words32(rows);
  const blocks = words32(encoding);
  const values = new Uint32Array(count * WORDS);
  const band = new Uint32Array(WORDS);
  for (let row = 0; row < count; row++) {
    bandOf(words, row, shape.band, band);
    addColumns(values, row * WORDS, blocks, startOf(words, row, shape.starts), band);
  }
  band.fill(0);
  return new Uint8Array(values.buffer);
}

export function valuesOf(rows: Uint8Array): Uint8Array {
  const count = rows.length / OKVS_ROW_BYTES;
  const values = new Uint8Array(count * OKVS_VALUE_BYTES);
  for (let row = 0; row < count; row++) {
    const at = row * OKVS_ROW_BYTES;
    values.set(rows.subarray(at, at + OKVS_VALUE_BYTES), row * OKVS_VALUE_BYTES);
  }
  return values;
}

/** For each block, the sum of the blocks of `basis` at its bits. */
export function mapBlocks(basis: Uint8Array, blocks: Uint8Array): Uint8Array {
  checkMap(basis, blocks);
  const sums = new Uint32Array(blocks.length / 4);
  const [chosen, choosing] = [words32(basis), words32(blocks)];
  for (let at = 0; at < sums.length; at += WORDS) {
    addColumns(sums, at, chosen, 0, choosing.subarray(at, at + WORDS));
  }
  return new Uint8Array(sums.buffer);
}

export function checkMap(basis: Uint8Array, blocks: Uint8Array): void {
  invariant(basis.length === BAND_BITS * OKVS_VALUE_BYTES, 'a basis of another size');
  invariant(blocks.length % OKVS_VALUE_BYTES === 0, 'blocks of another size');
}

/** How many rows there are. */
export function rowCount(rows: Uint8Array): number {
  const count = rows.length / OKVS_ROW_BYTES;
  invariant(Number.isInteger(count) && count <= OKVS_ROWS_MAX, 'rows of another shape');
  return count;
}

/** Any number of rows can be looked up, but no more be encoded than the shape is for. */
export function checkRows(shape: OkvsShape, count: number): void {
  invariant(count <= shape.rows, 'more rows than there is room for');
}

export function checkEncoding(shape: OkvsShape, encoding: Uint8Array): void {
  invariant(encoding.length === shape.columns * OKVS_VALUE_BYTES, 'an encoding of another shape');
}

/** The numbers of the rows, those that begin first to the front. */
function sortByStart(words: Uint32Array, starts: number): Uint32Array {
  const count = words.length / ROW_WORDS;
  const next = new Uint32Array(starts + 1);
  for (let row = 0; row < count; row++) {
    const after = startOf(words, row, starts) + 1;
    next[after] = (next[after] as number) + 1;
  }
  for (let start = 0; start < starts; start++)
    next[start + 1] = (next[start + 1] as number) + (next[start] as number);
  const order = new Uint32Array(count);
  for (let row = 0; row < count; row++) {
    const start = startOf(words, row, starts);
    const place = next[start] as number;
    order[place] = row;
    next[start] = place + 1;
  }
  return order;
}

/** The first `bits` bits of the row's band. */
function bandOf(words: Uint32Array, row: number, bits: number, band: Uint32Array): void {
  for (let word = 0; word < WORDS; word++) {
    const kept = Math.min(Math.max(bits - 32 * word, 0), 32);
    const mask = kept === 32 ? -1 : (1 << kept) - 1;
    band[word] = (words[row * ROW_WORDS + BAND_AT + word] as number) & mask;
  }
}

function trailingZeros(band: Uint32Array): number {
  for (const [at, word] of band.entries()) {
    if (word !== 0) return 32 * at + 31 - Math.clz32(word & -word);
  }
  return 32 * band.length;
}

function shiftRight(band: Uint32Array, bits: number): void {
  const [skip, shift] = [bits >>> 5, bits & 31];
  for (let at = 0; at < WORDS; at++) {
    const low = band[at + skip] ?? 0;
    const high = band[at + skip + 1] ?? 0;
    band[at] = shift === 0 ? low : (low >>> shift) | (high << (32 - shift));
  }
}

function add(to: Uint32Array, at: number, from: Uint32Array, fromAt: number): void {
  for (let word = 0; word < WORDS; word++) {
    to[at + word] = (to[at + word] as number) ^ (from[fromAt + word] as number);
  }
}

/** Adds the blocks at the set bits of `band`, whose first bit stands for `column`. */
function addColumns(
  to: Uint32Array,
  at: number,
  blocks: Uint32Array,
  column: number,
  band: Uint32Array,
): void {
  for (let word = 0; word < WORDS; word++) {
    for (let left = band[word] as number; left !== 0; left &= left - 1) {
      const bit = 31 - Math.clz32(left & -left);
      add(to, at, blocks, (column + 32 * word + bit) * WORDS);
    }
  }
}

function words32(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}
