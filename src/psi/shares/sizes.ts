/** What follows from the holder's number of rows, which is public: known to all members of a device beforehand. */
import { invariant } from '../../base/errors.ts';
import { BUCKET_ROWS, roomFor } from '../protocols/rr22/plan.ts';
import { binCount } from './cuckoo.ts';

/** Words of bins without a match are the same at both with a chance of at most 2^-40, all bins together. */
const EQUAL_BITS = 40;

/** Rows of either party: the words of their bins have no more than 64 bits. */
export const SHARES_ROWS_MAX = 12_000_000;

/** Columns of either party: with more, buckets would be so small that what each costs once is most of it. */
export const SHARES_COLUMNS_MAX = 64;

/** A part of the holder's rows, by a hash, and the bins that these can be in: so parts are placed side by side. */
export interface Regions {
  readonly regions: number;
  /** Rows for which one has room. */
  readonly room: number;
  /** Bins of one. */
  readonly bins: number;
}

/** `regionRows`: {@link BUCKET_ROWS}, but in tests. */
export function regionsOf(holderRows: number, regionRows: number = BUCKET_ROWS): Regions {
  invariant(
    Number.isInteger(holderRows) && holderRows >= 1 && holderRows <= SHARES_ROWS_MAX,
    'an impossible number of rows',
  );
  const regions = Math.ceil(holderRows / regionRows);
  const room = roomFor(holderRows, regions);
  return { regions, room, bins: binCount(room) };
}

/** Bins that come of so many rows of the holder. */
export function binsOf(holderRows: number): number {
  const { regions, bins } = regionsOf(holderRows);
  return regions * bins;
}

/** Bits of the words that are compared in so many bins. */
export const wordBits = (bins: number): number => EQUAL_BITS + 32 - Math.clz32(bins - 1);
