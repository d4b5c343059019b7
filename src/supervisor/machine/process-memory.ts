/** What a process group holds of the machine's memory, as Linux tells. Elsewhere nothing is known. */
import { readFileSync } from 'node:fs';
import { groupMembers } from './process-group.ts';

/** How often it is looked for processes that the job has started. */
const MEMBERS_EVERY_MS = 1_000;
/** A look at all processes of a machine that has thousands may take this part of the supervisor's time, and no more. */
const MEMBERS_SHARE = 0.02;

export class GroupMemory {
  readonly #leader: number;
  readonly #now: () => number;
  #members: readonly number[];
  #lookAgainAt: number;

  /** @param now milliseconds */
  constructor(leader: number, now: () => number) {
    this.#leader = leader;
    this.#now = now;
    this.#members = [leader];
    this.#lookAgainAt = now();
  }

  /** Bytes of all together; undefined if the system does not tell, or the leader is gone. */
  bytes(): number | undefined {
    const own = memoryOf(this.#leader);
    if (own === undefined) return undefined;
    const begun = this.#now();
    if (begun >= this.#lookAgainAt) {
      this.#members = groupMembers(this.#leader);
      this.#lookAgainAt = begun + Math.max(MEMBERS_EVERY_MS, (this.#now() - begun) / MEMBERS_SHARE);
    }
    const others = this.#members.filter((pid) => pid !== this.#leader);
    return others.reduce((sum, pid) => sum + (memoryOf(pid) ?? 0), own);
  }
}

function memoryOf(pid: number): number | undefined {
  try {
    return heldBytes(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return undefined;
  }
}

/**
 * What a process holds and cannot give back without losing it, from its /proc/PID/status: not the files that it has
 * mapped, which the system may drop, but what lies in swap. A zombie holds nothing.
 */
export function heldBytes(status: string): number {
  const kib = (name: string): number | undefined => {
    const text = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    return text === undefined ? undefined : Number(text);
  };
  const own = kib('RssAnon');
  const resident = own === undefined ? (kib('VmRSS') ?? 0) : own + (kib('RssShmem') ?? 0);
  return 1024 * (resident + (kib('VmSwap') ?? 0));
}
