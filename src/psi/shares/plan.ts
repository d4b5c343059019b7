/**
 * How an intersection into shares is cut into buckets, and the lengths of all that is made and said in one: from the
 * numbers of rows and of columns, which both parties know, and nothing else.
 */
import { invariant } from '../../base/errors.ts';
import { OKVS_ROW_BYTES, OKVS_VALUE_BYTES, type OkvsShape, okvsShape } from '../okvs/shape.ts';
import { ID_BYTES } from '../protocols/protocol.ts';
import { BUCKET_ROWS, roomFor } from '../protocols/rr22/plan.ts';
import { ENCODINGS_MAX, SEED_BYTES, VOLE_VECTORS } from '../protocols/rr22/sizes.ts';
import { okvsMemory } from '../rows/layout.ts';
import { ELEMENT_BYTES, type VoleShape, voleShape } from '../vole/parameters.ts';
import { firstBytes, secondBytes } from '../vole/vole.ts';
import { CHOICES, CHOICES_BYTES } from './cuckoo.ts';
import { type Regions, regionsOf, SHARES_COLUMNS_MAX, SHARES_ROWS_MAX, wordBits } from './sizes.ts';

/** Rows of a bucket times blocks of a bin, at most: all hints of a bucket are one message, which has a largest size. */
const HINTS_ROWS = 900_000;

/** Words of 64 bits in a block of an encoding. */
export const BLOCK_LANES = 2;

export interface BinsSizes {
  /** Of all regions, and of one. */
  readonly allBins: number;
  readonly bins: number;
  /** Of the function's inputs: the holder's rows. */
  readonly encoding: OkvsShape;
  readonly vole: VoleShape;
  /** Of the hints in each of {@link blocks}. */
  readonly hints: OkvsShape;
  readonly columns: number;
  /** Encodings of hints: a word and the columns have one of 16 bytes for each two. */
  readonly blocks: number;
  /** Lengths of the messages, in bytes. */
  readonly first: number;
  readonly second: number;
  /** Of the vector that a party keeps to itself from one step to the next. */
  readonly kept: number;
  readonly vector: number;
  readonly hintsBytes: number;
}

export interface BinsPlan extends Regions {
  /** All of them; a region has as many as another one, one after the other. */
  readonly buckets: number;
  readonly bucketsIn: number;
  /** Of a word. */
  readonly bits: number;
  /** Rows for which a bucket has room. */
  readonly rooms: { readonly holder: number; readonly other: number };
  readonly sizes: BinsSizes;
}

/** `bucketRows`: {@link BUCKET_ROWS}, but in tests. */
export function planBins(
  holderRows: number,
  otherRows: number,
  columns: number,
  bucketRows: number = BUCKET_ROWS,
): BinsPlan {
  const regions = regionsOf(holderRows, bucketRows);
  invariant(
    Number.isInteger(otherRows) && otherRows >= 1 && otherRows <= SHARES_ROWS_MAX,
    'an impossible number of rows',
  );
  invariant(
    Number.isInteger(columns) && columns >= 0 && columns <= SHARES_COLUMNS_MAX,
    'an impossible number of columns',
  );
  const blocks = Math.ceil((1 + columns) / BLOCK_LANES);
  const inBucket = Math.min(bucketRows, Math.floor(HINTS_ROWS / blocks));
  const bucketsIn = Math.ceil(Math.max(holderRows, otherRows) / (inBucket * regions.regions));
  const buckets = regions.regions * bucketsIn;
  const rooms = { holder: roomFor(holderRows, buckets), other: roomFor(otherRows, buckets) };
  const encoding = okvsShape(rooms.holder, buckets * ENCODINGS_MAX);
  const hints = okvsShape(CHOICES * rooms.other, buckets * blocks * ENCODINGS_MAX);
  const vole = voleShape(encoding.columns);
  const allBins = regions.regions * regions.bins;
  const sizes: BinsSizes = {
    allBins,
    bins: regions.bins,
    encoding,
    vole,
    hints,
    columns,
    blocks,
    first: firstBytes(vole),
    second: secondBytes(vole),
    kept: vole.outputs * ELEMENT_BYTES,
    // The seed of the bins, and that of the encoding.
    vector: 2 * SEED_BYTES + encoding.columns * OKVS_VALUE_BYTES,
    hintsBytes: blocks * blockBytes(hints),
  };
  return { ...regions, buckets, bucketsIn, bits: wordBits(allBins), rooms, sizes };
}

/** Of one encoding of hints: its seed, and its columns. */
export function blockBytes(hints: OkvsShape): number {
  return SEED_BYTES + hints.columns * OKVS_VALUE_BYTES;
}

/** Bytes that work on a bucket takes at most, in either role. */
export function bucketMemory({ rooms, sizes }: BinsPlan): number {
  const rows = Math.max(CHOICES * rooms.other, rooms.holder);
  const kernels = Math.max(okvsMemory(sizes.encoding, rows), okvsMemory(sizes.hints, rows));
  // Inputs, values of the function as they are made and all of them, hashes, and ids.
  const beside = rows * (4 * ID_BYTES + OKVS_ROW_BYTES);
  // Messages are in memory here, in a thread, and on their way.
  const messages = 3 * (2 * sizes.vector + sizes.hintsBytes);
  const payload = 2 * BigUint64Array.BYTES_PER_ELEMENT * sizes.columns * rooms.other;
  return kernels + VOLE_VECTORS * sizes.vole.columns * ELEMENT_BYTES + beside + messages + payload;
}

/** Numbers of a bin while rows are placed: the table, a search, and where it looks next. */
const SEARCH_NUMBERS = 4;

/** Bytes that the placement of a region's rows takes at most, with its ids and their hashes. */
export function placementMemory({ room, bins }: BinsPlan): number {
  const perRow = ID_BYTES + 2 * CHOICES_BYTES + CHOICES * Uint32Array.BYTES_PER_ELEMENT + 2 * 5;
  return room * perRow + SEARCH_NUMBERS * Uint32Array.BYTES_PER_ELEMENT * bins;
}
