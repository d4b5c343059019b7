/**
 * A thread of the program process that ends it when its supervisor is gone. The main thread notices that by itself, unless
 * the job is in a loop that never returns; then nobody else is left to end the process.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { killMarked } from './process-group.ts';

/** How often the parent is looked for. A read of one number; well under the time in which peers lose this party. */
const LOOK_MS = 250;
/** How long the main thread has to tell its peers and end by itself after its parent has gone. */
const MAIN_THREAD_MS = 1_000;

interface Watch {
  readonly parent: number;
  readonly tempDir: string;
}

/** Starts the watch. The thread does not keep the process alive. */
export function watchParent(tempDir: string): Worker {
  const watch: Watch = { parent: process.ppid, tempDir };
  const worker = new Worker(fileURLToPath(import.meta.url), {
    workerData: watch,
    execArgv: [],
    stdout: true,
  });
  worker.unref();
  return worker;
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
  const { parent, tempDir } = workerData as Watch;
  setInterval(() => {
    if (process.ppid === parent) return;
    setTimeout(() => endProcessTree(tempDir), MAIN_THREAD_MS);
  }, LOOK_MS);
}
