/**
 * Intervals in which all elements of a tensor lie, both ends included. They are words of the ring, read as signed:
 * whole numbers, so that nothing is rounded, at any size. A fixed-point number is its word over 2^fracBits.
 */
export interface Interval {
  readonly min: bigint;
  readonly max: bigint;
}

export const interval = (min: bigint, max: bigint): Interval => ({ min, max });
export const bits: Interval = interval(0n, 1n);

/** The lesser of two words; Math.min takes none. */
export function lesser(x: bigint, y: bigint): bigint {
  if (x < y) return x;
  return y;
}

export function greater(x: bigint, y: bigint): bigint {
  if (x > y) return x;
  return y;
}

/** The smallest interval that has all these words. */
export function intervalOf(first: bigint, ...others: readonly bigint[]): Interval {
  return others.reduce<Interval>(
    ({ min, max }, word) => ({ min: lesser(word, min), max: greater(word, max) }),
    interval(first, first),
  );
}

/** The words of a tensor that is public, of at least one element. Some 5 ns an element. */
export function intervalOfWords(words: BigUint64Array): Interval {
  const signed = new BigInt64Array(words.buffer, words.byteOffset, words.length);
  let min = signed[0] ?? 0n;
  let max = min;
  for (let i = 1; i < signed.length; i++) {
    const word = signed[i] as bigint;
    if (word < min) min = word;
    else if (word > max) max = word;
  }
  return { min, max };
}

export const hull = (x: Interval, y: Interval): Interval => intervalOf(x.min, x.max, y.min, y.max);
export const sum = (x: Interval, y: Interval): Interval => interval(x.min + y.min, x.max + y.max);
export const difference = (x: Interval, y: Interval): Interval => interval(x.min - y.max, x.max - y.min);
export const negated = (x: Interval): Interval => interval(-x.max, -x.min);

export function product(x: Interval, y: Interval): Interval {
  return intervalOf(x.min * y.min, x.min * y.max, x.max * y.min, x.max * y.max);
}

export const times = (x: Interval, factor: bigint): Interval => product(x, interval(factor, factor));

/** Of a number with itself: never negative. */
export function squared(x: Interval): Interval {
  const { min, max } = absolute(x);
  return interval(min * min, max * max);
}

export function absolute(x: Interval): Interval {
  if (x.min >= 0n) return x;
  return x.max <= 0n ? negated(x) : interval(0n, magnitude(x));
}

export function magnitude({ min, max }: Interval): bigint {
  return greater(-min, max);
}

/** Divided by 2^by and rounded down. */
export const shifted = (x: Interval, by: number): Interval =>
  interval(x.min >> BigInt(by), x.max >> BigInt(by));

/** Divided by 2^by and rounded down or up, as truncations of shares are (docs/protocols.md); what divides is exact. */
export function truncated(x: Interval, by: number): Interval {
  return interval(x.min >> BigInt(by), -(-x.max >> BigInt(by)));
}

export const contains = (outer: Interval, inner: Interval): boolean =>
  outer.min <= inner.min && inner.max <= outer.max;

/** Every element moved to the nearest end of `to`, where it lies outside. */
export function clamped(x: Interval, to: Interval): Interval {
  const into = (word: bigint): bigint => lesser(greater(word, to.min), to.max);
  return interval(into(x.min), into(x.max));
}

/** What lies in both; nothing if they have nothing in common. */
export function common(x: Interval, y: Interval): Interval | undefined {
  const both = interval(greater(x.min, y.min), lesser(x.max, y.max));
  return both.min <= both.max ? both : undefined;
}

/** The interval of real numbers, moved outwards by `error`, as words with so many fractional bits. */
export function outward(
  min: number,
  max: number,
  error: (end: number) => number,
  fracBits: number,
): Interval {
  const unit = 2 ** fracBits;
  return interval(
    BigInt(Math.floor((min - error(min)) * unit)),
    BigInt(Math.ceil((max + error(max)) * unit)),
  );
}

/** A word as the number that it stands for; of more than 53 bits the nearest. */
export const realOf = (word: bigint, fracBits: number): number => Number(word) / 2 ** fracBits;
