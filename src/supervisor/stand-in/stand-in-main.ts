/**
 * The process that stands in for a supervisor (stand-in.ts). It waits for the end of its input, which is the
 * supervisor's end; then it tells the peers, and removes what the supervisor and its program have left.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ignored } from '../../base/ignored.ts';
import { keepPrivate } from '../machine/private-process.ts';
import { MARK, markedProcesses, STAND_IN_MARK } from '../machine/process-group.ts';
import { endProcessTree, ORPHAN_ENDS_MS } from '../machine/watchdog.ts';

/** By its number: the stream of that name would make it non-blocking. */
const STANDARD_INPUT = 0;
const POLL_MS = 25;

const tempDir = process.env[STAND_IN_MARK] ?? '';

async function sayLastWord(known: string): Promise<void> {
  // Loaded only now: a process of its own would need all of the transport's memory for nothing in every run that goes
  // well.
  const { sayLastWord: say } = await import('./last-word.ts');
  await say(JSON.parse(known.trimEnd().split('\n').at(-1) ?? ''));
}

/** It tells the programs of the peers, and ends by itself. */
async function programGone(): Promise<void> {
  const deadline = performance.now() + ORPHAN_ENDS_MS;
  while (markedProcesses(tempDir, MARK).length > 0 && performance.now() < deadline) await delay(POLL_MS);
}

keepPrivate();
// It ends after its supervisor, whatever is sent to both.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
const known = readFileSync(STANDARD_INPUT, 'utf8');
const told = ignored(sayLastWord(known), 'nobody is left to be told but by silence');
await Promise.all([told, programGone()]);
endProcessTree(tempDir);
