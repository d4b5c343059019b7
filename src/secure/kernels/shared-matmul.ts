/**
 * A matrix product in memory that threads share: rows are cut into blocks, and a free thread takes the next one. The
 * same code runs at all of them; a thread that has not started yet, or never does, takes nothing, and holds nobody up.
 */

import { dimsOf, type MatrixDims, type MatrixLayout } from '../ring/matrix-dims.ts';
import type { Words } from '../sharing/shares.ts';
import type { Kernels } from './kernels.ts';

/** Rows of a block: fewer, and the right factor is read too often for what is done with it. */
const BLOCK_ROWS = 64;

/** States of a block. */
const OPEN = 0;
const TAKEN = 1;
const DONE = 2;

/**
 * What is sent to the threads. `out`, `x` and `y` stand in shared memory, so does the state of each block, which is
 * OPEN at first.
 */
export interface SharedProduct {
  readonly out: Words;
  readonly x: Words;
  readonly y: Words;
  readonly blocks: Int32Array;
  /** How many threads are through with it: the memory may not serve for another product before all are. */
  readonly left: Int32Array;
  readonly dims: MatrixDims;
}

export type Multiply = Pick<Kernels, 'matmul' | 'transpose'>;

function blocksOf(rows: number): number {
  return Math.ceil(rows / BLOCK_ROWS);
}

/** Lays a product out in shared memory, and copies the factors there: row by row, so that blocks of rows are cut. */
export function shareProduct(
  kernels: Multiply,
  x: Words,
  y: Words,
  layout: MatrixLayout,
  reuse?: SharedArrayBuffer,
): SharedProduct {
  const dims = dimsOf(layout);
  const { batch, rows, inner, columns } = dims;
  const count = batch * blocksOf(rows);
  const length = batch * rows * columns;
  const bytes = sharedBytes(dims);
  const buffer = reuse !== undefined && reuse.byteLength >= bytes ? reuse : new SharedArrayBuffer(bytes);
  let at = 0;
  const next = (words: number): Words => {
    const view = new BigUint64Array(buffer, at, words);
    at += view.byteLength;
    return view;
  };
  const product = {
    ...{ out: next(length), x: next(x.length), y: next(y.length) },
    ...{ blocks: new Int32Array(buffer, at, count), left: new Int32Array(buffer, at + 4 * count, 1), dims },
  };
  if (layout.transposeLeft) kernels.transpose(product.x, x, { batch, rows: inner, columns: rows });
  else product.x.set(x);
  if (layout.transposeRight) kernels.transpose(product.y, y, { batch, rows: columns, columns: inner });
  else product.y.set(y);
  product.blocks.fill(OPEN);
  product.left.fill(0);
  return product;
}

function sharedBytes({ batch, rows, inner, columns }: MatrixDims): number {
  const words = batch * (rows * columns + rows * inner + inner * columns);
  return 8 * words + 4 * (batch * blocksOf(rows) + 1);
}

/** Takes blocks until none is open. */
export function takeBlocks(kernels: Multiply, product: SharedProduct): void {
  const { blocks } = product;
  for (let block = 0; block < blocks.length; block++) {
    if (Atomics.compareExchange(blocks, block, OPEN, TAKEN) !== OPEN) continue;
    Atomics.notify(blocks, block);
    multiplyBlock(kernels, product, block);
    Atomics.store(blocks, block, DONE);
    Atomics.notify(blocks, block);
  }
}

/** At a thread that was told of the product. */
export function helpWith(kernels: Multiply, product: SharedProduct): void {
  takeBlocks(kernels, product);
  Atomics.add(product.left, 0, 1);
}

/** Waits for what others have taken; a block that one of them does not finish in time is computed here. */
export function awaitBlocks(kernels: Multiply, product: SharedProduct, timeoutMs: number): void {
  const { blocks } = product;
  for (let block = 0; block < blocks.length; block++) {
    if (Atomics.wait(blocks, block, TAKEN, timeoutMs) === 'timed-out') multiplyBlock(kernels, product, block);
  }
}

/** Whether all of so many threads are through with it. */
export function isLeft({ left }: SharedProduct, threads: number): boolean {
  return Atomics.load(left, 0) === threads;
}

function multiplyBlock(kernels: Multiply, { out, x, y, dims }: SharedProduct, block: number): void {
  const { rows, inner, columns } = dims;
  const perMatrix = blocksOf(rows);
  const b = Math.floor(block / perMatrix);
  const from = (block % perMatrix) * BLOCK_ROWS;
  const to = Math.min(rows, from + BLOCK_ROWS);
  kernels.matmul(
    out.subarray((b * rows + from) * columns, (b * rows + to) * columns),
    x.subarray((b * rows + from) * inner, (b * rows + to) * inner),
    y.subarray(b * inner * columns, (b + 1) * inner * columns),
    { batch: 1, rows: to - from, inner, columns },
    false,
  );
}
