import type { Blame, FailureCode } from '../base/failure-codes.ts';
import type { Contribution } from '../coordination/board.ts';
import type { Failure, StepKind } from '../coordination/failure.ts';
import type { Standstill } from './standstill.ts';
import type { PeerState } from './words.ts';

/** One value that left this party, or that a reveal or a protocol made known to others. */
export interface Disclosure {
  readonly stepId: string;
  readonly name: string;
  readonly kind: StepKind;
  /** Who learned it, or some of it. */
  readonly to: readonly string[];
  /** What kind of value: number, float64 array, table, intersection and sizes, ... */
  readonly type: string;
  /** Rows and columns or dimensions, where the type has them. */
  readonly shape?: readonly number[] | undefined;
  /** Of a value, all of it; of a protocol, what this party has sent. */
  readonly bytes: number;
  /** It is not known that all of it left: something failed meanwhile. */
  readonly partial?: true | undefined;
}

/** Why something that was declared did not leave, in words for people. The one list of the reasons. */
export const WITHHELD_WORDS = {
  refused: 'refused: its step failed here before anything of it left',
  'refused-for-data': 'refused for what is in the data, before any of it left: others know that it was',
  'scope-failed': 'its attempt failed first',
  'run-failed': 'the run failed first',
  'party-lost': 'the run had lost the receiver',
} as const;

export type WithheldReason = keyof typeof WITHHELD_WORDS;

/** A value that the job declared for other parties, and of which nothing left this one. */
export interface Withheld {
  readonly stepId: string;
  readonly name: string;
  readonly kind: StepKind;
  /** Who would have learned it. */
  readonly to: readonly string[];
  /** As in {@link Disclosure}, where they were known. */
  readonly type?: string | undefined;
  readonly shape?: readonly number[] | undefined;
  readonly reason: WithheldReason;
}

export const STEP_OUTCOMES = ['completed', 'failed', 'aborted'] as const;
/** How this party's part in a step ended. */
export type StepOutcome = (typeof STEP_OUTCOMES)[number];

export const RUN_OUTCOMES = ['completed', 'failed'] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

export interface StepReport {
  readonly stepId: string;
  readonly name: string;
  readonly kind: StepKind;
  readonly places: readonly string[];
  readonly outcome: StepOutcome | 'elsewhere';
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

/** What one exchange has cost; its operations share rounds. */
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
  /** Of a run on plaintext (`privity local JOB --plain`). */
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

/** What all exchanges of a run have cost, and what was assumed. */
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

/** Steps in which a party computes; the others wait for values, or hold steps. */
export const WORK_KINDS: ReadonlySet<StepKind> = new Set<StepKind>(['task', 'psi', 'exchange']);

/** A program that its supervisor has not heard for a while: it computes without a pause, or it is stuck. */
export interface BusyProgram {
  /** The party whose program it is; it may be the one that tells of it. */
  readonly peer: string;
  /** The step that it is in; null where that cannot be told, or is not this party's to know. */
  readonly stepId: string | null;
  readonly stepName: string | null;
  /** Milliseconds since it was heard last. */
  readonly sinceMs: number;
}

/** `join`: until a party is there. `start`: until it has loaded the job. `value`: for what a step needs. `end`: until it is through. */
export const WAIT_KINDS = ['join', 'start', 'value', 'end'] as const;

/** What this party waits for. */
export interface Wait {
  /** The party that is waited for. */
  readonly peer: string;
  readonly what: (typeof WAIT_KINDS)[number];
  readonly stepId: string | null;
  readonly stepName: string | null;
  /** Milliseconds for which it has been waited for. */
  readonly sinceMs: number;
  /** The program of that party has not been heard for a while. */
  readonly busy?: Omit<BusyProgram, 'peer'> | undefined;
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

/** Moments of a party's timeline of which there is nothing more to say. */
export const TIMELINE_MARKS = ['ready', 'started', 'through', 'verdict', 'cancelled', 'reclaimed'] as const;

/** What happened at a party, by its own monotonic clock: milliseconds since its supervisor began. */
export type TimelineEntry = { readonly atMs: number } & (
  | { readonly what: (typeof TIMELINE_MARKS)[number] }
  | { readonly what: 'peer'; readonly peer: string; readonly state: PeerState; readonly reason: string }
  | { readonly what: 'failure'; readonly incident: string }
  | {
      readonly what: 'exited';
      readonly code: number | null;
      readonly signal: string | null;
      /** Why Privity itself has ended it. */
      readonly endedByPrivity?: string;
    }
  /** The grace period was over, or the operator did not want to wait for it. */
  | { readonly what: 'killed' }
);

/** Under what a party runs; empty where it has none. */
export interface PartyVersions {
  readonly party: string;
  readonly privity: string;
  readonly protocol: string;
  readonly node: string;
  readonly duckdb: string;
  /** Name and digest of the lockfile nearest to the job. */
  readonly lockfile: string;
}

/** Raised whenever a reader of older reports could misread a new one. */
export const REPORT_VERSION = 1;

/** What `--report DIR` writes as DIR/PARTY.json. */
export interface RunReport {
  readonly reportVersion: typeof REPORT_VERSION;
  /** The one that the parties agreed on; if they never did, this party's own. */
  readonly runId: string;
  /** What this party called the run until then; not in reports of version 0.1. */
  readonly ownRunId?: string;
  /** Of every party that has said hello; not in reports of version 0.1. */
  readonly versions?: readonly PartyVersions[];
  readonly party: string;
  readonly parties: readonly string[];
  /** The name of its file, without the folder. */
  readonly job: { readonly file: string; readonly hash: string | null };
  readonly privityVersion: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly outcome: RunOutcome;
  readonly verdict: {
    readonly digest: string;
    readonly failure: Failure | null;
    readonly attached: readonly Failure[];
    /** What each party sealed, with its signature (src/supervisor/party/signer.ts): the evidence from which the verdict follows. */
    readonly contributions: readonly SealedContribution[];
  };
  readonly code: FailureCode | null;
  /** This party could not find out what the others have agreed on; absent where it could. */
  readonly unconfirmed?: true;
  /** Why each party is missing without which the run has gone on. */
  readonly absent: readonly Failure[];
  /** Every failure that became known here, also those that the job has handled; the first ones, if there were very many. */
  readonly failures: readonly FailureReport[];
  /** Whom this party was waiting for at the moment of the verdict, longest first. */
  readonly waits: readonly Wait[];
  /** The longest waits of the whole run that took a second or more: where the time went. */
  readonly longestWaits: readonly Wait[];
  /** The programs that were not heard for longest, as far as this party was told; absent if there was none. */
  readonly longestBusy?: readonly BusyProgram[] | undefined;
  /** When this party's supervisor did not run; absent if it always did. */
  readonly standstills?: readonly Standstill[];
  readonly timeline: readonly TimelineEntry[];
  readonly steps: readonly StepReport[];
  /** The ledger: what left this party, in the order in which the first of each left. */
  readonly disclosures: readonly Disclosure[];
  /** What was declared and did not leave, in the order in which the job declared it. */
  readonly withheld: readonly Withheld[];
  /** How many more of both there were than a report lists; zero but for extraordinary jobs. */
  readonly disclosuresNotListed: number;
  /** One entry for each secure device in which this party has taken part; absent if there was none. */
  readonly secure?: readonly SecureReport[];
  readonly reclaimed: Readonly<Record<string, number>>;
  readonly leftovers: readonly string[];
  readonly exitCode: number;
}
