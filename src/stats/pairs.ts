/** What each two columns have in common over the rows in which both have a value: for correlation and covariance. */
import type { AnyDevice, Secret } from '../index.ts';
import {
  type Block,
  blockOf,
  centredOf,
  lessMeans,
  sparseCount,
  standardisedOf,
  VARIANCE_FLOOR,
} from './centred.ts';
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

/**
 * Rows whose products are added up before they are truncated: of differences of two numbers in their unit, which are at
 * most 2^8 and the rest of a mean, these sums stay below 2^26.
 */
const ROWS_TOGETHER = 512;
/** Variances and products are worked out as so many times that, so that small ones keep their digits. */
const FINE = 2 ** 6;
/** In units, where numbers lie at most 2^8 apart: half of them at each end, and somewhat more. */
const VARIANCE_MAX = 2 ** 15;
/** Root of what a variance is in such parts at most, and somewhat more. */
const ROOT_MAX = 2 ** 12;

export interface Pairs<D extends AnyDevice> {
  /** How many rows there are, gaps among them. */
  readonly rows: number;
  readonly units: Block<D>['units'];
  /** Of each column, in units: squares by count. */
  readonly variances: Secret<D>;
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
  const block = blockOf(columns);
  const { rows, units } = block;
  if (rows < 3) throw invalid(`a correlation is of three rows or more, and these are ${rows}`);
  if (block.present === undefined) return { rows, units, ...ofWhole(block) };
  const centred = centredOf(block);
  const size = Math.sqrt(SQUARES_SUM) / rows;
  const unit = rows * size * size;
  const x = standardisedOf(centred, size);
  // No sum of products is larger than that of squares, which is that of all rows.
  const products = x.transpose().matmul(x).div(unit).clamp(-2, 2);
  const { variances } = centred;
  return { rows, units, variances, ...overPairs(x, block.present, products, { rows, size, unit }) };
}

/**
 * Without gaps: sums of products of columns as they are, and of these few numbers the deviations are taken. Rows are
 * neither squared nor scaled one by one.
 */
function ofWhole<D extends AnyDevice>(
  block: Block<D>,
): Pick<Pairs<D>, 'variances' | 'counts' | 'products' | 'squares' | 'own'> {
  const k = block.units.length;
  const fine = meanProducts(lessMeans(block.values));
  const variances = diagonalOf(fine).clamp(0, FINE * VARIANCE_MAX);
  const scale = variances.add(FINE * VARIANCE_FLOOR).rsqrt();
  const products = fine
    .mul(scale.reshape([k, 1]))
    .clamp(-ROOT_MAX, ROOT_MAX)
    .mul(scale.reshape([1, k]))
    .clamp(-2, 2);
  const own = diagonalOf(products);
  const squares = own.reshape([k, 1]).gather(new Uint32Array(k), 1);
  return {
    variances: variances.div(FINE),
    counts: undefined,
    products,
    squares,
    own,
  };
}

/** Sums of products by how many rows there are, times FINE: [columns, columns]. */
function meanProducts<D extends AnyDevice>(x: Secret<D>): Secret<D> {
  const [rows = 0, k = 0] = x.shape;
  const parts = Math.ceil(rows / ROWS_TOGETHER);
  const together = Math.ceil(rows / parts);
  const missing = parts * together - rows;
  const filled = missing === 0 ? x : x.concat([x.slice(0, missing).mul(0)]);
  const inParts = filled.reshape([parts, together, k]);
  return inParts
    .matmul(inParts, { transposeLeft: true })
    .mean(0)
    .div(rows / parts / FINE);
}

/** With gaps, columns have other means in a pair than over all of their rows. */
function overPairs<D extends AnyDevice>(
  x: Secret<D>,
  present: NonNullable<Block<D>['present']>,
  products: Secret<D>,
  { rows, size, unit }: { readonly rows: number; readonly size: number; readonly unit: number },
): Pick<Pairs<D>, 'counts' | 'products' | 'squares' | 'own'> {
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
export function covariancesOf<D extends AnyDevice>({ products, own, variances }: Pairs<D>): Secret<D> {
  const k = own.shape[0] ?? 0;
  // A constant column is divided by what it would be if its rounded bits were its deviation: nothing is left of it.
  const normal = own.clamp(FLAT, 4).rsqrt();
  const deviations = variances.sqrt().mul(normal).clamp(0, DEVIATION_MAX);
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
