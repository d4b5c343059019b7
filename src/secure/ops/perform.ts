/** Runs an operation on operands that have been checked. */
import { invariant } from '../../base/errors.ts';
import type { Shape } from '../ring/shape.ts';
import { type PublicTensor, singleNumber } from '../ring/tensor.ts';
import type { Operand, SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import type { Assumed, Operation } from './operation.ts';

/** One operation; the first operand is the secret itself. */
export async function perform(
  on: Evaluator,
  { name, run }: Operation,
  operands: readonly (SecretTensor | PublicTensor)[],
  params: readonly unknown[],
  shape: Shape,
  keysWithin?: Assumed,
): Promise<SecretTensor> {
  const [x, ...rest] = operands;
  invariant(x?.kind === 'secret', `${name} begins with a secret`);
  return run(on, { x, others: rest.map(plain), rest, params, shape, keysWithin });
}

/** Whole public numbers need no truncation; src/secure knows them by their being plain. */
const plain = (operand: SecretTensor | PublicTensor): Operand =>
  operand.kind === 'secret' ? operand : (singleNumber(operand) ?? operand);
