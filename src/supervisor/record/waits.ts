/**
 * Who waits for whom, and since when: while parties join, while values are under way, and while others are not through
 * yet.
 */
import type { CoreState } from '../../coordination/types.ts';
import type { Wait } from '../../observe/report.ts';
import type { ProgramWait } from '../seam/ipc.ts';
import { BusyPrograms } from './busy.ts';

/** The age from which a wait is worth telling of. */
export const WAIT_TOLD_MS = 1_000;
/** Waits that are told of at one time: the oldest, which the others follow from. */
export const WAITS_TOLD_MAX = 8;

export class Waits {
  /** The programs that are being waited for may be busy. */
  readonly busy: BusyPrograms;
  readonly #parties: readonly string[];
  readonly #nameOf: (stepId: string) => string | undefined;
  /** What the program waits for, with the moment since which it does. */
  #ofProgram: readonly (ProgramWait & { readonly since: number })[] = [];
  #throughAt: number | null = null;
  #atAbort: readonly Wait[] | null = null;
  /** The longest of each kind so far, by what it was for. */
  readonly #longest = new Map<string, Wait>();

  constructor(parties: readonly string[], nameOf: (stepId: string) => string | undefined) {
    this.#parties = parties;
    this.#nameOf = nameOf;
    this.busy = new BusyPrograms(parties, nameOf);
  }

  /** What the program waits for now; replaces what it has told before. */
  take(waits: readonly ProgramWait[], now: number): void {
    this.#ofProgram = waits.map((wait) => ({ ...wait, since: now - wait.sinceMs }));
  }

  stepFinished(stepId: string): void {
    this.#ofProgram = this.#ofProgram.filter((wait) => wait.stepId !== stepId);
  }

  /** This party's program is through: from now on it waits for the others to be, too. */
  through(now: number): void {
    this.#ofProgram = [];
    this.#throughAt = now;
  }

  /** All waits at this moment that are old enough, the oldest first. */
  now(state: CoreState, now: number): readonly Wait[] {
    const waits = [...this.#forPeers(state, now), ...this.#forValues(now)]
      .filter(({ sinceMs }) => sinceMs >= WAIT_TOLD_MS)
      .sort((a, b) => b.sinceMs - a.sinceMs)
      .slice(0, WAITS_TOLD_MAX)
      .map((wait) => this.#withBusy(wait, state, now));
    for (const wait of waits) this.#remember(wait);
    return waits;
  }

  /** The run is over; the first call says what was waited for at that moment, before waits ended with it. */
  over(state: CoreState, now: number): void {
    this.#atAbort ??= this.now(state, now);
  }

  /** Those at the moment when it was over. */
  get atTheEnd(): readonly Wait[] {
    return this.#atAbort ?? [];
  }

  /** The longest of the whole run, the longest first. */
  get longest(): readonly Wait[] {
    return [...this.#longest.values()].sort((a, b) => b.sinceMs - a.sinceMs);
  }

  #withBusy(wait: Wait, state: CoreState, now: number): Wait {
    const program = this.busy.now(state, now).find(({ peer }) => peer === wait.peer);
    if (program === undefined) return wait;
    const { peer: _, ...busy } = program;
    return { ...wait, busy };
  }

  #remember(wait: Wait): void {
    const key = `${wait.what} ${wait.peer} ${wait.stepId}`;
    if ((this.#longest.get(key)?.sinceMs ?? 0) < wait.sinceMs) this.#longest.set(key, wait);
    if (this.#longest.size <= WAITS_TOLD_MAX) return;
    const [shortest] = [...this.#longest].sort(([, a], [, b]) => a.sinceMs - b.sinceMs);
    if (shortest) this.#longest.delete(shortest[0]);
  }

  #forValues(now: number): Wait[] {
    return this.#ofProgram.map(({ peer, stepId, since }) => ({
      peer,
      what: 'value',
      stepId,
      stepName: this.#nameOf(stepId) ?? null,
      sinceMs: Math.round(now - since),
    }));
  }

  #forPeers(state: CoreState, now: number): Wait[] {
    const { runId, startedAt, config } = state;
    const isJoining = runId === '';
    if (!isJoining && this.#throughAt === null) return [];
    const sinceMs = Math.round(now - (isJoining ? startedAt : (this.#throughAt ?? now)));
    return state.peers.flatMap((view, peer) => {
      if (peer === config.self || (isJoining ? view.hello : view.fin) !== null) return [];
      const what = isJoining ? (view.heardAt === null ? 'join' : 'start') : 'end';
      return [{ peer: this.#parties[peer] ?? '?', what, stepId: null, stepName: null, sinceMs } as const];
    });
  }
}
