/**
 * Every operation on ordinary floating-point numbers: what its result should be. For trying a job with all data on one machine, and for
 * tests; nothing in here is secret.
 */
import { fracBitsOf } from '../bounds/declare.ts';
import { realOf } from '../bounds/interval.ts';
import type { BoundedOperation } from '../ops/bounds.ts';
import type { Dtype } from '../ring/fixed-point.ts';
import {
  axisOf,
  broadcastIndex,
  elementCount,
  gridIndex,
  matrixProduct,
  type Shape,
  stridesOf,
} from '../ring/shape.ts';

export interface PlainTensor {
  readonly shape: Shape;
  readonly dtype: Dtype;
  readonly data: Float64Array;
}

interface PlainInput {
  readonly operands: readonly PlainTensor[];
  /** As the computation is given them: ends of intervals are words. */
  readonly params: readonly unknown[];
  /** Of the result. */
  readonly shape: Shape;
  readonly fracBits: number;
}

type Plain = (input: PlainInput) => Float64Array;

const one = ({ operands: [x] }: PlainInput): PlainTensor => x as PlainTensor;
const two = ({ operands: [, y] }: PlainInput): PlainTensor => y as PlainTensor;
const at = (list: ArrayLike<number>, index: number): number => list[index] ?? Number.NaN;

function broadcast({ data, shape }: PlainTensor, to: Shape): Float64Array {
  const index = broadcastIndex(shape, to);
  return index ? Float64Array.from(index, (from) => at(data, from)) : data;
}

const unary =
  (of: (x: number) => number): Plain =>
  (input) =>
    one(input).data.map(of);
const binary =
  (of: (x: number, y: number) => number): Plain =>
  ({ operands: [x, y], shape }) => {
    const [a, b] = [broadcast(x as PlainTensor, shape), broadcast(y as PlainTensor, shape)];
    return a.map((value, i) => of(value, at(b, i)));
  };

/** The elements that each element of the result is made of. */
function groupsAlong({ shape, data }: PlainTensor, axis: number | undefined): Float64Array[] {
  if (axis === undefined) return [data];
  const along = axisOf(shape, axis, 'axis');
  const strides = stridesOf(shape);
  const starts = gridIndex(shape.with(along, 1), strides);
  const [size, stride] = [shape[along] ?? 1, strides[along] ?? 1];
  return Array.from(starts, (start) =>
    Float64Array.from({ length: size }, (_, i) => at(data, start + i * stride)),
  );
}

const reduction =
  (of: (values: Float64Array) => number): Plain =>
  (input) =>
    Float64Array.from(groupsAlong(one(input), input.params[0] as number | undefined), of);
/** What keeps its shape, computed along one axis. */
const alongAxis =
  (otherwise: number, of: (values: Float64Array) => ArrayLike<number>): Plain =>
  (input) => {
    const x = one(input);
    const axis = axisOf(x.shape, (input.params[0] as number | undefined) ?? otherwise, 'axis');
    const strides = stridesOf(x.shape);
    const starts = gridIndex(x.shape.with(axis, 1), strides);
    const out = new Float64Array(x.data.length);
    groupsAlong(x, axis).forEach((values, group) => {
      const results = of(values);
      for (let i = 0; i < values.length; i++)
        out[at(starts, group) + i * (strides[axis] ?? 1)] = at(results, i);
    });
    return out;
  };

const total = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += at(values, i);
  return sum;
};

function runningSums(values: Float64Array): Float64Array {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum;
  });
}

function softmaxOf(values: Float64Array): Float64Array {
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = total(powers);
  return powers.map((power) => power / sum);
}

/** Of [batch, m, k] and [batch, k, n], as matrixProduct reads their shapes. */
function matmul(x: PlainTensor, y: PlainTensor): Float64Array {
  const { batch, rows, inner, columns } = matrixProduct(x.shape, y.shape, 'matmul').dims;
  return Float64Array.from({ length: batch * rows * columns }, (_, i) => {
    const [matrix, row, column] = [
      Math.floor(i / rows / columns),
      Math.floor(i / columns) % rows,
      i % columns,
    ];
    let sum = 0;
    for (let k = 0; k < inner; k++)
      sum +=
        at(x.data, (matrix * rows + row) * inner + k) * at(y.data, (matrix * inner + k) * columns + column);
    return sum;
  });
}

function dot({ operands: [x, y] }: PlainInput): Float64Array {
  const [a, b] = [x as PlainTensor, y as PlainTensor];
  const size = a.shape.at(-1) ?? 1;
  const products = a.data.map((value, i) => value * at(b.data, i));
  return Float64Array.from({ length: products.length / size }, (_, i) =>
    total(products.subarray(i * size, (i + 1) * size)),
  );
}

/** Rows in the order of their keys; rows of equal keys keep theirs. */
function sortedBy({ data, shape }: PlainTensor, keys: Float64Array): Float64Array {
  const width = data.length / (shape[0] ?? 1);
  const order = [...keys.keys()].sort((a, b) => at(keys, a) - at(keys, b) || a - b);
  return Float64Array.from({ length: data.length }, (_, i) =>
    at(data, at(order, Math.floor(i / width)) * width + (i % width)),
  );
}

function groupSum(input: PlainInput): Float64Array {
  const { data, shape } = one(input);
  const groups: ArrayLike<number> = input.operands[1]?.data ?? (input.params[0] as ArrayLike<number>);
  const width = data.length / (shape[0] ?? 1);
  const out = new Float64Array(elementCount(input.shape));
  data.forEach((value, i) => {
    const to = at(groups, Math.floor(i / width)) * width + (i % width);
    if (to >= 0 && to < out.length) out[to] = at(out, to) + value;
  });
  return out;
}

function positions(input: PlainInput): Float64Array {
  const { shape } = one(input);
  const [order = shape.map((_, axis) => shape.length - 1 - axis)] = input.params as readonly [number[]?];
  const strides = stridesOf(shape);
  const index = gridIndex(
    input.shape,
    order.map((axis) => strides[axisOf(shape, axis, 'axis')] ?? 0),
  );
  return Float64Array.from(index, (from) => at(one(input).data, from));
}

/** Elements at these positions of an axis. */
function picked(input: PlainInput, index: ArrayLike<number>, axis: number): Float64Array {
  const { data, shape } = one(input);
  const along = axisOf(shape, axis, 'axis');
  const [from, to] = [stridesOf(shape), stridesOf(input.shape)];
  return Float64Array.from({ length: elementCount(input.shape) }, (_, i) => {
    const place = input.shape.map((size, dim) => Math.floor(i / (to[dim] ?? 1)) % size);
    return at(
      data,
      place.reduce(
        (sum, position, dim) => sum + (dim === along ? at(index, position) : position) * (from[dim] ?? 1),
        0,
      ),
    );
  });
}

function concat({ operands, params, shape }: PlainInput): Float64Array {
  const axis = axisOf(shape, (params[0] as number | undefined) ?? 0, 'axis');
  const outer = elementCount(shape.slice(0, axis));
  const out = new Float64Array(elementCount(shape));
  let filled = 0;
  for (let row = 0; row < outer; row++) {
    for (const { data } of operands) {
      const piece = data.length / outer;
      out.set(data.subarray(row * piece, (row + 1) * piece), filled);
      filled += piece;
    }
  }
  return out;
}

function cast({ operands: [x], params: [to] }: PlainInput): Float64Array {
  const { data, dtype } = x as PlainTensor;
  if (to === 'boolean') return data.map((value) => Number(value !== 0));
  return dtype === 'fixed' && to === 'integer' ? data.map(Math.floor) : data;
}

function clamp({ operands: [x], params, fracBits }: PlainInput): Float64Array {
  const { data, dtype } = x as PlainTensor;
  const places = fracBitsOf(dtype, fracBits);
  const [min, max] = params.map((word) => realOf(word as bigint, places)) as [number, number];
  return data.map((value) => Math.min(Math.max(value, min), max));
}

const least = (values: Float64Array): number => values.reduce((a, b) => Math.min(a, b));
const most = (values: Float64Array): number => values.reduce((a, b) => Math.max(a, b));
const same: Plain = (input) => one(input).data;

/** By the names of operations. A shuffle, whose order nobody knows, leaves its rows where they are. */
export const plainOperations: Readonly<Record<BoundedOperation, Plain>> = {
  add: binary((x, y) => x + y),
  sub: binary((x, y) => x - y),
  neg: unary((x) => -x),
  mul: binary((x, y) => x * y),
  square: unary((x) => x * x),
  dot,
  matmul: (input) => matmul(one(input), two(input)),
  sum: reduction(total),
  cumulativeSum: alongAxis(0, runningSums),
  mean: reduction((values) => total(values) / values.length),
  minimum: binary(Math.min),
  maximum: binary(Math.max),
  abs: unary(Math.abs),
  relu: unary((x) => Math.max(x, 0)),
  min: reduction(least),
  max: reduction(most),
  argmax: reduction((values) => values.indexOf(most(values))),
  div: binary((x, y) => x / y),
  reciprocal: unary((x) => 1 / x),
  sqrt: unary(Math.sqrt),
  rsqrt: unary((x) => 1 / Math.sqrt(x)),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  tanh: unary(Math.tanh),
  softmax: alongAxis(-1, softmaxOf),
  lt: binary((x, y) => Number(x < y)),
  le: binary((x, y) => Number(x <= y)),
  gt: binary((x, y) => Number(x > y)),
  ge: binary((x, y) => Number(x >= y)),
  eq: binary((x, y) => Number(x === y)),
  ne: binary((x, y) => Number(x !== y)),
  select: ({ operands, shape }) => {
    const [bit, yes, no] = operands.map((operand) => broadcast(operand, shape)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    return bit.map((chosen, i) => at(chosen === 1 ? yes : no, i));
  },
  and: binary((x, y) => x * y),
  or: binary(Math.max),
  xor: binary((x, y) => Number(x !== y)),
  not: unary((x) => 1 - x),
  clamp,
  assume: same,
  sort: (input) => one(input).data.toSorted(),
  sortBy: (input) => sortedBy(one(input), two(input).data),
  shuffle: same,
  groupSum,
  reshape: same,
  transpose: positions,
  slice: (input) => {
    const [from, to, axis = 0] = input.params as readonly [number, number, number?];
    return picked(
      input,
      Array.from({ length: to - from }, (_, i) => from + i),
      axis,
    );
  },
  concat,
  gather: (input) => {
    const [index, axis = 0] = input.params as readonly [ArrayLike<number>, number?];
    return picked(input, index, axis);
  },
  cast,
  shift: (input) => one(input).data.map((x) => Math.floor(x * 2 ** Number(input.params[0]))),
};
