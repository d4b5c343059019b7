/** Worker threads for large matrix products. They start with the first product, and end when nobody holds them any more. */
import { Worker } from 'node:worker_threads';
import type { MatrixDims } from '../ring/matrix-dims.ts';
import type { Words } from '../sharing/shares.ts';
import {
  awaitBlocks,
  isLeft,
  type Multiply,
  type SharedProduct,
  shareProduct,
  takeBlocks,
} from './shared-matmul.ts';

/** Multiplications of a product from which on it is worth to share: 100 ms of one core, against some 50 ms for each thread to start. */
export const SHARED_MULTIPLICATIONS_MIN = 2 ** 28;

/** More threads than this would wait for memory, not for each other's arithmetic. */
export const MATMUL_THREADS_MAX = 16;

/** What a thread may need for one block: 64 rows of the largest matrices take seconds. Then it is taken to be dead, and its block is done here. */
const BLOCK_TIMEOUT_MS = 60_000;

/** A worker has its own kernels, whose memory is not in this: 24 MiB of blocks. */
const WORKER_HEAP_MB = 64;

export class MatmulThreads {
  readonly #multiplicationsMin: number;
  readonly #holders = new Map<symbol, number>();
  readonly #workers: Worker[] = [];
  /** The last product: its memory serves for the next, once all threads that were told of it are through with it. */
  #last: { readonly product: SharedProduct; readonly told: number } | undefined;

  constructor(multiplicationsMin = SHARED_MULTIPLICATIONS_MIN) {
    this.#multiplicationsMin = multiplicationsMin;
  }

  /** Threads that run now. */
  get running(): number {
    return this.#workers.length;
  }

  /**
   * From now on large products may use `threads` in all, this one among them; the most of any holder counts. Gives how to let go:
   * with the last holder the threads end, which the promise is for, and their memory is free. Letting go twice is once.
   */
  hold(threads: number): () => Promise<void> {
    const holder = Symbol('holder');
    this.#holders.set(holder, Math.min(threads, MATMUL_THREADS_MAX));
    return async () => {
      if (!this.#holders.delete(holder) || this.#holders.size > 0) return;
      this.#last = undefined;
      await Promise.all(this.#workers.splice(0).map((worker) => worker.terminate()));
    };
  }

  /** Whether a product is shared: there are threads, and it is worth it. */
  takes({ batch, rows, inner, columns }: MatrixDims): boolean {
    return this.#threads > 1 && batch * rows * inner * columns >= this.#multiplicationsMin;
  }

  /** out = x·y, or false and nothing is done. `kernels` do this thread's part of it. */
  matmul(kernels: Multiply, out: Words, x: Words, y: Words, dims: MatrixDims): boolean {
    if (!this.takes(dims)) return false;
    const threads = this.#threads;
    while (this.#workers.length < threads - 1) this.#start();
    const product = shareProduct(x, y, dims, this.#memory());
    for (const worker of this.#workers) worker.postMessage(product);
    this.#last = { product, told: this.#workers.length };
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

  #start(): void {
    const worker = new Worker(new URL('./matmul-worker.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
    });
    // Never a reason to stay alive, nor to fail: without it the product is only slower.
    worker.unref();
    worker.on('error', () => {
      const at = this.#workers.indexOf(worker);
      if (at >= 0) this.#workers.splice(at, 1);
    });
    this.#workers.push(worker);
  }
}

/** Of this process, for all sessions. */
export const matmulThreads = new MatmulThreads();
