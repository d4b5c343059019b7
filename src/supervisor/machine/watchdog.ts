/**
 * A thread of the program process that watches over its supervisor. When that is gone, it sees to it that the process
 * ends, also if the main thread is in a loop that never returns; then nobody else is left to do so.
 */

import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { killMarked, markedProcesses, STAND_IN_MARK } from './process-group.ts';

/** How often the parent is looked for. A read of one number; well under the time in which peers lose this party. */
const LOOK_MS = 250;
/**
 * How long the main thread has to tell the peers' programs and end by itself, if it has noticed. Ten times what that
 * takes.
 */
const MAIN_THREAD_MS = 1_000;
/** By then a program process has ended after its supervisor, whatever it does; with some time for its end. */
export const ORPHAN_ENDS_MS = LOOK_MS + MAIN_THREAD_MS + 250;

interface Watch {
  readonly parent: number;
  readonly tempDir: string;
}

/** Starts the watch. The thread does not keep the process alive. */
export function watchParent(tempDir: string): void {
  const watch: Watch = { parent: process.ppid, tempDir };
  const worker = new Worker(fileURLToPath(import.meta.url), {
    workerData: watch,
    execArgv: [],
    stdout: true,
  });
  worker.unref();
}

/**
 * Ends this process, everything in its group, and whatever carries the mark of the run, and removes the temporary
 * folder. Does not return. The folder stays as long as a stand-in does: by it the next supervisor of the party finds
 * the process that still has its port.
 */
export function endProcessTree(tempDir: string): never {
  if (tempDir !== '') {
    killMarked(tempDir);
    if (markedProcesses(tempDir, STAND_IN_MARK).length === 0)
      rmSync(tempDir, { recursive: true, force: true });
  }
  try {
    process.kill(-process.pid, 'SIGKILL');
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
  throw new Error('unreachable: the process has killed itself');
}

if (!isMainThread) {
  const { parent, tempDir } = workerData as Watch;
  const looking = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(looking);
    setTimeout(() => endProcessTree(tempDir), MAIN_THREAD_MS);
  }, LOOK_MS);
}
