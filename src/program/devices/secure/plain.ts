/**
 * A run on plaintext, for trying a job with all data on one machine. Every step computes on the plaintext twin of its
 * device and, beside that, in floating point; it tells the range that its result really had, and goes on where a run
 * for real would be refused.
 */
import { UsageError } from '../../../base/errors.ts';
import type { PlainStep } from '../../../observe/report.ts';
import { type Bound, fracBitsOf } from '../../../secure/bounds/declare.ts';
import { RING_BITS } from '../../../secure/bounds/domain.ts';
import { bits, magnitude, realOf } from '../../../secure/bounds/interval.ts';
import type { Operation } from '../../../secure/ops/operation.ts';
import { type Dtype, decode } from '../../../secure/ring/fixed-point.ts';
import type { Shape } from '../../../secure/ring/shape.ts';
import { type PublicTensor, publicNumbers } from '../../../secure/ring/tensor.ts';
import type { SecretTensor } from '../../../secure/secret.ts';
import type { Tensor } from '../../../wire/value-kinds.ts';
import { tensor } from '../../model/tensor.ts';
import type { DeviceRecord, SecurePlan } from './records.ts';

/**
 * What nothing is known of, because a step before it would have been refused: beyond all that a ring element can be.
 */
const unknown: Bound = { min: -(2n ** BigInt(RING_BITS)), max: 2n ** BigInt(RING_BITS), assumed: false };
const isUnknown = (bound: Bound): boolean => magnitude(bound) >= 2n ** BigInt(RING_BITS);

/** A bound, or why there is none in a run for real. */
export interface Tried {
  readonly bound: Bound;
  readonly refused?: string;
}

/**
 * The bound that `work` gives. Where it is refused, nothing is known from then on; told once, not for all that follows
 * from it.
 */
export function tried(work: () => Bound, operands: readonly Bound[], dtype: Dtype): Tried {
  try {
    return { bound: work() };
  } catch (error) {
    if (!(error instanceof UsageError) || error.code !== 'PRIVITY_SECURE_BOUND') throw error;
    const bound = dtype === 'boolean' ? { ...bits, assumed: false } : unknown;
    return operands.some(isUnknown) ? { bound } : { bound, refused: error.message };
  }
}

/** The numbers of secrets in floating point, by the shares that hold them on the twin. */
const inFloatingPoint = new WeakMap<object, Float64Array>();

interface Described extends Tried {
  readonly dtype: Dtype;
  readonly shape: Shape;
}

/**
 * A step whose result stays on the device, traced. `compute` gives it in floating point; without, it is what the twin
 * has.
 */
export function tracedResult(
  plan: SecurePlan,
  device: DeviceRecord,
  result: Described,
  compute?: (operands: readonly SecretTensor[]) => Float64Array,
): SecurePlan {
  let seen: PlainStep | undefined;
  return {
    ...plan,
    traced: () => seen,
    async execute(on, operands, located, leaving) {
      const tensor = (await plan.execute(on, operands, located, leaving)) as SecretTensor;
      const data = compute?.(operands) ?? numbersOf(tensor, device.fracBits);
      inFloatingPoint.set(tensor.shares, data);
      if (on.protocol.rank === 0) seen = stepOf(plan, device, result, data);
      return tensor;
    },
  };
}

/** An operation in floating point. */
export function floatingPoint(
  { plain, randomOrder = false }: Operation,
  operands: readonly (PublicTensor | { readonly dtype: Dtype; readonly shape: Shape })[],
  params: readonly unknown[],
  shape: Shape,
  { fracBits }: DeviceRecord,
): ((secrets: readonly SecretTensor[]) => Float64Array) | undefined {
  // Nobody knows the order, but the twin.
  if (randomOrder) return undefined;
  return (secrets) => {
    const queue = [...secrets];
    const inputs = operands.map((operand) => {
      const { dtype, shape } = operand;
      if ('words' in operand) return { dtype, shape, data: publicNumbers(operand) };
      return { dtype, shape, data: knownOf(queue.shift() as SecretTensor, fracBits) };
    });
    return plain({ operands: inputs, params, shape, fracBits });
  };
}

/**
 * A step that opens a secret, traced. It gives what plain arithmetic does: beyond a domain the twin is as wrong as a
 * run for real, and a job that goes on with that takes another way.
 */
export function tracedOpening(plan: SecurePlan, device: DeviceRecord, known: Described): SecurePlan {
  let seen: PlainStep | undefined;
  return {
    ...plan,
    traced: () => seen,
    async execute(on, operands, located, leaving) {
      const opened = (await plan.execute(on, operands, located, leaving)) as Tensor | undefined;
      const [secret] = operands;
      if (secret === undefined) return opened;
      const data = knownOf(secret, device.fracBits);
      const given = opened && tensor(opened.shape, data.slice());
      if (on.protocol.rank !== 0) return given;
      const shown = numbersOf(secret, device.fracBits);
      let off = 0;
      for (const [i, value] of data.entries()) off = Math.max(off, Math.abs(value - (shown[i] ?? 0)));
      seen = { ...stepOf(plan, device, known, data), off: finite(off) };
      return given;
    },
  };
}

const knownOf = (tensor: SecretTensor, fracBits: number): Float64Array =>
  inFloatingPoint.get(tensor.shares) ?? numbersOf(tensor, fracBits);

/** What the twin has, where every share is the value itself. */
function numbersOf({ shares, dtype }: SecretTensor, fracBits: number): Float64Array {
  const words = shares.parts[0] ?? new BigUint64Array();
  if (shares.kind === 'arith') return decode(words, dtype, fracBits);
  return Float64Array.from({ length: shares.length }, (_, i) =>
    Number(((words[i >> 6] ?? 0n) >> BigInt(i & 63)) & 1n),
  );
}

function stepOf(
  { operation, name, assumption }: SecurePlan,
  { fracBits }: DeviceRecord,
  { bound, refused, dtype, shape }: Described,
  data: Float64Array,
): PlainStep {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of data) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const places = fracBitsOf(dtype, fracBits);
  const known = isUnknown(bound)
    ? {}
    : { bound: { min: realOf(bound.min, places), max: realOf(bound.max, places) } };
  const said = operation === 'share' || operation === 'assume';
  // What is assumed is compared as the twin rounds it, to the last bit.
  const outside = said && (min < realOf(bound.min - 1n, places) || max > realOf(bound.max + 1n, places));
  return {
    ...{ operation, name: assumption?.of ?? name, shape, min: finite(min), max: finite(max) },
    ...known,
    ...(outside && { outside }),
    ...(refused !== undefined && { refused }),
  };
}

/** As JSON can carry it: what is no number, as the largest there is. */
function finite(value: number): number {
  if (Number.isNaN(value)) return Number.MAX_VALUE;
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}
