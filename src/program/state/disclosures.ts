/**
 * What of this party's values leaves it. A disclosure is declared when the job's code says so, and told to the host
 * again when the first byte of it is about to leave: so what was refused, or cancelled in time, is never told as
 * something that left.
 */
import { DataError } from '../../base/errors.ts';
import type { TrailEntry } from '../../coordination/failure.ts';
import type { WithheldReason } from '../../observe/report.ts';
import type { ValueForm } from '../../wire/value-form.ts';
import type { ContractGuard } from './contract-guard.ts';
import type { ProgramHost } from './host.ts';
import type { Scope } from './scope.ts';

/** What a value is, as far as the ledger says it. `bytes`: of a protocol, what has been sent by then. */
export interface Description {
  readonly type: string;
  readonly shape?: readonly number[] | undefined;
  /** What the contract of the run is compared with; absent where that has been done, or nobody asks. */
  readonly form?: ValueForm | undefined;
}

export class Disclosures {
  readonly #host: ProgramHost;
  readonly #guard: ContractGuard;
  /** Of which something may still leave, by step. */
  readonly #open = new Map<string, OpenDisclosure>();

  constructor(host: ProgramHost, guard: ContractGuard) {
    this.#host = host;
    this.#guard = guard;
  }

  /** `description`: where it is known before the value is. `lost`: receivers without which the run goes on already. */
  declare(
    entry: TrailEntry,
    to: readonly string[],
    description?: Description,
    lost: (party: string) => boolean = () => false,
  ): OpenDisclosure {
    const { stepId, name, kind } = entry;
    this.#host.ledger({ news: 'declared', declared: { stepId, name, kind, to, ...shown(description) } });
    const disclosure = new OpenDisclosure(this.#host, this.#guard, entry, to, description, () =>
      this.#open.delete(stepId),
    );
    this.#open.set(stepId, disclosure);
    for (const party of to) if (lost(party)) disclosure.exclude(party);
    return disclosure;
  }

  /** A scope has failed. What is on its way already may still leave, and is told then. */
  cancel(scope: Scope): void {
    for (const [stepId, disclosure] of this.#open)
      if (scope.contains(stepId)) disclosure.withhold('scope-failed');
  }

  /** The run goes on without a party: nothing more leaves for it. */
  exclude(party: string): void {
    for (const disclosure of this.#open.values()) disclosure.exclude(party);
  }
}

export class OpenDisclosure {
  readonly #host: ProgramHost;
  readonly #guard: ContractGuard;
  readonly #entry: TrailEntry;
  /** Who learns it. */
  readonly to: readonly string[];
  /** Parties for whom nothing has left. */
  readonly #waiting: Set<string>;
  readonly #settled: () => void;
  #description: Description | undefined;
  #bytes: () => number = () => 0;
  /** A receiver was lost while some of it was on its way. */
  #brokenOff = false;

  constructor(
    host: ProgramHost,
    guard: ContractGuard,
    entry: TrailEntry,
    to: readonly string[],
    description: Description | undefined,
    settled: () => void,
  ) {
    this.#host = host;
    this.#guard = guard;
    this.#entry = entry;
    this.to = to;
    this.#waiting = new Set(to);
    this.#description = description;
    this.#settled = settled;
  }

  /**
   * What it is, now that it is there. `bytes` is asked when the first byte leaves.
   * @throws {DeniedError} it is not in the contract of the run
   */
  describe(description: Description, bytes: () => number): void {
    const { name: step, kind } = this.#entry;
    const { form } = description;
    if (form && this.to.length > 0)
      this.#guard.take({ step, kind, from: this.#guard.party, to: this.to }, form, this.#entry);
    this.#description = description;
    this.#bytes = bytes;
  }

  /** The first byte for these parties is about to leave; by default, for all. Only the first call counts for each. */
  leaves(to: readonly string[] = this.to): void {
    const first = to.filter((party) => this.#waiting.delete(party));
    if (first.length === 0) return;
    const { stepId, name, kind } = this.#entry;
    const { type, shape } = this.#description ?? { type: 'value' };
    const what = { stepId, name, kind, to: first, type, ...(shape ? { shape } : {}), bytes: this.#bytes() };
    this.#host.ledger({ news: 'disclosed', disclosure: what });
  }

  /** All of it has been handed over, to all for whom any of it has left. */
  whole(bytes?: number): void {
    const { stepId } = this.#entry;
    if (!this.#brokenOff && this.#waiting.size < this.to.length)
      this.#host.ledger({ news: 'disclosedWhole', stepId, ...(bytes === undefined ? {} : { bytes }) });
    this.#settled();
  }

  /**
   * Nothing of it leaves for those for whom nothing has left, unless it is on its way already; null: there is nothing
   * to send.
   */
  withhold(reason: WithheldReason | null): void {
    const { stepId } = this.#entry;
    if (this.#waiting.size > 0)
      this.#host.ledger({ news: 'withheld', stepId, to: [...this.#waiting], reason });
    this.#settled();
  }

  /**
   * Its step has failed here. That the data are the reason is one bit about them, which others learn by the failure.
   */
  refuse(error: unknown): void {
    this.withhold(error instanceof DataError ? 'refused-for-data' : 'refused');
  }

  /** The run goes on without this party. */
  exclude(party: string): void {
    const { stepId } = this.#entry;
    if (!this.to.includes(party)) return;
    if (this.#waiting.delete(party))
      this.#host.ledger({ news: 'withheld', stepId, to: [party], reason: 'party-lost' });
    else this.#brokenOff = true;
  }
}

/** What the ledger is told: a form may have keys that are nobody's to read. */
const shown = (description: Description | undefined): Pick<Description, 'type' | 'shape'> | undefined =>
  description && { type: description.type, ...(description.shape ? { shape: description.shape } : {}) };
