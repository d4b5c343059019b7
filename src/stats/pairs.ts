/** What each two columns have in common over the rows in which both have a value: for correlation and covariance. */
import type { AnyDevice, Secret } from '../index.ts';
import { type Block, blockOf, type Centred, centredOf, sparseCount, standardisedOf } from './centred.ts';
import type { SecretColumn } from './column.ts';
import { invalid } from './declared.ts';

/** Sums of products of standardised columns stay below 2^26 if a column's sum of squares is this. */
const SQUARES_SUM = 2 ** 25;
/** Shares of the variance of a column below which a column, or its rows in a pair, count as constant. */
const FLAT = 2 ** -10;
/** Rows of which so few are in a pair have means of up to this many deviations: the root of the others by them. */
const PAIR_MEAN_MAX = 23;

/** In units: the whole range of a column. */
const DEVIATION_MAX = 2 ** 8;

export interface Pairs<D extends AnyDevice> {
  readonly centred: Centred<D>;
  /** Rows in which both have a value, [columns, columns]; undefined: all. */
  readonly counts: Secret<D, 'integer'> | undefined;
  /** Sums of products about the means of a pair, in deviations of the columns, by the number of all rows. */
  readonly products: Secret<D>;
  /** Sums of squares of the row's column about its mean in a pair, likewise. */
  readonly squares: Secret<D>;
  /** Of each column, what its variance has become: near 1. */
  readonly own: Secret<D>;
}

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS: fewer than two columns or three rows, or of different rows */
export function pairsOf<D extends AnyDevice>(columns: readonly SecretColumn<D>[]): Pairs<D> {
  if (columns.length < 2) throw invalid('a correlation is of two columns or more');
  const centred = centredOf(blockOf(columns));
  const { rows } = centred;
  if (rows < 3) throw invalid(`a correlation is of three rows or more, and these are ${rows}`);
  const size = Math.sqrt(SQUARES_SUM) / rows;
  const unit = rows * size * size;
  const x = standardisedOf(centred, size);
  // No sum of products is larger than that of squares, which is that of all rows.
  const products = x.transpose().matmul(x).div(unit).clamp(-2, 2);
  const own = diagonalOf(products);
  const { present } = centred;
  if (present === undefined) {
    const k = columns.length;
    const squares = own.reshape([k, 1]).gather(new Uint32Array(k), 1);
    return { centred, counts: undefined, products, squares, own };
  }
  return { centred, ...overPairs(x, present, products, { rows, size, unit }) };
}

/** With gaps, columns have other means in a pair than over all of their rows. */
function overPairs<D extends AnyDevice>(
  x: Secret<D>,
  present: NonNullable<Block<D>['present']>,
  products: Secret<D>,
  { rows, size, unit }: { readonly rows: number; readonly size: number; readonly unit: number },
): Omit<Pairs<D>, 'centred'> {
  const counts = present.transpose().matmul(present);
  const part = counts.clamp(sparseCount(rows), rows).cast('fixed').div(rows);
  const sums = x
    .transpose()
    .matmul(present)
    .div(rows * size)
    .clamp(-2, 2);
  const weights = part.reciprocal();
  const means = sums.mul(weights).clamp(-PAIR_MEAN_MAX, PAIR_MEAN_MAX);
  const squares = x.square().transpose().matmul(present).div(unit).clamp(0, 2);
  return {
    counts,
    own: diagonalOf(squares.mul(weights)).clamp(0, 4),
    products: products.sub(means.mul(sums.transpose())),
    squares: squares.sub(means.mul(sums)),
  };
}

/** Correlations, [columns, columns]; 2 where a column is constant over the rows of a pair. */
export function coefficientsOf<D extends AnyDevice>({ products, squares }: Pairs<D>): Secret<D> {
  const isFlat = squares.lt(1.5 * FLAT);
  const roots = squares.clamp(FLAT, 4).rsqrt();
  const coefficients = products.clamp(-4, 4).mul(roots).mul(roots.transpose()).clamp(-1, 1);
  return isFlat.or(isFlat.transpose()).select(2, coefficients);
}

/** Covariances in units, each by the part of rows that a pair has: [columns, columns]. */
export function covariancesOf<D extends AnyDevice>({ products, own, centred }: Pairs<D>): Secret<D> {
  const k = own.shape[0] ?? 0;
  // A constant column is divided by what it would be if its rounded bits were its deviation: nothing is left of it.
  const normal = own.clamp(FLAT, 4).rsqrt();
  const deviations = centred.variances.sqrt().mul(normal).clamp(0, DEVIATION_MAX);
  return products
    .clamp(-4, 4)
    .mul(deviations.reshape([k, 1]))
    .mul(deviations.reshape([1, k]));
}

export function diagonalOf<D extends AnyDevice>(matrix: Secret<D>): Secret<D> {
  const k = matrix.shape[0] ?? 0;
  return matrix.reshape([-1]).gather(Uint32Array.from({ length: k }, (_, at) => at * (k + 1)));
}

/** Positions of what is on and above the diagonal of k columns, or above it only, row by row. */
export function upperOf(k: number, from: 0 | 1): readonly (readonly [row: number, column: number])[] {
  return Array.from({ length: k }, (_, row) =>
    Array.from({ length: k - row - from }, (_, at): [number, number] => [row, row + from + at]),
  ).flat();
}

/** These elements of a matrix, as a vector. */
export function taken<D extends AnyDevice, T extends 'fixed' | 'integer'>(
  matrix: Secret<D, T>,
  places: readonly (readonly [row: number, column: number])[],
): Secret<D, T> {
  const k = matrix.shape[0] ?? 0;
  return matrix.reshape([-1]).gather(Uint32Array.from(places, ([row, column]) => row * k + column));
}

/** A symmetric matrix of what was taken; `diagonal` where that was not. */
export function symmetric<T>(
  k: number,
  places: readonly (readonly [row: number, column: number])[],
  value: (at: number, row: number, column: number) => T,
  diagonal: T,
): T[][] {
  const matrix = Array.from({ length: k }, () => new Array<T>(k).fill(diagonal));
  for (const [at, [row, column]] of places.entries()) {
    const one = value(at, row, column);
    for (const [i, j] of [
      [row, column],
      [column, row],
    ] as const)
      (matrix[i] as T[])[j] = one;
  }
  return matrix;
}
