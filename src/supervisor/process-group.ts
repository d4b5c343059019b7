import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** How long killed processes may take to disappear before they count as left over. */
const GROUP_GONE_TIMEOUT_MS = 1_000;
const POLL_MS = 10;

/** Living processes of a group. Zombies hold nothing and are whoever's to reap who adopted them. */
export function groupMembers(group: number): readonly number[] {
  if (process.platform !== 'linux') return groupExists(group) ? [group] : [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        // pid (command) state ppid pgrp …; the command may contain anything, so read from the last parenthesis.
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return Number(pgrp) === group && state !== 'Z' && state !== 'X';
      } catch {
        return false;
      }
    });
}

/** Resolves to the members that are still there when the time is over: none, normally. */
export async function groupGone(group: number): Promise<readonly number[]> {
  const deadline = performance.now() + GROUP_GONE_TIMEOUT_MS;
  for (;;) {
    const members = groupMembers(group);
    if (members.length === 0 || performance.now() > deadline) return members;
    await delay(POLL_MS);
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
