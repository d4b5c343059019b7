/**
 * Whose code it is that runs. In a process of its own, a promise that a job leaves unhandled is that process's; here all parties
 * share one, so the code of each carries its process with it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Catcher {
  escaped(error: unknown): void;
}

const current = new AsyncLocalStorage<Catcher>();

export function inProcess<T>(catcher: Catcher, code: () => T): T {
  return current.run(catcher, code);
}

/**
 * Until the returned function is called, errors that code of a simulated process lets slip go to it. What belongs to none of them is
 * `otherwise`'s: code of a run that is over, or of whoever runs the simulation.
 */
export function catchEscaped(otherwise: (error: unknown) => void): () => void {
  const take = (error: unknown): void => {
    const catcher = current.getStore();
    if (catcher) catcher.escaped(error);
    else otherwise(error);
  };
  process.on('unhandledRejection', take);
  process.on('uncaughtException', take);
  return () => {
    process.off('unhandledRejection', take);
    process.off('uncaughtException', take);
  };
}
