/** Linear equations in floating point: what the operations on shares are compared with. */
import { at } from './plain.ts';

/** By Gaussian elimination with the largest pivot. */
export function solvePlain(
  { data }: { readonly data: Float64Array },
  rows: number,
  sides: Float64Array,
): Float64Array {
  const columns = sides.length / rows;
  const left = Array.from({ length: rows }, (_, i) => data.slice(i * rows, (i + 1) * rows));
  const right = Array.from({ length: rows }, (_, i) => sides.slice(i * columns, (i + 1) * columns));
  const subtract = (from: Float64Array | undefined, row: Float64Array | undefined, factor: number): void => {
    row?.forEach((value, i) => {
      if (from) from[i] = at(from, i) - factor * value;
    });
  };
  for (let step = 0; step < rows; step++) {
    let pivot = step;
    for (let i = step + 1; i < rows; i++)
      if (Math.abs(at(left[i] ?? [], step)) > Math.abs(at(left[pivot] ?? [], step))) pivot = i;
    for (const list of [left, right]) list.splice(step, 0, ...list.splice(pivot, 1));
    for (let i = 0; i < rows; i++) {
      if (i === step) continue;
      const factor = at(left[i] ?? [], step) / at(left[step] ?? [], step);
      subtract(left[i], left[step], factor);
      subtract(right[i], right[step], factor);
    }
  }
  return Float64Array.from({ length: sides.length }, (_, i) => {
    const row = Math.floor(i / columns);
    return at(right[row] ?? [], i % columns) / at(left[row] ?? [], row);
  });
}

/** Whether elimination from the top meets positive pivots only. */
export function isPositive(matrix: ArrayLike<number>, rows: number): boolean {
  const left = Float64Array.from(matrix);
  for (let step = 0; step < rows; step++) {
    const pivot = at(left, step * rows + step);
    if (!(pivot > 0)) return false;
    for (let i = step + 1; i < rows; i++) {
      const factor = at(left, i * rows + step) / pivot;
      for (let j = step; j < rows; j++)
        left[i * rows + j] = at(left, i * rows + j) - factor * at(left, step * rows + j);
    }
  }
  return true;
}
