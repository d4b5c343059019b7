/** The machine that this program process runs on. */
import { closeDatabase, configureDatabase, DATABASE_MEMORY_MB } from '../../data/index.ts';
import { threadsOfMachine } from '../../engine/threads.ts';
import { loadJob } from '../../program/loading/load-job.ts';
import { systemLoop } from '../machine/system-loop.ts';
import { openDataPlane } from '../planes/planes.ts';
import type { FromProgram } from '../seam/ipc.ts';
import type { ProgramPlatform } from '../seam/platform.ts';
import { surroundingsOf } from './surroundings.ts';

const print = (line: string): void => void process.stderr.write(`${line}\n`);

/** What the database may take of a program's memory before it spills; the rest is the job's. */
const DATABASE_SHARE = 0.4;

/** What a program holds before its job has done anything, with what reading a file leaves behind. */
const PROCESS_BYTES = 200 * 1e6;

export const systemProgram: ProgramPlatform = {
  ...systemLoop,
  threads: threadsOfMachine(),
  send(message) {
    if (process.connected) process.send?.(message);
  },
  finish() {
    if (!process.connected) return;
    process.send?.({ type: 'news', news: [] } satisfies FromProgram, () => process.exit(0));
  },
  print,
  loadJob,
  surroundings: surroundingsOf,
  openDataPlane,
  database: {
    configure: (tempDir, memoryMaxBytes = Number.POSITIVE_INFINITY) => {
      const memoryLimitMb = Math.min(DATABASE_MEMORY_MB, Math.floor((DATABASE_SHARE * memoryMaxBytes) / 1e6));
      configureDatabase({ tempDir, memoryLimitMb, note: print });
      if (!Number.isFinite(memoryMaxBytes)) return undefined;
      return Math.max(0, memoryMaxBytes - memoryLimitMb * 1e6 - PROCESS_BYTES);
    },
    close: closeDatabase,
  },
};
