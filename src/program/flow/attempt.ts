/**
 * Failures as values: `attempt` and what is built on it. A scope's outcome is agreed by all parties
 * (src/coordination/scopes.ts), so every party's program goes the same way afterwards.
 */

import { type Deferred, deferred } from '../../base/deferred.ts';
import { EnvironmentError, UsageError } from '../../base/errors.ts';
import { failureCodes } from '../../base/failure-codes.ts';
import type { Failure } from '../../coordination/failure.ts';
import { ScopeCancelledError, ScopeFailedError } from '../model/abort.ts';
import { DEADLINE_MS_MAX } from '../model/job.ts';
import type { AgreedFailure, Attempted, RetryPolicy } from '../model/outcomes.ts';
import type { Branch } from '../state/branch.ts';
import { isConsequence } from '../state/capture.ts';
import type { Scope } from '../state/scope.ts';
import type { Scheduler } from '../steps/scheduler.ts';

/** A job that wants more has another problem than bad luck. */
export const RETRY_ATTEMPTS_MAX = 100;
/** Longest pause between two tries: an hour. */
export const RETRY_DELAY_MS_MAX = 3_600_000;

/** What the parties have agreed on. */
interface Ended {
  readonly failure: Failure | null;
  /** Members that were lost before they had voted. */
  readonly absent: readonly Failure[];
}

interface Open {
  readonly scope: Scope;
  readonly ended: Deferred<Ended>;
}

/** How a scope ended, and who was lost in it, also when it succeeded. */
export interface ScopeOutcome<T> {
  readonly outcome: Attempted<T>;
  readonly absent: readonly Failure[];
}

export class Attempts {
  readonly #scheduler: Scheduler;
  readonly #open = new Map<string, Open>();
  /** Scopes that failed elsewhere before this party's program came to them. */
  readonly #cancelledEarly = new Map<string, Failure>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  async attempt<T>(code: () => T | Promise<T>): Promise<Attempted<T>> {
    return (await this.begin('attempt', '', code)).outcome;
  }

  /** @throws {UsageError} PRIVITY_STEP_INVALID @throws {ScopeFailedError} the last failure, at every party */
  async retry<T>(policy: RetryPolicy, code: (attempt: number) => T | Promise<T>): Promise<T> {
    const { attempts, delayMs = 0, when = (failure) => failure.retryable } = policy;
    inRange('retry: attempts', attempts, 1, RETRY_ATTEMPTS_MAX);
    inRange('retry: delayMs', delayMs, 0, RETRY_DELAY_MS_MAX);
    for (let n = 1; ; n++) {
      const { outcome } = await this.begin('retry', `${n} of ${attempts}`, () => code(n));
      if (outcome.ok) return outcome.value;
      // A failed check is never tried again: the second try could tell the attacker what the first did not.
      // Nor is one without a party that the code needs: it does not come back.
      const { failure, absent } = outcome;
      const isFinal = n >= attempts || failure.code === 'CHECK_FAILED' || absent.length > 0;
      if (isFinal || !when(failure)) throw new ScopeFailedError(failure, absent);
      await this.#pause(Math.min(delayMs * 2 ** (n - 1), RETRY_DELAY_MS_MAX));
    }
  }

  /**
   * @throws {UsageError} PRIVITY_STEP_INVALID @throws {ScopeFailedError} DEADLINE_EXCEEDED or another failure, at every
   *   party
   */
  async deadline<T>(ms: number, code: () => T | Promise<T>): Promise<T> {
    inRange('deadline', ms, 1, DEADLINE_MS_MAX);
    const { outcome } = await this.begin('deadline', `${ms} ms`, code, { deadlineMs: ms });
    if (outcome.ok) return outcome.value;
    throw new ScopeFailedError(outcome.failure, outcome.absent);
  }

  /** The job's own branch has ended: what has gathered in it runs. */
  settle(branch: Branch): void {
    this.#scheduler.settle(branch, true);
  }

  /** The supervisor says that a scope has failed, here or elsewhere. */
  cancel(path: string, failure: Failure): void {
    const open = this.#open.get(path);
    if (open) this.#abort(open.scope, failure);
    else this.#cancelledEarly.set(path, failure);
  }

  /** The supervisor says what all parties have agreed on. */
  end(path: string, failure: Failure | null, absent: readonly Failure[] = []): void {
    this.#open.get(path)?.ended.resolve({ failure, absent });
  }

  exclude(party: string, failure: Failure): void {
    this.#scheduler.exclude(party, failure);
  }

  /**
   * Opens a scope. The step is numbered now, in the order of the program; the rest takes its time. `tolerates`: parties
   * whose loss the scope outlives.
   */
  begin<T>(
    name: string,
    detail: string,
    code: () => T | Promise<T>,
    {
      deadlineMs,
      tolerates = [],
    }: { readonly deadlineMs?: number; readonly tolerates?: readonly string[] } = {},
  ): Promise<ScopeOutcome<T>> {
    if (typeof code !== 'function')
      throw new UsageError('PRIVITY_STEP_INVALID', `A step is wrong: ${name} takes a function.`);
    const { entry, outer, branch, child, run } = this.#scheduler.openScope(name, detail, tolerates);
    const { scope } = child;
    const open = { scope, ended: deferred<Ended>() };
    this.#open.set(scope.path, open);
    const early = this.#cancelledEarly.get(scope.path);
    if (early) this.#abort(scope, early);
    const { state } = this.#scheduler;
    const timer =
      deadlineMs === undefined
        ? undefined
        : state.options.clock.after(deadlineMs, () => {
            const late = `the deadline of ${deadlineMs} ms has passed`;
            state.fail(new EnvironmentError('PRIVITY_SCOPE_DEADLINE', late), entry, scope);
          });
    return outer.promise((resolve, reject) => {
      this.#run(open, branch, child, code)
        .then(
          (ended) => {
            run.finish(ended.outcome.ok ? 'completed' : 'failed');
            resolve(ended);
          },
          (error: unknown) => {
            run.finish('aborted');
            reject(error);
          },
        )
        .finally(() => timer?.cancel());
    });
  }

  async #run<T>(
    open: Open,
    branch: Branch,
    child: Branch,
    code: () => T | Promise<T>,
  ): Promise<ScopeOutcome<T>> {
    const { scheduler, scope } = { scheduler: this.#scheduler, scope: open.scope };
    const { state } = scheduler;
    let value: T | undefined;
    try {
      scope.throwIfAborted();
      value = await scheduler.lockstep.inBranch(child, async () => code());
      scheduler.settle(child, true);
    } catch (error) {
      if (!(scope.aborted && isConsequence(error))) state.fail(error, undefined, scope);
    }
    await state.activity.idle(scope);
    await scope.handled();
    child.close();
    state.host.scopeLeft(scope.path);
    // An outer scope that is aborted takes this one with it: nobody votes on it any more.
    const { failure, absent } = await Promise.race([open.ended.promise, aborted(scope.parent)]);
    this.#open.delete(scope.path);
    this.#cancelledEarly.delete(scope.path);
    scope.close();
    const lost = absent.map(({ origin }) => origin);
    scheduler.closeScope(branch, child, failure, lost);
    if (failure === null) return { outcome: { ok: true, value: value as T }, absent };
    return { outcome: { ok: false, failure: agreed(failure, lost), absent: lost }, absent };
  }

  #abort(scope: Scope, failure: Failure): void {
    this.#scheduler.cancelScope(scope, new ScopeCancelledError(failure));
  }

  #pause(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    const { scope } = this.#scheduler.lockstep.current();
    return scope.promise((resolve) => void this.#scheduler.state.options.clock.after(ms, () => resolve()));
  }
}

/** What a lost party has to do with is not worth another try. */
export function agreed(failure: Failure, absent: readonly string[]): AgreedFailure {
  const retryable = failureCodes[failure.code].retryable && !absent.includes(failure.origin);
  return { ...failure, retryable };
}

function aborted(scope: Scope | null): Promise<never> {
  return new Promise((_, reject) => {
    if (scope?.aborted) reject(scope.aborted);
    scope?.signal.addEventListener('abort', () => reject(scope.signal.reason), { once: true });
  });
}

function inRange(what: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new UsageError(
    'PRIVITY_STEP_INVALID',
    `A step is wrong: ${what} takes a whole number from ${min} to ${max}.`,
  );
}
