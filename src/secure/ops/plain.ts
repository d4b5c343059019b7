/** Operations on ordinary floating-point numbers, as several have them. Nothing in here is secret. */
import { axisOf, broadcastIndex, gridIndex, type Shape, stridesOf } from '../ring/shape.ts';
import type { Operation, PlainInput, PlainTensor } from './operation.ts';

type Plain = Operation['plain'];

export const first = ({ operands: [x] }: PlainInput): PlainTensor => x as PlainTensor;
export const second = ({ operands: [, y] }: PlainInput): PlainTensor => y as PlainTensor;
export const at = (list: ArrayLike<number>, index: number): number => list[index] ?? Number.NaN;

export function broadcastData({ data, shape }: PlainTensor, to: Shape): Float64Array {
  const index = broadcastIndex(shape, to);
  return index ? Float64Array.from(index, (from) => at(data, from)) : data;
}

export const unaryPlain =
  (of: (x: number) => number): Plain =>
  (input) =>
    first(input).data.map(of);
export const binaryPlain =
  (of: (x: number, y: number) => number): Plain =>
  (input) => {
    const [a, b] = [first(input), second(input)].map((x) => broadcastData(x, input.shape));
    return (a as Float64Array).map((value, i) => of(value, at(b as Float64Array, i)));
  };
export const samePlain: Plain = (input) => first(input).data;

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

export const reducedPlain =
  (of: (values: Float64Array) => number): Plain =>
  (input) =>
    Float64Array.from(groupsAlong(first(input), input.params[0] as number | undefined), of);
/** What keeps its shape, computed along one axis. */
export const alongAxisPlain =
  (otherwise: number, of: (values: Float64Array) => ArrayLike<number>): Plain =>
  (input) => {
    const x = first(input);
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

export const total = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += at(values, i);
  return sum;
};
