/** Rearrangements by public positions. All local, for all types. */
import { UsageError } from '../../base/errors.ts';
import { intervalOf } from '../bounds/interval.ts';
import { kept, rule } from '../bounds/rule.ts';
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
import { concatBits, gatherBits } from '../sharing/linear.ts';
import type { Arith, Bits } from '../sharing/shares.ts';
import { concatRuns, copyOfView, gatherRuns } from '../sharing/views.ts';
import { local } from './costs.ts';
import { alone, any, form, indicesOf, integerOf, integersOf, own } from './forms.ts';
import { checkOwn, secret } from './operands.ts';
import type { Form, Operation, PlainInput } from './operation.ts';
import { at, first, samePlain } from './plain.ts';
import { aBoolean, aFixed, anInteger, way } from './samples.ts';
import { transpose } from './transpose.ts';

export function reshape(on: Evaluator, x: SecretTensor, shape: Shape): SecretTensor {
  checkOwn(on, x, 'reshape');
  checkShape(shape, 'reshape');
  if (elementCount(shape) !== elementCount(x.shape)) {
    throw shapeMismatch(`reshape: [${x.shape}] does not have as many elements as [${shape}]`);
  }
  return secret(on, x.dtype, shape, x.shares);
}

export function slice(on: Evaluator, x: SecretTensor, from: number, to: number, axis = 0): SecretTensor {
  const at = axisOf(x.shape, axis, 'slice');
  const size = x.shape[at] ?? 0;
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to > size || from > to) {
    throw shapeMismatch(`slice: [${from}, ${to}) is not a part of axis ${at}, which has ${size} elements`);
  }
  const shape = x.shape.with(at, to - from);
  checkShape(shape, 'slice');
  checkOwn(on, x, 'slice');
  const strides = stridesOf(x.shape);
  const start = from * (strides[at] ?? 0);
  const { shares } = x;
  const part: Arith | Bits =
    shares.kind === 'arith'
      ? copyOfView(shares, { shape, strides, start })
      : gatherBits(shares, gridIndex(shape, strides, start));
  return secret(on, x.dtype, shape, part);
}

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
  const numbers = list.map(({ shares }) => shares).filter((shares) => shares.kind === 'arith');
  if (numbers.length > 0)
    return secret(on, first.dtype, shape, concatRuns(numbers, elementCount(shape.slice(0, at))));
  const joined = concatBits(list.map((x) => x.shares as Bits));
  if (at === 0) return secret(on, first.dtype, shape, joined);
  const shapes = list.map((x) => x.shape);
  return secret(on, first.dtype, shape, gatherBits(joined, concatIndex(shapes, at)));
}

export function gather(on: Evaluator, x: SecretTensor, index: ArrayLike<number>, axis = 0): SecretTensor {
  const at = axisOf(x.shape, axis, 'gather');
  const size = x.shape[at] ?? 0;
  const positions = index instanceof Uint32Array ? index : Array.from(index);
  if (positions.some((i) => !Number.isInteger(i) || i < 0 || i >= size)) {
    throw new UsageError(
      'PRIVITY_SHAPE_MISMATCH',
      `gather: a position lies outside axis ${at}, which has ${size} elements.`,
    );
  }
  const shape = x.shape.with(at, positions.length);
  checkShape(shape, 'gather');
  checkOwn(on, x, 'gather');
  const { shares } = x;
  const run = elementCount(x.shape.slice(at + 1));
  if (shares.kind === 'arith') return secret(on, x.dtype, shape, gatherRuns(shares, positions, size, run));
  const from = gridIndex(shape, stridesOf(x.shape).with(at, 0));
  for (let i = 0; i < from.length; i++)
    from[i] = (from[i] ?? 0) + (positions[Math.floor(i / run) % positions.length] ?? 0) * run;
  return secret(on, x.dtype, shape, gatherBits(shares, from));
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

/** Elements at these positions of an axis. */
function picked(input: PlainInput, index: ArrayLike<number>, axis: number): Float64Array {
  const { data, shape } = first(input);
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

/** The axis that a parameter names; default: the first. */
const axisIn = ({ shape }: Form, axis: unknown, name: string): number =>
  axisOf(shape, axis === undefined ? 0 : integerOf(axis, `${name}: axis`), name);

function concatForm(forms: readonly Form[], [axis]: readonly unknown[], name: string): Form {
  const { shape, dtype } = own(forms[0]);
  const at = axisIn(own(forms[0]), axis, name);
  const fits = ({ shape: other }: Form): boolean =>
    other.length === shape.length && other.every((size, index) => index === at || size === shape[index]);
  const odd = forms.find((one) => !fits(one));
  if (odd) throw shapeMismatch(`${name}: [${shape}] and [${odd.shape}] differ in another axis than ${at}`);
  const total = forms.reduce((sum, one) => sum + (one.shape[at] ?? 0), 0);
  return form(shape.with(at, total), dtype);
}

function concatPlain({ operands, params, shape }: PlainInput): Float64Array {
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

export const rearrangements: readonly Operation[] = [
  {
    name: 'reshape',
    takes: alone(any),
    result: ([x], [wanted], name) => {
      const { shape, dtype } = own(x);
      const sizes = integersOf(wanted, `${name}: shape`);
      const open = sizes.filter((size) => size === -1).length;
      const known = sizes.reduce((product, size) => (size === -1 ? product : product * size), 1);
      const total = elementCount(shape);
      const to = sizes.map((size) => (size === -1 ? total / known : size));
      if (open > 1 || to.some((size) => !Number.isInteger(size) || size < 1) || elementCount(to) !== total)
        throw shapeMismatch(`${name}: [${shape}] does not have the elements of [${sizes}]`);
      return form(to, dtype);
    },
    bounds: kept(),
    cost: local,
    run: (on, { x, shape }) => reshape(on, x, shape),
    plain: samePlain,
    samples: ({ rows }) => [way([aFixed(rows, 2)], { params: [[2, -1]] })],
  },
  {
    name: 'transpose',
    takes: alone(any),
    result: ([x], [axes], name) => {
      const { shape, dtype } = own(x);
      if (axes === undefined) return form([...shape].reverse(), dtype);
      const order = integersOf(axes, `${name}: axes`).map((axis) => axisOf(shape, axis, name));
      if (order.length !== shape.length || new Set(order).size !== shape.length)
        throw shapeMismatch(`${name}: [${order}] is no order of the axes of [${shape}]`);
      return form(
        order.map((axis) => shape[axis] ?? 1),
        dtype,
      );
    },
    bounds: kept(),
    cost: local,
    run: (on, { x, params: [axes] }) => transpose(on, x, axes as readonly number[] | undefined),
    plain: (input) => {
      const { shape, data } = first(input);
      const [order = shape.map((_, axis) => shape.length - 1 - axis)] = input.params as readonly [number[]?];
      const strides = stridesOf(shape);
      const index = gridIndex(
        input.shape,
        order.map((axis) => strides[axisOf(shape, axis, 'axis')] ?? 0),
      );
      return Float64Array.from(index, (from) => at(data, from));
    },
    samples: ({ rows }) => [
      way([aFixed(rows, 3)]),
      way([anInteger(rows, 3, 2)], { params: [[2, 0, 1]] }),
      way([aBoolean(rows, 3)]),
    ],
  },
  {
    name: 'slice',
    takes: alone(any),
    result: ([x], [from, to, axis], name) => {
      const { shape, dtype } = own(x);
      const at = axisIn(own(x), axis, name);
      const [start, end] = [integerOf(from, `${name}: from`), integerOf(to, `${name}: to`)];
      const size = shape[at] ?? 1;
      if (start < 0 || end > size || start >= end)
        throw shapeMismatch(`${name}: [${start}, ${end}) of axis ${at}, which has ${size} elements`);
      return form(shape.with(at, end - start), dtype);
    },
    bounds: kept(),
    cost: local,
    run: (on, { x, params: [from, to, axis] }) =>
      slice(on, x, from as number, to as number, axis as number | undefined),
    plain: (input) => {
      const [from, to, axis = 0] = input.params as readonly [number, number, number?];
      const index = Array.from({ length: to - from }, (_, i) => from + i);
      return picked(input, index, axis);
    },
    samples: ({ rows }) => [
      way([aFixed(rows, 3)], { params: [1, 3, 1] }),
      way([aBoolean(rows)], { params: [0, 1] }),
    ],
  },
  {
    name: 'concat',
    takes: { operands: 'list', secretsOnly: true, on: any, others: 'same' },
    result: concatForm,
    bounds: rule('any', 'what any may be', ({ operands }) =>
      operands
        .map(({ bound }) => bound)
        .reduce((all, bound) => intervalOf(all.min, all.max, bound.min, bound.max)),
    ),
    cost: local,
    run: (on, { x, others, params: [axis] }) =>
      concat(on, [x, ...(others as readonly SecretTensor[])], axis as number | undefined),
    plain: concatPlain,
    samples: ({ rows }) => [
      way([aFixed(rows, 2), aFixed(rows, 3)], { params: [1] }),
      way([aBoolean(rows), aBoolean(3), aBoolean(rows)]),
    ],
  },
  {
    name: 'gather',
    takes: alone(any),
    result: ([x], [indices, axis], name) => {
      const { shape, dtype } = own(x);
      const at = axisIn(own(x), axis, name);
      const list = indicesOf(indices, shape[at] ?? 1, `${name}: indices`);
      return form(shape.with(at, list.length), dtype);
    },
    bounds: kept(),
    cost: local,
    run: (on, { x, params: [indices, axis] }) =>
      gather(on, x, indices as ArrayLike<number>, axis as number | undefined),
    plain: (input) => {
      const [index, axis = 0] = input.params as readonly [ArrayLike<number>, number?];
      return picked(input, index, axis);
    },
    samples: ({ rows }) => [
      way([aFixed(rows, 3)], { params: [[2, 0, 2, 1], 1] }),
      way([aBoolean(rows)], { params: [[1, 0]] }),
    ],
  },
];
