/** The program process of one party: it takes its supervisor's words, and ends when the supervisor says so or is gone. */

import type { ToProgram } from './ipc.ts';
import { MARK } from './process-group.ts';
import { ProgramRun } from './program-run.ts';
import { systemProgram } from './system-program.ts';
import { endProcessTree, type Watchdog, watchParent } from './watchdog.ts';

let run: ProgramRun | null = null;
let watchdog: Watchdog | null = null;
/** Known from the first moment on, so that it is also removed when the supervisor dies before it has said anything. */
const tempDir = process.env[MARK] ?? '';

process.on('message', (message: ToProgram, socket: unknown) => {
  if (message.type === 'load') {
    watchdog = watchParent(tempDir, message.lastWord);
    run = new ProgramRun(message, systemProgram);
  }
  run?.take(message, socket);
});

// The supervisor is gone: tell the peers, who have their own supervisors, then leave nothing behind.
const orphaned = (): void => {
  watchdog?.awake();
  void (run?.orphaned() ?? Promise.resolve()).finally(() => endProcessTree(tempDir));
};
process.on('disconnect', orphaned);
// It may be gone since before anybody listened. What it had said until then is delivered first.
if (!process.connected) setImmediate(orphaned);

// An error that the job has let slip past every promise. The process goes on until the verdict ends it.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => run?.escaped(error));
}
// Ctrl-C in the terminal is the supervisor's to answer; it reaches this group only if somebody sends it there.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
