/**
 * A thread of the program process that watches over its supervisor. When that is gone, it tells the peers and sees to it that the
 * process ends, also if the main thread is in a loop that never returns; then nobody else is left to do either.
 */

import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { ignored } from '../base/ignored.ts';
import type { LastWord } from './last-word.ts';
import { killMarked } from './process-group.ts';

/** How often the parent is looked for. A read of one number; well under the time in which peers lose this party. */
const LOOK_MS = 250;
/** How long the main thread has to tell the peers and end by itself, if it has noticed. Above the longest last word. */
const MAIN_THREAD_MS = 4_000;

interface Watch {
  readonly parent: number;
  readonly tempDir: string;
  readonly lastWord: LastWord;
}

export interface Watchdog {
  /** The main thread has noticed that the supervisor is gone, and does what is to be done. */
  awake(): void;
}

/** Starts the watch. The thread does not keep the process alive. */
export function watchParent(tempDir: string, lastWord: LastWord): Watchdog {
  const watch: Watch = { parent: process.ppid, tempDir, lastWord };
  const worker = new Worker(fileURLToPath(import.meta.url), {
    workerData: watch,
    execArgv: [],
    stdout: true,
  });
  worker.unref();
  return { awake: () => worker.postMessage('awake') };
}

/** Ends this process and everything in its group, and removes its temporary folder. Does not return. */
export function endProcessTree(tempDir: string): never {
  if (tempDir !== '') killMarked(tempDir);
  if (tempDir !== '') rmSync(tempDir, { recursive: true, force: true });
  try {
    process.kill(-process.pid, 'SIGKILL');
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
  throw new Error('unreachable: the process has killed itself');
}

if (!isMainThread) {
  const { parent, tempDir, lastWord } = workerData as Watch;
  let isMainAwake = false;
  parentPort?.on('message', () => {
    isMainAwake = true;
    clearInterval(looking);
    setTimeout(() => endProcessTree(tempDir), MAIN_THREAD_MS);
  });
  const looking = setInterval(() => {
    if (process.ppid !== parent) void orphaned();
  }, LOOK_MS);
  // Loaded only now: a thread of its own would need all of the transport's memory for nothing in every run that goes well.
  const orphaned = async (): Promise<void> => {
    clearInterval(looking);
    const { sayLastWord } = await import('./last-word.ts');
    if (isMainAwake) return;
    await ignored(sayLastWord(lastWord), 'nobody is left to be told but by silence');
    if (!isMainAwake) endProcessTree(tempDir);
  };
}
