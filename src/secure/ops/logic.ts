/** Logic on booleans, choices, and changes of type. Costs are those of rep3, mean of members. */

import type { Dtype } from '../ring/fixed-point.ts';
import { broadcastShapes, checkShape } from '../ring/shape.ts';
import { dtypeMismatch } from '../ring/tensor.ts';
import type { Operand, SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, onesPlanes, scaleS, subSS, xorSS } from '../sharing/linear.ts';
import { type Arith, type Bits, bits, planeWords } from '../sharing/shares.ts';
import {
  booleansOf,
  broadcastBits,
  broadcastNumbers,
  numbersOf,
  pairOf,
  sameType,
  secret,
  sharesOf,
} from './operands.ts';

/** Both. Shapes broadcast. Cost: 1 round, 1 bit an element. */
export async function and(on: Evaluator, x: SecretTensor, y: SecretTensor): Promise<SecretTensor> {
  const shape = broadcastShapes(x.shape, y.shape, 'and');
  const a = broadcastBits(booleansOf(on, x, 'and'), x.shape, shape);
  const b = broadcastBits(booleansOf(on, y, 'and'), y.shape, shape);
  return on.fiber.as('and', async () => {
    const [both] = (await on.protocol.andSS(on.fiber, [[a, b]])) as [Bits];
    return secret(on, 'boolean', shape, both);
  });
}

/** At least one. Cost: as {@link and}. */
export async function or(on: Evaluator, x: SecretTensor, y: SecretTensor): Promise<SecretTensor> {
  return not(on, await and(on, not(on, x), not(on, y)));
}

/** Exactly one. Local. */
export function xor(on: Evaluator, x: SecretTensor, y: SecretTensor): SecretTensor {
  const shape = broadcastShapes(x.shape, y.shape, 'xor');
  const a = broadcastBits(booleansOf(on, x, 'xor'), x.shape, shape);
  const b = broadcastBits(booleansOf(on, y, 'xor'), y.shape, shape);
  return secret(on, 'boolean', shape, xorSS(on.kernels, a, b));
}

/** The opposite. Local. */
export function not(on: Evaluator, x: SecretTensor): SecretTensor {
  return secret(on, 'boolean', x.shape, notB(on, booleansOf(on, x, 'not')));
}

export function notB(on: Evaluator, x: Bits): Bits {
  return xorSS(on.kernels, x, on.protocol.publicB(x.length, x.width, onesPlanes(x.length, x.width)));
}

/**
 * Whole numbers times 2^by; for negative `by`, divided, rounded down exactly. -62 ≤ by ≤ 62.
 * Domain: left: the result below 2^63; right: |x| < 2^62. Cost: left: local; right: 11 rounds, 24.9 bytes an element where by = -18.
 */
export async function shift(on: Evaluator, x: SecretTensor, by: number): Promise<SecretTensor> {
  const shares = numbersOf(on, x, 'shift', 'integer');
  if (!Number.isInteger(by) || Math.abs(by) > 62)
    throw dtypeMismatch('shift takes a whole number of -62 to 62');
  if (by >= 0) return secret(on, 'integer', x.shape, scaleS(on.kernels, shares, 1n << BigInt(by)));
  return on.fiber.as('shift', async () =>
    secret(on, 'integer', x.shape, await on.protocol.truncExactS(on.fiber, shares, -by)),
  );
}

/**
 * `x` where the condition is true, otherwise `y`; all three broadcast. Exact.
 * Cost: numbers: 3 rounds, 16 bytes an element; booleans: 1 round, 1 bit.
 */
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

/**
 * The same values as another type. Fixed to integer rounds down, exactly. Numbers to boolean: whether not zero.
 * Domain: integer to fixed: |x| < 2^(62 - 2·fracBits); fixed to integer: every fixed number.
 * Cost: boolean to numbers: 2 rounds, 8 bytes an element; integer to fixed: local; fixed to integer: 11 rounds, 24.9 bytes;
 *   numbers to boolean: 7 rounds, 10.5 bytes.
 */
export async function cast(on: Evaluator, x: SecretTensor, dtype: Dtype): Promise<SecretTensor> {
  const { protocol, fiber, kernels, fracBits } = on;
  if (x.dtype === dtype) return x;
  return fiber.as('cast', async () => {
    if (x.dtype === 'boolean') {
      const numbers = await protocol.bit2a(fiber, booleansOf(on, x, 'cast'));
      const shares = dtype === 'fixed' ? scaleS(kernels, numbers, 1n << BigInt(fracBits)) : numbers;
      return secret(on, dtype, x.shape, shares);
    }
    const numbers = numbersOf(on, x, 'cast');
    if (dtype === 'boolean') return secret(on, dtype, x.shape, notB(on, await protocol.eqzS(fiber, numbers)));
    if (dtype === 'fixed')
      return secret(on, dtype, x.shape, scaleS(kernels, numbers, 1n << BigInt(fracBits)));
    return secret(on, dtype, x.shape, await protocol.truncExactS(fiber, numbers, fracBits));
  });
}

/** One plane of a wider number as booleans. */
export function planeAt(x: Bits, plane: number): Bits {
  const words = planeWords(x.length);
  return bits(
    x.length,
    1,
    x.parts.map((part) => part.subarray(plane * words, (plane + 1) * words)),
  );
}
