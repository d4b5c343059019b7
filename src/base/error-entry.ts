import type { FailureCode } from './failure-codes.ts';

/** One entry of the error catalogue. */
export interface ErrorEntry {
  /** The failure that peers are told of when this error ends a run. */
  readonly failure: FailureCode;
  /** What has happened, in one sentence. */
  readonly means: string;
  /** What usually leads to it. */
  readonly causes: string;
  /** What to do about it. */
  readonly remedy: string;
}

export type ErrorEntries = Readonly<Record<`PRIVITY_${string}`, ErrorEntry>>;
