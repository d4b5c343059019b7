/** Shapes of tensors: row-major, any number of dimensions; [] is a single number. Broadcasting follows NumPy. */
import { DataError, UsageError } from '../../base/errors.ts';
import type { MatrixLayout } from './matrix-dims.ts';

export type Shape = readonly number[];

/** Elements of one tensor: 1 GiB a part of a share. Longer vectors are cut by the caller. */
export const TENSOR_ELEMENTS_MAX = 2 ** 27;

/** Enough for any table or model; bounds what a shape costs to handle. */
export const DIMENSIONS_MAX = 8;

export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Throws unless this is the shape of a tensor that a secure device takes.
 * @throws {UsageError} PRIVITY_SHAPE_MISMATCH
 * @throws {DataError} PRIVITY_TENSOR_EMPTY, PRIVITY_SECURE_LIMIT
 */
export function checkShape(shape: Shape, what: string): void {
  if (shape.length > DIMENSIONS_MAX || shape.some((size) => !Number.isSafeInteger(size) || size < 0)) {
    throw shapeMismatch(`${what}: [${shape}] is not a shape of at most ${DIMENSIONS_MAX} whole numbers`);
  }
  if (shape.includes(0)) {
    throw new DataError('PRIVITY_TENSOR_EMPTY', `${what}: a tensor of shape [${shape}] has no elements.`);
  }
  if (elementCount(shape) > TENSOR_ELEMENTS_MAX) {
    throw new DataError(
      'PRIVITY_SECURE_LIMIT',
      `${what}: a tensor of shape [${shape}] has more than ${TENSOR_ELEMENTS_MAX} elements.`,
    );
  }
}

/**
 * The common shape of operands: dimensions are compared from the last; they agree or one of them is 1.
 * @throws {UsageError} PRIVITY_SHAPE_MISMATCH
 */
export function broadcastShapes(x: Shape, y: Shape, what: string): Shape {
  const length = Math.max(x.length, y.length);
  return Array.from({ length }, (_, index) => {
    const a = x[x.length - length + index] ?? 1;
    const b = y[y.length - length + index] ?? 1;
    if (a !== b && a !== 1 && b !== 1) {
      throw shapeMismatch(`${what}: shapes [${x}] and [${y}] do not broadcast`);
    }
    return Math.max(a, b);
  });
}

export interface MatrixProduct {
  readonly dims: MatrixLayout;
  readonly shape: Shape;
}

/** Which factors are taken with their last two axes exchanged. A vector has one, and is the same either way. */
export type Transposed = Pick<MatrixLayout, 'transposeLeft' | 'transposeRight'>;

/**
 * Of [.., m, k] and [.., k, n]; a vector counts as a row on the left, as a column on the right, and is dropped from the
 * result. Leading dimensions agree.
 * @throws {UsageError} PRIVITY_SHAPE_MISMATCH
 */
export function matrixProduct(x: Shape, y: Shape, what: string, transposed: Transposed = {}): MatrixProduct {
  const [transposeLeft, transposeRight] = [
    transposed.transposeLeft === true && x.length > 1,
    transposed.transposeRight === true && y.length > 1,
  ];
  const left = x.length === 1 ? [1, x[0] ?? 0] : transposeLeft ? lastTwoExchanged(x) : x;
  const right = y.length === 1 ? [y[0] ?? 0, 1] : transposeRight ? lastTwoExchanged(y) : y;
  const [rows = 0, inner = 0] = left.slice(-2);
  const [innerRight = -1, columns = 0] = right.slice(-2);
  const batch = left.slice(0, -2);
  const none = x.length === 0 || y.length === 0;
  if (none || inner !== innerRight || batch.join() !== right.slice(0, -2).join()) {
    const name = (shape: Shape, option: string): string => `[${shape}]${option && ` with ${option}`}`;
    throw shapeMismatch(
      `${what}: ${name(x, transposed.transposeLeft ? 'transposeLeft' : '')} and ` +
        `${name(y, transposed.transposeRight ? 'transposeRight' : '')} have no matrix product`,
    );
  }
  const shape = [...batch, ...(x.length === 1 ? [] : [rows]), ...(y.length === 1 ? [] : [columns])];
  const turned = { ...(transposeLeft && { transposeLeft }), ...(transposeRight && { transposeRight }) };
  return { dims: { batch: elementCount(batch), rows, inner, columns, ...turned }, shape };
}

const lastTwoExchanged = (shape: Shape): Shape => [...shape.slice(0, -2), ...shape.slice(-2).reverse()];

/**
 * The shape of products along the last axis of two tensors of one shape. @throws {UsageError} PRIVITY_SHAPE_MISMATCH
 */
export function dotShape(x: Shape, y: Shape, what: string): Shape {
  if (x.length === 0 || !sameShape(x, y))
    throw shapeMismatch(`${what}: [${x}] and [${y}] are not one shape with an axis`);
  return x.slice(0, -1);
}

export function sameShape(x: Shape, y: Shape): boolean {
  return x.length === y.length && x.every((size, index) => size === y[index]);
}

/** A dimension by number; negative numbers count from the last. */
export function axisOf(shape: Shape, axis: number, what: string): number {
  const found = axis < 0 ? shape.length + axis : axis;
  if (!Number.isInteger(axis) || found < 0 || found >= shape.length) {
    throw shapeMismatch(`${what}: a tensor of shape [${shape}] has no axis ${axis}`);
  }
  return found;
}

/** Steps in a tensor of shape `from` along the axes of `to`, to which it is broadcast; undefined if nothing changes. */
export function broadcastStrides(from: Shape, to: Shape): number[] | undefined {
  if (elementCount(from) === elementCount(to)) return undefined;
  const strides = stridesOf(from);
  const shift = to.length - from.length;
  return to.map((_, axis) => ((from[axis - shift] ?? 1) === 1 ? 0 : (strides[axis - shift] ?? 0)));
}

/** For each element of a tensor of shape `to`, the element of one of shape `from` that stands there. */
export function broadcastIndex(from: Shape, to: Shape): Uint32Array | undefined {
  const strides = broadcastStrides(from, to);
  return strides && gridIndex(to, strides);
}

/** Row-major steps of each dimension. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return strides;
}

/** Where an element stands, for people: counted from 1, as rows of tables and lines of files are. */
export function positionText(index: number, shape: Shape): string {
  const at = stridesOf(shape).map((stride, axis) => 1 + (Math.floor(index / stride) % (shape[axis] ?? 1)));
  if (at.length === 0) return 'the only position';
  if (at.length === 1) return `row ${at[0]}`;
  if (at.length === 2) return `row ${at[0]}, column ${at[1]}`;
  return `position [${at}]`;
}

/** Index of each element of a grid whose dimensions advance by these strides. */
export function gridIndex(shape: Shape, strides: readonly number[], start = 0): Uint32Array {
  const index = new Uint32Array(elementCount(shape));
  let filled = 1;
  index[0] = start;
  // From the last dimension on: what stands there already is repeated at each step of the next one.
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    const stride = strides[axis] ?? 0;
    for (let step = 1; step < size; step++) {
      const at = step * filled;
      for (let i = 0; i < filled; i++) index[at + i] = (index[i] ?? 0) + step * stride;
    }
    filled *= size;
  }
  return index;
}

export function shapeMismatch(text: string): UsageError {
  return new UsageError('PRIVITY_SHAPE_MISMATCH', `${text}.`);
}
