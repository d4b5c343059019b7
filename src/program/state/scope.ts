/**
 * A scope: a part of the program that succeeds or fails as one. The run is the outermost; `attempt`, `retry` and
 * `deadline` make inner ones. Aborting a scope aborts what is within it, and nothing else.
 */

import { setMaxListeners } from 'node:events';
import { ignored } from '../../base/ignored.ts';
import type { RunAbortedError } from '../model/abort.ts';

export type FailureHandler = (error: RunAbortedError) => Promise<void>;

export class Scope {
  /** '' for the run; else the id of the step that opened it. */
  readonly path: string;
  readonly parent: Scope | null;
  /** The parties that it includes, in federation order. */
  readonly parties: readonly string[];
  /** The parties whose loss it outlives. */
  readonly tolerates: readonly string[];
  readonly #controller = new AbortController();
  readonly #rejecters = new Set<(reason: unknown) => void>();
  readonly #inner = new Set<Scope>();
  readonly #handlers: FailureHandler[] = [];
  #aborted: RunAbortedError | undefined;
  #handled: Promise<unknown> = Promise.resolve();

  constructor(
    path: string,
    parent: Scope | null,
    parties: readonly string[],
    tolerates: readonly string[] = [],
  ) {
    this.path = path;
    this.parent = parent;
    this.parties = parties;
    this.tolerates = tolerates;
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
    // The last first, as one would undo; each whatever becomes of the others.
    const handlers = this.#handlers.splice(0).reverse();
    this.#handled = Promise.allSettled(handlers.map(async (handler) => handler(error)));
  }

  /** Calls the handler if the scope fails. It may clean up; it cannot undo the failure. Must not throw. */
  onFailure(handler: FailureHandler): void {
    if (this.#aborted === undefined) this.#handlers.push(handler);
    else this.#handled = Promise.allSettled([this.#handled, handler(this.#aborted)]);
  }

  /** Resolves when the handlers of a failure have ended; at once if there was none. */
  async handled(): Promise<void> {
    await this.#handled;
  }

  throwIfAborted(): void {
    if (this.#aborted !== undefined) throw this.#aborted;
  }

  /**
   * A promise for the job that also rejects when the scope is aborted. The job may leave it unhandled: the failure is
   * known elsewhere.
   */
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
    void ignored(promise, 'its awaiter is told');
    return promise;
  }
}
