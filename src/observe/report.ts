import type { Blame, FailureCode } from '../base/failure-codes.ts';
import type { Contribution } from '../coordination/board.ts';
import type { Failure, StepKind } from '../coordination/failure.ts';
import type { PeerState } from './events.ts';

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

/** What one operation of a secure device has cost this party. */
export interface OperationCost {
  readonly operation: string;
  readonly count: number;
  /** Numbers in the results. */
  readonly elements: number;
  /** Bytes that this party has sent for it, without headers. */
  readonly bytes: number;
}

/** The same of one exchange, in which operations share rounds. */
export interface SecureCost {
  readonly device: string;
  /** Rounds that the operations have shared: far fewer than if each had run alone. */
  readonly rounds: number;
  readonly messages: number;
  /** Bytes that this party has sent, with headers. */
  readonly bytes: number;
  readonly operations: readonly OperationCost[];
  /** What the job has said of secrets (`assume`), and nobody has checked: a number outside is a wrong result. */
  readonly assumptions: readonly Assumption[];
  /** Of a run on plaintext (`privity local JOB --plaintext`). */
  readonly plaintext?: readonly PlainStep[];
}

/** What a step of a run on plaintext really had, beside what was known of it before. */
export interface PlainStep {
  readonly operation: string;
  readonly name: string;
  readonly shape: readonly number[];
  readonly min: number;
  readonly max: number;
  /** Absent where a step before it was refused. */
  readonly bound?: { readonly min?: number; readonly max?: number };
  /** Of what is shared or assumed: whether a number lay outside of the bound. */
  readonly outside?: boolean;
  /** Why the step would have been refused in a run for real. */
  readonly refused?: string;
  /** Largest difference of what is opened to the same computation in floating point. */
  readonly off?: number;
}

export interface Assumption {
  /** The name of the secret. */
  readonly of: string;
  readonly shape: readonly number[];
  readonly min: number;
  readonly max: number;
}

/** The same of a whole run. */
export interface SecureReport extends SecureCost {
  readonly exchanges: number;
  readonly assumptions: readonly (Assumption & { readonly count: number })[];
  /** How many others there were; zero but for extraordinary jobs. */
  readonly assumptionsNotListed: number;
  readonly plaintext?: readonly (PlainStep & { readonly count: number })[];
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

/** What this party waits for. */
export interface Wait {
  /** The party that is waited for. */
  readonly peer: string;
  /** `join`: until it is there. `start`: until it has loaded the job. `value`: for what a step needs. `end`: until it is through. */
  readonly what: 'join' | 'start' | 'value' | 'end';
  readonly stepId: string | null;
  readonly stepName: string | null;
  /** Milliseconds for which it has been waited for. */
  readonly sinceMs: number;
}

/** A failure as a report keeps it: what may cross between parties, and what follows from its code. */
export interface FailureReport extends Failure {
  readonly blame: Blame;
  /** Whether the whole run may be tried again. */
  readonly retryable: boolean;
  /** When it became known here: milliseconds since this party's supervisor began. */
  readonly atMs: number;
  /** The same by this machine's clock, ISO 8601. */
  readonly time: string;
}

/** What happened at a party, by its own monotonic clock: milliseconds since its supervisor began. */
export type TimelineEntry = { readonly atMs: number } & (
  | { readonly what: 'ready' | 'started' | 'through' | 'verdict' | 'cancelled' | 'reclaimed' }
  | { readonly what: 'peer'; readonly peer: string; readonly state: PeerState; readonly reason: string }
  | { readonly what: 'failure'; readonly incident: string }
  | { readonly what: 'exited'; readonly code: number | null; readonly signal: string | null }
  /** The grace period was over, or the operator did not want to wait for it. */
  | { readonly what: 'killed' }
);

/** Raised whenever a reader of older reports could misread a new one. */
export const REPORT_VERSION = 1;

/** What `--report DIR` writes as DIR/PARTY.json. */
export interface RunReport {
  readonly reportVersion: typeof REPORT_VERSION;
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
  /** Every failure that became known here, also those that the job has handled; the first ones, if there were very many. */
  readonly failures: readonly FailureReport[];
  /** Whom this party was waiting for at the moment of the verdict, longest first. */
  readonly waits: readonly Wait[];
  /** The longest waits of the whole run that took a second or more: where the time went. */
  readonly longestWaits: readonly Wait[];
  readonly timeline: readonly TimelineEntry[];
  readonly steps: readonly StepReport[];
  readonly disclosures: readonly Disclosure[];
  /** How many more there were than a report lists; zero but for extraordinary jobs. */
  readonly disclosuresNotListed: number;
  /** One entry for each secure device in which this party has taken part; absent if there was none. */
  readonly secure?: readonly SecureReport[];
  readonly reclaimed: Readonly<Record<string, number>>;
  readonly leftovers: readonly string[];
  readonly exitCode: number;
}
