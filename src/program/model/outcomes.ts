/** How parts of a program that may fail end, as all parties agree on it. */
import type { Failure } from '../../coordination/failure.ts';

/** What all parties agree on as the end of a scope that failed. */
export interface AgreedFailure extends Failure {
  /** Whether trying again, with everything fresh, can help. */
  readonly retryable: boolean;
}

/** How an `attempt` ended: with its value, or with the failure that all parties agreed on. */
export type Attempted<T> =
  | { readonly ok: true; readonly value: T }
  /** `absent`: parties that the run has lost and goes on without. */
  | { readonly ok: false; readonly failure: AgreedFailure; readonly absent: readonly string[] };

/** How often, and when, `retry` tries again. */
export interface RetryPolicy {
  /** How often the function is tried at most: 1 to `RETRY_ATTEMPTS_MAX`. */
  readonly attempts: number;
  /** Pause before the second try, in milliseconds; doubled before each further one. Default 0. */
  readonly delayMs?: number;
  /** Whether a failure is worth another try. Has to depend on the failure only. Default: its `retryable`. */
  readonly when?: (failure: AgreedFailure) => boolean;
}

/** Who came through a `quorum`, who did not, and what each gave. The same at every party. */
export interface QuorumResult<P extends string, T> {
  /** The parties whose part went through and which were there when the quorum ended, in federation order. */
  readonly present: readonly P[];
  /** All others of the quorum, and why. */
  readonly absent: readonly { readonly party: P; readonly failure: AgreedFailure }[];
  /** What the function gave for each party that is present. */
  readonly values: { readonly [K in P]?: T };
}
