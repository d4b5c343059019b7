/**
 * Every way of calling an operation of a secure device, as the catalogue has them, on members in one process: for tests
 * of results, costs, and what crosses between members. An operation that is added is tested.
 */
import { catalogue } from '../../src/secure/ops/catalogue.ts';
import * as ops from '../../src/secure/ops/index.ts';
import type { Call, Operation, Sample, Sizes } from '../../src/secure/ops/operation.ts';
import { perform } from '../../src/secure/ops/perform.ts';
import { type Dtype, FRAC_BITS } from '../../src/secure/ring/fixed-point.ts';
import { elementCount, type Shape } from '../../src/secure/ring/shape.ts';
import { type PublicTensor, publicTensor } from '../../src/secure/ring/tensor.ts';
import type { SecretTensor } from '../../src/secure/secret.ts';
import type { Evaluator } from '../../src/secure/session.ts';

export interface Way {
  readonly name: string;
  readonly operation: Operation;
  readonly sample: Sample;
  /** What its checks make of it. */
  readonly call: Call;
  /** Of the result. */
  readonly dtype: Dtype;
}

export function waysOf(sizes: Sizes, of: readonly Operation[] = catalogue): readonly Way[] {
  return of.flatMap((operation) =>
    operation.samples(sizes).map((sample, i) => wayOf(operation, sample, i === 0 ? '' : `: way ${i + 1}`)),
  );
}

/** @param otherwise what its name ends in where it has none in the table of costs */
export function wayOf(operation: Operation, sample: Sample, otherwise = ''): Way {
  const { name } = operation;
  const { operands, params, what } = sample;
  const { shape, dtype } = operation.result(operands, params, name);
  const ends = operands[0] && operation.ends?.(operands[0], params, FRAC_BITS);
  const given = ends ? [ends.min, ends.max] : params;
  return {
    name: `${name}${what ? `: ${what}` : otherwise}`,
    ...{ operation, sample, dtype },
    call: { operands, params: given, shape, fracBits: FRAC_BITS },
  };
}

export type ValueAt = (dtype: Dtype, operand: number, position: number) => number;

/** What the operation takes of these numbers: of some they have to fit together. */
export const fitted = (
  { fit }: Sample,
  values: readonly (readonly number[])[],
): readonly (readonly number[])[] => (fit ? fit(values) : values);

/** The same numbers, fitted. */
export function fittedAt({ sample }: Way, valueAt: ValueAt): ValueAt {
  const values = sample.operands.map(({ dtype, shape }, operand) =>
    Array.from({ length: elementCount(shape) }, (_, position) => valueAt(dtype, operand, position)),
  );
  const made = fitted(sample, values);
  return (_, operand, position) => made[operand]?.[position] ?? 0;
}
export type OperandTensor = SecretTensor | PublicTensor;

/** Position i of an order of so many rows: those of operands that are one. */
export function orderAt(i: number, rows: number): number {
  let step = Math.max(1, Math.round(0.618 * rows));
  const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b));
  while (common(step, rows) !== 1) step++;
  return (i * step + 1) % rows;
}

/** The operands of a way, of which the first member and the second have every other element. */
export async function operandsOf(
  on: Evaluator,
  { sample }: Way,
  valueAt: ValueAt,
): Promise<readonly OperandTensor[]> {
  const made = sample.operands.map(({ dtype, shape, secret, number, order }, operand) => {
    const count = elementCount(shape);
    const values = Array.from({ length: count }, (_, position) =>
      order ? orderAt(position, count) : valueAt(dtype, operand, position),
    );
    if (!secret)
      return async () =>
        publicTensor(number === undefined ? values : [number], { dtype, shape, fracBits: on.fracBits });
    return (at: Evaluator) => sharedByTwo(at, dtype, shape, values, operand);
  });
  return on.all<readonly OperandTensor[]>(...made);
}

async function sharedByTwo(
  on: Evaluator,
  dtype: Dtype,
  shape: Shape,
  values: readonly number[],
  operand: number,
): Promise<SecretTensor> {
  const length = values.length;
  const from = (owner: number) => (at: Evaluator) =>
    ops.share(at, { owner, dtype, shape: [length] }, at.protocol.rank === owner ? values : undefined);
  const first = operand % 2;
  const [even, odd] = await on.all(from(first), from(1 - first));
  const places = Array.from({ length }, (_, i) => (i % 2 === 0 ? i : length + i));
  return ops.reshape(on, ops.gather(on, ops.concat(on, [even, odd]), places), shape);
}

export function callWay(
  on: Evaluator,
  { operation, call }: Way,
  operands: readonly OperandTensor[],
): Promise<SecretTensor> {
  return perform(on, operation, operands, call.params, call.shape);
}

/** Vectors of one length: for each type one of the first member and one of the second. */
export interface Inputs {
  readonly x: SecretTensor;
  readonly y: SecretTensor;
  readonly b: SecretTensor;
  readonly c: SecretTensor;
}

export async function shareInputs(on: Evaluator, length: number, valueAt: ValueAt): Promise<Inputs> {
  const from = (owner: 0 | 1, dtype: Dtype) => (at: Evaluator) => {
    const own = () => Array.from({ length }, (_, position) => valueAt(dtype, owner, position));
    const options = { owner, dtype, shape: [length] };
    return ops.share(at, options, on.protocol.rank === owner ? own() : undefined);
  };
  const [x, y, b, c] = await on.all(
    from(0, 'fixed'),
    from(1, 'fixed'),
    from(0, 'boolean'),
    from(1, 'boolean'),
  );
  return { x, y, b, c };
}

/**
 * What goes into a device and out of it, and what is checked before an order: no method does only that. What is opened
 * is the sum of what both put in: of what one put in, one share would be zero, as the others know it.
 */
export const crossings: Readonly<Record<string, (on: Evaluator, inputs: Inputs) => unknown>> = {
  share: (on, { x }) => {
    const owner = on.protocol.size - 1;
    const own = on.protocol.rank === owner ? new Array<number>(x.shape[0] ?? 1).fill(1) : undefined;
    return ops.share(on, { owner, dtype: 'fixed', shape: x.shape }, own);
  },
  reveal: async (on, { x, y }) => ops.reveal(on, await ops.add(on, x, y)),
  'reveal: to one': async (on, { x, y }) => ops.reveal(on, await ops.add(on, x, y), 1),
  'reveal: booleans': (on, { b, c }) => ops.reveal(on, ops.xor(on, b, c)),
  checkWithin: (on, { x }) => ops.checkWithin(on, x, { min: -(2n ** 61n), max: 2n ** 61n }),
};
