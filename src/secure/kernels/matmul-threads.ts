/**
 * Worker threads for large matrix products. They start with the first product, and end when nobody holds them any more.
 */
import { THREAD_LIMITS, ThreadTeam } from '../../engine/threads.ts';
import type { MatrixDims, MatrixLayout } from '../ring/matrix-dims.ts';
import type { Words } from '../sharing/shares.ts';
import {
  awaitBlocks,
  isLeft,
  type Multiply,
  type SharedProduct,
  shareProduct,
  takeBlocks,
} from './shared-matmul.ts';

/**
 * Multiplications of a product from which on it is worth to share: 100 ms of one core, against some 50 ms for each
 * thread to start.
 */
export const SHARED_MULTIPLICATIONS_MIN = 2 ** 28;

/**
 * Multiplications with each word of the factors from which on it is worth to share: these are copied where threads see
 * them, or turned, at the price of some multiplications each.
 */
const USES_MIN = 8;

/**
 * What a thread may need for one block: 64 rows of the largest matrices take seconds. Then it is taken to be dead, and
 * its block is done here.
 */
const BLOCK_TIMEOUT_MS = 60_000;

export class MatmulThreads {
  readonly #multiplicationsMin: number;
  readonly #holders = new Map<symbol, number>();
  readonly #team = new ThreadTeam('matmul', new URL('./matmul-worker.js', import.meta.url));
  /** The last product: its memory serves for the next, once all threads that were told of it are through with it. */
  #last: { readonly product: SharedProduct; readonly told: number } | undefined;

  constructor(multiplicationsMin = SHARED_MULTIPLICATIONS_MIN) {
    this.#multiplicationsMin = multiplicationsMin;
  }

  /** Threads that run now. */
  get running(): number {
    return this.#team.running;
  }

  /**
   * From now on large products may use `threads` in all, this one among them; the most of any holder counts. Gives how
   * to let go: with the last holder the threads end, which the promise is for, and their memory is free. Letting go
   * twice is once.
   */
  hold(threads: number): () => Promise<void> {
    const holder = Symbol('holder');
    this.#holders.set(holder, Math.min(threads, THREAD_LIMITS.matmul.threadsMax));
    return async () => {
      if (!this.#holders.delete(holder) || this.#holders.size > 0) return;
      this.#last = undefined;
      await this.#team.end();
    };
  }

  /** Whether a product is shared: there are threads, and it is worth it. */
  takes({ batch, rows, inner, columns }: MatrixDims): boolean {
    const isWorth = rows * columns >= USES_MIN * (rows + columns);
    return this.#threads > 1 && isWorth && batch * rows * inner * columns >= this.#multiplicationsMin;
  }

  /** out = x·y, or false and nothing is done. `kernels` do this thread's part of it. */
  matmul(kernels: Multiply, out: Words, x: Words, y: Words, layout: MatrixLayout): boolean {
    if (!this.takes(layout)) return false;
    const threads = this.#threads;
    this.#team.grow(threads - 1);
    const product = shareProduct(kernels, x, y, layout, this.#memory());
    this.#last = { product, told: this.#team.tell(product) };
    takeBlocks(kernels, product);
    awaitBlocks(kernels, product, BLOCK_TIMEOUT_MS);
    out.set(product.out);
    return true;
  }

  get #threads(): number {
    return Math.max(0, ...this.#holders.values());
  }

  #memory(): SharedArrayBuffer | undefined {
    const last = this.#last;
    if (last === undefined || !isLeft(last.product, last.told)) return undefined;
    return last.product.out.buffer as SharedArrayBuffer;
  }
}

/** Of this process, for all sessions. */
export const matmulThreads = new MatmulThreads();
