/**
 * How an intersection by rr22 is cut into buckets, from nothing but what both parties know: the numbers of rows, and
 * who learns the result. Every bucket is padded to one size for each list, so that no size tells how the ids of a list
 * spread.
 */

/** Two lists fit their buckets but for a chance below 2^-FIT_BITS in the whole run. */
const FIT_BITS = 40;

/**
 * Rows of a bucket, about: its vectors take some 60 MB of memory while it is worked on, and what is told once for each
 * bucket is 2 bytes a row.
 */
export const BUCKET_ROWS = 2 ** 18;

/** Buckets that a party works on at a time: while it waits for the peer in one of them, another one needs its cores. */
export const BUCKETS_AT_ONCE = 3;

export interface BucketPlan {
  /** Buckets of the run. */
  readonly buckets: number;
  /** Whether the sender of a bucket gets the result, too. */
  readonly tellsSender: boolean;
  /** By rank: ids for which each of its buckets has room. */
  readonly room: readonly [number, number];
  /** The rank that learns first which ids of this bucket match. */
  receiver(bucket: number): number;
  /** The ranks that are the receiver of some bucket. */
  readonly receivers: ReadonlySet<number>;
}

/**
 * `rows` by rank. `only`: the rank that alone receives the result; undefined: both do. `bucketRows` is
 * {@link BUCKET_ROWS}, but in tests.
 */
export function planBuckets(
  rows: readonly [number, number],
  only: number | undefined,
  bucketRows: number,
): BucketPlan {
  const [most, least] = [Math.max(...rows), Math.min(...rows)];
  const buckets = Math.ceil(most / bucketRows);
  // The receiver has more work, and its message is the longer one: lists of about one size take turns.
  const inTurn = only === undefined && buckets > 1 && most <= 2 * least;
  const always = only ?? (rows[1] < rows[0] ? 1 : 0);
  return {
    buckets,
    tellsSender: only === undefined,
    room: [roomFor(rows[0], buckets), roomFor(rows[1], buckets)],
    receiver: (bucket) => (inTurn ? bucket % 2 : always),
    receivers: new Set(inTurn ? [0, 1] : [always]),
  };
}

/**
 * Ids for which a bucket needs room when `rows` ids fall into `buckets` buckets at random: by the inequality of
 * Bernstein, mean + t is exceeded with a chance below exp(-t²/(2·mean + 2t/3)).
 */
export function roomFor(rows: number, buckets: number): number {
  if (buckets === 1) return rows;
  // By powers of two and square roots, which are exact: both parties must come to the same number.
  let bits = FIT_BITS + 1;
  while (2 ** (bits - FIT_BITS) < 2 * buckets) bits++;
  // Natural logarithm of 2, rounded up.
  const exponent = bits * 0.6932;
  const mean = rows / buckets;
  const over = exponent / 3 + Math.sqrt((exponent / 3) ** 2 + 2 * exponent * mean);
  return Math.min(rows, Math.ceil(mean + over));
}
