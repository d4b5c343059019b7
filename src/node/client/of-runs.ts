import { z } from 'zod';
import { PrivityError } from '../../base/errors.ts';
import type { RunEvent } from '../../observe/events.ts';
import type { RunReport } from '../../observe/report.ts';
import { parseEventLine } from '../../record/event-line.ts';
import { done, purgeView, runDetail, runPage } from '../api/words.ts';
import type { RunState } from '../model/records.ts';
import type { Done, Page, PurgeView, RunDetail, RunRow } from './answers.ts';
import { type Asking, answering } from './asking.ts';

const doneAnswer = answering<Done>()(done);
const pageAnswer = answering<Page<RunRow>>()(runPage);
const runAnswer = answering<RunDetail>()(runDetail);
const purgeAnswer = answering<PurgeView>()(purgeView);
const resultAnswer = answering<{ readonly value: unknown }>()(z.object({ value: z.unknown() }));
const reportAnswer = answering<RunReport>()(z.custom<RunReport>((value) => typeof value === 'object'));
const evidenceAnswer = answering<Readonly<Record<string, unknown>>>()(z.record(z.string(), z.unknown()));

/** Which runs. */
export interface RunQuery {
  /** Only those of this proposal. */
  readonly proposal?: string | undefined;
  /** Only those in this state. */
  readonly state?: RunState | undefined;
  /** `next` of the page before. */
  readonly before?: number | undefined;
  /** Rows of the page, 1 to 500. Default: 50. */
  readonly limit?: number | undefined;
}

/** Which runs of the history go: one of both. */
export type PurgeRule =
  | { readonly endedBefore: number; readonly keep?: never }
  | { readonly keep: number; readonly endedBefore?: never };

/** Runs of a node. They are named by their id, by its beginning, or by an incident. */
export class RunCalls {
  readonly #ask: Asking;

  /** @internal */
  constructor(ask: Asking) {
    this.#ask = ask;
  }

  /** A page of runs, the newest first. Right: `read`. */
  list(query: RunQuery = {}): Promise<Page<RunRow>> {
    return this.#ask.json({ method: 'get', path: '/runs', query }, pageAnswer);
  }

  /** One run. Right: `read`. @throws {PrivityError} PRIVITY_RUN_UNKNOWN */
  show(id: string): Promise<RunDetail> {
    return this.#ask.json({ method: 'get', path: '/runs/{id}', in: { id } }, runAnswer);
  }

  /**
   * Cancels a run for all parties; it is not tried again. Right: `operate`.
   *
   * @throws {PrivityError} PRIVITY_RUN_UNKNOWN, PRIVITY_RUN_STATE
   */
  stop(id: string): Promise<Done> {
    return this.#ask.json({ method: 'post', path: '/runs/{id}/stop', in: { id }, body: {} }, doneAnswer);
  }

  /**
   * Forgets runs that have ended, with logs, reports and results: one portion. `endedBefore` is in milliseconds since
   * 1970, `keep` a number of runs. Right: `own`.
   */
  purge(rule: PurgeRule): Promise<PurgeView> {
    return this.#ask.json({ method: 'post', path: '/runs/purge', body: rule }, purgeAnswer);
  }

  /** This party's log of a run: its events, in order. Right: `read`. @throws {PrivityError} PRIVITY_RUN_UNKNOWN */
  async *log(id: string): AsyncGenerator<RunEvent, void, undefined> {
    let rest = '';
    for await (const part of this.#ask.text({ method: 'get', path: '/runs/{id}/log', in: { id } })) {
      const lines = (rest + part).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = parseEventLine(line);
        if (event !== undefined) yield event;
      }
    }
  }

  /**
   * This party's report of a run: steps, ledger, verdict. Right: `read`.
   *
   * @throws {PrivityError} PRIVITY_RUN_NO_REPORT
   */
  report(id: string): Promise<RunReport> {
    return this.#ask.json({ method: 'get', path: '/runs/{id}/report', in: { id } }, reportAnswer);
  }

  /**
   * What the job returned at this party. Undefined: the run goes on, has not completed, or its job returns nothing.
   * Right: `read`.
   *
   * @throws {PrivityError} PRIVITY_RUN_UNKNOWN
   */
  async result(id: string): Promise<unknown> {
    try {
      const question = { method: 'get', path: '/runs/{id}/result', in: { id } } as const;
      return (await this.#ask.json(question, resultAnswer)).value;
    } catch (error) {
      if (error instanceof PrivityError && error.code === 'PRIVITY_RUN_NO_RESULT') return undefined;
      throw error;
    }
  }

  /**
   * What proves a run to somebody who has the federation file: proposal, decisions, ledger, verdict, signed. Written as
   * JSON it is what `privity evidence verify` takes. Right: `read`.
   *
   * @throws {PrivityError} PRIVITY_RUN_UNKNOWN, PRIVITY_RUN_NO_REPORT
   */
  evidence(id: string): Promise<Readonly<Record<string, unknown>>> {
    return this.#ask.json({ method: 'get', path: '/runs/{id}/evidence', in: { id } }, evidenceAnswer);
  }
}
