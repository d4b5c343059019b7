/**
 * Exponentials: 2^t from the bits of t. The whole part gives a product of constants chosen by bits, the fraction a polynomial.
 */

import { andOfPlanes } from '../protocols/circuits.ts';
import { encodeNumber } from '../ring/fixed-point.ts';
import { axisOf } from '../ring/shape.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, scaleS, subSS } from '../sharing/linear.ts';
import { type Arith, planes } from '../sharing/shares.ts';
import { mul, sub } from './arithmetic.ts';
import { GUESS, reciprocal, reciprocalOfNormal } from './divide.ts';
import { notB, planeAt } from './logic.ts';
import {
  constant,
  flipPlanes,
  GUARD_BITS,
  minusFrom,
  planesAsNumbers,
  plusConstant,
  polynomial,
  product,
  productOfAll,
} from './numeric.ts';
import { numbersOf, secret } from './operands.ts';
import { max, sum } from './reduce.ts';

/** 2^y for 0 ≤ y < 1, within 1.1 · 10^-7, relatively; and 2^-y. Interpolated at Chebyshev nodes. */
const POWER: readonly number[] = [
  0.9999998983500243, 0.6931544896632322, 0.24014181820143185, 0.05586033707728194, 0.008949590423294776,
  0.0018937540582209126,
];
const NEGATIVE_POWER: readonly number[] = [
  0.999999943886743, -0.6931431346411112, 0.240178956277614, -0.05529811967629521, 0.009209180357154494,
  -0.0009468770290928087,
];

/** Fractional bits of the constant 1/ln 2: with more, arguments of 2^20 would wrap. */
const LOG2E_BITS = 22;
/** Bits left of the point that arguments may have. */
const ARGUMENT_BITS = 21;
/** Bits of the whole part that are decoded: powers from 2^-fracBits to 2^(32 - fracBits). */
const WHOLE_BITS = 5;

/**
 * e^x. Domain (default fracBits): -2^20 < x < 9.70 ((32 - fracBits) · ln 2); below -12.5 the result is 0, above the domain it means
 * nothing. Accuracy: 2 · 2^-fracBits + e^x · 2^-16 (of fewer than 18 fractional bits
 * e^x · 2^(2 - fracBits)). Cost: 24 rounds, 193.5 bytes an element.
 */
export async function exp(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  const { protocol, fiber, fracBits } = on;
  const shares = numbersOf(on, x, 'exp', 'fixed');
  return fiber.as('exp', async () => {
    // t + fracBits, where e^x = 2^t: below zero the result is smaller than anything that can be represented.
    const t = plusConstant(on, await binaryExponent(on, shares), fracBits, fracBits);
    const width = fracBits + ARGUMENT_BITS + 1;
    const bits = await protocol.a2b(fiber, t, width);
    const digits = await planesAsNumbers(on, planes(bits, fracBits, fracBits + WHOLE_BITS));
    const [negative] = (await planesAsNumbers(on, planeAt(bits, width - 1))) as [Arith];
    const [power, fraction] = await on.all(
      (at) =>
        productOfAll(at, [
          minusFrom(at, 1, negative, 0),
          ...digits.map((digit, bit) => raised(at, digit, bit)),
        ]),
      (at) => polynomial(at, fractionOf(at, t, digits), POWER),
    );
    // 2^whole · 2^fraction has fracBits too many in its exponent: as many as the result has right of its point.
    return secret(on, 'fixed', x.shape, await product(on, power, fraction));
  });
}

/**
 * 1/(1 + e^-x). Domain: |x| < 2^20. Accuracy: 3 · 2^-fracBits. Cost: 37 rounds, 290.3 bytes an element.
 * With u = |x|: e^-u is in (0, 1], its successor's reciprocal needs no normalisation, and x < 0 gives the complement.
 */
export async function sigmoid(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  const shares = numbersOf(on, x, 'sigmoid', 'fixed');
  return on.fiber.as('sigmoid', async () => secret(on, 'fixed', x.shape, await sigmoidOf(on, shares)));
}

/** Hyperbolic tangent: 2·sigmoid(2x) - 1. Domain: |x| < 2^19. Accuracy: 6 · 2^-fracBits. Cost: as {@link sigmoid}. */
export async function tanh(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  const { kernels, fracBits } = on;
  const doubled = scaleS(kernels, numbersOf(on, x, 'tanh', 'fixed'), 2n);
  return on.fiber.as('tanh', async () => {
    const twice = scaleS(kernels, await sigmoidOf(on, doubled), 2n);
    return secret(on, 'fixed', x.shape, plusConstant(on, twice, -1, fracBits));
  });
}

/**
 * e^x / Σ e^x along an axis, the largest element taken off first, so that the sum lies between 1 and the axis' size n.
 * Domain: differences below 2^20. Accuracy: 2^-15 + (n + 3) · 2^-(fracBits - 1): what the n powers are off adds up in their sum.
 * Cost: {@link max} of each row, {@link exp} and a product of each element, one {@link reciprocal} a row.
 */
export async function softmax(on: Evaluator, x: SecretTensor, axis = -1): Promise<SecretTensor> {
  const at = axisOf(x.shape, axis, 'softmax');
  return on.fiber.as('softmax', async () => {
    const powers = await exp(on, await sub(on, x, await max(on, x, at, true)));
    return mul(on, powers, await reciprocal(on, await sum(on, powers, at, true)));
  });
}

async function sigmoidOf(on: Evaluator, x: Arith): Promise<Arith> {
  const { kernels, protocol, fiber, fracBits } = on;
  const t = await binaryExponent(on, x);
  const width = fracBits + ARGUMENT_BITS + 1;
  const bits = await protocol.a2b(fiber, t, width);
  const sign = planes(bits, width - 1, width);
  const whole = flipPlanes(on, planes(bits, fracBits, width - 1), sign);
  // 1 where |t| < 32: beyond, 2^-|t| counts as 0.
  const [[negative, ...digits], [inside]] = await on.all(
    async (at) => [
      ...(await planesAsNumbers(at, sign)),
      ...(await planesAsNumbers(at, planes(whole, 0, WHOLE_BITS))),
    ],
    async (at) =>
      planesAsNumbers(
        at,
        await andOfPlanes(at.protocol, at.fiber, notB(at, planes(whole, WHOLE_BITS, whole.width))),
      ),
  );
  // 1 or -1.
  const direction = minusFrom(on, 1, scaleS(kernels, negative as Arith, 2n), 0);
  const magnitude = await protocol.mulSS(fiber, direction, t);
  const [power, fraction] = await on.all(
    // 2^(31 - whole).
    (at) => productOfAll(at, [inside as Arith, ...digits.map((digit, bit) => lowered(at, digit, bit))]),
    (at) => polynomial(at, fractionOf(at, magnitude, digits), NEGATIVE_POWER),
  );
  const small = await product(on, power, fraction, 2 ** WHOLE_BITS);
  // small is e^-u / 2, so c = (1 + e^-u) / 2.
  const c = plusConstant(on, small, 0.5);
  const inverse = await reciprocalOfNormal(on, c, constant(on, c.length, GUESS, GUARD_BITS), GUARD_BITS);
  // x ≥ 0: inverse/2. x < 0: 1 - inverse/2.
  const oriented = await product(on, direction, inverse, GUARD_BITS + 1 - fracBits);
  return addSS(kernels, oriented, scaleS(kernels, negative as Arith, 1n << BigInt(fracBits)));
}

/** x · log2 e. */
function binaryExponent(on: Evaluator, x: Arith): Promise<Arith> {
  const scaled = scaleS(on.kernels, x, encodeNumber(Math.LOG2E, LOG2E_BITS));
  return on.protocol.truncS(on.fiber, scaled, LOG2E_BITS);
}

/** 2^(2^bit) where the digit is 1, otherwise 1. */
function raised(on: Evaluator, digit: Arith, bit: number): Arith {
  return plusConstant(on, scaleS(on.kernels, digit, 2n ** (2n ** BigInt(bit)) - 1n), 1, 0);
}

/** 1 where the digit is 1, otherwise 2^(2^bit). */
function lowered(on: Evaluator, digit: Arith, bit: number): Arith {
  return minusFrom(on, 2 ** (2 ** bit), scaleS(on.kernels, digit, 2n ** (2n ** BigInt(bit)) - 1n), 0);
}

/** t less its whole part, with GUARD_BITS. */
function fractionOf(on: Evaluator, t: Arith, digits: readonly Arith[]): Arith {
  const { kernels, fracBits } = on;
  let rest = t;
  digits.forEach((digit, bit) => {
    rest = subSS(kernels, rest, scaleS(kernels, digit, 1n << BigInt(bit + fracBits)));
  });
  return scaleS(kernels, rest, 1n << BigInt(GUARD_BITS - fracBits));
}
