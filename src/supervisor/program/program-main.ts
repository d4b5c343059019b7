/**
 * The program process of one party: it takes its supervisor's words, and ends when the supervisor says so or is gone.
 *
 * What it needs for that is loaded at once; everything else, which takes far longer, when the supervisor turns out to
 * be there. So a process whose supervisor is killed while it starts does not outlive it for long.
 */

import { readFileSync } from 'node:fs';
import { ignored } from '../../base/ignored.ts';
import { keepPrivate } from '../machine/private-process.ts';
import { MARK } from '../machine/process-group.ts';
import { endProcessTree, watchParent } from '../machine/watchdog.ts';
import type { ToProgram } from '../seam/ipc.ts';
import type { ProgramRun } from './program-run.ts';

/** By its number: the stream of that name would make it non-blocking. */
const STANDARD_INPUT = 0;

type Load = Extract<ToProgram, { type: 'load' }>;

keepPrivate();

/** Known from the first moment on, so that it is also removed when the supervisor dies before it has said anything. */
const tempDir = process.env[MARK] ?? '';
/** null: the supervisor died before it had said all of it. */
const load = readLoad();
watchParent(tempDir);
let run: ProgramRun | null = null;
/** What has come while the run was being loaded. */
const early: (readonly [ToProgram, unknown])[] = [];

process.on('message', (message: ToProgram, socket: unknown) => {
  if (run) run.take(message, socket);
  else early.push([message, socket]);
});

/** Comes by standard input: what the channel holds when the supervisor dies is lost if nobody listens to it yet. */
function readLoad(): Load | null {
  try {
    return JSON.parse(readFileSync(STANDARD_INPUT, 'utf8')) as Load;
  } catch {
    return null;
  }
}

async function begin(load: Load): Promise<void> {
  try {
    const modules = [import('./program-run.ts'), import('./system-program.ts')] as const;
    const [{ ProgramRun }, { systemProgram }] = await Promise.all(modules);
    if (!process.connected) return;
    // Has been taken by what receives (`collectEvery`). A job finds the globals here that it finds in a rehearsal.
    globalThis.gc = undefined;
    run = new ProgramRun(load, systemProgram);
    run.take(load, undefined);
    for (const [message, socket] of early.splice(0)) run.take(message, socket);
  } catch (error) {
    // The package is damaged. The supervisor sees this process end, and its log has the reason.
    console.error(error);
    process.exit(1);
  }
}

// The supervisor is gone: tell the programs of the peers, then leave nothing behind.
const orphaned = (): void => {
  const told = ignored(run?.orphaned() ?? Promise.resolve(), 'nobody is left to be told but by silence');
  void told.finally(() => endProcessTree(tempDir));
};
process.on('disconnect', orphaned);
// It may be gone since before anybody listened.
if (!process.connected) orphaned();
else if (load) void begin(load);

// An error that the job has let slip past every promise. The process goes on until the verdict ends it.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => run?.escaped(error));
}
// Ctrl-C in the terminal is the supervisor's to answer; it reaches this group only if somebody sends it there.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
