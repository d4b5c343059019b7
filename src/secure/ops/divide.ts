/**
 * Division: the divisor is brought into [1/2, 1] by a power of two found from its bits, its reciprocal comes from a linear guess and
 * Goldschmidt's iteration (R. Goldschmidt 1964; for shares: O. Catrina, A. Saxena, FC 2010), and the power is put back.
 */

import { encodeNumber, magnitudeBits, reciprocalShift } from '../ring/fixed-point.ts';
import { dtypeMismatch, publicTensor } from '../ring/tensor.ts';
import type { Operand, SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, scaleS } from '../sharing/linear.ts';
import { type Arith, type Bits, planes } from '../sharing/shares.ts';
import {
  constant,
  flipPlanes,
  GUARD_BITS,
  highestOne,
  minusFrom,
  plusConstant,
  product,
  products,
  reversePlanes,
} from './numeric.ts';
import { numbersOf, pairOf, secret, sharesOf } from './operands.ts';

/** The line that is never more than 8.6% off 1/c, relatively, for 1/2 ≤ c ≤ 1. */
export const GUESS = 2.914214;
/** Bits to the right of the point that the normalised numerator, and the reciprocal, have when they meet. */
const numeratorBits = (fracBits: number): number => fracBits + 2;
const reciprocalBits = (fracBits: number): number => fracBits + 6;

/**
 * x / y, element by element; shapes broadcast.
 *
 * Domain (default fracBits): 2^-17 ≤ |y| < 2^26, |x/y| < 2^18 (in general 2^min(fracBits, 54 - 2·fracBits)); outside it, and where y is 0,
 * the result means nothing. A public number is turned into its reciprocal in the open. Accuracy: 3 · 2^-fracBits + |x/y| · 2^-(fracBits+3); by a public number:
 * (1 + |x/y|) · 2^-fracBits. Cost: 35 rounds, 208.4 bytes an element; by a public number of magnitude 1 or less: 2 rounds, 10.25 bytes,
 * and a bit more for each power of two above.
 * @throws {UsageError} PRIVITY_SHAPE_MISMATCH, PRIVITY_SECURE_DTYPE
 * @throws {DataError} PRIVITY_SECURE_DOMAIN: a public number, or its reciprocal, that is NaN or too large
 */
export async function div(on: Evaluator, x: Operand, y: Operand): Promise<SecretTensor> {
  if (typeof y === 'number') {
    if (y === 0) throw dtypeMismatch('div by the number 0');
    return on.fiber.as('div', () => quotientByNumber(on, x, y));
  }
  const pair = pairOf(on, x, y, 'div');
  if (pair.x.dtype !== 'fixed' || pair.y.dtype !== 'fixed') throw dtypeMismatch('div takes fixed numbers');
  const [numerator, divisor] = [sharesOf(on, pair.x), sharesOf(on, pair.y)];
  return on.fiber.as('div', async () =>
    secret(on, 'fixed', pair.shape, await quotient(on, numerator, divisor)),
  );
}

/** 1/x; domain, accuracy and cost as {@link div}. */
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
 * 1/c for 1/2 ≤ |c| ≤ 1 (GUARD_BITS), with `outBits` fractional bits; `guess` is GUESS with the sign of c. Three corrections leave an error
 * of 0.086^8 < 2^-28 beside rounding. Rounds: 8.
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
