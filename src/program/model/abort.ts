import { PrivityError } from '../../base/errors.ts';
import type { Failure } from '../../coordination/failure.ts';

/** What all parties agreed on as the end of a failed run. */
export interface VerdictInfo {
  /** The root cause. */
  readonly failure: Failure;
  /** What else was known, in order of precedence. */
  readonly attached?: readonly Failure[];
  /** Equal at all parties that share the verdict. */
  readonly digest: string;
}

/**
 * The run ended while something was pending. Raised by the runtime only: the reason of every AbortSignal, what pending
 * awaits reject with, and what new steps throw after the verdict. Always a consequence, never a cause: it is not
 * reported again.
 */
export class RunAbortedError extends PrivityError {
  /** The name of its class. */
  override readonly name: string = 'RunAbortedError';
  /** What all parties agreed on. */
  readonly verdict: VerdictInfo;

  /** The runtime makes it. */
  constructor(verdict: VerdictInfo) {
    super('PRIVITY_RUN_ABORTED', describeVerdict(verdict), {
      failure: verdict.failure.code,
      party: verdict.failure.origin,
      stepId: verdict.failure.stepId,
    });
    this.verdict = verdict;
  }
}

/**
 * A scope has failed, and this was pending in it. A consequence like its base class; the run goes on outside of the
 * scope.
 */
export class ScopeCancelledError extends RunAbortedError {
  /** The name of its class. */
  override readonly name: string = 'ScopeCancelledError';

  /** The runtime makes it. */
  constructor(failure: Failure) {
    super({ failure, digest: '' });
  }
}

/**
 * A step needs a party that the run has lost. Raised by the runtime; what it reports is the loss that all parties
 * agreed on.
 */
export class PartyAbsentError extends PrivityError {
  override readonly name: string = 'PartyAbsentError';
  readonly agreed: Failure;

  constructor(failure: Failure) {
    super('PRIVITY_PARTY_ABSENT', `A step needs ${failure.origin}, which the run has lost.`, {
      failure: failure.code,
      party: failure.origin,
    });
    this.agreed = failure;
  }
}

/**
 * What `retry` and `deadline` throw at every party when their scope has failed for good. A cause, unlike what was
 * pending in it.
 */
export class ScopeFailedError extends PrivityError {
  /** The name of its class. */
  override readonly name: string = 'ScopeFailedError';
  /** The failure that all parties agreed on. */
  readonly agreed: Failure;
  /** Parties that had been lost when the scope ended. */
  readonly absent: readonly string[];

  /** The runtime makes it. */
  constructor(failure: Failure, absent: readonly string[] = []) {
    super('PRIVITY_SCOPE_FAILED', describeVerdict({ failure, digest: '' }, 'The scope'), {
      failure: failure.code,
      party: failure.origin,
      stepId: failure.stepId,
    });
    this.agreed = failure;
    this.absent = absent;
  }
}

/** One sentence of public words. */
export function describeVerdict({ failure }: VerdictInfo, what = 'The run'): string {
  const step = failure.stepName === undefined ? '' : ` in "${failure.stepName}"`;
  const id = failure.stepId === undefined ? '' : ` (step ${failure.stepId})`;
  return `${what} has ended: ${failure.code} at ${failure.origin}${step}${id}, incident ${failure.incident}.`;
}
