/**
 * Small cells, taken out on shares: a count of a few people tells about them. Known as a minimum cell count, or small
 * cell suppression. Nothing is opened, so not even which cells were small leaves the shares before the result does.
 */
import { clamped, type Interval, interval, intervalOf } from '../bounds/interval.ts';
import { type BoundInput, compared, one, rule, two } from '../bounds/rule.ts';
import { inSequence } from '../cost.ts';
import { elementCount, type Shape, shapeMismatch } from '../ring/shape.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, gather, subSS } from '../sharing/linear.ts';
import type { Arith } from '../sharing/shares.ts';
import { choiceCost, each } from './costs.ts';
import { alone, integer, integerOf, invalid, numbers, own, same } from './forms.ts';
import { numbersOf, secret } from './operands.ts';
import type { Form, Operation } from './operation.ts';
import { at, first, second } from './plain.ts';
import { aFixed, anInteger, way } from './samples.ts';

/** What stands for a small count: no count is negative, so nobody takes it for one. */
const SMALL = -1;

/** Counts of `min` or more; in place of smaller ones `otherwise`. */
export async function atLeast(
  on: Evaluator,
  counts: SecretTensor,
  min: number,
  otherwise = SMALL,
): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const shares = numbersOf(on, counts, 'atLeast', 'integer');
  return fiber.as('atLeast', async () => {
    const small = await protocol.bit2a(fiber, await isBelow(on, shares, min));
    const step = await protocol.mulSS(
      fiber,
      small,
      subSS(kernels, filled(on, shares.length, otherwise), shares),
    );
    return secret(on, 'integer', counts.shape, addSS(kernels, shares, step));
  });
}

/** Rows whose counts are `min` or more; in place of the others zeros. */
export async function whereAtLeast(
  on: Evaluator,
  x: SecretTensor,
  counts: SecretTensor,
  min: number,
): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const shares = numbersOf(on, x, 'whereAtLeast');
  const keys = numbersOf(on, counts, 'whereAtLeast', 'integer');
  const width = shares.length / keys.length;
  return fiber.as('whereAtLeast', async () => {
    const small = await protocol.bit2a(fiber, await isBelow(on, keys, min));
    const rows = Uint32Array.from({ length: shares.length }, (_, i) => Math.floor(i / width));
    const gone = await protocol.mulSS(fiber, gather(small, rows), shares);
    return secret(on, x.dtype, x.shape, subSS(kernels, shares, gone));
  });
}

const isBelow = (on: Evaluator, x: Arith, min: number) =>
  on.protocol.msbS(on.fiber, subSS(on.kernels, x, filled(on, x.length, min)));

const filled = (on: Evaluator, length: number, value: number): Arith =>
  on.protocol.publicA(new BigUint64Array(length).fill(BigInt.asUintN(64, BigInt(value))));

/** @throws {UsageError} PRIVITY_STEP_INVALID */
function checkMin(min: unknown, name: string): number {
  const least = integerOf(min, `${name}: min`);
  if (least < 1) throw invalid(`${name}: a min of ${least} keeps every count; it is 1 or more`);
  return least;
}

function startsWith(shape: Shape, counts: Shape, name: string): void {
  if (counts.length > shape.length || counts.some((size, axis) => size !== shape[axis]))
    throw shapeMismatch(`${name}: counts of [${counts}] are not one for each row of [${shape}]`);
}

function checkCompared(input: BoundInput, counts: Interval, min: unknown): void {
  const least = BigInt(min as number);
  compared(input, counts, interval(least, least));
}

export const smallCounts: readonly Operation[] = [
  {
    name: 'atLeast',
    takes: alone(integer),
    result: (forms, [min, otherwise = SMALL], name) => {
      checkMin(min, name);
      if (integerOf(otherwise, `${name}: otherwise`) > 0)
        throw invalid(`${name}: otherwise is ${otherwise}, which would look like a count; it is 0 or less`);
      return same(forms, [], name);
    },
    bounds: rule('differences with min below 2^63', 'otherwise; min to the largest', (input) => {
      const [min, otherwise = SMALL] = input.params as readonly [number, number?];
      const { bound } = one(input);
      checkCompared(input, bound, min);
      const [least, instead] = [BigInt(min), BigInt(otherwise)];
      if (bound.max < least) return interval(instead, instead);
      const kept = clamped(bound, interval(least, bound.max));
      return bound.min < least ? intervalOf(instead, kept.min, kept.max) : kept;
    }),
    cost: each(choiceCost),
    run: (on, { x, params: [min, otherwise] }) =>
      atLeast(on, x, min as number, otherwise as number | undefined),
    plain: (input) => {
      const [min, otherwise = SMALL] = input.params as readonly [number, number?];
      return first(input).data.map((count) => (count < min ? otherwise : count));
    },
    samples: ({ count }) => [
      way([anInteger(count)], { what: '', params: [5], over: [[[0, 10]], [[0, 2 ** 53 - 1]]] }),
      way([anInteger(count)], { params: [1, 0], over: [[[-3, 3]]] }),
    ],
  },
  {
    name: 'whereAtLeast',
    takes: { operands: 1, secretsOnly: true, on: numbers, others: 'integer' },
    result: ([x, counts], [min], name) => {
      startsWith(own(x).shape, own(counts).shape, name);
      checkMin(min, name);
      return own(x);
    },
    bounds: rule('differences of counts and min below 2^63', "0, or the operand's", (input) => {
      checkCompared(input, two(input).bound, input.params[0]);
      const { min, max } = one(input).bound;
      return intervalOf(0n, min, max);
    }),
    cost: (c, { operands: [x, counts] }) => {
      const [all, rows] = [x, counts].map((operand) => elementCount((operand as Form).shape));
      return inSequence(c.msbS(rows as number), c.bit2a(rows as number), c.mulSS(all as number));
    },
    run: (on, { x, others: [counts], params: [min] }) =>
      whereAtLeast(on, x, counts as SecretTensor, min as number),
    plain: (input) => {
      const [x, counts] = [first(input).data, second(input).data];
      const width = x.length / counts.length;
      const min = Number(input.params[0]);
      return x.map((value, i) => (at(counts, Math.floor(i / width)) < min ? 0 : value));
    },
    samples: ({ count, rows }) => [
      way([aFixed(count), anInteger(count)], {
        what: 'a number for each count',
        params: [5],
        over: [
          [
            [-100, 100],
            [0, 10],
          ],
        ],
      }),
      way([anInteger(rows, 3), anInteger(rows)], {
        params: [2],
        over: [
          [
            [-100, 100],
            [0, 3],
          ],
        ],
      }),
    ],
  },
];
