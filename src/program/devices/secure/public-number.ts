/** Public numbers beside secrets: fixed point rounds them, and a small one to another number. */
import { UsageError } from '../../../base/errors.ts';
import type { Operation } from '../../../secure/ops/operation.ts';
import { type PublicTensor, singleNumber } from '../../../secure/ring/tensor.ts';

/** A factor may be off by so much of itself: what it multiplies is then off by as much, whatever its size. */
const FACTOR_ROUNDING_MAX = 1 / 256;

/**
 * Refuses a single number that fixed point makes 0, and a factor that it makes another one: the result would be wrong
 * without a word. Numbers of a list are off by at most 2^-(f + 1) each, as shared ones are.
 *
 * @param value as it was given
 * @param tensor what it has become
 * @throws {UsageError} PRIVITY_STEP_INVALID
 */
export function checkRounding({ name, takes }: Operation, value: unknown, tensor: PublicTensor): void {
  if (typeof value !== 'number' || tensor.dtype !== 'fixed' || value === 0) return;
  const rounded = singleNumber(tensor) ?? value;
  const off = Math.abs(rounded - value) / Math.abs(value);
  if (rounded !== 0 && !(takes.factor && off > FACTOR_ROUNDING_MAX)) return;
  const is = rounded === 0 ? '0' : `${rounded}, ${Math.round(1000 * off) / 10} % off`;
  throw new UsageError(
    'PRIVITY_STEP_INVALID',
    `A step is wrong: ${name} with ${value}: in fixed point with ${tensor.fracBits} fractional bits that is ${is}. ` +
      'Share the secret in another unit, multiply in two steps, or give the device more fractional bits (fracBits).',
  );
}
