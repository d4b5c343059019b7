import type { Clock } from '../../contracts/clock.ts';
import type { TrailEntry } from '../../coordination/failure.ts';
import type { StepOutcome } from '../../observe/report.ts';
import type { ProgramHost } from './host.ts';
import type { Scope } from './scope.ts';

/** This party's part in one step. */
export interface StepRun {
  readonly entry: TrailEntry;
  /** The part has begun: its inputs are there, or it waits for a message. */
  start(): void;
  /** Only the first call counts. A part that never began is not reported. */
  finish(outcome: StepOutcome): void;
}

interface Open extends StepRun {
  /** Code of the job is running, which ends by itself when its signal fires. */
  running(): boolean;
}

/** A part of the program: a scope, or the inside of a conclave. */
interface Region {
  contains(stepId: string): boolean;
}

interface Waiter {
  readonly region: Region;
  readonly resolve: () => void;
  /** Open steps in the region. Counted, because looking through all open steps at each end is quadratic. */
  left: number;
}

/** The steps in which this party takes part and which have not ended. */
export class Activity {
  readonly #host: ProgramHost;
  readonly #clock: Clock;
  readonly #open = new Set<Open>();
  #idle: Waiter[] = [];

  constructor(host: ProgramHost, clock: Clock) {
    this.#host = host;
    this.#clock = clock;
  }

  /** `runsCode`: the part is code of the job, and is waited for even after an abort once it has begun. */
  begin(entry: TrailEntry, runsCode: boolean): StepRun {
    let startedAt: number | undefined;
    const { stepId, name, kind } = entry;
    const run: Open = {
      entry,
      running: () => runsCode && startedAt !== undefined,
      start: () => {
        if (startedAt !== undefined) return;
        startedAt = this.#clock.now();
        this.#host.stepStarted({ stepId, name, kind });
      },
      finish: (outcome) => {
        if (!this.#open.delete(run)) return;
        if (startedAt !== undefined) {
          this.#host.stepFinished({ stepId, outcome, durationMs: this.#clock.now() - startedAt });
        }
        this.#count(stepId, -1);
      },
    };
    this.#open.add(run);
    this.#count(stepId, 1);
    return run;
  }

  /** After an abort: whatever only waits has ended; code that runs ends by itself. */
  abortWaiting(scope: Scope): void {
    for (const run of [...this.#open]) {
      if (scope.contains(run.entry.stepId) && !run.running()) run.finish('aborted');
    }
  }

  /** Resolves when no step of this party in the region is open. */
  idle(region: Region): Promise<void> {
    let left = 0;
    for (const { entry } of this.#open) if (region.contains(entry.stepId)) left += 1;
    if (left === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push({ region, resolve, left }));
  }

  #count(stepId: string, change: 1 | -1): void {
    if (this.#idle.length === 0) return;
    for (const waiter of this.#idle) if (waiter.region.contains(stepId)) waiter.left += change;
    const idle = this.#idle.filter(({ left }) => left === 0);
    if (idle.length === 0) return;
    this.#idle = this.#idle.filter(({ left }) => left > 0);
    for (const { resolve } of idle) resolve();
  }
}
