/** How runs end, as programs are told. Pure: folded from events and from the last word of the command. */
import type { EventBase, RunEvent } from '../observe/events.ts';
import type { RunOutcome, RunReport } from '../observe/report.ts';

/** What the parties agreed on at the end of a run. */
export type Verdict = Omit<Extract<RunEvent, { readonly event: 'verdict' }>, keyof EventBase | 'event'>;

/** How a run ended at one party. */
export interface PartyEnd {
  /** The party. */
  readonly party: string;
  /** The run, as all parties call it. */
  readonly runId: string;
  /** How it ended. A run that was cancelled has failed, with the code `CANCELLED`. */
  readonly outcome: RunOutcome;
  /** What the parties agreed on: code, origin, step, incident. */
  readonly verdict: Verdict;
  /**
   * What the job returned, as `--json` prints it: numbers that JSON has not, and big integers, as text. Undefined if
   * the run failed, or its job returns nothing.
   */
  readonly value: unknown;
  /** Steps, waits, and the ledger of what left this party; null if its supervisor was killed before it was written. */
  readonly report: RunReport | null;
}

/** How a run ended of which one party was here. */
export interface RunEnd extends PartyEnd {
  /** The exit code of `privity run`: 0 if it completed. */
  readonly exitCode: number;
  /** The folder with log and report that `privity runs` finds; null if none is kept. */
  readonly record: string | null;
}

/** How a run ended of which all parties were here. */
export interface LocalEnd {
  /** The run. */
  readonly runId: string;
  /** `completed`: at every party. */
  readonly outcome: RunOutcome;
  /** That of the first party that failed, or of the first. Parties whose supervisor lives agree on it. */
  readonly verdict: Verdict;
  /** What the job returned: the same at every party. Undefined if the run failed, or its job returns nothing. */
  readonly value: unknown;
  /** By party; one whose supervisor was killed is missing. */
  readonly parties: Readonly<Record<string, PartyEnd>>;
  /** The exit code of `privity local`: 0 if it completed. */
  readonly exitCode: number;
  /** The folder with a record of each party that `privity runs` finds; null if none is kept. */
  readonly record: string | null;
}

/** What the events of a run have said so far of how it ends, by party. */
export class Endings {
  readonly #verdicts = new Map<string, { readonly runId: string; readonly verdict: Verdict }>();
  readonly #values = new Map<string, unknown>();

  add(event: RunEvent): void {
    if (event.event === 'result') this.#values.set(event.party, event.value);
    if (event.event !== 'verdict') return;
    const { event: _, time: __, runId, party, ...verdict } = event;
    this.#verdicts.set(party, { runId, verdict });
  }

  /** In the order of the verdicts. */
  of(reports: Readonly<Record<string, RunReport>>): readonly PartyEnd[] {
    return [...this.#verdicts].map(([party, { runId, verdict }]) => ({
      party,
      runId,
      outcome: verdict.outcome,
      verdict,
      value: this.#values.get(party),
      report: reports[party] ?? null,
    }));
  }
}
