/** The program process of one party: it takes its supervisor's words, and ends when the supervisor says so or is gone. */

import type { ToProgram } from './ipc.ts';
import { ProgramRun } from './program-run.ts';
import { endProcessTree, watchParent } from './watchdog.ts';

let run: ProgramRun | null = null;
let tempDir = '';

process.on('message', (message: ToProgram, socket: unknown) => {
  if (message.type === 'load') {
    tempDir = message.tempDir;
    watchParent(tempDir);
    run = new ProgramRun(message);
  }
  run?.take(message, socket);
});

// The supervisor is gone: tell the peers' programs, who have their own supervisors, then leave nothing behind.
process.on('disconnect', () => {
  (run?.orphaned() ?? Promise.resolve()).finally(() => endProcessTree(tempDir));
});

// An error that the job has let slip past every promise. The process goes on until the verdict ends it.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => run?.escaped(error));
}
// Ctrl-C in the terminal is the supervisor's to answer; it reaches this group only if somebody sends it there.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
