import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../contracts/clock.ts';
import type { RunEvent } from '../observe/events.ts';
import { type ErrorReport, parseErrorLine } from '../record/error-report.ts';
import { parseEventLine } from '../record/event-line.ts';
import { KILLED_MS } from '../supervisor/seam/bounds.ts';
import { type Given, givenLine, type ParentRequest } from './driving.ts';
import { onLines } from './lines.ts';

/** After the process has exited: how long its output may still be held open by something that it started. */
export const OUTPUT_DRAIN_TIMEOUT_MS = 1_000;

/** Error reports kept of one command: it prints one. */
const ERRORS_KEPT_MAX = 10;

export interface CommandExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why this command has ended it; absent if it has not. Behind `was ended by Privity`. */
  readonly endedByPrivity?: string;
}

export interface CommandPlan {
  /** The module of the command line and what it is to do, without `node`. */
  readonly command: readonly string[];
  /** On top of the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** What is told over its standard input: settings are private, and a command line is not. */
  readonly given: Given;
}

export interface CommandHandlers {
  event(event: RunEvent): void;
  /** Output that is neither an event nor an error report. */
  line(text: string): void;
}

/**
 * `privity run` or `privity local` as a child of this process. It leads a process group of its own, so that a Ctrl-C at
 * the terminal goes to this process alone; it ends by itself when its standard input ends, however this process came to
 * its end.
 */
export class CommandChild {
  readonly pid: number | undefined;
  readonly errors: ErrorReport[] = [];
  /** Resolves when the process has exited and its output is read. Never rejects. */
  readonly ended: Promise<CommandExit>;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  #giveUp: () => void = () => undefined;
  #running = true;
  #endedBecause: string | undefined;

  constructor({ command, env, given }: CommandPlan, handlers: CommandHandlers, clock: Clock) {
    this.#clock = clock;
    const child = spawn(process.execPath, [...command], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    this.pid = child.pid;
    child.stdin.on('error', () => undefined);
    child.stdin.write(givenLine(given));
    onLines(child.stdout, (line) => {
      const event = parseEventLine(line);
      if (event === undefined) handlers.line(line);
      else handlers.event(event);
    });
    onLines(child.stderr, (line) => {
      const report = parseErrorLine(line);
      if (report === undefined) handlers.line(line);
      else if (this.errors.length < ERRORS_KEPT_MAX) this.errors.push(report);
    });
    this.ended = this.#watch(clock);
  }

  get running(): boolean {
    return this.#running;
  }

  /** Over the pipe, not by signals: the system merges two signals of one kind that come close together. */
  ask(request: ParentRequest): void {
    if (this.#running) this.#child.stdin?.write(`${request}\n`);
  }

  /** Ends the process at once; its programs end because their channels close. Works on a stopped process, too. */
  endNow(because: string): void {
    if (!this.#running) return;
    this.#endedBecause ??= because;
    this.#child.kill('SIGKILL');
    // One that waits for a dead disk does not even end when it is killed.
    this.#clock.after(KILLED_MS, () => this.#giveUp());
  }

  #watch(clock: Clock): Promise<CommandExit> {
    return new Promise((resolve) => {
      const finish = (exit: CommandExit): void => {
        this.#running = false;
        const because = exit.code === null ? this.#endedBecause : undefined;
        resolve(because === undefined ? exit : { ...exit, endedByPrivity: because });
      };
      this.#giveUp = () => {
        if (!this.#running) return;
        this.#child.stdout?.destroy();
        this.#child.stderr?.destroy();
        this.#child.unref();
        finish({ code: null, signal: 'SIGKILL' });
      };
      // Not started at all: no exit event will come.
      this.#child.once('error', () => {
        if (this.#child.pid === undefined) finish({ code: 71, signal: null });
      });
      this.#child.once('exit', (code, signal) => {
        this.#running = false;
        const timer = clock.after(OUTPUT_DRAIN_TIMEOUT_MS, () => {
          this.#child.stdout?.destroy();
          this.#child.stderr?.destroy();
          finish({ code, signal });
        });
        this.#child.once('close', () => {
          timer.cancel();
          finish({ code, signal });
        });
      });
    });
  }
}
