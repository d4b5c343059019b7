/**
 * Division: the divisor is brought into [1/2, 1] by a power of two found from its bits, its reciprocal comes from a
 * linear guess and Goldschmidt's iteration (R. Goldschmidt 1964; for shares: O. Catrina, A. Saxena, FC 2010), and the
 * power is put back.
 */

import { below, between, OutOfDomain, TRUNCATED_BITS } from '../bounds/domain.ts';
import {
  absolute,
  hull,
  type Interval,
  interval,
  magnitude as magnitudeOf,
  negated,
  outward,
  realOf,
  times,
  truncated,
} from '../bounds/interval.ts';
import {
  type Accuracy,
  type BoundedOperand,
  type BoundInput,
  ENDS,
  one,
  rule,
  two,
  ulp,
} from '../bounds/rule.ts';
import { type Cost, inParallel, inSequence } from '../cost.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { decode, encodeNumber, fixedLimit, magnitudeBits, reciprocalShift } from '../ring/fixed-point.ts';
import { broadcastShapes, elementCount } from '../ring/shape.ts';
import { dtypeMismatch, type PublicTensor, publicNumbers, publicTensor } from '../ring/tensor.ts';
import type { Operand, SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, mulSP, scaleS } from '../sharing/linear.ts';
import { type Arith, type Bits, planes } from '../sharing/shares.ts';
import { each } from './costs.ts';
import { alone, broadcast, fixed, same, withOther } from './forms.ts';
import {
  constant,
  flipPlanes,
  GUARD_BITS,
  guardedCost,
  highestOne,
  highestOneCost,
  minusFrom,
  plusConstant,
  product,
  products,
  reversePlanes,
} from './numeric.ts';
import {
  broadcastNumbers,
  broadcastWords,
  checkPublic,
  numbersOf,
  pairOf,
  secret,
  sharesOf,
} from './operands.ts';
import type { Operation } from './operation.ts';
import { binaryPlain, unaryPlain } from './plain.ts';
import { aFixed, aNumber, aPublic, WIDE, way } from './samples.ts';

/** The line that is never more than 8.6% off 1/c, relatively, for 1/2 ≤ c ≤ 1. */
export const GUESS = 2.914214;
/** Bits to the right of the point that the normalised numerator, and the reciprocal, have when they meet. */
const numeratorBits = (fracBits: number): number => fracBits + 2;
const reciprocalBits = (fracBits: number): number => fracBits + 6;

export async function div(on: Evaluator, x: Operand, y: Operand): Promise<SecretTensor> {
  if (typeof y === 'number') {
    if (y === 0) throw dtypeMismatch('div by the number 0');
    return on.fiber.as('div', () => quotientByNumber(on, x, y));
  }
  if (typeof x === 'object' && x.kind === 'secret' && y.kind === 'public')
    return on.fiber.as('div', () => quotientByPublic(on, x, y));
  const pair = pairOf(on, x, y, 'div');
  if (pair.x.dtype !== 'fixed' || pair.y.dtype !== 'fixed') throw dtypeMismatch('div takes fixed numbers');
  const [numerator, divisor] = [sharesOf(on, pair.x), sharesOf(on, pair.y)];
  return on.fiber.as('div', async () =>
    secret(on, 'fixed', pair.shape, await quotient(on, numerator, divisor)),
  );
}

export async function reciprocal(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  return on.fiber.as('reciprocal', () => div(on, 1, x));
}

async function quotientByNumber(on: Evaluator, x: Operand, y: number): Promise<SecretTensor> {
  const { protocol, fiber, kernels, fracBits } = on;
  for (const value of [y, 1 / y]) publicTensor(value, { fracBits });
  if (typeof x !== 'object' || x.kind !== 'secret')
    throw dtypeMismatch('div needs at least one secret operand');
  const product = scaleS(
    kernels,
    numbersOf(on, x, 'div', 'fixed'),
    encodeNumber(1 / y, fracBits + reciprocalShift(y)),
  );
  const shares = await protocol.truncS(fiber, product, fracBits + reciprocalShift(y));
  return secret(on, 'fixed', x.shape, shares);
}

/**
 * The divisors c · 2^e with c in [1/2, 1) are taken apart in the open: the numerator is brought below the point by
 * 2^-e, and multiplied by 1/c. Both lose as many bits whatever the divisor, and 1/c is as exact as the divisor was
 * given. Rounds: 2 truncations.
 */
async function quotientByPublic(on: Evaluator, x: SecretTensor, y: PublicTensor): Promise<SecretTensor> {
  const { protocol, fiber, kernels, fracBits } = on;
  checkPublic(on, y, 'div');
  const shape = broadcastShapes(x.shape, y.shape, 'div');
  const shares = broadcastNumbers(numbersOf(on, x, 'div', 'fixed'), x.shape, shape);
  const divisors = publicNumbers(y);
  const [scales, inverses] = [new BigUint64Array(divisors.length), new BigUint64Array(divisors.length)];
  const highest = magnitudeBits(fracBits) - fracBits;
  for (const [i, divisor] of divisors.entries()) {
    if (divisor === 0) throw dtypeMismatch('div by the number 0');
    const exponent = exponentOf(divisor);
    scales[i] = 1n << BigInt(highest - exponent);
    inverses[i] = encodeNumber(2 ** exponent / divisor, inverseBits(fracBits));
  }
  const by = (words: BigUint64Array): BigUint64Array => broadcastWords(words, y.shape, shape);
  const small = await protocol.truncS(
    fiber,
    mulSP(kernels, shares, by(scales)),
    highest + fracBits - numeratorBits(fracBits),
  );
  const raw = mulSP(kernels, small, by(inverses));
  const bits = numeratorBits(fracBits) + inverseBits(fracBits) - fracBits;
  return secret(on, 'fixed', shape, await protocol.truncS(fiber, raw, bits));
}

/** Of 1/c for a divisor that is public: products stay a bit below what is truncated. */
const inverseBits = (fracBits: number): number => fracBits + 5;

/** The whole number e with 2^(e-1) ≤ |y| < 2^e. */
function exponentOf(y: number): number {
  const size = Math.abs(y);
  // A logarithm next to a power of two is rounded to it.
  const near = Math.floor(Math.log2(size)) + 1;
  if (size >= 2 ** near) return near + 1;
  return size < 2 ** (near - 1) ? near - 1 : near;
}

async function quotient(on: Evaluator, x: Arith, y: Arith): Promise<Arith> {
  const { kernels, fracBits } = on;
  const magnitude = magnitudeBits(fracBits);
  const { scale, sign } = await scaleOf(on, y);
  const [[normal], [numerator]] = await on.all(
    // y·scale has `magnitude` fractional bits and lies in ±[1/2, 1].
    (at) => products(at, [[y, scale]], magnitude - GUARD_BITS),
    (at) => products(at, [[x, scale]], magnitude - numeratorBits(fracBits)),
  );
  const signed = addSS(
    kernels,
    constant(on, y.length, GUESS, GUARD_BITS),
    scaleS(kernels, sign, BigInt.asUintN(64, BigInt(Math.round(-2 * GUESS * 2 ** GUARD_BITS)))),
  );
  const inverse = await reciprocalOfNormal(on, normal as Arith, signed, reciprocalBits(fracBits));
  return product(
    on,
    numerator as Arith,
    inverse,
    numeratorBits(fracBits) + reciprocalBits(fracBits) - fracBits,
  );
}

/**
 * 1/c for 1/2 ≤ |c| ≤ 1 (GUARD_BITS), with `outBits` fractional bits; `guess` is GUESS with the sign of c. Three
 * corrections leave an error of 0.086^8 < 2^-28 beside rounding. Rounds: 8.
 */
export async function reciprocalOfNormal(
  on: Evaluator,
  c: Arith,
  guess: Arith,
  outBits: number,
): Promise<Arith> {
  const { kernels } = on;
  const first = addSS(kernels, guess, scaleS(kernels, c, MINUS_TWO));
  const error = minusFrom(on, 1, await product(on, c, first));
  const [step1, error2] = (await products(on, [
    [first, error],
    [error, error],
  ])) as [Arith, Arith];
  const second = addSS(kernels, first, step1);
  const [step2, error4] = (await products(on, [
    [second, error2],
    [error2, error2],
  ])) as [Arith, Arith];
  const third = addSS(kernels, second, step2);
  return product(on, third, plusConstant(on, error4, 1), 2 * GUARD_BITS - outBits);
}

interface Scale {
  /** 2^(magnitudeBits - 1 - j) where j is the position of the highest one of |y|. */
  readonly scale: Arith;
  /** 1 where y is negative. */
  readonly sign: Arith;
  readonly position: Bits;
}

async function scaleOf(on: Evaluator, y: Arith): Promise<Scale> {
  const { protocol, fiber, fracBits } = on;
  const magnitude = magnitudeBits(fracBits);
  const bits = await protocol.a2b(fiber, y, magnitude + 1);
  const sign = planes(bits, magnitude, magnitude + 1);
  const position = await highestOne(on, flipPlanes(on, planes(bits, 0, magnitude), sign));
  const [scale, negative] = await on.all(
    (at) => at.protocol.b2a(at.fiber, reversePlanes(position)),
    (at) => at.protocol.bit2a(at.fiber, sign),
  );
  return { scale, sign: negative, position };
}

const MINUS_TWO = 2n ** 64n - 2n;

/**
 * 1/c is off by less than 9 · 2^-28 of itself: c by 2^-27, five products by 2^-28 each, and what the corrections leave.
 * With over 21 fractional bits that shows.
 */
const INVERSE_BITS_MAX = 24;
const ofQuotients: Accuracy = {
  text: '3 · 2^-f + x/y · 2^-min(f+3, 24); by a single public number (1 + x/y) · 2^-f',
  of: (result, input) => {
    const size = Math.abs(result);
    if (input.operands[1]?.number !== undefined) return (1 + size) * ulp(input);
    return 3 * ulp(input) + size * 2 ** -Math.min(input.fracBits + 3, INVERSE_BITS_MAX);
  },
};

function boundOfQuotient(input: BoundInput, x: Interval, y: BoundedOperand): Interval {
  const { fracBits } = input;
  if (y.number !== undefined) return boundByNumber(input, x, y.number);
  const from = 2 ** (1 - fracBits);
  const [smallest, biggest] = sizesOf(y, fracBits);
  const words = [smallest, biggest].map((size) => BigInt(Math.round(size * 2 ** fracBits)));
  const sizes = interval(...(words as [bigint, bigint]));
  between(sizes, from, 2 ** (magnitudeBits(fracBits) - fracBits), 'the magnitude of the divisor', fracBits);
  const limit = 2 ** Math.min(fracBits, 54 - 2 * fracBits);
  const largest = realOf(magnitudeOf(x), fracBits) / smallest;
  if (largest >= limit) {
    const came = `up to ${Number(largest.toPrecision(6))} in magnitude`;
    throw new OutOfDomain({ what: 'its quotients', came, domain: `below ${limit}` });
  }
  const ends = [x.min, x.max].flatMap((a) => [smallest, biggest].map((b) => realOf(a, fracBits) / b));
  const error = (end: number): number => ofQuotients.of(end, input);
  const ofMagnitudes = outward(Math.min(...ends), Math.max(...ends), error, fracBits);
  if (y.bound.min > 0n) return ofMagnitudes;
  return y.bound.max < 0n ? negated(ofMagnitudes) : hull(ofMagnitudes, negated(ofMagnitudes));
}

/** The smallest magnitude and the largest. Zero if the interval of a secret has it. */
function sizesOf({ bound, words, exact }: BoundedOperand, fracBits: number): readonly [number, number] {
  const public_ = exact ?? (words && decode(words, 'fixed', fracBits));
  if (public_ === undefined) {
    const { min, max } = absolute(bound);
    return [realOf(min, fracBits), realOf(max, fracBits)];
  }
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (const value of public_) {
    const size = Math.abs(value);
    least = Math.min(least, size);
    most = Math.max(most, size);
  }
  return [least, most];
}

function boundByNumber({ fracBits }: BoundInput, x: Interval, y: number): Interval {
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

/** Of {@link reciprocalOfNormal}. */
export const reciprocalOfNormalCost = (c: ProtocolCosts, n: number, outBits: number): Cost =>
  inSequence(
    guardedCost(c, n),
    guardedCost(c, 2 * n),
    guardedCost(c, 2 * n),
    c.mulTruncSS(n, 2 * GUARD_BITS - outBits),
  );

export function quotientCost(c: ProtocolCosts, n: number, fracBits: number): Cost {
  const width = magnitudeBits(fracBits);
  const [numerator, reciprocal] = [numeratorBits(fracBits), reciprocalBits(fracBits)];
  return inSequence(
    highestOneCost(c, n, width, true),
    inParallel(c.b2a(n, width), c.bit2a(n)),
    inParallel(c.mulTruncSS(n, width - GUARD_BITS), c.mulTruncSS(n, width - numerator)),
    reciprocalOfNormalCost(c, n, reciprocal),
    c.mulTruncSS(n, numerator + reciprocal - fracBits),
  );
}

const quotientByPublicCost = (c: ProtocolCosts, n: number, fracBits: number): Cost =>
  inSequence(
    c.truncS(n, magnitudeBits(fracBits) - numeratorBits(fracBits)),
    c.truncS(n, numeratorBits(fracBits) + inverseBits(fracBits) - fracBits),
  );

/** From the smallest divisor on, whose quotients are the largest. */
const SMALLEST = 2 ** -17;

export const quotients: readonly Operation[] = [
  {
    name: 'div',
    takes: {
      ...withOther(fixed),
      publicly: 'exact',
      noZeros: 'div by a public number that is 0',
    },
    result: broadcast,
    bounds: rule(
      '2^(1-f) ≤ y < 2^26 in magnitude (2^min(62-2f, 44-f)), x/y below 2^18 (2^min(f, 54-2f)); by a public number: x · 1/y below 2^(62-2f)',
      'quotients of the ends, and as far off as they are',
      (input) => boundOfQuotient(input, one(input).bound, two(input)),
      ofQuotients,
    ),
    // Public numbers are turned into their reciprocals in the open.
    cost: (c, { operands: [, y], shape, fracBits }) => {
      const n = elementCount(shape);
      if (y?.number === undefined)
        return y?.secret ? quotientCost(c, n, fracBits) : quotientByPublicCost(c, n, fracBits);
      return c.truncS(n, fracBits + reciprocalShift(y.number));
    },
    run: (on, { x, others: [y] }) => div(on, x, y as Operand),
    plain: binaryPlain((x, y) => x / y),
    samples: ({ count }) => {
      const [x, far] = [aFixed(count), [-WIDE, WIDE] as const];
      return [
        way([x, x], {
          what: '',
          over: [
            [
              [-1000, 1000],
              [2 ** -7, WIDE, 'geometric'],
            ],
            // Both ends of the domain of quotients: up to 2^18, of either sign.
            [
              [-7, 7],
              [-(2 ** -15), -WIDE, 'geometric'],
            ],
            [far, [2 ** 8, WIDE, 'geometric']],
          ],
        }),
        way([x, aNumber(1)], { what: 'by a public number up to 1' }),
        way([x, aPublic('fixed', count)], {
          what: 'by public numbers',
          over: [
            [
              [-1000, 1000],
              [3, 300],
            ],
          ],
        }),
        way([x, aNumber(777)], { over: [[far]] }),
        way([x, aNumber(3e5)], { over: [[far]] }),
        way([x, aNumber(-(2 ** -7))], { over: [[[-5e5, 5e5]]] }),
      ];
    },
  },
  {
    name: 'reciprocal',
    takes: alone(fixed),
    result: same,
    bounds: rule(
      'as `div`',
      ENDS,
      (input) => {
        const whole = 2n ** BigInt(input.fracBits);
        return boundOfQuotient(input, interval(whole, whole), one(input));
      },
      ofQuotients,
    ),
    cost: each(quotientCost),
    run: (on, { x }) => reciprocal(on, x),
    plain: unaryPlain((x) => 1 / x),
    samples: ({ count }) => [
      way([aFixed(count)], {
        what: '',
        over: [[[SMALLEST, WIDE, 'geometric']], [[-SMALLEST, -WIDE, 'geometric']]],
      }),
    ],
  },
];
