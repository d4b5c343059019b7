/** Sizes of matrix products. */

/** `batch` products of rows × inner by inner × columns matrices, row-major, one after the other. */
export interface MatrixDims {
  readonly batch: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** `batch` matrices, row-major, one after the other. */
export type MatrixSizes = Omit<MatrixDims, 'inner'>;

/** How the factors of a product stand in memory, where not like that. The result does always. */
export interface MatrixLayout extends MatrixDims {
  /** The left ones are inner × rows. */
  readonly transposeLeft?: boolean | undefined;
  /** The right ones are columns × inner. */
  readonly transposeRight?: boolean | undefined;
}

/** Of the same product with its factors as they usually stand. */
export const dimsOf = ({ batch, rows, inner, columns }: MatrixLayout): MatrixDims => ({
  batch,
  rows,
  inner,
  columns,
});
