/**
 * Square roots and logarithms: x = c · 2^k with c in [1/2, 1) and k found from the bits of x; a function of c from a
 * linear guess and Goldschmidt's iteration, or from a polynomial; k put back as a power of two, or as a summand.
 */

import { between } from '../bounds/domain.ts';
import { type Interval, interval } from '../bounds/interval.ts';
import { type Accuracy, type BoundInput, ENDS, monotone, one, rule, ulp } from '../bounds/rule.ts';
import { type Cost, inParallel, inSequence } from '../cost.ts';
import { encodeNumber, magnitudeBits } from '../ring/fixed-point.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, scaleS } from '../sharing/linear.ts';
import type { Arith, Bits } from '../sharing/shares.ts';
import { type CostRule, each } from './costs.ts';
import { alone, fixed, same } from './forms.ts';
import {
  constant,
  GUARD_BITS,
  guardedCost,
  highestOne,
  highestOneCost,
  minusFrom,
  planesAsNumbers,
  plusConstant,
  polynomial,
  polynomialCost,
  product,
  products,
  regroup,
  reversePlanes,
} from './numeric.ts';
import { numbersOf, secret } from './operands.ts';
import type { Operation, Range } from './operation.ts';
import { unaryPlain } from './plain.ts';
import { aFixed, WIDE, way } from './samples.ts';

/** The line that is never more than 2.3% off 1/√c, relatively, for 1/2 ≤ c ≤ 1. */
const ROOT_GUESS = 1.79;
const ROOT_SLOPE = 0.814;

/** ln((y + 3)/4) for -1 ≤ y ≤ 1, within 2.6 · 10^-7: interpolated at Chebyshev nodes. */
const LOG_COEFFICIENTS: readonly number[] = [
  -0.28768189335413324, 0.33333328004437096, -0.0555612706374851, 0.012347379383215784, -0.003058276005229085,
  0.0008146746023714722, -0.0002719534906966758, 0.00007819757514109928,
];

export async function sqrt(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  return on.fiber.as('sqrt', () => rootOf(on, x, 'sqrt'));
}

export async function rsqrt(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  return on.fiber.as('rsqrt', () => rootOf(on, x, 'rsqrt'));
}

async function rootOf(on: Evaluator, x: SecretTensor, what: 'sqrt' | 'rsqrt'): Promise<SecretTensor> {
  const { kernels, fracBits } = on;
  const shares = numbersOf(on, x, what, 'fixed');
  const magnitude = magnitudeBits(fracBits);
  const position = await positionOf(on, shares);
  // x = c · 2^k with k = j + 1 - fracBits = 2q + odd.
  const exponents = Array.from({ length: magnitude }, (_, j) => j + 1 - fracBits);
  const half = (k: number): number => Math.floor(k / 2);
  const lowest = half(1 - fracBits);
  const highest = half(magnitude - fracBits);
  const at = (q: number): readonly number[] => exponents.flatMap((k, j) => (half(k) === q ? [j] : []));
  const powers = Array.from({ length: highest - lowest + 1 }, (_, i) =>
    at(what === 'sqrt' ? lowest + i : highest - i),
  );
  const odd = exponents.flatMap((k, j) => (half(k) * 2 === k ? [] : [j]));
  const [scale, power, isOdd] = await on.all(
    (on) => on.protocol.b2a(on.fiber, reversePlanes(position)),
    (on) => on.protocol.b2a(on.fiber, regroup(position, powers)),
    (on) => on.protocol.bit2a(on.fiber, regroup(position, [odd])),
  );
  const normal = await product(on, shares, scale, magnitude - GUARD_BITS);
  const root = await rootOfNormal(on, normal, what);
  // √2 or 1/√2 where k is odd.
  const extra = (what === 'sqrt' ? Math.SQRT2 : Math.SQRT1_2) - 1;
  const factor = plusConstant(on, scaleS(kernels, isOdd, encodeNumber(extra, GUARD_BITS)), 1);
  const adjusted = await product(on, root, factor);
  const by = GUARD_BITS - fracBits + (what === 'sqrt' ? -lowest : highest);
  return secret(on, 'fixed', x.shape, await product(on, adjusted, power, by));
}

/** √c or 1/√c for 1/2 ≤ c ≤ 1. Two corrections leave a relative error of 2^-20. Rounds: 10. */
async function rootOfNormal(on: Evaluator, c: Arith, what: 'sqrt' | 'rsqrt'): Promise<Arith> {
  const { kernels, protocol, fiber } = on;
  // (1.79 - 0.814c) with a public factor, hence one truncation.
  const line = addSS(
    kernels,
    constant(on, c.length, ROOT_GUESS, 2 * GUARD_BITS),
    scaleS(kernels, c, encodeNumber(-ROOT_SLOPE, GUARD_BITS)),
  );
  let inverse = await protocol.truncS(fiber, line, GUARD_BITS);
  let root = await product(on, c, inverse);
  for (let step = 0; step < 2; step++) {
    // The residual (1 - root · inverse) / 2: one more bit is taken off than the scale asks.
    const residual = minusFrom(on, 0.5, await product(on, root, inverse, GUARD_BITS + 1));
    const [more, moreInverse] = (await products(on, [
      [root, residual],
      [inverse, residual],
    ])) as [Arith, Arith];
    root = addSS(kernels, root, more);
    inverse = addSS(kernels, inverse, moreInverse);
  }
  return what === 'sqrt' ? root : inverse;
}

export async function log(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  const { kernels, protocol, fiber, fracBits } = on;
  const shares = numbersOf(on, x, 'log', 'fixed');
  const magnitude = magnitudeBits(fracBits);
  return fiber.as('log', async () => {
    const position = await positionOf(on, shares);
    // The bits of j + 1, which is at most 2^6 - 1.
    const digits = Array.from({ length: DIGITS }, (_, bit) =>
      Array.from({ length: magnitude }, (_, j) => j).filter((j) => ((j + 1) >> bit) & 1),
    );
    const [scale, exponentBits] = await on.all(
      (at) => at.protocol.b2a(at.fiber, reversePlanes(position)),
      (at) => planesAsNumbers(at, regroup(position, digits)),
    );
    const normal = await product(on, shares, scale, magnitude - GUARD_BITS);
    // y = 4c - 3 in [-1, 1).
    const y = plusConstant(on, scaleS(kernels, normal, 4n), -3);
    const ofNormal = await polynomial(on, y, LOG_COEFFICIENTS);
    let sum = plusConstant(on, ofNormal, -fracBits * Math.LN2);
    exponentBits.forEach((digit, bit) => {
      sum = addSS(kernels, sum, scaleS(kernels, digit, encodeNumber(2 ** bit * Math.LN2, GUARD_BITS)));
    });
    return secret(on, 'fixed', x.shape, await protocol.truncS(fiber, sum, GUARD_BITS - fracBits));
  });
}

async function positionOf(on: Evaluator, x: Arith): Promise<Bits> {
  const { protocol, fiber, fracBits } = on;
  return highestOne(on, await protocol.a2b(fiber, x, magnitudeBits(fracBits)));
}

const ofRoots: Accuracy = {
  text: '2^(1-f) + result · 2^-19',
  of: (result, input) => 2 * ulp(input) + Math.abs(result) * 2 ** -19,
};
/**
 * Beside the last truncation, which is off by less than 2^-f: the polynomial by 2.6 · 10^-7; the normalised number by
 * 2^-27; digits, powers and coefficients with GUARD_BITS by less than 2^-25 together. That is 3 · 10^-7.
 */
const LOG_ERROR = 2 ** -21;
const ofLog: Accuracy = { text: '2^-f + 2^-21', of: (_, input) => ulp(input) + LOG_ERROR };

const domain = (input: BoundInput, from: number): Interval => {
  const { fracBits } = input;
  return between(one(input).bound, from, 2 ** (magnitudeBits(fracBits) - fracBits), 'its operand', fracBits);
};

/** Digits of the place of the highest one. */
const DIGITS = 6;

const rootCost = (kind: 'sqrt' | 'rsqrt'): CostRule =>
  each((c, n, f) => {
    const width = magnitudeBits(f);
    const [lowest, highestPower] = [Math.floor((1 - f) / 2), Math.floor((width - f) / 2)];
    const step = inSequence(c.mulTruncSS(n, GUARD_BITS + 1), guardedCost(c, 2 * n));
    return inSequence(
      highestOneCost(c, n, width, false),
      inParallel(c.b2a(n, width), c.b2a(n, highestPower - lowest + 1), c.bit2a(n)),
      c.mulTruncSS(n, width - GUARD_BITS),
      c.truncS(n, GUARD_BITS),
      guardedCost(c, n),
      step,
      step,
      guardedCost(c, n),
      c.mulTruncSS(n, GUARD_BITS - f + (kind === 'sqrt' ? -lowest : highestPower)),
    );
  });

const logCost: CostRule = each((c, n, f) => {
  const width = magnitudeBits(f);
  return inSequence(
    highestOneCost(c, n, width, false),
    inParallel(c.b2a(n, width), ...new Array<Cost>(DIGITS).fill(c.bit2a(n))),
    c.mulTruncSS(n, width - GUARD_BITS),
    polynomialCost(c, n, LOG_COEFFICIENTS.length - 1),
    c.truncS(n, GUARD_BITS - f),
  );
});

const all: Range = [2 ** -18, WIDE, 'geometric'];

export const roots: readonly Operation[] = [
  {
    name: 'sqrt',
    takes: alone(fixed),
    result: same,
    bounds: rule(
      '0 ≤ x < 2^26 (2^min(62-2f, 44-f))',
      `${ENDS}, from 0 on`,
      (input) => {
        const { min, max } = monotone(input, domain(input, 0), Math.sqrt, ofRoots);
        // Products of numbers that are not negative.
        return interval(min < 0n ? 0n : min, max);
      },
      ofRoots,
    ),
    cost: rootCost('sqrt'),
    run: (on, { x }) => sqrt(on, x),
    plain: unaryPlain(Math.sqrt),
    // √0 is 0, and what is next to it.
    samples: ({ count }) => [way([aFixed(count)], { what: '', over: [[all], [[0, 2 ** -10]]] })],
  },
  {
    name: 'rsqrt',
    takes: alone(fixed),
    result: same,
    bounds: rule(
      '2^-f ≤ x < 2^26, as `sqrt`',
      ENDS,
      (input) => {
        const { min, max } = domain(input, ulp(input));
        return monotone(input, interval(max, min), (x) => 1 / Math.sqrt(x), ofRoots);
      },
      ofRoots,
    ),
    cost: rootCost('rsqrt'),
    run: (on, { x }) => rsqrt(on, x),
    plain: unaryPlain((x) => 1 / Math.sqrt(x)),
    samples: ({ count }) => [way([aFixed(count)], { what: '', over: [[all]] })],
  },
  {
    name: 'log',
    takes: alone(fixed),
    result: same,
    bounds: rule(
      '2^-f ≤ x < 2^26, as `sqrt`',
      ENDS,
      (input) => monotone(input, domain(input, ulp(input)), Math.log, ofLog),
      ofLog,
    ),
    cost: logCost,
    run: (on, { x }) => log(on, x),
    plain: unaryPlain(Math.log),
    samples: ({ count }) => [way([aFixed(count)], { what: '', over: [[all]] })],
  },
];
