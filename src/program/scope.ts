/**
 * A scope: a part of the program that succeeds or fails as one. The run is the outermost; `attempt`, `retry` and `deadline`
 * make inner ones. Aborting a scope aborts what is within it, and nothing else.
 */
import { setMaxListeners } from 'node:events';
import type { RunAbortedError } from './abort.ts';

export class Scope {
  /** '' for the run; else the id of the step that opened it. */
  readonly path: string;
  readonly parent: Scope | null;
  readonly #controller = new AbortController();
  readonly #rejecters = new Set<(reason: unknown) => void>();
  readonly #inner = new Set<Scope>();
  #aborted: RunAbortedError | undefined;

  constructor(path: string, parent: Scope | null) {
    this.path = path;
    this.parent = parent;
    // Every task may listen, and there is no bound on tasks.
    setMaxListeners(0, this.#controller.signal);
    if (parent) parent.#inner.add(this);
    if (parent?.aborted) this.abort(parent.aborted);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get aborted(): RunAbortedError | undefined {
    return this.#aborted;
  }

  /** Whether a step, or a scope, lies within this scope. */
  contains(stepId: string): boolean {
    return this.path === '' || stepId.startsWith(`${this.path}/`);
  }

  /** The scope is over: it is not aborted with its parent any more. */
  close(): void {
    if (this.parent) this.parent.#inner.delete(this);
  }

  abort(error: RunAbortedError): void {
    if (this.#aborted !== undefined) return;
    this.#aborted = error;
    for (const inner of this.#inner) inner.abort(error);
    this.#controller.abort(error);
    const pending = [...this.#rejecters];
    this.#rejecters.clear();
    for (const reject of pending) reject(error);
  }

  throwIfAborted(): void {
    if (this.#aborted !== undefined) throw this.#aborted;
  }

  /** A promise for the job that also rejects when the scope is aborted. The job may leave it unhandled: the failure is known elsewhere. */
  promise<T>(start: (resolve: (value: T) => void, reject: (reason: unknown) => void) => void): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      if (this.#aborted !== undefined) return reject(this.#aborted);
      this.#rejecters.add(reject);
      const settled = (): void => void this.#rejecters.delete(reject);
      start(
        (value) => {
          settled();
          resolve(value);
        },
        (reason) => {
          settled();
          reject(reason);
        },
      );
    });
    promise.catch(() => {});
    return promise;
  }
}
