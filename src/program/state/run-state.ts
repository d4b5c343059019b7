/** What the parts of one run's runtime share. */
import type { Clock } from '../../contracts/clock.ts';
import type { Random } from '../../contracts/random.ts';
import type { Failure, TrailEntry } from '../../coordination/failure.ts';
import type { ErrorDetail } from '../../coordination/public-details.ts';
import type { TaskEngine } from '../../engine/task-engine.ts';
import type { Contract } from '../../observe/contract/contract.ts';
import type { CodecOptions } from '../../wire/value-codec.ts';
import { RunAbortedError, type VerdictInfo } from '../model/abort.ts';
import { DeniedError } from '../model/denied.ts';
import { Activity } from './activity.ts';
import { type CapturedFailure, capture, isConsequence } from './capture.ts';
import { ContractGuard } from './contract-guard.ts';
import { type Description, Disclosures, type OpenDisclosure } from './disclosures.ts';
import type { ProgramHost } from './host.ts';
import { Scope } from './scope.ts';
import { tableAdapter } from './table-adapter.ts';
import type { Witness } from './witness.ts';

export interface RunStateOptions {
  readonly party: string;
  readonly parties: readonly string[];
  readonly host: ProgramHost;
  readonly clock: Clock;
  readonly random: Random;
  readonly tempDir: string;
  readonly threads: number;
  /** Memory that a step may take beside the tables. Default: what the step says. */
  readonly stepMemoryBytes?: number | undefined;
  /** Runs the code of tasks. Default {@link inlineEngine}. */
  readonly engine?: TaskEngine | undefined;
  readonly errorDetail: ErrorDetail;
  readonly plaintext?: boolean | undefined;
  /** All that may be disclosed. Default: anything. */
  readonly contract?: Contract | undefined;
  /** An intersection with fewer rows fails at this party. Default: 0. */
  readonly minimumRows?: number | undefined;
  /** Names of the protocols by which this party runs intersections. Default: all. */
  readonly psiProtocols?: readonly string[] | undefined;
  /** A rehearsal. */
  readonly witness?: Witness | undefined;
  /** Called in place of a task's code, just before it; what it throws is the task's error. For simulations. */
  readonly beforeTask?: ((entry: TrailEntry) => void) | undefined;
}

export class RunState {
  readonly options: RunStateOptions;
  readonly party: string;
  /** All of them, in federation order. */
  readonly parties: readonly string[];
  readonly host: ProgramHost;
  readonly activity: Activity;
  readonly guard: ContractGuard;
  readonly disclosures: Disclosures;
  readonly codec: CodecOptions = { adapters: [tableAdapter] };
  /** The run itself, the outermost scope. */
  readonly scope: Scope;
  /** Conclaves in which this party is, by step. */
  readonly #conclaves = new Map<string, TrailEntry>();
  /** Parties without which the run goes on, and why. */
  readonly #excluded = new Map<string, Failure>();
  /** A refusal is thrown into code of the job, and may come back from there: it is one failure. */
  readonly #denied = new WeakMap<object, CapturedFailure>();
  #firstError: { readonly error: unknown } | undefined;

  constructor(options: RunStateOptions) {
    this.options = options;
    this.party = options.party;
    this.parties = options.parties;
    this.host = options.host;
    this.scope = new Scope('', null, options.parties);
    this.activity = new Activity(options.host, options.clock);
    const { party, contract, witness } = options;
    this.guard = new ContractGuard(party, contract, witness, (error, entry) => this.fail(error, entry));
    this.disclosures = new Disclosures(options.host, this.guard);
  }

  get signal(): AbortSignal {
    return this.scope.signal;
  }

  get aborted(): RunAbortedError | undefined {
    return this.scope.aborted;
  }

  /** What failed first at this party, if anything did. */
  get firstError(): { readonly error: unknown } | undefined {
    return this.#firstError;
  }

  abort(verdict: VerdictInfo): void {
    if (this.scope.aborted !== undefined) return;
    this.scope.abort(new RunAbortedError(verdict));
    this.activity.abortWaiting(this.scope);
  }

  throwIfAborted(): void {
    this.scope.throwIfAborted();
  }

  /** Registers code for the case that a scope fails. What it throws is logged and changes nothing. */
  onFailure(scope: Scope, code: (failure: Failure) => unknown): void {
    scope.onFailure(async (error) => {
      try {
        await code(error.verdict.failure);
      } catch (thrown) {
        const { party, random } = this.options;
        this.host.handlerFailed?.(
          capture(thrown, { party, errorDetail: 'redacted', random, stepName: 'onFailure' }),
        );
      }
    });
  }

  exclude(party: string, failure: Failure): void {
    this.#excluded.set(party, failure);
    this.disclosures.exclude(party);
  }

  /** Why a party has been lost; undefined as long as it takes part. */
  lossOf(party: string): Failure | undefined {
    return this.#excluded.get(party);
  }

  /** A value of this party for others: see {@link Disclosures}. */
  declare(entry: TrailEntry, to: readonly string[], description?: Description): OpenDisclosure {
    return this.disclosures.declare(entry, to, description, (party) => this.#excluded.has(party));
  }

  enterConclave(entry: TrailEntry): void {
    this.#conclaves.set(entry.stepId, entry);
  }

  leaveConclave({ stepId }: TrailEntry): void {
    this.#conclaves.delete(stepId);
  }

  /**
   * Reports that a step, or the function of the job or of a scope (without entry), failed here. What follows from a
   * scope's end is not reported.
   */
  fail(error: unknown, entry?: TrailEntry, scope: Scope = this.scope): CapturedFailure | undefined {
    if (scope.aborted !== undefined && isConsequence(error)) return undefined;
    if (error instanceof DeniedError) return this.#deny(error, entry);
    const captured = this.#capture(error, entry, scope);
    if (scope.path === '') {
      this.#firstError ??= { error };
      this.host.failed(captured);
    } else {
      this.host.scopeFailed(scope.path, captured);
    }
    return captured;
  }

  /** No scope may outlive it: what a contract refuses is nothing to try and see. */
  #deny(error: DeniedError, entry: TrailEntry | undefined): CapturedFailure {
    const known = this.#denied.get(error);
    if (known) return known;
    const captured = this.#capture(error, entry, this.scope);
    this.#denied.set(error, captured);
    this.#firstError ??= { error };
    this.host.failed(captured);
    return captured;
  }

  #capture(error: unknown, entry: TrailEntry | undefined, scope: Scope): CapturedFailure {
    const { party, errorDetail, random, witness } = this.options;
    const step = entry && this.#seenFrom(scope, entry);
    const stepName = step?.name ?? (scope.path === '' ? 'job' : 'attempt');
    const captured = capture(error, {
      party,
      errorDetail: this.guard.binds ? 'redacted' : errorDetail,
      random,
      stepId: step?.stepId ?? (scope.path === '' ? undefined : scope.path),
      stepName,
      lets: (text, details) => this.guard.lets(stepName, text, details),
    });
    witness?.failed(stepName, captured.failure, captured.detail.message);
    return captured;
  }

  /** The step as all parties of a scope know it: for a step in a conclave of some of them, the conclave. */
  #seenFrom(scope: Scope, entry: TrailEntry): TrailEntry {
    if (this.#conclaves.size === 0) return entry;
    const { stepId } = entry;
    const within = scope.path === '' ? 0 : scope.path.length + 1;
    for (let end = stepId.indexOf('/', within); end > 0; end = stepId.indexOf('/', end + 1)) {
      const conclave = this.#conclaves.get(stepId.slice(0, end));
      if (conclave) return conclave;
    }
    return entry;
  }
}
