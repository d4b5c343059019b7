/** Bounds that are made, and bounds that are checked. Costs are those of rep3, mean of members. */
import { DataError, invariant } from '../../base/errors.ts';
import { boundText } from '../bounds/declare.ts';
import type { Interval } from '../bounds/interval.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, concat, slice, subSS } from '../sharing/linear.ts';
import { type Arith, arith } from '../sharing/shares.ts';
import { numbersOf, secret } from './operands.ts';

/**
 * The nearest number of the interval `to` (in words of the ring). Exact. Domain: differences with both ends, as comparisons.
 * Cost: 11 rounds, 82.8 bytes an element: two comparisons at once.
 */
export async function clamp(on: Evaluator, x: SecretTensor, to: Interval): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const shares = numbersOf(on, x, 'clamp');
  const lift = subSS(kernels, filled(on, x, to.min), shares);
  const drop = subSS(kernels, filled(on, x, to.max), shares);
  return fiber.as('clamp', async () => {
    const negated = subSS(kernels, filled(on, x, 0n), lift);
    // Below the lower end x - min is negative, above the upper one max - x.
    const outside = await protocol.bit2a(fiber, await protocol.msbS(fiber, concat([negated, drop])));
    const steps = await protocol.mulSS(fiber, outside, concat([lift, drop]));
    const { length } = shares;
    const lifted = addSS(kernels, shares, slice(steps, 0, length));
    return secret(on, x.dtype, x.shape, addSS(kernels, lifted, slice(steps, length, 2 * length)));
  });
}

/** An interval of words, and the name of what is to lie in it. */
export interface Assumed extends Interval {
  readonly name?: string;
}

/**
 * Opens one bit to all members: whether all elements lie in the interval (in words of the ring), whatever they are.
 * Cost: 18 rounds, 66.9 bytes an element.
 * @throws {DataError} PRIVITY_SECURE_ASSUMPTION, at every member alike, if one does not
 */
export async function checkWithin(on: Evaluator, x: SecretTensor, range: Assumed): Promise<void> {
  const { protocol, fiber, kernels } = on;
  const shares = numbersOf(on, x, 'checkWithin');
  const opened = await fiber.as('check', async () => {
    // From the lower end on, modulo 2^64: what is below it, or 2^63 or more above it, has its top bit set; of the rest, what is above
    // the upper end has it set in what is missing to that. Neither difference can wrap unnoticed.
    const above = subSS(kernels, shares, filled(on, x, range.min));
    const missing = subSS(kernels, filled(on, x, range.max - range.min), above);
    const outside = await protocol.bit2a(fiber, await protocol.msbS(fiber, concat([above, missing])));
    return protocol.openB(fiber, await protocol.eqzS(fiber, total(outside)));
  });
  invariant(opened !== undefined, 'an opening to all gives a result');
  if ((opened[0] as bigint) & 1n) return;
  throw new DataError(
    'PRIVITY_SECURE_ASSUMPTION',
    `"${range.name ?? x.dtype}": a number lies outside of ${boundText(range, x.dtype, on.fracBits)}, which the job assumes (assume({ min, max })), ` +
      'so it was not opened how they compare. Assume a wider interval, or keep numbers in one by clamp(lo, hi); ' +
      'privity local JOB --plain shows what every step has.',
  );
}

function filled(on: Evaluator, x: SecretTensor, word: bigint): Arith {
  return on.protocol.publicA(new BigUint64Array(x.shares.length).fill(BigInt.asUintN(64, word)));
}

function total({ parts }: Arith): Arith {
  return arith(
    1,
    parts.map((part) => {
      let sum = 0n;
      for (const word of part) sum = BigInt.asUintN(64, sum + word);
      return BigUint64Array.of(sum);
    }),
  );
}
