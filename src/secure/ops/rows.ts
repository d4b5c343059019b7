/** Rows of tensors, which operations move as a whole: as columns, by position, and back. */
import { type Interval, interval } from '../bounds/interval.ts';
import { elementCount, type Shape, shapeMismatch } from '../ring/shape.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { gather } from '../sharing/linear.ts';
import type { Arith, Words } from '../sharing/shares.ts';
import { numbersOf, secret } from './operands.ts';
import { at } from './plain.ts';

/** Elements of a row. */
export const widthOf = (shape: Shape): number => elementCount(shape) / (shape[0] ?? 1);

/** What a position can be. */
export const positionsOf = ([rows = 1]: Shape): Interval => interval(0n, BigInt(rows - 1));

/** 0, 1, … */
export function positionWords(length: number): Words {
  const words = new BigUint64Array(length);
  const low = new Uint32Array(words.buffer);
  for (let i = 0; i < length; i++) low[2 * i] = i;
  return words;
}

/** One column for each element of a row, of all tensors in turn. @throws {UsageError} PRIVITY_SHAPE_MISMATCH */
export function columnsOf(on: Evaluator, tensors: readonly SecretTensor[], what: string): readonly Arith[] {
  const rows = tensors[0]?.shape[0];
  if (rows === undefined || tensors.some(({ shape }) => shape[0] !== rows))
    throw shapeMismatch(`${what} takes tensors with equally many rows`);
  return tensors.flatMap((tensor) => {
    const shares = numbersOf(on, tensor, what);
    const width = widthOf(tensor.shape);
    if (width === 1) return [shares];
    return Array.from({ length: width }, (_, column) =>
      gather(
        shares,
        Uint32Array.from({ length: rows }, (_, row) => row * width + column),
      ),
    );
  });
}

/** Tensors of the same forms from the columns that became of {@link columnsOf} theirs. */
export function tensorsFrom(
  on: Evaluator,
  forms: readonly Pick<SecretTensor, 'dtype' | 'shape'>[],
  columns: readonly Arith[],
): SecretTensor[] {
  let from = 0;
  return forms.map(({ dtype, shape }) => {
    const width = widthOf(shape);
    const own = columns.slice(from, from + width);
    from += width;
    return secret(on, dtype, shape, rowsFrom(own));
  });
}

function rowsFrom(columns: readonly Arith[]): Arith {
  const [first] = columns as readonly [Arith, ...Arith[]];
  const width = columns.length;
  if (width === 1) return first;
  const rows = first.length;
  return {
    kind: 'arith',
    length: rows * width,
    parts: first.parts.map((_, part) => {
      const out = new BigUint64Array(rows * width);
      columns.forEach(({ parts }, column) => {
        for (let row = 0; row < rows; row++) out[row * width + column] = parts[part]?.[row] as bigint;
      });
      return out;
    }),
  };
}

/** Rows at public positions. */
export function rowsAt(on: Evaluator, x: SecretTensor, rows: Uint32Array): SecretTensor {
  const width = widthOf(x.shape);
  const index =
    width === 1
      ? rows
      : Uint32Array.from(
          { length: rows.length * width },
          (_, i) => (rows[Math.floor(i / width)] ?? 0) * width + (i % width),
        );
  return secret(on, x.dtype, x.shape, gather(x.shares as Arith, index));
}

/** The same on floating-point numbers. */
export function plainRows(data: Float64Array, rows: ArrayLike<number>): Float64Array {
  const width = data.length / rows.length;
  return Float64Array.from({ length: data.length }, (_, i) =>
    at(data, at(rows, Math.floor(i / width)) * width + (i % width)),
  );
}
