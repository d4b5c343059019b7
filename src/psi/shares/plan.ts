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
import { binCount, CHOICES } from './cuckoo.ts';

/** Words of bins without a match are the same at both with a chance of at most 2^-40, all bins together. */
const EQUAL_BITS = 40;

/** Rows of either party: the words of their bins have no more than 64 bits. */
export const BINS_ROWS_MAX = 12_000_000;

/** Columns of the other party: with more, buckets would be so small that what each costs once is most of it. */
export const BINS_COLUMNS_MAX = 64;

/** Rows of a bucket times blocks of a bin, at most: all hints of a bucket are one message, which has a largest size. */
const HINTS_ROWS = 900_000;

/** Words of 64 bits in a block of an encoding. */
export const BLOCK_LANES = 2;

export interface BinsSizes {
  /** In a bucket. */
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
  readonly vector: number;
  readonly hintsBytes: number;
}

export interface BinsPlan {
  readonly buckets: number;
  /** Of all buckets. */
  readonly bins: number;
  /** Of a word. */
  readonly bits: number;
  /** Rows for which a bucket has room. */
  readonly room: { readonly holder: number; readonly other: number };
  readonly sizes: BinsSizes;
}

/** `bucketRows`: {@link BUCKET_ROWS}, but in tests. */
export function planBins(
  holderRows: number,
  otherRows: number,
  columns: number,
  bucketRows: number = BUCKET_ROWS,
): BinsPlan {
  for (const rows of [holderRows, otherRows])
    invariant(Number.isInteger(rows) && rows >= 1 && rows <= BINS_ROWS_MAX, 'an impossible number of rows');
  invariant(
    Number.isInteger(columns) && columns >= 0 && columns <= BINS_COLUMNS_MAX,
    'an impossible number of columns',
  );
  const blocks = Math.ceil((1 + columns) / BLOCK_LANES);
  const inBucket = Math.min(bucketRows, Math.floor(HINTS_ROWS / blocks));
  const buckets = Math.ceil(Math.max(holderRows, otherRows) / inBucket);
  const room = { holder: roomFor(holderRows, buckets), other: roomFor(otherRows, buckets) };
  const bins = buckets * binCount(room.holder);
  return {
    buckets,
    bins,
    bits: EQUAL_BITS + 32 - Math.clz32(bins - 1),
    room,
    sizes: sizesOf(room, buckets, columns, blocks),
  };
}

function sizesOf(room: BinsPlan['room'], buckets: number, columns: number, blocks: number): BinsSizes {
  const encoding = okvsShape(room.holder, buckets * ENCODINGS_MAX);
  const hints = okvsShape(CHOICES * room.other, buckets * blocks * ENCODINGS_MAX);
  const vole = voleShape(encoding.columns);
  return {
    bins: binCount(room.holder),
    encoding,
    vole,
    hints,
    columns,
    blocks,
    first: firstBytes(vole),
    second: secondBytes(vole),
    // The seed of the bins, and that of the encoding.
    vector: 2 * SEED_BYTES + encoding.columns * OKVS_VALUE_BYTES,
    hintsBytes: blocks * blockBytes(hints),
  };
}

/** Of one encoding of hints: its seed, and its columns. */
export function blockBytes(hints: OkvsShape): number {
  return SEED_BYTES + hints.columns * OKVS_VALUE_BYTES;
}

/** Two words of 32 bits for each lane of a bin: see bin-work.ts. */
export function laneWords({ bins, blocks }: BinsSizes): number {
  return BLOCK_LANES * blocks * 2 * bins;
}

/** Bytes that work on a bucket takes at most, in either role. */
export function bucketMemory({ room, sizes }: BinsPlan): number {
  const slots = CHOICES * room.other;
  const rows = Math.max(slots, room.holder);
  const kernels = Math.max(okvsMemory(sizes.encoding, rows), okvsMemory(sizes.hints, rows));
  // Inputs, values of the function as they are made and all of them, hashes, and ids.
  const beside = rows * (4 * ID_BYTES + OKVS_ROW_BYTES);
  // Messages and lanes are in memory here, in a thread, and on their way.
  const crossing = 3 * (2 * sizes.vector + sizes.hintsBytes + 4 * laneWords(sizes));
  const payload = 2 * BigUint64Array.BYTES_PER_ELEMENT * sizes.columns * room.other;
  return kernels + VOLE_VECTORS * sizes.vole.columns * ELEMENT_BYTES + beside + crossing + payload;
}
