/**
 * The processes that a job has started: those in the group of its program process, and those that have left the group (a
 * daemon, `detached: true`, `setsid`) but still carry the run's mark in their environment. Only a process that does both,
 * leave the group and clear its environment, is not found.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** The environment variable by which a run's processes know each other; its value is the run's temporary folder. */
export const MARK = 'privity_program';
/** The same for the supervisors of one `privity local`, and whatever they start; its value is the folder with their keys. */
export const LOCAL_MARK = 'privity_local';

/** How long killed processes may take to disappear before they count as left over. */
const TREE_GONE_TIMEOUT_MS = 1_000;
const POLL_MS = 10;

/** Living processes of a group; group 0: none. Zombies hold nothing and are whoever's to reap who adopted them. */
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
  // A zombie has no environment any more, a process of another user shows none.
  return processes().filter(
    (pid) => pid !== process.pid && `\0${read(`/proc/${pid}/environ`)}`.includes(entry),
  );
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
 * Resolves to the processes of a killed tree that are still there when the time is over: none, normally. Whatever was started
 * in the moment of the kill is killed as well.
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

const processes = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Empty when the process has ended meanwhile, or is somebody else's. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
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
