/**
 * Exponentials: 2^t from the bits of t. The whole part gives a product of constants chosen by bits, the fraction a
 * polynomial.
 */
import { invariant } from '../../base/errors.ts';
import { between } from '../bounds/domain.ts';
import { type Interval, interval, outward } from '../bounds/interval.ts';
import { type Accuracy, along, type BoundInput, ENDS, monotone, one, rule, ulp } from '../bounds/rule.ts';
import { type Cost, inParallel, inSequence } from '../cost.ts';
import { allOnesAnds, andOfPlanes, levels } from '../protocols/circuits.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { encodeNumber, magnitudeBits } from '../ring/fixed-point.ts';
import { axisOf, elementCount } from '../ring/shape.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, scaleS, subSS } from '../sharing/linear.ts';
import { type Arith, planes, stackPlanes } from '../sharing/shares.ts';
import { each } from './costs.ts';
import { GUESS, quotientCost, reciprocal, reciprocalOfNormal, reciprocalOfNormalCost } from './divide.ts';
import { alone, alongAxis, fixed, same } from './forms.ts';
import { notB, planeAt } from './logic.ts';
import {
  circuitCost,
  constant,
  flipPlanes,
  GUARD_BITS,
  guardedCost,
  minusFrom,
  planesAsNumbers,
  plusConstant,
  polynomial,
  polynomialCost,
  product,
  productOfAll,
  productOfAllCost,
} from './numeric.ts';
import { numbersOf, secret } from './operands.ts';
import type { Operation } from './operation.ts';
import { alongAxisPlain, total, unaryPlain } from './plain.ts';
import { mul } from './products.ts';
import { max, sum, tournamentCost } from './reduce.ts';
import { aFixed, way } from './samples.ts';
import { sub } from './sums.ts';

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

export async function exp(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  const { protocol, fiber, fracBits } = on;
  const shares = numbersOf(on, x, 'exp', 'fixed');
  return fiber.as('exp', async () => {
    // t + fracBits, where e^x = 2^t: below zero the result is smaller than anything that can be represented.
    const t = plusConstant(on, await binaryExponent(on, shares), fracBits, fracBits);
    const width = fracBits + ARGUMENT_BITS + 1;
    const bits = await protocol.a2b(fiber, t, width);
    const sign = planeAt(bits, width - 1);
    const whole = planes(bits, fracBits, fracBits + WHOLE_BITS);
    const [negative, ...digits] = await planesAsNumbers(on, stackPlanes([sign, whole]));
    const [power, fraction] = await on.all(
      (at) =>
        productOfAll(at, [
          minusFrom(at, 1, negative as Arith, 0),
          ...digits.map((digit, bit) => raised(at, digit, bit)),
        ]),
      (at) => polynomial(at, fractionOf(at, t, digits), POWER),
    );
    // 2^whole · 2^fraction has fracBits too many in its exponent: as many as the result has right of its point.
    return secret(on, 'fixed', x.shape, await product(on, power, fraction));
  });
}

/**
 * With u = |x|: e^-u is in (0, 1], its successor's reciprocal needs no normalisation, and x < 0 gives the complement.
 */
export async function sigmoid(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  const shares = numbersOf(on, x, 'sigmoid', 'fixed');
  return on.fiber.as('sigmoid', async () => secret(on, 'fixed', x.shape, await sigmoidOf(on, shares)));
}

/** 2·sigmoid(2x) - 1. */
export async function tanh(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  const { kernels, fracBits } = on;
  const doubled = scaleS(kernels, numbersOf(on, x, 'tanh', 'fixed'), 2n);
  return on.fiber.as('tanh', async () => {
    const twice = scaleS(kernels, await sigmoidOf(on, doubled), 2n);
    return secret(on, 'fixed', x.shape, plusConstant(on, twice, -1, fracBits));
  });
}

/** The largest element is taken off first, so that the sum lies between 1 and the number of elements. */
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
  let numbers: readonly Arith[] = [];
  // What the digits are enough for does not wait until it is known whether they are all.
  const [[negative, direction, fraction], power] = await on.all(
    async (at) => {
      numbers = await planesAsNumbers(at, stackPlanes([sign, planes(whole, 0, WHOLE_BITS)]));
      const [negative, ...digits] = numbers as [Arith, ...Arith[]];
      // 1 or -1.
      const direction = minusFrom(at, 1, scaleS(kernels, negative, 2n), 0);
      const magnitude = await protocol.mulSS(at.fiber, direction, t);
      const fraction = await polynomial(at, fractionOf(at, magnitude, digits), NEGATIVE_POWER);
      return [negative, direction, fraction] as const;
    },
    // 2^(31 - whole) where |t| < 32: beyond, 2^-|t| counts as 0.
    async (at) => {
      const high = notB(at, planes(whole, WHOLE_BITS, whole.width));
      const [inside] = await planesAsNumbers(at, await andOfPlanes(protocol, at.fiber, high));
      // They take no more rounds than one bit, so they are here.
      const [, ...digits] = numbers;
      invariant(digits.length === WHOLE_BITS, 'digits of an exponent come after its size');
      return productOfAll(at, [inside as Arith, ...digits.map((digit, bit) => lowered(at, digit, bit))]);
    },
  );
  const small = await product(on, power, fraction, 2 ** WHOLE_BITS);
  // small is e^-u / 2, so c = (1 + e^-u) / 2.
  const c = plusConstant(on, small, 0.5);
  const inverse = await reciprocalOfNormal(on, c, constant(on, c.length, GUESS, GUARD_BITS), GUARD_BITS);
  // x ≥ 0: inverse/2. x < 0: 1 - inverse/2.
  const oriented = await product(on, direction, inverse, GUARD_BITS + 1 - fracBits);
  return addSS(kernels, oriented, scaleS(kernels, negative, 1n << BigInt(fracBits)));
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

/**
 * Largest magnitude, as a power of two, of arguments of exponentials: more fractional bits leave less room for x · log2
 * e.
 */
const exponentBits = (fracBits: number): number => Math.min(20, 39 - fracBits);

function exponent(input: BoundInput, bitsMax: number, to: number = 2 ** bitsMax): Interval {
  const { fracBits } = input;
  // The ends themselves do not belong to it.
  const least = 2 ** -fracBits;
  return between(one(input).bound, least - 2 ** bitsMax, to, 'its operand', fracBits);
}

function expCost(c: ProtocolCosts, n: number, f: number): Cost {
  return inSequence(
    c.truncS(n, LOG2E_BITS),
    c.a2b(n, f + ARGUMENT_BITS + 1),
    inParallel(...new Array<Cost>(1 + WHOLE_BITS).fill(c.bit2a(n))),
    inParallel(productOfAllCost(c, n, WHOLE_BITS + 1), polynomialCost(c, n, POWER.length - 1)),
    guardedCost(c, n),
  );
}

function sigmoidCost(c: ProtocolCosts, n: number, f: number): Cost {
  const high = ARGUMENT_BITS - WHOLE_BITS;
  return inSequence(
    c.truncS(n, LOG2E_BITS),
    c.a2b(n, f + ARGUMENT_BITS + 1),
    inParallel(
      inSequence(
        inParallel(...new Array<Cost>(1 + WHOLE_BITS).fill(c.bit2a(n))),
        c.mulSS(n),
        polynomialCost(c, n, NEGATIVE_POWER.length - 1),
      ),
      inSequence(
        circuitCost(c, n, allOnesAnds(high), levels(high)),
        c.bit2a(n),
        productOfAllCost(c, n, WHOLE_BITS + 1),
      ),
    ),
    c.mulTruncSS(n, 2 ** WHOLE_BITS),
    reciprocalOfNormalCost(c, n, GUARD_BITS),
    c.mulTruncSS(n, GUARD_BITS + 1 - f),
  );
}

function softmaxPlain(values: Float64Array): Float64Array {
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = total(powers);
  return powers.map((power) => power / sum);
}

export const exponentials: readonly Operation[] = [
  {
    name: 'exp',
    takes: alone(fixed),
    result: same,
    bounds: rule(
      '-2^20 < x < (32-f)·ln 2 (-2^min(20, 39-f))',
      ENDS,
      (input) => {
        // x · log2 e is rounded before its bits are read, and log2 e itself is.
        const to = (32 - input.fracBits - 2 * ulp(input)) / (Math.LOG2E + 2 ** -(LOG2E_BITS + 1));
        return monotone(input, exponent(input, exponentBits(input.fracBits), to), Math.exp, ofExp);
      },
      ofExp,
    ),
    cost: each(expCost),
    run: (on, { x }) => exp(on, x),
    plain: unaryPlain(Math.exp),
    samples: ({ count }) => [way([aFixed(count)], { what: '', over: [[[-20, 9.7]], [[1 - 2 ** 20, -13]]] })],
  },
  {
    name: 'sigmoid',
    takes: alone(fixed),
    result: same,
    bounds: rule(
      'below 2^20 (2^min(20, 39-f))',
      ENDS,
      (input) => {
        const x = exponent(input, exponentBits(input.fracBits));
        return monotone(input, x, (t) => 1 / (1 + Math.exp(-t)), ofSigmoid);
      },
      ofSigmoid,
    ),
    cost: each(sigmoidCost),
    run: (on, { x }) => sigmoid(on, x),
    plain: unaryPlain((x) => 1 / (1 + Math.exp(-x))),
    samples: ({ count }) => [
      way([aFixed(count)], { what: '', over: [[[-30, 30]], [[1 - 2 ** 20, 2 ** 20 - 1]]] }),
    ],
  },
  {
    name: 'tanh',
    takes: alone(fixed),
    result: same,
    bounds: rule(
      'below 2^19 (2^min(19, 38-f))',
      ENDS,
      (input) => monotone(input, exponent(input, exponentBits(input.fracBits) - 1), Math.tanh, ofTanh),
      ofTanh,
    ),
    cost: each(sigmoidCost),
    run: (on, { x }) => tanh(on, x),
    plain: unaryPlain(Math.tanh),
    samples: ({ count }) => [
      way([aFixed(count)], { what: '', over: [[[-15, 15]], [[1 - 2 ** 19, 2 ** 19 - 1]]] }),
    ],
  },
  {
    name: 'softmax',
    takes: alone(fixed),
    result: alongAxis,
    bounds: rule(
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
    ),
    cost: (c, { params: [axis = -1], shape, fracBits }) => {
      const n = elementCount(shape);
      const size = shape[axisOf(shape, axis as number, 'softmax')] ?? 1;
      return inSequence(
        tournamentCost(c, n / size, size),
        expCost(c, n, fracBits),
        quotientCost(c, n / size, fracBits),
        c.mulTruncSS(n, fracBits),
      );
    },
    run: (on, { x, params: [axis] }) => softmax(on, x, axis as number | undefined),
    plain: alongAxisPlain(-1, softmaxPlain),
    samples: ({ rows, axis }) => [
      way([aFixed(rows, axis)], { what: `of ${axis} elements, each`, over: [[[-12, 12]]] }),
      way([aFixed(4, 3)], { params: [0], over: [[[1 - 2 ** 19, 2 ** 19 - 1]]] }),
    ],
  },
];
