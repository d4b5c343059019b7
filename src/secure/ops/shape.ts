/** Rearrangements by public positions. All local, for all types. */
import { UsageError } from '../../base/errors.ts';
import {
  axisOf,
  checkShape,
  elementCount,
  gridIndex,
  type Shape,
  shapeMismatch,
  stridesOf,
} from '../ring/shape.ts';
import { dtypeMismatch } from '../ring/tensor.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import {
  concatBits,
  concat as concatNumbers,
  gatherBits,
  gather as gatherNumbers,
} from '../sharing/linear.ts';
import type { Arith, Bits } from '../sharing/shares.ts';
import { checkOwn, secret } from './operands.ts';

/** The same elements in another shape with as many. */
export function reshape(on: Evaluator, x: SecretTensor, shape: Shape): SecretTensor {
  checkOwn(on, x, 'reshape');
  checkShape(shape, 'reshape');
  if (elementCount(shape) !== elementCount(x.shape)) {
    throw shapeMismatch(`reshape: [${x.shape}] does not have as many elements as [${shape}]`);
  }
  return secret(on, x.dtype, shape, x.shares);
}

/** Axes in another order; default: reversed. */
export function transpose(on: Evaluator, x: SecretTensor, axes?: readonly number[]): SecretTensor {
  const order = axes ?? x.shape.map((_, axis) => x.shape.length - 1 - axis);
  const wanted = order.map((axis) => axisOf(x.shape, axis, 'transpose'));
  if (new Set(wanted).size !== x.shape.length) {
    throw shapeMismatch(`transpose: [${order}] does not name every axis of [${x.shape}] once`);
  }
  const strides = stridesOf(x.shape);
  const shape = wanted.map((axis) => x.shape[axis] ?? 1);
  return take(
    on,
    x,
    shape,
    gridIndex(
      shape,
      wanted.map((axis) => strides[axis] ?? 0),
    ),
    'transpose',
  );
}

/** Elements [from, to) along an axis. */
export function slice(on: Evaluator, x: SecretTensor, from: number, to: number, axis = 0): SecretTensor {
  const at = axisOf(x.shape, axis, 'slice');
  const size = x.shape[at] ?? 0;
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to > size || from > to) {
    throw shapeMismatch(`slice: [${from}, ${to}) is not a part of axis ${at}, which has ${size} elements`);
  }
  const shape = x.shape.with(at, to - from);
  checkShape(shape, 'slice');
  const strides = stridesOf(x.shape);
  return take(on, x, shape, gridIndex(shape, strides, from * (strides[at] ?? 0)), 'slice');
}

/** Tensors of one type one after the other along an axis; the other dimensions agree. */
export function concat(on: Evaluator, list: readonly SecretTensor[], axis = 0): SecretTensor {
  const [first] = list;
  if (first === undefined) throw shapeMismatch('concat of no tensor');
  const at = axisOf(first.shape, axis, 'concat');
  for (const x of list) {
    checkOwn(on, x, 'concat');
    if (x.dtype !== first.dtype)
      throw dtypeMismatch(`concat: ${first.dtype} and ${x.dtype}; cast one of them`);
    if (
      x.shape.length !== first.shape.length ||
      x.shape.some((size, i) => i !== at && size !== first.shape[i])
    ) {
      throw shapeMismatch(`concat: shapes [${first.shape}] and [${x.shape}] differ beside axis ${at}`);
    }
  }
  const total = list.reduce((sum, x) => sum + (x.shape[at] ?? 0), 0);
  const shape = first.shape.with(at, total);
  checkShape(shape, 'concat');
  const { shares } = first;
  const joined: Arith | Bits =
    shares.kind === 'arith'
      ? concatNumbers(list.map((x) => x.shares as Arith))
      : concatBits(list.map((x) => x.shares as Bits));
  const flat = { ...first, shape: [joined.length], shares: joined };
  if (at === 0) return secret(on, first.dtype, shape, joined);
  return take(
    on,
    flat,
    shape,
    concatIndex(
      list.map((x) => x.shape),
      at,
    ),
    'concat',
  );
}

/** Slices along an axis by position, which is public; positions may repeat. The result has index.length where the axis was. */
export function gather(on: Evaluator, x: SecretTensor, index: ArrayLike<number>, axis = 0): SecretTensor {
  const at = axisOf(x.shape, axis, 'gather');
  const size = x.shape[at] ?? 0;
  const positions = Array.from(index);
  if (positions.some((i) => !Number.isInteger(i) || i < 0 || i >= size)) {
    throw new UsageError(
      'PRIVITY_SHAPE_MISMATCH',
      `gather: a position lies outside axis ${at}, which has ${size} elements.`,
    );
  }
  const shape = x.shape.with(at, positions.length);
  checkShape(shape, 'gather');
  const strides = stridesOf(x.shape);
  const stride = strides[at] ?? 1;
  const from = gridIndex(shape, strides.with(at, 0));
  const steps = stridesOf(shape)[at] ?? 1;
  for (let i = 0; i < from.length; i++) {
    from[i] = (from[i] ?? 0) + (positions[Math.floor(i / steps) % positions.length] ?? 0) * stride;
  }
  return take(on, x, shape, from, 'gather');
}

/** A copy along new or single dimensions, as broadcasting does. */
export function take(
  on: Evaluator,
  x: SecretTensor,
  shape: Shape,
  index: Uint32Array,
  what: string,
): SecretTensor {
  checkOwn(on, x, what);
  checkShape(shape, what);
  const { shares } = x;
  return secret(
    on,
    x.dtype,
    shape,
    shares.kind === 'arith' ? gatherNumbers(shares, index) : gatherBits(shares, index),
  );
}

/** Where each element of a concatenation stands in the tensors laid one after the other. */
function concatIndex(shapes: readonly Shape[], axis: number): Uint32Array {
  const pieces = shapes.map((shape) => elementCount(shape.slice(axis)));
  const outer = elementCount((shapes[0] ?? []).slice(0, axis));
  const index = new Uint32Array(shapes.reduce((sum, shape) => sum + elementCount(shape), 0));
  let at = 0;
  for (let row = 0; row < outer; row++) {
    let start = 0;
    for (const piece of pieces) {
      for (let i = 0; i < piece; i++) index[at++] = start + row * piece + i;
      start += outer * piece;
    }
  }
  return index;
}
