/**
 * The processes that a job has started: those in the group of its program process, and those that have left the group
 * (a daemon, `detached: true`, `setsid`) but still carry the run's mark in their environment. Only a process that does
 * both, leave the group and clear its environment, is not found.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** The environment variable by which a run's processes know each other; its value is the run's temporary folder. */
export const MARK = 'privity_program';
/**
 * The same for the supervisors of one `privity local`, and whatever they start; its value is the folder with their
 * keys.
 */
export const LOCAL_MARK = 'privity_local';

/**
 * The same for the process that stands in for the supervisor; its value is the folder, too, but it is not of the job's.
 */
export const STAND_IN_MARK = 'privity_stand_in';

/** How long killed processes may take to disappear before they count as left over. */
const TREE_GONE_TIMEOUT_MS = 1_000;
const POLL_MS = 10;
/**
 * In execve a process shows no environment for some microseconds; for longer where the machine is busy or its disk
 * slow.
 */
const EXEC_TIMEOUT_MS = 50;
const EXEC_POLL_MS = 1;
/** Waited for, and never woken. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/**
 * Living processes of a group; group 0: none. Zombies do not count: they hold nothing, and the process that adopted
 * them reaps them.
 */
export function groupMembers(group: number): readonly number[] {
  if (group === 0) return [];
  if (process.platform !== 'linux') return groupExists(group) ? [group] : [];
  return processes().filter((pid) => {
    // pid (command) state ppid pgrp …; the command may contain anything, so read from the last parenthesis.
    const stat = read(`/proc/${pid}/stat`);
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(pgrp) === group && state !== 'Z' && state !== 'X';
  });
}

/** Living processes whose environment has the mark, but this one. Linux only; elsewhere none is found. */
export function markedProcesses(mark: string, name = MARK): readonly number[] {
  if (process.platform !== 'linux') return [];
  const entry = `\0${name}=${mark}\0`;
  return processes().filter((pid) => pid !== process.pid && `\0${environmentOf(pid)}`.includes(entry));
}

/** Ends every process with the mark, but this one. */
export function killMarked(mark: string): void {
  for (const pid of markedProcesses(mark)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

/**
 * Resolves to the processes of a killed tree that are still there when the time is over: none, normally. Whatever was
 * started in the moment of the kill is killed as well.
 */
export async function treeGone(group: number, mark: string): Promise<readonly number[]> {
  const deadline = performance.now() + TREE_GONE_TIMEOUT_MS;
  for (;;) {
    const members = [...new Set([...groupMembers(group), ...markedProcesses(mark)])];
    if (members.length === 0 || performance.now() > deadline) return members;
    killMarked(mark);
    await delay(POLL_MS);
  }
}

/** Empty for a zombie, which has none any more, and for a process of another user, which shows none. */
function environmentOf(pid: number): string {
  let patienceMs = 0;
  for (let waitedMs = 0; ; waitedMs += EXEC_POLL_MS) {
    const environment = readIfAllowed(`/proc/${pid}/environ`);
    if (environment !== '') return environment ?? '';
    patienceMs = Math.max(patienceMs, worthWaitingMs(pid));
    if (waitedMs >= patienceMs) return '';
    Atomics.wait(NEVER, 0, 0, EXEC_POLL_MS);
  }
}

/** How long a process that shows an empty environment may take to show another one. */
function worthWaitingMs(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // How much memory it has, of which zombies have none, and where in it its environment is.
  const [memory = 0, start = 0, end = 0] = [20, 47, 48].map((field) => Number(fields[field] ?? 0));
  if (memory === 0) return 0;
  // Nowhere yet, or there by now; else it is empty, or the kernel is just writing it.
  return end === 0 || start < end ? EXEC_TIMEOUT_MS : 2 * EXEC_POLL_MS;
}

const processes = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Empty when the process has ended meanwhile, or is somebody else's. */
const read = (path: string): string => readIfAllowed(path) ?? '';

function readIfAllowed(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function groupExists(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
