/**
 * Sizes of an encoding (okvs.ts), from the one table of parameters, and how often it fails.
 *
 * Rows fail to be encoded when the band of one is used up before a column is left for it. Go through the columns from
 * left to right, and let L be the rows that begin at or before a column and have no column yet. A row that begins finds
 * band - L free columns in its band, on which it is uniform after elimination, so it fails with chance 2^-(band - L).
 * A column takes one of the L rows except with chance 2^-L, or less, as they did not fail. So L is at most a Markov
 * chain, to which as many new rows come at a column as a Poisson distribution of mean rows/starts says: the queue
 * M/D/1, a little slower. Let k be the chance of a failure at a column once the chain is stationary among runs
 * without one; it starts from an empty queue, which is better. Then encoding fails with a chance of at most
 * 2·starts·k. The 2 is there because the number of rows is fixed: the median of a Poisson distribution of whole mean is
 * its mean, and more rows fail more often. k falls as C·z^-band with z > 1 the root of ln z = (rows/starts)(z - 1).
 * The table has log2 z as `slope` and, from the chain itself, -log2 C as `offset`.
 *
 * The paper (eprint 2023/903) has lines fitted to measured failures instead, up to an expansion of a tenth. The one for
 * that and 2^20 rows is 0.2691·w - 15.21, as public ports of it have it; the chain gives 0.2708·w - 15.69 without
 * the factor of 2. Narrow bands fail as often as the chain says (failures.test.ts).
 */
import { invariant } from '../../base/errors.ts';

/**
 * Columns that a row can use: two words of 64 bits. A narrower band would need more columns, each of which costs a
 * correlation and 16 bytes to send; a wider one costs time for each of its bits in every row.
 */
export const BAND_BITS = 128;

/** Bytes of a row: its value, 8 bytes that say where its band begins, and the band. */
export const OKVS_ROW_BYTES = 40;
export const OKVS_VALUE_BYTES = 16;

/** Encodings of one run fail, all together, with a chance of at most 2^-40. */
const FAILURE_BITS = 40;

/** Starts are found with whole numbers below 2^53 (okvs.ts). */
const STARTS_MAX = 2 ** 21;

/** Of one bucket: with it, and the largest expansion, starts stay below {@link STARTS_MAX}. */
export const OKVS_ROWS_MAX = 1_600_000;

/** So many percent more starts than rows, and what it does to failures. Rounded down. */
interface Expansion {
  readonly percent: number;
  readonly slope: number;
  readonly offset: number;
}

export const expansions: readonly Expansion[] = [
  { percent: 14, slope: 0.37015, offset: 3.033 },
  { percent: 15, slope: 0.39429, offset: 2.723 },
  { percent: 16, slope: 0.41815, offset: 2.427 },
  { percent: 17, slope: 0.44175, offset: 2.14 },
  { percent: 18, slope: 0.46509, offset: 1.864 },
  { percent: 19, slope: 0.48817, offset: 1.595 },
  { percent: 20, slope: 0.511, offset: 1.333 },
  { percent: 21, slope: 0.53358, offset: 1.077 },
  { percent: 22, slope: 0.55593, offset: 0.826 },
  { percent: 23, slope: 0.57804, offset: 0.579 },
  { percent: 24, slope: 0.59992, offset: 0.335 },
  { percent: 25, slope: 0.62157, offset: 0.094 },
];

export interface OkvsShape {
  /** At most. Fewer can be encoded, into as many columns. */
  readonly rows: number;
  /** Columns at which a band can begin. */
  readonly starts: number;
  /** Blocks of 16 bytes in an encoding. */
  readonly columns: number;
  /** Bits of a row's band that count: {@link BAND_BITS}, fewer in tests of failures. */
  readonly band: number;
}

/** For buckets of at most `rows` rows, all of which, `buckets` of them, are to be encoded in one run. */
export function okvsShape(rows: number, buckets: number): OkvsShape {
  invariant(
    Number.isInteger(rows) && rows >= 1 && rows <= OKVS_ROWS_MAX,
    'a bucket of an impossible number of rows',
  );
  invariant(Number.isInteger(buckets) && buckets >= 1, 'an impossible number of buckets');
  const wanted = FAILURE_BITS + Math.log2(buckets);
  for (const { percent } of expansions) {
    if (okvsFailureBits(rows, percent) >= wanted) return shapeOf(rows, percent, BAND_BITS);
  }
  invariant(false, 'more buckets than the parameters of the encoding are for');
}

/** λ such that encoding `rows` rows fails with a chance of at most 2^-λ. */
export function okvsFailureBits(rows: number, percent: number, band: number = BAND_BITS): number {
  const expansion = expansions.find((one) => one.percent === percent);
  invariant(expansion !== undefined, 'an expansion that is not in the table');
  return expansion.slope * band + expansion.offset - Math.log2(startsOf(rows, percent)) - 1;
}

/** With a band of at most {@link BAND_BITS}. What is narrower fails often, and is for tests. */
export function shapeOf(rows: number, percent: number, band: number): OkvsShape {
  const starts = startsOf(rows, percent);
  invariant(starts <= STARTS_MAX && band >= 1 && band <= BAND_BITS, 'an encoding of an impossible shape');
  return { rows, starts, columns: starts + band - 1, band };
}

function startsOf(rows: number, percent: number): number {
  return Math.ceil((rows * (100 + percent)) / 100);
}
