/** What a thread does in the tests of src/engine: what it is called for, or told. */
import { isMainThread, parentPort, threadId } from 'node:worker_threads';

export const twice = (x: number): number => 2 * x;

export const here = (): number => threadId;

export function fail(): never {
  throw new RangeError('as asked');
}

/** Says that it has begun, in shared memory, and never ends. */
export function spin(begun: Int32Array): never {
  Atomics.add(begun, 0, 1);
  Atomics.notify(begun, 0);
  for (;;);
}

/** Goes without a word. */
export function go(): void {
  process.exit(3);
}

/** Takes more than a heap of 64 MB. */
export function eat(): number {
  const kept: number[][] = [];
  for (;;) kept.push(Array.from({ length: 100_000 }, (_, i) => i * 1.5));
}

// Told as a member of a team: the same, in shared memory.
if (!isMainThread)
  parentPort?.on('message', (told: { readonly work?: string; readonly begun?: Int32Array }) => {
    if (told.begun === undefined) return;
    if (told.work === 'fail') fail();
    spin(told.begun);
  });
