/**
 * The disclosure ledger of one party, folded from what its program tells: what left, in the order in which the first of
 * each left, and what was declared and did not leave. Pure.
 */
import type { Disclosure, RunReport, Withheld, WithheldReason } from './report.ts';

/** Entries of either list that a report keeps one by one: each is a line that somebody may have to read. */
export const LEDGER_ENTRIES_MAX = 100_000;

export type LedgerNews =
  /** The job has declared a value for others; nothing of it has left. */
  | { readonly news: 'declared'; readonly declared: Omit<Withheld, 'reason'> }
  /** The first byte for these parties is about to leave. */
  | { readonly news: 'disclosed'; readonly disclosure: Disclosure }
  /** All of it has been handed over to those to whom any of it was; `bytes`: of a protocol, what has been sent. */
  | { readonly news: 'disclosedWhole'; readonly stepId: string; readonly bytes?: number }
  /** Nothing of it will leave for these parties; null: there was nothing to be sent from here. */
  | {
      readonly news: 'withheld';
      readonly stepId: string;
      readonly to: readonly string[];
      readonly reason: WithheldReason | null;
    };

interface Waiting {
  readonly declared: Omit<Withheld, 'reason'>;
  /** Parties for whom nothing has left, and why nothing will, where that is known. */
  readonly left: Map<string, WithheldReason | null>;
}

type Entry = { -readonly [K in keyof Disclosure]: Disclosure[K] };

export class Ledger {
  readonly #entries = new Map<string, Entry>();
  readonly #waiting = new Map<string, Waiting>();
  #notListed = 0;

  take(news: LedgerNews): void {
    switch (news.news) {
      case 'declared': {
        const { declared } = news;
        if (this.#waiting.size >= LEDGER_ENTRIES_MAX) this.#notListed++;
        else
          this.#waiting.set(declared.stepId, {
            declared,
            left: new Map(declared.to.map((party) => [party, null])),
          });
        return;
      }
      case 'disclosed':
        return this.#disclose(news.disclosure);
      case 'disclosedWhole': {
        const entry = this.#entries.get(news.stepId);
        if (!entry) return;
        delete entry.partial;
        entry.bytes = news.bytes ?? entry.bytes;
        return;
      }
      case 'withheld': {
        const waiting = this.#waiting.get(news.stepId);
        for (const party of news.to) {
          if (!waiting?.left.has(party)) continue;
          if (news.reason === null) waiting.left.delete(party);
          else waiting.left.set(party, news.reason);
        }
        if (waiting?.left.size === 0) this.#waiting.delete(news.stepId);
      }
    }
  }

  /** What left, in the order in which the first of each left. */
  get disclosures(): readonly Disclosure[] {
    return [...this.#entries.values()];
  }

  /** @param failed whether the run has failed, which is the reason of what has no other */
  withheld(failed: boolean): readonly Withheld[] {
    const otherwise = failed ? 'run-failed' : 'scope-failed';
    return [...this.#waiting.values()].flatMap(({ declared, left }) => {
      const byReason = new Map<WithheldReason, string[]>();
      for (const [party, known] of left) {
        const reason = known ?? otherwise;
        byReason.set(reason, [...(byReason.get(reason) ?? []), party]);
      }
      return [...byReason].map(([reason, to]) => ({ ...declared, to, reason }));
    });
  }

  /** Entries of both lists beyond the limit: counted, not listed. */
  get notListed(): number {
    return this.#notListed;
  }

  #disclose(disclosure: Disclosure): void {
    const { stepId, to } = disclosure;
    const waiting = this.#waiting.get(stepId);
    for (const party of to) waiting?.left.delete(party);
    if (waiting?.left.size === 0) this.#waiting.delete(stepId);
    const entry = this.#entries.get(stepId);
    if (entry) entry.to = [...entry.to, ...to];
    else if (this.#entries.size < LEDGER_ENTRIES_MAX)
      this.#entries.set(stepId, { ...disclosure, partial: true });
    else this.#notListed++;
  }
}

/** The ledger of a party as its report has it. */
export interface PartyLedger {
  readonly party: string;
  readonly disclosures: readonly Disclosure[];
  readonly withheld: readonly Withheld[];
  readonly disclosuresNotListed: number;
  /** Whether a secure device has begun to compute here: masked numbers, which say nothing, are in no list. */
  readonly hasSentMasked: boolean;
  /** Whether devices computed on plaintext (`privity local JOB --plain`), so that nothing was masked. */
  readonly onPlaintext: boolean;
}

export function ledgerOf(report: RunReport): PartyLedger {
  const { party, disclosures, withheld, disclosuresNotListed, secure = [], steps } = report;
  const began = steps.some(({ kind, startedMs }) => kind === 'exchange' && startedMs !== null);
  const hasSentMasked = secure.length > 0 || began;
  const onPlaintext = secure.some(({ plaintext }) => plaintext !== undefined);
  return { party, disclosures, withheld, disclosuresNotListed, hasSentMasked, onPlaintext };
}
