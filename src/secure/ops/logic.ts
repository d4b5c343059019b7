/** Logic on booleans, and choices. */

import { invariant } from '../../base/errors.ts';
import { bits, hull } from '../bounds/interval.ts';
import { type BoundedOperand, rule } from '../bounds/rule.ts';
import { inSequence } from '../cost.ts';
import { broadcastShapes, checkShape, elementCount } from '../ring/shape.ts';
import { dtypeMismatch, type PublicTensor } from '../ring/tensor.ts';
import type { Operand, SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, onesPlanes, subSS, xorSS } from '../sharing/linear.ts';
import { type Arith, type Bits, bits as bitsOf, planeWords } from '../sharing/shares.ts';
import { type CostRule, each, local } from './costs.ts';
import { alone, boolean, broadcast, form, own, toBoolean, withOther } from './forms.ts';
import {
  booleansOf,
  broadcastBits,
  broadcastNumbers,
  pairOf,
  sameType,
  secret,
  sharesOf,
} from './operands.ts';
import type { Operation } from './operation.ts';
import { at, binaryPlain, broadcastData, unaryPlain } from './plain.ts';
import { aBoolean, aFixed, aNumber, anInteger, aPublic, way } from './samples.ts';
import { fromPublic } from './sharing.ts';

export async function and(on: Evaluator, x: SecretTensor, y: SecretTensor): Promise<SecretTensor> {
  const shape = broadcastShapes(x.shape, y.shape, 'and');
  const a = broadcastBits(booleansOf(on, x, 'and'), x.shape, shape);
  const b = broadcastBits(booleansOf(on, y, 'and'), y.shape, shape);
  return on.fiber.as('and', async () => {
    const [both] = (await on.protocol.andSS(on.fiber, [[a, b]])) as [Bits];
    return secret(on, 'boolean', shape, both);
  });
}

export async function or(on: Evaluator, x: SecretTensor, y: SecretTensor): Promise<SecretTensor> {
  return not(on, await and(on, not(on, x), not(on, y)));
}

export function xor(on: Evaluator, x: SecretTensor, y: SecretTensor): SecretTensor {
  const shape = broadcastShapes(x.shape, y.shape, 'xor');
  const a = broadcastBits(booleansOf(on, x, 'xor'), x.shape, shape);
  const b = broadcastBits(booleansOf(on, y, 'xor'), y.shape, shape);
  return secret(on, 'boolean', shape, xorSS(on.kernels, a, b));
}

export function not(on: Evaluator, x: SecretTensor): SecretTensor {
  return secret(on, 'boolean', x.shape, notB(on, booleansOf(on, x, 'not')));
}

export function notB(on: Evaluator, x: Bits): Bits {
  return xorSS(on.kernels, x, on.protocol.publicB(x.length, x.width, onesPlanes(x.length, x.width)));
}

export async function select(
  on: Evaluator,
  condition: SecretTensor,
  x: Operand,
  y: Operand,
): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const bit = booleansOf(on, condition, 'select');
  if (typeof x === 'object' && x.kind === 'secret' && x.dtype === 'boolean') {
    if (typeof y !== 'object' || y.kind !== 'secret') throw dtypeMismatch('select of booleans takes secrets');
    return selectBooleans(on, condition, x, y);
  }
  const pair = pairOf(on, x, y, 'select');
  const dtype = sameType(pair.x, pair.y, 'select');
  const shape = broadcastShapes(condition.shape, pair.shape, 'select');
  checkShape(shape, 'select');
  const wide = (side: typeof pair.x): Arith => broadcastNumbers(sharesOf(on, side), pair.shape, shape);
  const [a, b] = [wide(pair.x), wide(pair.y)];
  return fiber.as('select', async () => {
    const chosen = broadcastNumbers(await protocol.bit2a(fiber, bit), condition.shape, shape);
    const step = await protocol.mulSS(fiber, chosen, subSS(kernels, a, b));
    return secret(on, dtype, shape, addSS(kernels, b, step));
  });
}

async function selectBooleans(
  on: Evaluator,
  condition: SecretTensor,
  x: SecretTensor,
  y: SecretTensor,
): Promise<SecretTensor> {
  return xor(on, y, await and(on, condition, xor(on, x, y)));
}

/** One plane of a wider number as booleans. */
export function planeAt(x: Bits, plane: number): Bits {
  const words = planeWords(x.length);
  return bitsOf(
    x.length,
    1,
    x.parts.map((part) => part.subarray(plane * words, (plane + 1) * words)),
  );
}

function asSecret(on: Evaluator, operand: Operand): SecretTensor {
  invariant(typeof operand === 'object', 'a public operand has a type');
  return operand.kind === 'secret' ? operand : fromPublic(on, operand);
}

/** One of two operands, which may be public. */
function connective(
  name: string,
  cost: CostRule,
  of: (on: Evaluator, x: SecretTensor, y: SecretTensor) => SecretTensor | Promise<SecretTensor>,
  plain: (x: number, y: number) => number,
): Operation {
  return {
    name,
    takes: withOther(boolean),
    result: broadcast,
    bounds: rule('any', '0 to 1', () => bits),
    cost,
    run: (on, { x, rest: [y] }) => of(on, x, asSecret(on, y as Operand)),
    plain: binaryPlain(plain),
    samples: ({ count }) => [
      way([aBoolean(count), aBoolean(count)], { what: '' }),
      way([aBoolean(count), aPublic('boolean', count)]),
    ],
  };
}

export const logic: readonly Operation[] = [
  {
    name: 'select',
    takes: { operands: 2, on: boolean, others: 'values', publicly: 'itself' },
    result: ([x, yes, no], _, name) => {
      const values = broadcastShapes(own(yes).shape, own(no).shape, name);
      return form(broadcastShapes(own(x).shape, values, name), own(yes).dtype);
    },
    bounds: rule('any', 'what either may be', ({ operands: [, x, y] }) =>
      hull((x as BoundedOperand).bound, (y as BoundedOperand).bound),
    ),
    // As many bits become numbers as were given, before they are broadcast.
    cost: (c, { operands: [x, yes], shape }) =>
      yes?.dtype === 'boolean'
        ? c.andSS(elementCount(shape), 1)
        : inSequence(c.bit2a(elementCount(x?.shape ?? [])), c.mulSS(elementCount(shape))),
    run: (on, { x, rest: [yes, no] }) => {
      const [a, b] = [yes, no] as [SecretTensor | PublicTensor, SecretTensor | PublicTensor];
      // One has to have the form of a secret, and booleans both.
      const both = a.dtype === 'boolean';
      const chosen = both || b.kind === 'public' ? asSecret(on, a) : a;
      return select(on, x, chosen, both ? asSecret(on, b) : b);
    },
    plain: ({ operands, shape }) => {
      const [bit, yes, no] = operands.map((operand) => broadcastData(operand, shape)) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      return bit.map((chosen, i) => at(chosen === 1 ? yes : no, i));
    },
    samples: ({ count, rows }) => [
      way([aBoolean(count), aFixed(count), aFixed(count)], { what: 'numbers' }),
      way([aBoolean(count), aBoolean(count), aBoolean(count)], { what: 'booleans' }),
      way([aBoolean(count), aBoolean(count), aPublic('boolean', count)]),
      way([aBoolean(rows, 1), anInteger(rows, 3), anInteger(3)]),
      way([aBoolean(count), aNumber(0.5), aNumber(-3)]),
    ],
  },
  connective(
    'and',
    each((c, n) => c.andSS(n, 1)),
    and,
    (x, y) => x * y,
  ),
  connective(
    'or',
    each((c, n) => c.andSS(n, 1)),
    or,
    Math.max,
  ),
  connective('xor', local, xor, (x, y) => Number(x !== y)),
  {
    name: 'not',
    takes: alone(boolean),
    result: toBoolean,
    bounds: rule('any', '0 to 1', () => bits),
    cost: local,
    run: (on, { x }) => not(on, x),
    plain: unaryPlain((x) => 1 - x),
    samples: ({ count }) => [way([aBoolean(count)])],
  },
];
