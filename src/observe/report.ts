import type { FailureCode } from '../base/failure-codes.ts';
import type { Contribution } from '../coordination/board.ts';
import type { Failure, StepKind } from '../coordination/failure.ts';

/** One value that left this party, or that a reveal or a protocol made known to others. */
export interface Disclosure {
  readonly stepId: string;
  readonly name: string;
  readonly kind: StepKind;
  /** Who learned it. */
  readonly to: readonly string[];
  /** What kind of value: number, float64 array, table, intersection and sizes, ... */
  readonly type: string;
  /** Rows and columns or dimensions, where the type has them. */
  readonly shape?: readonly number[] | undefined;
  readonly bytes: number;
}

export interface StepReport {
  readonly stepId: string;
  readonly name: string;
  readonly kind: StepKind;
  readonly places: readonly string[];
  readonly outcome: 'completed' | 'failed' | 'aborted' | 'elsewhere';
  readonly startedMs: number | null;
  readonly durationMs: number | null;
}

/** What a party said of the end of a run that did not complete. */
export interface SealedContribution {
  readonly party: string;
  /** What else it has signed, where it is not the default: see `signedText` in src/coordination/board.ts. */
  readonly epoch?: number | undefined;
  readonly leaving?: boolean | undefined;
  readonly scopes?: Contribution['scopes'];
  readonly ready: boolean;
  readonly nonce: string;
  readonly failure: Failure | null;
  readonly signature: string;
}

/** What `--report DIR` writes as DIR/PARTY.json. */
export interface RunReport {
  readonly runId: string;
  readonly party: string;
  readonly parties: readonly string[];
  readonly job: { readonly file: string; readonly hash: string | null };
  readonly privityVersion: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly outcome: 'completed' | 'failed';
  readonly verdict: {
    readonly digest: string;
    readonly failure: Failure | null;
    readonly attached: readonly Failure[];
    /** What each party sealed, with its signature (src/supervisor/signer.ts): the evidence from which the verdict follows. */
    readonly contributions: readonly SealedContribution[];
  };
  readonly code: FailureCode | null;
  /** Why each party is missing without which the run has gone on. */
  readonly absent: readonly Failure[];
  readonly steps: readonly StepReport[];
  readonly disclosures: readonly Disclosure[];
  /** How many more there were than a report lists; zero but for extraordinary jobs. */
  readonly disclosuresNotListed: number;
  readonly reclaimed: Readonly<Record<string, number>>;
  readonly leftovers: readonly string[];
  readonly exitCode: number;
}
