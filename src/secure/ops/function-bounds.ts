/** Bounds of quotients, roots, exponentials and means: what they need room for on the way is in divide.ts, roots.ts, exponential.ts and reduce.ts. */
import { below, between, OutOfDomain, TRUNCATED_BITS } from '../bounds/domain.ts';
import {
  absolute,
  hull,
  type Interval,
  interval,
  magnitude,
  negated,
  outward,
  realOf,
  times,
  truncated,
} from '../bounds/interval.ts';
import {
  type Accuracy,
  along,
  type BoundedOperand,
  type BoundInput,
  merged,
  one,
  ring,
  rule,
  two,
  ulp,
} from '../bounds/rule.ts';
import { fixedLimit, magnitudeBits, reciprocalShift } from '../ring/fixed-point.ts';

const ofMean: Accuracy = {
  text: '(2 + mean) · 2^-f',
  of: (mean, input) => (2 + Math.abs(mean)) * ulp(input),
};
const ofQuotients: Accuracy = {
  text: '3 · 2^-f + x/y · 2^-(f+3); by a public number (1 + x/y) · 2^-f',
  of: (result, input) => {
    const size = Math.abs(result);
    return (input.operands[1]?.number === undefined ? 3 + size / 8 : 1 + size) * ulp(input);
  },
};
const ofRoots: Accuracy = {
  text: '2^(1-f) + result · 2^-19',
  of: (result, input) => 2 * ulp(input) + Math.abs(result) * 2 ** -19,
};
const ofLog: Accuracy = { text: '2^(1-f)', of: (_, input) => 2 * ulp(input) };
const ofExp: Accuracy = {
  text: '2^(1-f) + e^x · 2^-16; of fewer than 18 fractional bits e^x · 2^(2-f)',
  of: (result, input) => 2 * ulp(input) + Math.abs(result) * 2 ** (2 - Math.min(input.fracBits, 18)),
};
const ofSigmoid: Accuracy = { text: '3 · 2^-f', of: (_, input) => 3 * ulp(input) };
const ofTanh: Accuracy = { text: '6 · 2^-f', of: (_, input) => 6 * ulp(input) };
const ofSoftmax: Accuracy = {
  text: '2^-15 + (n + 3) · 2^(1-f)',
  of: (_, input) => 2 ** -15 + (along(input, -1) + 3) * 2 * ulp(input),
};

/** Largest magnitude, as a power of two, of arguments of exponentials: more fractional bits leave less room for x · log2 e. */
const exponentBits = (fracBits: number): number => Math.min(20, 39 - fracBits);
const ENDS = 'of the ends, and as far off as it is';

function quotient(input: BoundInput, x: Interval, y: BoundedOperand): Interval {
  const { fracBits } = input;
  if (y.number !== undefined) return quotientByNumber(input, x, y.number);
  const from = 2 ** (1 - fracBits);
  const smallest = smallestOf(y);
  const sizes = interval(smallest, magnitude(y.bound));
  between(sizes, from, 2 ** (magnitudeBits(fracBits) - fracBits), 'the magnitude of the divisor', fracBits);
  const limit = 2 ** Math.min(fracBits, 54 - 2 * fracBits);
  const largest = realOf(magnitude(x), fracBits) / realOf(smallest, fracBits);
  if (largest >= limit) {
    const came = `up to ${Number(largest.toPrecision(6))} in magnitude`;
    throw new OutOfDomain({ what: 'its quotients', came, domain: `below ${limit}` });
  }
  const ends = [x.min, x.max].flatMap((a) => [smallest, sizes.max].map((b) => Number(a) / Number(b)));
  const error = (end: number): number => ofQuotients.of(end, input);
  const ofMagnitudes = outward(Math.min(...ends), Math.max(...ends), error, fracBits);
  if (y.bound.min > 0n) return ofMagnitudes;
  return y.bound.max < 0n ? negated(ofMagnitudes) : hull(ofMagnitudes, negated(ofMagnitudes));
}

/** In magnitude. Zero if the interval of a secret has it. */
function smallestOf({ bound, words }: BoundedOperand): bigint {
  if (bound.min > 0n || bound.max < 0n) return absolute(bound).min;
  if (words === undefined) return 0n;
  let least = magnitude(bound);
  for (const word of new BigInt64Array(words.buffer, words.byteOffset, words.length)) {
    const size = word < 0n ? -word : word;
    if (size < least) least = size;
  }
  return least;
}

function quotientByNumber({ fracBits }: BoundInput, x: Interval, y: number): Interval {
  const limit = fixedLimit(fracBits);
  if (!(1 / Math.abs(y) < limit)) {
    throw new OutOfDomain({
      what: 'one over the divisor',
      came: `${limit} or more`,
      domain: `below ${limit}`,
    });
  }
  const more = fracBits + reciprocalShift(y);
  const scaled = times(x, BigInt(Math.round(2 ** more / y)));
  return truncated(below(scaled, TRUNCATED_BITS, 'its quotients', fracBits + more), more);
}

/** A function whose results are as accurate as it says; `min` and `max` give the ends of them. */
const monotone = (
  input: BoundInput,
  { min, max }: Interval,
  of: (x: number) => number,
  accuracy: Accuracy,
): Interval => {
  const { fracBits } = input;
  const error = (end: number): number => accuracy.of(end, input);
  return outward(of(realOf(min, fracBits)), of(realOf(max, fracBits)), error, fracBits);
};

const rootDomain = (input: BoundInput, from: number): Interval => {
  const { fracBits } = input;
  return between(one(input).bound, from, 2 ** (magnitudeBits(fracBits) - fracBits), 'its operand', fracBits);
};
const exponent = (input: BoundInput, bitsMax: number, to: number = 2 ** bitsMax): Interval => {
  const { fracBits } = input;
  // The ends themselves do not belong to it.
  const least = 2 ** -fracBits;
  return between(one(input).bound, least - 2 ** bitsMax, to, 'its operand', fracBits);
};

export const div = rule(
  '2^(1-f) ≤ y < 2^26 in magnitude (2^min(62-2f, 44-f)), x/y below 2^18 (2^min(f, 54-2f)); by a public number: x · 1/y below 2^(62-2f)',
  'quotients of the ends, and as far off as they are',
  (input) => quotient(input, one(input).bound, two(input)),
  ofQuotients,
);
export const reciprocal = rule(
  'as `div`',
  ENDS,
  (input) => {
    const whole = 2n ** BigInt(input.fracBits);
    return quotient(input, interval(whole, whole), one(input));
  },
  ofQuotients,
);
export const sqrt = rule(
  '0 ≤ x < 2^26 (2^min(62-2f, 44-f))',
  `${ENDS}, from 0 on`,
  (input) => {
    const { min, max } = monotone(input, rootDomain(input, 0), Math.sqrt, ofRoots);
    // Products of numbers that are not negative.
    return interval(min < 0n ? 0n : min, max);
  },
  ofRoots,
);
export const rsqrt = rule(
  '2^-f ≤ x < 2^26, as `sqrt`',
  ENDS,
  (input) => {
    const { min, max } = rootDomain(input, ulp(input));
    return monotone(input, interval(max, min), (x) => 1 / Math.sqrt(x), ofRoots);
  },
  ofRoots,
);
export const log = rule(
  '2^-f ≤ x < 2^26, as `sqrt`',
  ENDS,
  (input) => monotone(input, rootDomain(input, ulp(input)), Math.log, ofLog),
  ofLog,
);
export const exp = rule(
  '-2^20 < x < (32-f)·ln 2 (-2^min(20, 39-f))',
  ENDS,
  (input) => {
    // x · log2 e is rounded before its bits are read.
    const to = (32 - input.fracBits) * Math.LN2 - 2 * ulp(input);
    return monotone(input, exponent(input, exponentBits(input.fracBits), to), Math.exp, ofExp);
  },
  ofExp,
);
export const sigmoid = rule(
  'below 2^20 (2^min(20, 39-f))',
  ENDS,
  (input) => {
    const x = exponent(input, exponentBits(input.fracBits));
    return monotone(input, x, (t) => 1 / (1 + Math.exp(-t)), ofSigmoid);
  },
  ofSigmoid,
);
export const tanh = rule(
  'below 2^19 (2^min(19, 38-f))',
  ENDS,
  (input) => monotone(input, exponent(input, exponentBits(input.fracBits) - 1), Math.tanh, ofTanh),
  ofTanh,
);
export const softmax = rule(
  'differences below 2^20, as `sigmoid`; fewer than 2^25 elements (2^min(61-2f, 43-f))',
  '0 to 1, and as far off as it is',
  (input) => {
    const { fracBits } = input;
    const { bound: x } = one(input);
    const limit = 2 ** exponentBits(fracBits);
    between(interval(0n, x.max - x.min), 0, limit, 'the difference of two elements', fracBits);
    // The powers, of which the largest is 1, are added up and divided by.
    const sizes = interval(1n, BigInt(along(input, -1)));
    between(sizes, 1, 2 ** (magnitudeBits(fracBits) - fracBits - 1), 'the sum of the powers', 0);
    return outward(0, 1, () => ofSoftmax.of(1, input), fracBits);
  },
  ofSoftmax,
);
export const mean = rule(
  'the sum below 2^(62-f), the mean below 2^(62-2f)',
  "the operand's, and as far off as it is",
  (input) => {
    const { fracBits } = input;
    const count = merged(input);
    const halvings = Math.floor(Math.log2(count));
    let x = times(one(input).bound, BigInt(count));
    if (halvings > 0) x = truncated(below(x, TRUNCATED_BITS, 'its sums', fracBits), halvings);
    if (count === 2 ** halvings) return ring(x, 'its mean', input);
    const rest = BigInt(Math.round((2 ** halvings / count) * 2 ** fracBits));
    return truncated(below(times(x, rest), TRUNCATED_BITS, 'its mean', 2 * fracBits), fracBits);
  },
  ofMean,
);
