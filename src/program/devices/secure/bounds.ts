/**
 * Bounds of secrets: worked out in the call, at every party alike, so that no operation runs that could leave its
 * domain.
 */
import { UsageError } from '../../../base/errors.ts';
import { type Bound, boundText } from '../../../secure/bounds/declare.ts';
import { below, type Excess, OutOfDomain } from '../../../secure/bounds/domain.ts';
import { bits, common, contains, type Interval } from '../../../secure/bounds/interval.ts';
import type { BoundedOperand, BoundInput } from '../../../secure/bounds/rule.ts';
import { invalid } from '../../../secure/ops/forms.ts';
import type { Operation } from '../../../secure/ops/operation.ts';
import { type Dtype, INTEGER_LIMIT } from '../../../secure/ring/fixed-point.ts';

/** An operand with the words by which an error names it. */
export interface NamedOperand extends BoundedOperand {
  readonly name: string;
  readonly assumed: boolean;
}

export interface ResultInput extends BoundInput {
  readonly operands: readonly NamedOperand[];
}

/** What is known of a result. @throws {UsageError} PRIVITY_SECURE_BOUND */
export function boundOfResult(operation: Operation, input: ResultInput): Bound {
  const [x] = input.operands;
  if (operation.assumes) return assumedBound(operation, input, x as NamedOperand);
  const bound = within(operation, input);
  // Bits are bits, and positions positions, whatever they were computed from.
  const certain = bound === bits || operation.fromShapes === true;
  return { ...bound, assumed: !certain && input.operands.some(({ assumed }) => assumed) };
}

/** Whether an operation says something that nobody checks: an assumption that was known before is none. */
export const isAssumption = (
  { assumes = false }: Operation,
  operand: Interval,
  ends: Interval | undefined,
): boolean => assumes && ends !== undefined && !contains(ends, operand);

function assumedBound(operation: Operation, input: ResultInput, x: NamedOperand): Bound {
  const [min, max] = input.params as readonly [bigint, bigint];
  if (common(x.bound, { min, max }) === undefined) {
    const [known, said] = [x.bound, { min, max }].map((one) => boundText(one, x.dtype, input.fracBits));
    throw invalid(`${operation.name} says ${said} of "${x.name}", which is known to be ${known}`);
  }
  const assumed = x.assumed || isAssumption(operation, x.bound, { min, max });
  return { ...operation.bounds.bound(input), assumed };
}

function within({ name, bounds }: Operation, input: ResultInput): Interval {
  try {
    return bounds.bound(input);
  } catch (error) {
    throw error instanceof OutOfDomain ? outOfBounds(name, input, error.excess) : error;
  }
}

/**
 * What is opened comes as JavaScript numbers, which have whole ones only so far. @throws {UsageError}
 * PRIVITY_SECURE_BOUND
 */
export function checkOpened(name: string, dtype: Dtype, bound: Bound, fracBits: number): Bound {
  if (dtype !== 'integer') return bound;
  try {
    below(bound, OPENED_INTEGER_BITS, 'what is opened', 0);
    return bound;
  } catch (error) {
    if (!(error instanceof OutOfDomain)) throw error;
    const operand = { name, bound, dtype };
    throw outOfBounds('reveal', { operands: [operand], fracBits }, error.excess);
  }
}

/** 2^53: JavaScript numbers beyond are rounded. */
const OPENED_INTEGER_BITS = Math.log2(INTEGER_LIMIT);

interface Described {
  readonly operands: readonly Pick<NamedOperand, 'name' | 'bound' | 'dtype' | 'words'>[];
  readonly fracBits: number;
}

function outOfBounds(name: string, { operands, fracBits }: Described, excess: Excess): UsageError {
  const { what, came, domain, from } = excess;
  const declared = from === undefined ? 'a smaller max' : `a min of ${from} or more`;
  const known = operands.map(
    ({ name, bound, dtype, words }) =>
      `${words ? 'public numbers' : `"${name}"`} of ${boundText(bound, dtype, fracBits)}`,
  );
  return new UsageError(
    'PRIVITY_SECURE_BOUND',
    `${name}: ${what} may be ${came}, and the domain is ${domain}. It was given ${known.join(' and ')}. ` +
      `Say ${declared} where values are shared (.to(device, { shape, min, max })), scale them, or take fewer fractional bits ` +
      `(fracBits is ${fracBits}); or end the growth of bounds with .clamp(lo, hi), or with .assume({ min, max }) if you know better.`,
  );
}
