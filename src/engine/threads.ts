/**
 * Worker threads for arithmetic: for code of Privity only, never of a job (a thread in a native call cannot be stopped,
 * and one that crashes takes the process with it). Their owner opens and ends them; nothing here outlives it.
 *
 * Two forms: a pool, whose threads are called, one piece of work at a time each; and a team, whose threads are told of
 * work in shared memory that this thread does with them, and that goes on without them if they are slow to start, or
 * die.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Tinypool } from 'tinypool';
import { deferred } from '../base/deferred.ts';
import { InternalError } from '../base/errors.ts';
import { ignored } from '../base/ignored.ts';

/** What threads of one kind may take. Memory of native code and of WebAssembly is not in it. */
export interface ThreadLimits {
  /** Threads at a time, whatever the machine has. */
  readonly threadsMax: number;
  /** JavaScript heap of one thread, in MB. A thread that needs more fails, and nothing else with it. */
  readonly heapMb: number;
}

/** The limits of every kind of thread. */
export const THREAD_LIMITS = {
  /**
   * Curve arithmetic of an intersection: more than the cores of a large machine would only compete; the heap takes a
   * few chunks.
   */
  curve: { threadsMax: 64, heapMb: 64 },
  /**
   * Buckets of an intersection: three are under way, and the first pieces of three more; the heap takes what one of
   * them has beside its typed arrays.
   */
  rr22: { threadsMax: 6, heapMb: 128 },
  /**
   * Large matrix products: more would wait for memory, not for each other's arithmetic. Kernels have 24 MiB of their
   * own beside the heap.
   */
  matmul: { threadsMax: 16, heapMb: 64 },
} as const satisfies Record<string, ThreadLimits>;

export type ThreadKind = keyof typeof THREAD_LIMITS;

/** How many threads a run gets by default: as many as this machine runs at once. */
export function threadsOfMachine(): number {
  return availableParallelism();
}

/**
 * Longer than any gap between two pieces of work, which is a round trip: a thread that ended would have to load its
 * libraries again.
 */
const IDLE_MS = 60_000;

export class ThreadPool {
  readonly threads: number;
  readonly #pool: Tinypool;
  readonly #signal: AbortSignal;
  /** Rejects when no call can be answered any more. */
  readonly #over = deferred<never>();
  /** A thread has ended by itself. */
  #gone = false;
  #closing: Promise<void> | undefined;

  private constructor(pool: Tinypool, threads: number, kind: ThreadKind, signal: AbortSignal) {
    this.#pool = pool;
    this.threads = threads;
    this.#signal = signal;
    void ignored(this.#over.promise, 'each call is told');
    // Of a thread that had nothing to do.
    pool.on('error', (error: unknown) => void ignored(this.#end(error), 'each call is told'));
    for (const thread of pool.threads) {
      thread.once('exit', () => {
        if (this.#closing !== undefined) return;
        this.#gone = true;
        const reason = new InternalError(`a thread for ${kind} has ended by itself`);
        void ignored(this.#end(reason), 'each call is told');
      });
    }
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
  }

  /**
   * Starts `threads` threads, at most those of the kind's limit, which load `module`.
   * @param signal ends them, also in the middle of work
   */
  static async open(
    kind: ThreadKind,
    module: URL,
    threads: number,
    signal: AbortSignal,
  ): Promise<ThreadPool> {
    // Loaded with the first pool: no other part of a program needs it.
    const { Tinypool } = await import('tinypool');
    const { threadsMax, heapMb } = THREAD_LIMITS[kind];
    const count = Math.min(threads, threadsMax);
    const pool = new Tinypool({
      filename: module.href,
      minThreads: count,
      maxThreads: count,
      idleTimeout: IDLE_MS,
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
    return new ThreadPool(pool, count, kind, signal);
  }

  /**
   * Calls a function that the module exports, in the first thread that is free. Input and result are copied: a view
   * crosses together with the whole buffer behind it.
   * @throws what the function throws; the reason of the signal; InternalError if its thread is gone
   */
  call<T>(name: string, input: unknown): Promise<T> {
    const run =
      this.#closing === undefined ? (this.#pool.run(input, { name }) as Promise<T>) : this.#over.promise;
    void ignored(run, 'a pool that ends rejects what it was asked');
    return Promise.race([this.#over.promise, run]);
  }

  /** Ends the threads, also in the middle of work; their memory is free then. Twice is once. */
  close(): Promise<void> {
    return this.#end(new InternalError('a pool of threads was called after its end'));
  }

  readonly #onAbort = (): void =>
    void ignored(this.#end(this.#signal.reason), 'each call is told, and close');

  #end(reason: unknown): Promise<void> {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#over.reject(reason);
    this.#closing ??= this.#endThreads();
    return this.#closing;
  }

  async #endThreads(): Promise<void> {
    const threads = [...this.#pool.threads];
    const destroyed = this.#pool.destroy();
    // The pool would wait for ever for the exit of a thread that is gone already.
    await (this.#gone ? Promise.all(threads.map((thread) => thread.terminate())) : destroyed);
  }
}

export class ThreadTeam {
  readonly #kind: ThreadKind;
  readonly #module: URL;
  readonly #workers: Worker[] = [];

  /** No thread starts before {@link grow}. */
  constructor(kind: ThreadKind, module: URL) {
    this.#kind = kind;
    this.#module = module;
  }

  /** Threads that run, or are about to. */
  get running(): number {
    return this.#workers.length;
  }

  /**
   * Starts threads until there are so many, at most those of the kind's limit. They take part when they have started.
   */
  grow(threads: number): void {
    const { threadsMax, heapMb } = THREAD_LIMITS[this.#kind];
    while (this.#workers.length < Math.min(threads, threadsMax)) {
      const worker = new Worker(this.#module, { resourceLimits: { maxOldGenerationSizeMb: heapMb } });
      // Never a reason to stay alive, nor to fail: without it the work is only slower.
      worker.unref();
      worker.on('error', () => this.#forget(worker));
      worker.on('exit', () => this.#forget(worker));
      this.#workers.push(worker);
    }
  }

  /** Gives how many threads were told. */
  tell(message: unknown): number {
    for (const worker of this.#workers) worker.postMessage(message);
    return this.#workers.length;
  }

  /** Ends the threads, also in the middle of work; those that start later are new ones. */
  async end(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map((worker) => worker.terminate()));
  }

  #forget(worker: Worker): void {
    const at = this.#workers.indexOf(worker);
    if (at >= 0) this.#workers.splice(at, 1);
  }
}
