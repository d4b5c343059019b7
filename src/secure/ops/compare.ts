/** Comparisons and what follows from them. Costs are those of rep3. Domain: as add, so that differences do not wrap. */
import { release } from '../release.ts';
import type { Operand, SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, scaleS, subSS } from '../sharing/linear.ts';
import { not, select } from './logic.ts';
import { numbersOf, pairOf, sameType, secret, sharesOf } from './operands.ts';

/** x < y, exact. Shapes broadcast. Cost: 8 rounds, 25.4 bytes an element. */
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

/** x ≤ y, exact. Cost: as {@link lt}. */
export async function le(on: Evaluator, x: Operand, y: Operand): Promise<SecretTensor> {
  return not(on, await lt(on, y, x));
}

/** x = y, exact. Cost: 7 rounds, 10.5 bytes an element. */
export async function eq(on: Evaluator, x: Operand, y: Operand): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const pair = pairOf(on, x, y, 'eq');
  sameType(pair.x, pair.y, 'eq');
  const difference = subSS(kernels, sharesOf(on, pair.x), sharesOf(on, pair.y));
  return fiber.as('eq', async () =>
    secret(on, 'boolean', pair.shape, await protocol.eqzS(fiber, difference)),
  );
}

/** |x|, exact. Cost: 11 rounds, 41.4 bytes an element. */
export async function abs(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const shares = numbersOf(on, x, 'abs');
  return fiber.as('abs', async () => {
    const negative = await protocol.bit2a(fiber, await protocol.msbS(fiber, shares));
    const part = await protocol.mulSS(fiber, negative, shares);
    return secret(on, x.dtype, x.shape, addSS(kernels, shares, scaleS(kernels, part, MINUS_TWO)));
  });
}

/** max(x, 0), exact. Cost: as {@link abs}. */
export async function relu(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const shares = numbersOf(on, x, 'relu');
  return fiber.as('relu', async () => {
    const negative = await protocol.bit2a(fiber, await protocol.msbS(fiber, shares));
    const part = await protocol.mulSS(fiber, negative, shares);
    return secret(on, x.dtype, x.shape, subSS(kernels, shares, part));
  });
}

/** The smaller of each two. Exact. Cost: 11 rounds, 41.4 bytes an element. */
export async function minimum(on: Evaluator, x: Operand, y: Operand): Promise<SecretTensor> {
  return on.fiber.as('minimum', async () => select(on, await lt(on, x, y), x, y));
}

/** The larger of each two. Exact. Cost: as {@link minimum}. */
export async function maximum(on: Evaluator, x: Operand, y: Operand): Promise<SecretTensor> {
  return on.fiber.as('maximum', async () => select(on, await lt(on, x, y), y, x));
}

const MINUS_TWO = 2n ** 64n - 2n;
