/**
 * A thread of the program process that watches over its supervisor. When that is gone, it tells the peers and sees to it that the
 * process ends, also if the main thread is in a loop that never returns; then nobody else is left to do either.
 */
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { LastWord } from './last-word.ts';
import { killMarked } from './process-group.ts';

/** How often the parent is looked for. A read of one number; well under the time in which peers lose this party. */
const LOOK_MS = 250;
/** How long the main thread has at least to tell its peers and end by itself after its parent has gone. */
const MAIN_THREAD_MS = 1_000;

interface Watch {
  readonly parent: number;
  readonly tempDir: string;
  readonly lastWord: LastWord;
}

export interface Watchdog {
  /** The main thread has noticed that the supervisor is gone. Resolves when the peers have been told, or cannot be. */
  lastWord(): Promise<void>;
}

/** Starts the watch. The thread does not keep the process alive. */
export function watchParent(tempDir: string, lastWord: LastWord): Watchdog {
  const watch: Watch = { parent: process.ppid, tempDir, lastWord };
  const worker = new Worker(fileURLToPath(import.meta.url), {
    workerData: watch,
    execArgv: [],
    stdout: true,
  });
  const told = new Promise<void>((resolve) => {
    worker.once('message', () => resolve());
    // Without the thread the main thread ends the process by itself.
    worker.once('error', () => resolve());
  });
  worker.unref();
  return {
    lastWord() {
      worker.postMessage('orphaned');
      return told;
    },
  };
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

async function orphaned({ tempDir, lastWord }: Watch): Promise<void> {
  const { sayLastWord } = await import('./last-word.ts');
  const told = sayLastWord(lastWord).catch(() => undefined);
  await told;
  parentPort?.postMessage('told');
  await delay(MAIN_THREAD_MS);
  endProcessTree(tempDir);
}

if (!isMainThread) {
  const watch = workerData as Watch;
  let isOrphan = false;
  const notice = (): void => {
    if (isOrphan) return;
    isOrphan = true;
    clearInterval(looking);
    void orphaned(watch);
  };
  const looking = setInterval(() => {
    if (process.ppid !== watch.parent) notice();
  }, LOOK_MS);
  parentPort?.on('message', notice);
}
