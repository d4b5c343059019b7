import type { FailureCode } from './failure-codes.ts';

/** One entry of the error catalogue. */
export interface ErrorEntry {
  /** The failure that peers are told of when this error ends a run. */
  readonly failure: FailureCode;
  readonly means: string;
  readonly causes: string;
  readonly remedy: string;
}

export type ErrorEntries = Readonly<Record<`PRIVITY_${string}`, ErrorEntry>>;
