/**
 * What an intersection into shares leaves at each of two parties: bins, in each of which both have a word that is the
 * same just where the holder's row of this bin is one of the other's, and shares of the other's columns. What is made
 * of them (is a bin's match, a sum over matches) is a secure device's work: neither party learns here which rows match,
 * or how many.
 */
import type { PsiSetting } from '../protocols/protocol.ts';

/** A place in {@link Bins.rowOf} of a bin that no own row is in. */
export const NO_ROW = 0xffff_ffff;

export interface BinsSetting extends PsiSetting {
  /** Whether the bins are of this party's rows. It is so at just one of the two. */
  readonly holds: boolean;
  /** Of the party that holds no bins: its columns, a word for each of its rows. Empty at the holder. */
  readonly payload: readonly BigUint64Array[];
  /** How many columns the other party has: known to both. */
  readonly columns: number;
}

/** One party's part of all bins. Secret. */
export interface Bins {
  /** The same number at both; it follows from the holder's number of rows. */
  readonly bins: number;
  /** At the holder: the row in each bin, or {@link NO_ROW}. Every row is in just one bin. */
  readonly rowOf?: Uint32Array;
  /** Bits of a word of {@link words} that count, from the lowest one; those above are 0. */
  readonly bits: number;
  /**
   * A word for each bin: both parties' are the same where the holder's row is one of the other's, and (but for a chance
   * below 2^-40 in the whole run) only there. Alone it tells nothing.
   */
  readonly words: BigUint64Array;
  /**
   * By column of the other party, for each bin: both parties' add up to the column's word (mod 2^64) where the bin's
   * row is one of the other's, and to a random one elsewhere.
   */
  readonly shares: readonly BigUint64Array[];
}
