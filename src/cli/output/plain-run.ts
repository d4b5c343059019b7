/**
 * A run as plain lines: one for each phase, and while a phase lasts now and then one about how far it is. Pure: it is
 * told the time. Everything else is in `--json`, in the log and in the reports.
 */
import type { RunEvent } from '../../observe/events.ts';
import { listed, sentence } from './plain-lines.ts';
import { count } from './quantity.ts';
import { type BusyEvent, type FailureEvent, RunBoard, shownSteps } from './run-board.ts';

/** A step that takes less is counted, not told: a job may have thousands. */
export const STEP_TOLD_FROM_MS = 1_000;
/** Who waits for the others to come sees it after this, before there has been any other news. */
export const JOIN_TOLD_FROM_MS = 3_000;
/** How often a party about which there is no news is looked at. */
export const ONGOING_INTERVAL_MS = 10_000;
/** Beside progress, what goes on unchanged is repeated only so often: a log of hours is read later, not watched. */
export const SAME_AGAIN_MS = 60_000;

interface Told {
  /** Milliseconds since the epoch. */
  at: number;
  subject: string;
  /** Steps of which was told that they go on: their end is told, too. */
  readonly steps: Set<string>;
  /** One line says it for all parties that have cancelled. */
  cancelled: boolean;
}

export class PlainRun {
  readonly #board: RunBoard;
  /** One person before the terminal cancels all of them at once. */
  readonly #isLocal: boolean;
  readonly #told = new Map<string, Told>();
  /** When it was last told that a program does not answer, by who tells of it, the peer and the step. */
  readonly #busy = new Map<string, number>();

  constructor(own: readonly string[], all: readonly string[], now: number) {
    this.#board = new RunBoard(own, all);
    this.#isLocal = own.length > 1;
    for (const party of own)
      this.#told.set(party, { at: now, subject: '', steps: new Set(), cancelled: false });
  }

  /** The line that an event is worth, if it is worth one. */
  take(event: RunEvent): string | undefined {
    this.#board.apply(event);
    const text = this.#textOf(event);
    const told = this.#told.get(event.party);
    if (text !== undefined && told !== undefined) told.at = Date.parse(event.time);
    return text;
  }

  /** What goes on at parties of which nothing was told for a while. */
  ongoing(now: number): { readonly party: string; readonly text: string }[] {
    return [...this.#told].flatMap(([party, told]) => {
      const subject = this.#board.subject(party, now);
      const isFirst = told.subject === '' && !this.#board.party(party).started;
      const interval = isFirst ? JOIN_TOLD_FROM_MS : ONGOING_INTERVAL_MS;
      if (subject === 'over' || now - told.at < interval) return [];
      const isNews = subject !== told.subject || this.#board.hasProgress(party);
      if (!isNews && now - told.at < SAME_AGAIN_MS) return [];
      told.at = now;
      told.subject = subject;
      for (const [stepId] of shownSteps(this.#board.party(party).running)) told.steps.add(stepId);
      return [{ party, text: this.#board.describe(party, now) }];
    });
  }

  #textOf(event: RunEvent): string | undefined {
    const view = this.#board.party(event.party);
    switch (event.event) {
      case 'process.started':
      case 'step.started':
      case 'step.progress':
      case 'waiting':
        return undefined;
      case 'busy':
        return this.#isNewlyBusy(event) ? sentence(event) : undefined;
      case 'process.exited': {
        const isOver = view.verdict !== undefined;
        // One that was still loading the job has nothing to clean up, and is not waited for.
        const isNotNeeded = isOver && !view.started && event.endedByPrivity !== undefined;
        const isExpected = isNotNeeded || (event.signal === null && (event.code === 0 || isOver));
        return isExpected ? undefined : sentence(event);
      }
      case 'peer.state': {
        if (event.state !== 'up' || event.reason !== 'joined') return sentence(event);
        const peers = [...view.peers];
        const isLast = peers.every(([, state]) => state === 'up');
        return isLast
          ? `${listed(peers.map(([peer]) => peer))} ${peers.length === 1 ? 'has' : 'have'} joined`
          : undefined;
      }
      case 'step.finished': {
        const wasTold = this.#told.get(event.party)?.steps.delete(event.stepId) ?? false;
        if (event.outcome === 'failed') return sentence(event);
        if (event.outcome === 'aborted') return undefined;
        // A secure computation is hundreds of exchanges: one of them is a phase only if it was long enough to be told
        // of.
        const isPhase = event.kind === 'task' || event.kind === 'psi' || event.kind === 'profile';
        return wasTold || (isPhase && event.durationMs >= STEP_TOLD_FROM_MS) ? sentence(event) : undefined;
      }
      case 'failure':
        return event.code === 'CANCELLED' ? this.#cancelled(event) : sentence(event);
      case 'verdict':
        if (event.code === 'CANCELLED' && !event.unconfirmed && this.#told.get(event.party)?.cancelled)
          return undefined;
        return event.outcome === 'completed'
          ? `${sentence(event)}, took part in ${count(view.stepsCompleted, 'step')}`
          : sentence(event);
      case 'reclaimed':
        return event.leftovers.length === 0 ? undefined : sentence(event);
      default:
        return sentence(event);
    }
  }

  #cancelled(event: FailureEvent): string | undefined {
    const told = this.#told.get(event.party);
    if (told === undefined || told.cancelled) return undefined;
    told.cancelled = true;
    return this.#isLocal ? 'is cancelled' : sentence(event);
  }

  #isNewlyBusy({ party, peer, stepId, time }: BusyEvent): boolean {
    const key = `${party} ${peer} ${stepId}`;
    const now = Date.parse(time);
    if (now - (this.#busy.get(key) ?? Number.NEGATIVE_INFINITY) < ONGOING_INTERVAL_MS) return false;
    this.#busy.set(key, now);
    return true;
  }
}
