/** What the parts of one run's runtime share. */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../contracts/clock.ts';
import type { Random } from '../contracts/random.ts';
import type { TrailEntry } from '../coordination/failure.ts';
import type { CodecOptions } from '../wire/value-codec.ts';
import { RunAbortedError, type VerdictInfo } from './abort.ts';
import { Activity } from './activity.ts';
import { type CapturedFailure, capture, type ErrorDetail, isConsequence } from './capture.ts';
import type { ProgramHost } from './host.ts';
import { tableAdapter } from './table-adapter.ts';

export interface RunStateOptions {
  readonly party: string;
  readonly parties: readonly string[];
  readonly host: ProgramHost;
  readonly clock: Clock;
  readonly random: Random;
  readonly tempDir: string;
  readonly threads: number;
  readonly errorDetail: ErrorDetail;
}

export class RunState {
  readonly options: RunStateOptions;
  readonly party: string;
  /** All of them, in federation order. */
  readonly parties: readonly string[];
  readonly host: ProgramHost;
  readonly activity: Activity;
  readonly codec: CodecOptions = { adapters: [tableAdapter] };
  readonly #controller = new AbortController();
  readonly #rejecters = new Set<(reason: unknown) => void>();
  #firstError: { readonly error: unknown } | undefined;
  #aborted: RunAbortedError | undefined;

  constructor(options: RunStateOptions) {
    this.options = options;
    this.party = options.party;
    this.parties = options.parties;
    this.host = options.host;
    this.activity = new Activity(options.host, options.clock);
    // Every task may listen, and there is no bound on tasks.
    setMaxListeners(0, this.#controller.signal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get aborted(): RunAbortedError | undefined {
    return this.#aborted;
  }

  /** What failed first at this party, if anything did. */
  get firstError(): { readonly error: unknown } | undefined {
    return this.#firstError;
  }

  abort(verdict: VerdictInfo): void {
    if (this.#aborted !== undefined) return;
    const error = new RunAbortedError(verdict);
    this.#aborted = error;
    this.#controller.abort(error);
    const pending = [...this.#rejecters];
    this.#rejecters.clear();
    for (const reject of pending) reject(error);
    this.activity.abortWaiting();
  }

  throwIfAborted(): void {
    if (this.#aborted !== undefined) throw this.#aborted;
  }

  /** A promise for the job that also rejects with the verdict. The job may leave it unhandled: the failure is known elsewhere. */
  promise<T>(start: (resolve: (value: T) => void, reject: (reason: unknown) => void) => void): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      if (this.#aborted !== undefined) return reject(this.#aborted);
      this.#rejecters.add(reject);
      const settled = (): void => void this.#rejecters.delete(reject);
      start(
        (value) => {
          settled();
          resolve(value);
        },
        (reason) => {
          settled();
          reject(reason);
        },
      );
    });
    promise.catch(() => {});
    return promise;
  }

  /** Reports that a step, or the job function (without entry), failed here. Consequences of the verdict are not reported. */
  fail(error: unknown, entry?: TrailEntry): CapturedFailure | undefined {
    if (this.#aborted !== undefined && isConsequence(error)) return undefined;
    this.#firstError ??= { error };
    const { party, errorDetail, random } = this.options;
    const captured = capture(error, {
      party,
      errorDetail,
      random,
      stepId: entry?.stepId,
      stepName: entry?.name ?? 'job',
    });
    this.host.failed(captured);
    return captured;
  }
}
