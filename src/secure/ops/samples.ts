/** How operations say in which ways they are called. */

import type { Dtype } from '../ring/fixed-point.ts';
import { elementCount, type Shape } from '../ring/shape.ts';
import type { OperandForm, Range, Sample } from './operation.ts';

export const aSecret = (dtype: Dtype, ...shape: Shape): OperandForm => ({ dtype, shape, secret: true });
export const aFixed = (...shape: Shape): OperandForm => aSecret('fixed', ...shape);
export const anInteger = (...shape: Shape): OperandForm => aSecret('integer', ...shape);
/** Positions of so many rows, each once. */
export const anOrder = (rows: number): OperandForm => ({ ...anInteger(rows), order: true });
export const aBoolean = (...shape: Shape): OperandForm => aSecret('boolean', ...shape);
export const aPublic = (dtype: Dtype, ...shape: Shape): OperandForm => ({ dtype, shape, secret: false });
/** A single public number. */
export const aNumber = (number: number, dtype: Dtype = 'fixed'): OperandForm => ({
  dtype,
  shape: [],
  secret: false,
  number,
});

/** Where nothing else is said: numbers of either sign, of which all operations but a few take any. */
const ORDINARY: Readonly<Record<Dtype, Range>> = {
  fixed: [-100, 100],
  integer: [-1000, 1000],
  boolean: [0, 1],
};

const ordinary = ({ dtype, shape: [rows = 1], order }: OperandForm): Range =>
  order ? [0, rows - 1] : ORDINARY[dtype];

/**
 * `over`: domains of the operands in turn, or of the first alone; `per`: default, the elements of the first operand.
 */
export function way(
  operands: readonly OperandForm[],
  options: Partial<Pick<Sample, 'what' | 'params' | 'over' | 'per' | 'fit'>> = {},
): Sample {
  const { over = [[]] } = options;
  return {
    params: [],
    per: elementCount((operands[0] as OperandForm).shape),
    ...options,
    operands,
    over: over.map((ranges) => operands.map((operand, i) => ranges[i] ?? ordinary(operand))),
  };
}

/** Up to these ends, the edges of what can be shared with 18 fractional bits. */
export const WIDE = 2 ** 26 - 1;
/** Up to which sums and differences of two can be shared, too. */
export const HALF = 6e7;
/** Up to which products of two can be shared, too. */
export const ROOT = 2 ** 13 - 1;
