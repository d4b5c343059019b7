/** Which processes belong to a party, by parentage and by a mark in their environment. Linux: reads /proc. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** Present in the environment of every process of a party, followed by the party's name. */
export const MARK = 'PEERS_MARK';

/** Of /proc, on every Linux. */
export const TICKS_A_SECOND = 100;

export interface FoundProcess {
  readonly pid: number;
  /** Of its program; for an interpreter, of the script. */
  readonly name: string;
}

/** One line of the table of processes. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  /** Clock ticks since boot: tells a process from a later one with the same number. */
  readonly started: string;
  /** Processor time of its own, in clock ticks: {@link TICKS_A_SECOND}. */
  readonly ticks: number;
  readonly dead: boolean;
}

/** All processes of this machine: some milliseconds of work. */
export function processTable(): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      // The name, in parentheses, may contain anything.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const [state = '', parent = '0'] = fields;
      rows.push({
        pid: Number(entry),
        parent: Number(parent),
        started: fields[19] ?? '',
        ticks: Number(fields[11]) + Number(fields[12]),
        dead: /^[ZX]/.test(state),
      });
    } catch {
      // It ended between the listing and the look.
    }
  }
  return rows;
}

function nameOf(pid: number): string {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const script = argv.find((argument) => /\.(py|js)$/.test(argument));
    return basename(script ?? argv[0] ?? '');
  } catch {
    return '';
  }
}

function hasMark(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${MARK}=${mark}`);
  } catch {
    return false;
  }
}

/**
 * The processes that a party has started, kept up to date by `look`. Parentage is followed while it is there (a daemon
 * loses it, and Ray's workers overwrite their environment with their title); the mark finds those that were missed.
 */
export class ProcessFamily {
  readonly mark: string;
  readonly #known = new Map<number, string>();

  constructor(mark: string, leader: number) {
    this.mark = mark;
    const row = processTable().find(({ pid }) => pid === leader);
    if (row) this.#known.set(row.pid, row.started);
  }

  /**
   * Adds what has been started since, and gives all that are there now; cheap enough to be called a few times a second.
   */
  look(table: readonly ProcessRow[] = processTable()): ProcessRow[] {
    for (let grew = true; grew; ) {
      grew = false;
      for (const row of table) {
        if (this.#known.get(row.pid) === row.started || !this.#isKnown(row.parent, table)) continue;
        this.#known.set(row.pid, row.started);
        grew = true;
      }
    }
    return table.filter((row) => this.#known.get(row.pid) === row.started);
  }

  /** Those that run, or are stopped, now. */
  alive(): FoundProcess[] {
    this.look();
    return processTable()
      .filter((row) => !row.dead)
      .filter((row) => this.#known.get(row.pid) === row.started || hasMark(row.pid, this.mark))
      .map(({ pid }) => ({ pid, name: nameOf(pid) }));
  }

  signal(signal: NodeJS.Signals): void {
    for (const { pid } of this.alive()) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended by itself.
      }
    }
  }

  #isKnown(pid: number, table: readonly ProcessRow[]): boolean {
    const started = this.#known.get(pid);
    return started !== undefined && table.some((row) => row.pid === pid && row.started === started);
  }
}
