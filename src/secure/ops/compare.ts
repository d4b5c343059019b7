/** Comparisons, and what follows from them. Differences are compared by their sign. */

import { RING_BITS } from '../bounds/domain.ts';
import { absolute, bits, clamped, greater, type Interval, interval, lesser } from '../bounds/interval.ts';
import { compared as differ, one, rule, two } from '../bounds/rule.ts';
import { release } from '../release.ts';
import type { Operand, SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, scaleS, subSS } from '../sharing/linear.ts';
import { type CostRule, choiceCost, each } from './costs.ts';
import { alone, broadcast, compared, numbers, same, withOther } from './forms.ts';
import { not, select } from './logic.ts';
import { numbersOf, pairOf, sameType, secret, sharesOf } from './operands.ts';
import type { Operation, Range } from './operation.ts';
import { binaryPlain, unaryPlain } from './plain.ts';
import { aFixed, anInteger, aPublic, HALF, WIDE, way } from './samples.ts';

export async function lt(on: Evaluator, x: Operand, y: Operand): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const pair = pairOf(on, x, y, 'lt');
  sameType(pair.x, pair.y, 'lt');
  const difference = subSS(kernels, sharesOf(on, pair.x), sharesOf(on, pair.y));
  return fiber.as('lt', async () => {
    const sign = await protocol.msbS(fiber, difference);
    for (const part of difference.parts) release(part);
    return secret(on, 'boolean', pair.shape, sign);
  });
}

export async function le(on: Evaluator, x: Operand, y: Operand): Promise<SecretTensor> {
  return not(on, await lt(on, y, x));
}

export async function eq(on: Evaluator, x: Operand, y: Operand): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const pair = pairOf(on, x, y, 'eq');
  sameType(pair.x, pair.y, 'eq');
  const difference = subSS(kernels, sharesOf(on, pair.x), sharesOf(on, pair.y));
  return fiber.as('eq', async () =>
    secret(on, 'boolean', pair.shape, await protocol.eqzS(fiber, difference)),
  );
}

export async function abs(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const shares = numbersOf(on, x, 'abs');
  return fiber.as('abs', async () => {
    const negative = await protocol.bit2a(fiber, await protocol.msbS(fiber, shares));
    const part = await protocol.mulSS(fiber, negative, shares);
    return secret(on, x.dtype, x.shape, addSS(kernels, shares, scaleS(kernels, part, MINUS_TWO)));
  });
}

export async function relu(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const shares = numbersOf(on, x, 'relu');
  return fiber.as('relu', async () => {
    const negative = await protocol.bit2a(fiber, await protocol.msbS(fiber, shares));
    const part = await protocol.mulSS(fiber, negative, shares);
    return secret(on, x.dtype, x.shape, subSS(kernels, shares, part));
  });
}

/** The smaller of each two. */
export async function minimum(on: Evaluator, x: Operand, y: Operand): Promise<SecretTensor> {
  return on.fiber.as('minimum', async () => select(on, await lt(on, x, y), x, y));
}

/** The larger of each two. */
export async function maximum(on: Evaluator, x: Operand, y: Operand): Promise<SecretTensor> {
  return on.fiber.as('maximum', async () => select(on, await lt(on, x, y), y, x));
}

const MINUS_TWO = 2n ** 64n - 2n;

type Pairwise = (on: Evaluator, x: Operand, y: Operand) => Promise<SecretTensor>;

const bySign: CostRule = each((c, n) => c.msbS(n));
const byZero: CostRule = each((c, n) => c.eqzS(n));
const ends: readonly Range[] = [
  [-HALF, HALF],
  [1e7, -HALF],
];
/** Of which many are equal. */
const near: readonly Range[] = [
  [-50, 50],
  [-50, 50],
];
const integers: readonly Range[] = [
  [1 - 2 ** 53, 2 ** 53 - 1],
  [2 ** 53 - 1, 1 - 2 ** 53],
];

function comparison(
  name: string,
  cost: CostRule,
  of: Pairwise,
  plain: (x: number, y: number) => boolean,
): Operation {
  return {
    name,
    takes: withOther(numbers),
    result: compared,
    bounds: rule('differences below 2^(63-f)', '0 to 1', (input) => {
      differ(input);
      return bits;
    }),
    cost,
    run: (on, { x, others: [y] }) => of(on, x, y as Operand),
    plain: binaryPlain((x, y) => Number(plain(x, y))),
    samples: ({ count, rows }) => [
      way([aFixed(count), aFixed(count)], { what: '', over: [ends, near] }),
      way([anInteger(count), anInteger(count)], { over: [integers] }),
      way([aFixed(rows, 3), aPublic('fixed', 3)], { over: [near] }),
    ],
  };
}

/** One of each two. */
function choice(name: string, of: Pairwise, plain: (x: number, y: number) => number): Operation {
  const end = name === 'minimum' ? lesser : greater;
  return {
    name,
    takes: { ...withOther(numbers), publicly: 'itself' },
    result: broadcast,
    bounds: rule(
      'differences below 2^(63-f)',
      `the ${name === 'minimum' ? 'smaller' : 'larger'} of both ends`,
      (input): Interval => {
        differ(input);
        const [x, y] = [one(input).bound, two(input).bound];
        return interval(end(x.min, y.min), end(x.max, y.max));
      },
    ),
    cost: each(choiceCost),
    run: (on, { x, others: [y] }) => of(on, x, y as Operand),
    plain: binaryPlain(plain),
    samples: ({ count }) => [
      way([aFixed(count), aFixed(count)], { what: '', over: [ends, near] }),
      way([anInteger(count), anInteger(count)]),
    ],
  };
}

export const comparisons: readonly Operation[] = [
  comparison('lt', bySign, lt, (x, y) => x < y),
  comparison('le', bySign, le, (x, y) => x <= y),
  comparison(
    'gt',
    bySign,
    (on, x, y) => lt(on, y, x),
    (x, y) => x > y,
  ),
  comparison(
    'ge',
    bySign,
    (on, x, y) => le(on, y, x),
    (x, y) => x >= y,
  ),
  comparison('eq', byZero, eq, (x, y) => x === y),
  comparison(
    'ne',
    byZero,
    async (on, x, y) => not(on, await eq(on, x, y)),
    (x, y) => x !== y,
  ),
  choice('minimum', minimum, Math.min),
  choice('maximum', maximum, Math.max),
  {
    name: 'abs',
    takes: alone(numbers),
    result: same,
    bounds: rule('any', 'magnitudes', (input) => absolute(one(input).bound)),
    cost: each(choiceCost),
    run: (on, { x }) => abs(on, x),
    plain: unaryPlain(Math.abs),
    samples: ({ count }) => [way([aFixed(count)], { what: '', over: [[[-WIDE, WIDE]]] })],
  },
  {
    name: 'relu',
    takes: alone(numbers),
    result: same,
    bounds: rule('any', "the operand's from 0 on", (input) =>
      clamped(one(input).bound, interval(0n, 2n ** BigInt(RING_BITS))),
    ),
    cost: each(choiceCost),
    run: (on, { x }) => relu(on, x),
    plain: unaryPlain((x) => Math.max(x, 0)),
    samples: ({ count }) => [way([aFixed(count)], { what: '', over: [[[-WIDE, WIDE]]] })],
  },
];
