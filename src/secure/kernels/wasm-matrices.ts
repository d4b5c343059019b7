/** Products of matrices, and transposed ones, in WebAssembly: cut into blocks that fit into the module's memory. */
import type { MatrixDims, MatrixLayout, MatrixSizes } from '../ring/matrix-dims.ts';
import type { Words } from '../sharing/shares.ts';
import { CHUNK_WORDS } from './kernels.ts';
import type { Multiply } from './shared-matmul.ts';
import { MATRICES_AT, type RingMemory, SLOTS, slot } from './wasm-memory.ts';

/**
 * Edge of the blocks into which large matrices are cut: three of them are 24 MiB of memory, and each is used a thousand
 * times.
 */
const BLOCK_EDGE = 1024;
const BLOCK_WORDS = BLOCK_EDGE * BLOCK_EDGE;
/** Up to so many columns of the result a transposed left factor is read as it stands: to turn it would cost as much. */
const STANDING_COLUMNS_MAX = 3;
/** Columns that are transposed at once, at most: both sides of a tile are then copied in runs of a kilobyte. */
const TILE_EDGE = 128;

interface Matrix {
  readonly words: Words;
  /** Words from one row to the next, as they stand in memory. */
  readonly stride: number;
  /** Its columns stand there as rows. */
  readonly transposed: boolean;
}

export class WasmMatrices implements Multiply {
  readonly #memory: RingMemory;

  constructor(memory: RingMemory) {
    this.#memory = memory;
  }

  matmul(out: Words, x: Words, y: Words, layout: MatrixLayout, accumulate: boolean): void {
    const { batch, rows, inner, columns, transposeLeft = false, transposeRight = false } = layout;
    if (!accumulate) out.fill(0n);
    for (let b = 0; b < batch; b++) {
      this.#matrix(
        { words: out.subarray(b * rows * columns), stride: columns, transposed: false },
        {
          words: x.subarray(b * rows * inner),
          stride: transposeLeft ? rows : inner,
          transposed: transposeLeft,
        },
        {
          words: y.subarray(b * inner * columns),
          stride: transposeRight ? inner : columns,
          transposed: transposeRight,
        },
        layout,
      );
    }
  }

  transpose(out: Words, x: Words, { batch, rows, columns }: MatrixSizes): void {
    const width = Math.min(columns, TILE_EDGE);
    const height = Math.min(rows, Math.floor(CHUNK_WORDS / width));
    for (let start = 0; start < batch * rows * columns; start += rows * columns) {
      const from = { words: x.subarray(start), stride: columns, transposed: false };
      const to = { words: out.subarray(start), stride: rows, transposed: false };
      for (let row = 0; row < rows; row += height) {
        const h = Math.min(height, rows - row);
        for (let column = 0; column < columns; column += width) {
          const w = Math.min(width, columns - column);
          this.#load(slot(1), from, row, column, h, w);
          this.#memory.call('transposeWords', slot(0), h, slot(1), h, w);
          this.#unload(slot(0), to, column, row, w, h);
        }
      }
    }
  }

  /** out += x·y, in blocks that fit into the module's memory. */
  #matrix(out: Matrix, x: Matrix, y: Matrix, { rows, inner, columns }: MatrixDims): void {
    const depth = Math.min(inner, BLOCK_EDGE);
    const width = Math.min(columns, BLOCK_EDGE);
    const height = Math.min(rows, Math.floor(BLOCK_WORDS / Math.max(depth, width)));
    const outAt = MATRICES_AT;
    const xAt = outAt + 8 * height * width;
    const yAt = xAt + 8 * height * depth;
    const panelAt = yAt + 8 * depth * width;
    this.#memory.reserve(panelAt + 32 * depth);
    for (let c = 0; c < columns; c += width) {
      const w = Math.min(width, columns - c);
      for (let r = 0; r < rows; r += height) {
        const h = Math.min(height, rows - r);
        this.#load(outAt, out, r, c, h, w);
        for (let k = 0; k < inner; k += depth) {
          const d = Math.min(depth, inner - k);
          this.#load(yAt, y, k, c, d, w);
          if (x.transposed && w <= STANDING_COLUMNS_MAX) {
            this.#load(xAt, { ...x, transposed: false }, k, r, d, h);
            this.#memory.call('matmulStanding', outAt, xAt, yAt, h, d, w);
          } else {
            this.#load(xAt, x, r, k, h, d);
            this.#memory.call('matmul', outAt, xAt, yAt, panelAt, h, d, w);
          }
        }
        this.#unload(outAt, out, r, c, h, w);
      }
    }
  }

  #load(at: number, from: Matrix, row: number, column: number, height: number, width: number): void {
    if (from.transposed) {
      this.#loadTransposed(at, from, row, column, height, width);
      return;
    }
    if (width === from.stride) {
      const start = row * from.stride;
      this.#memory.heap.set(from.words.subarray(start, start + height * width), at / 8);
      return;
    }
    for (let i = 0; i < height; i++) {
      const start = (row + i) * from.stride + column;
      this.#memory.heap.set(from.words.subarray(start, start + width), at / 8 + i * width);
    }
  }

  /** Through the memory of the slots, a tile of rows as they stand after the other. */
  #loadTransposed(
    at: number,
    { words, stride }: Matrix,
    row: number,
    column: number,
    height: number,
    width: number,
  ): void {
    const standing = { words, stride, transposed: false };
    const tileHeight = Math.min(height, CHUNK_WORDS);
    const tileWidth = Math.floor((SLOTS * CHUNK_WORDS) / tileHeight);
    for (let i = 0; i < height; i += tileHeight) {
      const h = Math.min(tileHeight, height - i);
      for (let j = 0; j < width; j += tileWidth) {
        const w = Math.min(tileWidth, width - j);
        this.#load(slot(0), standing, column + j, row + i, w, h);
        this.#memory.call('transposeWords', at + 8 * (i * width + j), width, slot(0), w, h);
      }
    }
  }

  #unload(at: number, to: Matrix, row: number, column: number, height: number, width: number): void {
    if (width === to.stride) {
      to.words.set(this.#memory.heap.subarray(at / 8, at / 8 + height * width), row * to.stride);
      return;
    }
    for (let i = 0; i < height; i++) {
      const from = at / 8 + i * width;
      to.words.set(this.#memory.heap.subarray(from, from + width), (row + i) * to.stride + column);
    }
  }
}
