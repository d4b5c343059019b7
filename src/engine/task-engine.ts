/**
 * Who runs the code of a task. The scheduler decides when a task may begin, and what its end means; where it runs is
 * decided here.
 */

export interface EngineStep {
  readonly stepId: string;
  readonly name: string;
  /** Aborts, with the reason, when the run or the scope of the step ends: what has not begun by then never does. */
  readonly signal: AbortSignal;
}

export interface TaskEngine {
  /**
   * Calls `code` once, now or later, and gives what it gives or throws what it throws. Code that has begun is left to
   * end by itself, whatever its signal says; for code that has not begun when the signal aborts, rejects with the
   * signal's reason.
   */
  run<T>(step: EngineStep, code: () => Promise<T>): Promise<T>;
}

/** In this process, at once: as many tasks at a time as there are. */
export const inlineEngine: TaskEngine = { run: (_step, code) => code() };
