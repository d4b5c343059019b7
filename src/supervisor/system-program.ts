/** The machine that this program process runs on. */
import { availableParallelism } from 'node:os';
import { closeDatabase, configureDatabase } from '../data/index.ts';
import { loadJob } from '../program/load-job.ts';
import type { FromProgram } from './ipc.ts';
import { sayLastWord } from './last-word.ts';
import { openDataPlane } from './planes.ts';
import type { ProgramPlatform } from './platform.ts';
import { surroundingsOf } from './surroundings.ts';
import { systemLoop } from './system-loop.ts';

const print = (line: string): void => void process.stderr.write(`${line}\n`);

export const systemProgram: ProgramPlatform = {
  ...systemLoop,
  threads: availableParallelism(),
  send(message) {
    if (process.connected) process.send?.(message);
  },
  finish() {
    if (!process.connected) return;
    process.send?.({ type: 'news', news: [] } satisfies FromProgram, () => process.exit(0));
  },
  sayLastWord,
  print,
  loadJob,
  surroundings: surroundingsOf,
  openDataPlane,
  database: { configure: (tempDir) => configureDatabase({ tempDir, note: print }), close: closeDatabase },
};
