/**
 * Deadlines of steps, kept by the supervisor because the program may be stuck in a loop and not notice. A step that is past
 * its deadline has failed; whether the program still answers tells a slow step from a stuck program.
 */
import type { Clock, Timer } from '../contracts/index.ts';

/** How long the program may take to answer before it counts as stuck. Long garbage collections stay below. */
const ANSWER_MS = 2_000;

export interface StepWatchOptions {
  readonly clock: Clock;
  readonly stepDeadlineMs: number;
  /** Sends a question to which the program answers as soon as its event loop turns. */
  readonly ask: () => void;
  /** Without a step: the program is stuck outside of every task of this party. */
  readonly expired: (stepId: string | null, isStuck: boolean) => void;
}

/** How often the program is asked whether it lives at least; with a shorter step deadline, once in each. */
const ASK_EVERY_MS = 60_000;

export class StepWatch {
  readonly #options: StepWatchOptions;
  readonly #timers = new Map<string, Timer>();
  #asked: { readonly stepId: string; readonly timer: Timer } | null = null;
  #program: Timer | null = null;

  constructor(options: StepWatchOptions) {
    this.#options = options;
  }

  /**
   * From now on the program has to answer within the step deadline, whatever it is doing: the job's own code, between two
   * tasks, can be stuck as well.
   */
  watchProgram(): void {
    const { clock, stepDeadlineMs, ask, expired } = this.#options;
    this.#program?.cancel();
    this.#program = clock.after(stepDeadlineMs + ANSWER_MS, () => expired(null, true));
    ask();
  }

  started(stepId: string): void {
    const { clock, stepDeadlineMs } = this.#options;
    this.#timers.set(
      stepId,
      clock.after(stepDeadlineMs, () => this.#ask(stepId)),
    );
  }

  finished(stepId: string): void {
    this.#timers.get(stepId)?.cancel();
    this.#timers.delete(stepId);
  }

  /** The program has answered: it lives, so the step that is late is slow, not stuck. */
  answered(): void {
    if (this.#program) {
      const { clock, stepDeadlineMs } = this.#options;
      this.#program.cancel();
      this.#program = clock.after(Math.min(stepDeadlineMs, ASK_EVERY_MS), () => this.watchProgram());
    }
    const asked = this.#asked;
    if (!asked) return;
    asked.timer.cancel();
    this.#asked = null;
    if (this.#timers.has(asked.stepId)) this.#options.expired(asked.stepId, false);
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#program?.cancel();
    this.#program = null;
    this.#asked?.timer.cancel();
    this.#asked = null;
  }

  #ask(stepId: string): void {
    if (this.#asked) return;
    const timer = this.#options.clock.after(ANSWER_MS, () => {
      this.#asked = null;
      this.#options.expired(stepId, true);
    });
    this.#asked = { stepId, timer };
    this.#options.ask();
  }
}
