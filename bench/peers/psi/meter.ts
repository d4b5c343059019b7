/** Memory and processor time of a party: of its command, and of all processes that this has started. Linux. */
import { readFileSync } from 'node:fs';
import { type ProcessFamily, type ProcessRow, processTable, TICKS_A_SECOND } from '../failures/processes.ts';

/** Short beside a run; a look takes some milliseconds of a core that the parties need as well. */
const LOOK_INTERVAL_MS = 250;

const KIB = 1_024;

/** What one party holds and has used. */
class Usage {
  readonly family: ProcessFamily;
  /** Last seen of each process, also of those that have ended. */
  readonly #ticks = new Map<string, number>();
  /** The most that its processes held at one time, as far as looks saw, and never less than one of them alone held. */
  peakBytes = 0;

  constructor(family: ProcessFamily) {
    this.family = family;
  }

  /** What the last look before the end of each process saw. */
  get cpuS(): number {
    return [...this.#ticks.values()].reduce((sum, ticks) => sum + ticks, 0) / TICKS_A_SECOND;
  }

  see(processes: readonly ProcessRow[]): void {
    let now = 0;
    for (const { pid, started, ticks } of processes) {
      this.#ticks.set(`${pid}:${started}`, ticks);
      const { resident, highest } = memoryIn(statusOf(pid));
      now += resident;
      this.peakBytes = Math.max(this.peakBytes, highest);
    }
    this.peakBytes = Math.max(this.peakBytes, now);
  }
}

/** Looks at all parties of a run at once. */
export class Meter {
  readonly #parties: readonly Usage[];
  readonly #timer: NodeJS.Timeout;

  constructor(families: readonly ProcessFamily[]) {
    this.#parties = families.map((family) => new Usage(family));
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
    this.#look();
  }

  /** Of the party that held most. */
  get peakBytes(): number {
    return Math.max(...this.#parties.map(({ peakBytes }) => peakBytes));
  }

  /** Of all parties. */
  get cpuS(): number {
    return this.#parties.reduce((sum, { cpuS }) => sum + cpuS, 0);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const table = processTable();
    for (const party of this.#parties) party.see(party.family.look(table));
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
