/**
 * Whether the program process answers, and the deadlines of its steps. The supervisor keeps both, because the program
 * may be stuck in a loop and not notice. It is asked every second. One that computes without a pause does not answer,
 * which is its right: the other parties are told, so that they do not take its silence for a broken connection. Only a
 * step that is past its deadline has failed; whether the program still answers then tells a slow step from a stuck
 * program.
 */
import type { Clock, Timer } from '../../contracts/index.ts';

/** How often the program is asked. */
const ASK_MS = 1_000;
/** How long the program may take to answer before it counts as stuck. Long garbage collections stay below. */
const ANSWER_MS = 2_000;

export interface ProgramWatchOptions {
  readonly clock: Clock;
  /** The party's own; the job may have a shorter one for its steps. */
  readonly stepDeadlineMs: number;
  /** Sends a question to which the program answers as soon as its event loop turns. */
  readonly ask: () => void;
  /** The program is busy: a question was open when the next was due. Or it answers again. */
  readonly answering: (answers: boolean) => void;
  /** Without a step: the program is stuck outside of every task of this party. */
  readonly expired: (stepId: string | null, isStuck: boolean) => void;
}

export class ProgramWatch {
  readonly #options: ProgramWatchOptions;
  /** Steps that run, until their deadline; then until the program answers or counts as stuck. */
  readonly #steps = new Map<string, { readonly isLate: boolean; readonly timer: Timer }>();
  #next: Timer | null = null;
  /**
   * Runs while a question is open, whatever the program is doing: the job's own code, between two tasks, can be stuck
   * as well.
   */
  #stuck: Timer | null = null;
  #answers = true;
  #deadlineMs: number;

  constructor(options: ProgramWatchOptions) {
    this.#options = options;
    this.#deadlineMs = options.stepDeadlineMs;
  }

  get answers(): boolean {
    return this.#answers;
  }

  /** Asks now and every second from now on. */
  start(): void {
    if (this.#stuck) this.#set(false);
    this.#ask();
    this.#next = this.#options.clock.after(ASK_MS, () => this.start());
  }

  /** The deadline that the job has for its steps: the shorter of the two counts, for steps that start from now on. */
  limitSteps(jobDeadlineMs = this.#deadlineMs): void {
    this.#deadlineMs = Math.min(this.#deadlineMs, jobDeadlineMs);
  }

  /** Tasks under way. */
  get running(): readonly string[] {
    return [...this.#steps.keys()];
  }

  stepStarted(stepId: string): void {
    const timer = this.#options.clock.after(this.#deadlineMs, () => this.#late(stepId));
    this.#steps.set(stepId, { isLate: false, timer });
  }

  stepFinished(stepId: string): void {
    this.#steps.get(stepId)?.timer.cancel();
    this.#steps.delete(stepId);
  }

  /** The program has answered: it lives, so a step that is late is slow, not stuck. */
  answered(): void {
    this.#stuck?.cancel();
    this.#stuck = null;
    this.#set(true);
    const late = [...this.#steps].filter(([, step]) => step.isLate);
    for (const [stepId] of late) {
      this.stepFinished(stepId);
      this.#options.expired(stepId, false);
    }
  }

  stop(): void {
    for (const { timer } of this.#steps.values()) timer.cancel();
    this.#steps.clear();
    this.#next?.cancel();
    this.#next = null;
    this.#stuck?.cancel();
    this.#stuck = null;
  }

  #late(stepId: string): void {
    const timer = this.#options.clock.after(ANSWER_MS, () => {
      this.#steps.delete(stepId);
      this.#options.expired(stepId, true);
    });
    this.#steps.set(stepId, { isLate: true, timer });
    this.#ask();
  }

  #ask(): void {
    const { clock, stepDeadlineMs, ask, expired } = this.#options;
    this.#stuck ??= clock.after(stepDeadlineMs + ANSWER_MS, () => expired(null, true));
    ask();
  }

  #set(answers: boolean): void {
    if (answers === this.#answers) return;
    this.#answers = answers;
    this.#options.answering(answers);
  }
}
