/** Sizes of matrix products. */

/** `batch` products of rows × inner by inner × columns matrices, row-major, one after the other. */
export interface MatrixDims {
  readonly batch: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}
