/**
 * Whose program has not been heard for a while, and in which step. This party's operator is told of every party's
 * program.
 */
import { isCut } from '../../coordination/board.ts';
import type { Busy, CoreState } from '../../coordination/types.ts';
import { type BusyProgram, WORK_KINDS } from '../../observe/report.ts';
import type { Recorder } from './recorder.ts';

/**
 * The age from which it is worth telling of: three questions without an answer; no garbage collection takes as long.
 */
export const BUSY_TOLD_MS = 3_000;
/** Programs that are told of at one time, and kept for the report: those that have been busy longest. */
export const BUSY_TOLD_MAX = 8;

/** What this party's program said last, from which follows what it does while it says nothing. */
export class LastHeard {
  readonly #open = new Set<string>();
  readonly #kindOf: Recorder['kindOf'];
  #at = 0;
  /** The step whose beginning was the last that was heard. */
  #begun: string | null = null;

  constructor(kindOf: Recorder['kindOf']) {
    this.#kindOf = kindOf;
  }

  /** A message has come; what it says of steps follows. */
  heard(now: number): void {
    this.#at = now;
    this.#begun = null;
  }

  stepStarted(stepId: string): void {
    const kind = this.#kindOf(stepId);
    if (kind === undefined || !WORK_KINDS.has(kind)) return;
    this.#open.add(stepId);
    this.#begun = stepId;
  }

  stepFinished(stepId: string): void {
    this.#open.delete(stepId);
    if (this.#begun === stepId) this.#begun = null;
  }

  /** Of several steps that run at once it can be any, unless the last word was that one of them begins. */
  get busy(): Busy {
    const [only = null] = this.#open;
    return { stepId: this.#open.size === 1 ? only : this.#begun, since: this.#at };
  }
}

export class BusyPrograms {
  readonly #parties: readonly string[];
  readonly #nameOf: Recorder['nameOf'];
  readonly #longest = new Map<string, BusyProgram>();

  constructor(parties: readonly string[], nameOf: Recorder['nameOf']) {
    this.#parties = parties;
    this.#nameOf = nameOf;
  }

  /** Those that have been busy for long enough at this moment, the longest first. */
  now(state: CoreState, now: number): readonly BusyProgram[] {
    const programs = state.peers
      .flatMap((view, party) => {
        const isSelf = party === state.config.self;
        if (!isSelf && isCut(state.board, state.config.self, party)) return [];
        const busy = isSelf ? state.busy : view.busy;
        return busy === null ? [] : [this.#program(party, busy, now)];
      })
      .filter(({ sinceMs }) => sinceMs >= BUSY_TOLD_MS)
      .sort((a, b) => b.sinceMs - a.sinceMs)
      .slice(0, BUSY_TOLD_MAX);
    for (const program of programs) this.#remember(program);
    return programs;
  }

  /** The longest of the whole run, the longest first. */
  get longest(): readonly BusyProgram[] {
    return [...this.#longest.values()].sort((a, b) => b.sinceMs - a.sinceMs);
  }

  #program(party: number, { stepId, since }: Busy, now: number): BusyProgram {
    const stepName = stepId === null ? null : (this.#nameOf(stepId) ?? null);
    return { peer: this.#parties[party] ?? '?', stepId, stepName, sinceMs: Math.round(now - since) };
  }

  #remember(program: BusyProgram): void {
    const key = `${program.peer} ${program.stepId}`;
    if ((this.#longest.get(key)?.sinceMs ?? 0) < program.sinceMs) this.#longest.set(key, program);
    if (this.#longest.size <= BUSY_TOLD_MAX) return;
    const [shortest] = [...this.#longest].sort(([, a], [, b]) => a.sinceMs - b.sinceMs);
    if (shortest) this.#longest.delete(shortest[0]);
  }
}
