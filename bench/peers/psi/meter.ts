/** Memory and processor time of a party: of its command, and of all processes that this has started. Linux. */
import { readFileSync } from 'node:fs';
import { type ProcessFamily, TICKS_A_SECOND } from '../failures/processes.ts';

/** Short beside a run, and few enough looks to cost it nothing to speak of. */
const LOOK_INTERVAL_MS = 100;

const KIB = 1_024;

export class Meter {
  readonly #family: ProcessFamily;
  readonly #timer: NodeJS.Timeout;
  /** Last seen of each process, also of those that have ended. */
  readonly #ticks = new Map<string, number>();
  #peakBytes = 0;

  constructor(family: ProcessFamily) {
    this.#family = family;
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
    this.#look();
  }

  /** The most that its processes held at one time, as far as looks saw, and never less than one of them alone held. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** What the last look before the end of each process saw. */
  get cpuS(): number {
    return [...this.#ticks.values()].reduce((sum, ticks) => sum + ticks, 0) / TICKS_A_SECOND;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    let now = 0;
    for (const { pid, started, ticks } of this.#family.look()) {
      this.#ticks.set(`${pid}:${started}`, ticks);
      const { resident, highest } = memoryIn(statusOf(pid));
      now += resident;
      this.#peakBytes = Math.max(this.#peakBytes, highest);
    }
    this.#peakBytes = Math.max(this.#peakBytes, now);
  }
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}

/** Of /proc/PID/status; 0 for a process that has ended. */
export function memoryIn(status: string): { readonly resident: number; readonly highest: number } {
  const of = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * KIB;
  return { resident: of('VmRSS'), highest: of('VmHWM') };
}

/** Processor time of all processes that this one has started and that have ended, and of theirs. */
export function endedChildrenS(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_A_SECOND;
}
