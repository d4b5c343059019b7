/** Gathers what happens to steps, turns it into events, and at the end into the steps and disclosures of the report. */
import type { RunEventBody } from '../../observe/events.ts';
import { Ledger } from '../../observe/ledger.ts';
import type { SecureReport, StepReport } from '../../observe/report.ts';
import type { StepNews } from '../seam/ipc.ts';
import { SecureLedger } from './secure-ledger.ts';

/** Steps that a report lists one by one; a program with more is reported by its first and its failed ones. */
const REPORTED_STEPS_MAX = 20_000;
type OpenStep = { -readonly [K in keyof StepReport]: StepReport[K] };

export class Recorder {
  readonly #party: string;
  readonly #now: () => number;
  readonly #emit: (event: RunEventBody) => void;
  readonly #steps = new Map<string, OpenStep>();
  readonly ledger = new Ledger();
  readonly #secure = new SecureLedger();

  constructor(party: string, now: () => number, emit: (event: RunEventBody) => void) {
    this.#party = party;
    this.#now = now;
    this.#emit = emit;
  }

  take(news: StepNews): void {
    switch (news.news) {
      case 'issued': {
        const { stepId, name, kind, places } = news.entry;
        if (this.#steps.size >= REPORTED_STEPS_MAX) return;
        const outcome = places.includes(this.#party) ? 'aborted' : 'elsewhere';
        this.#steps.set(stepId, { stepId, name, kind, places, outcome, startedMs: null, durationMs: null });
        return;
      }
      case 'started': {
        const step = this.#steps.get(news.stepId);
        if (!step) return;
        step.startedMs = Math.round(this.#now());
        this.#emit({ event: 'step.started', stepId: step.stepId, name: step.name, kind: step.kind });
        return;
      }
      case 'progress':
        this.#emit({ event: 'step.progress', stepId: news.stepId, done: news.done, total: news.total });
        return;
      case 'finished': {
        const step = this.#steps.get(news.stepId);
        if (!step) return;
        step.outcome = news.outcome;
        step.durationMs = Math.round(news.durationMs * 1000) / 1000;
        const { stepId, name, kind, durationMs } = step;
        this.#emit({ event: 'step.finished', stepId, name, kind, outcome: news.outcome, durationMs });
        return;
      }
      case 'secured':
        return this.#secure.add(news.cost);
      default:
        this.ledger.take(news);
    }
  }

  kindOf(stepId: string): StepReport['kind'] | undefined {
    return this.#steps.get(stepId)?.kind;
  }

  nameOf(stepId: string): string | undefined {
    return this.#steps.get(stepId)?.name;
  }

  get steps(): readonly StepReport[] {
    return [...this.#steps.values()];
  }

  /** What secure devices have cost this party. */
  get secure(): readonly SecureReport[] {
    return this.#secure.reports;
  }
}
