/** One party of either system: a command in a session of its own, everything that it prints, and when it ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { MARK, ProcessFamily } from './processes.ts';

export interface PrintedLine {
  readonly at: number;
  readonly stream: 'out' | 'err';
  readonly text: string;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Wall clock, milliseconds. */
  readonly at: number;
}

export class ObservedParty {
  readonly name: string;
  readonly lines: PrintedLine[] = [];
  readonly family: ProcessFamily;
  readonly child: ChildProcess;
  readonly ended: Promise<Ending>;
  ending: Ending | null = null;
  readonly #watchers = new Set<() => void>();

  constructor(name: string, command: readonly string[], env: NodeJS.ProcessEnv, runMark: string) {
    this.name = name;
    const mark = `${runMark}:${name}`;
    const [program = '', ...args] = command;
    this.child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env, [MARK]: mark },
    });
    this.family = new ProcessFamily(mark, this.child.pid ?? 0);
    const { stdout, stderr } = this.child;
    for (const [stream, source] of [['out', stdout] as const, ['err', stderr] as const]) {
      if (!source) throw new Error('a party has no pipes');
      createInterface({ input: source }).on('line', (text) => {
        this.lines.push({ at: Date.now(), stream, text });
        for (const watcher of this.#watchers) watcher();
      });
    }
    // `exit`, not `close`: processes that outlive the party keep its pipes open.
    this.ended = once(this.child, 'exit').then(([code, signal]) => {
      this.ending = { code, signal, at: Date.now() };
      for (const watcher of this.#watchers) watcher();
      return this.ending;
    });
  }

  /** The JSON objects that it has printed on standard output, in order. */
  events(): Record<string, unknown>[] {
    return this.lines.flatMap(({ stream, text }) => {
      if (stream !== 'out' || !text.startsWith('{')) return [];
      try {
        return [JSON.parse(text) as Record<string, unknown>];
      } catch {
        return [];
      }
    });
  }

  /** Waits until `fits` holds of what it has printed. False when it ended, or `limitMs` passed, before that. */
  async until(fits: (party: ObservedParty) => boolean, limitMs: number): Promise<boolean> {
    if (fits(this)) return true;
    return new Promise((resolve) => {
      const done = (found: boolean): void => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        resolve(found);
      };
      const watcher = (): void => {
        if (fits(this)) done(true);
        else if (this.ending) done(false);
      };
      const timer = setTimeout(() => done(fits(this)), limitMs);
      this.#watchers.add(watcher);
      if (this.ending) watcher();
    });
  }

  signalTerminal(signal: NodeJS.Signals): void {
    if (this.child.pid !== undefined && !this.ending) process.kill(-this.child.pid, signal);
  }
}
