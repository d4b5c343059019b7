import assert from 'node:assert/strict';

/** Turns of the event loop in which the port of a thread that has ended is closed, and far more. */
const TURNS_MAX = 1000;

/** No worker thread of this process is left: each has a port. */
export async function assertNoThreadLeft(): Promise<void> {
  const left = (): boolean => process.getActiveResourcesInfo().includes('MessagePort');
  for (let turns = 0; left() && turns < TURNS_MAX; turns++)
    await new Promise((resolve) => setImmediate(resolve));
  assert.ok(!left(), 'a thread is left');
}
