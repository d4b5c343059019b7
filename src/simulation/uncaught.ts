/**
 * Whose code it is that runs. In a process of its own, a promise that a job leaves unhandled is that process's; here
 * all parties share one, so the code of each carries its process with it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Catcher {
  escaped(error: unknown): void;
}

const current = new AsyncLocalStorage<Catcher>();

export function inProcess<T>(catcher: Catcher, code: () => T): T {
  return current.run(catcher, code);
}

const EVENTS = ['unhandledRejection', 'uncaughtException'] as const;

/**
 * Until the returned function is called, errors that code of a simulated process lets slip go to that process, and not
 * to the listeners that stand. What belongs to none of them is `otherwise`'s.
 */
export function catchEscaped(otherwise: (error: unknown) => void): () => void {
  const take = (error: unknown): void => {
    const catcher = current.getStore();
    if (catcher) catcher.escaped(error);
    else otherwise(error);
  };
  const before = EVENTS.map((event) => ({ event, listeners: process.rawListeners(event) }));
  for (const event of EVENTS) {
    process.removeAllListeners(event);
    process.on(event, take);
  }
  return () => {
    for (const { event, listeners } of before) {
      process.off(event, take);
      for (const listener of listeners) process.on(event, listener as () => void);
    }
  };
}
