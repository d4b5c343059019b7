import type { Blame, FailureCode } from '../base/failure-codes.ts';
import type { ScopeView } from '../coordination/board.ts';
import type { Failure, StepKind } from '../coordination/failure.ts';
import type { Standstill } from './standstill.ts';
import type { PeerState } from './words.ts';

/** One value that left this party, or that a reveal or a protocol made known to others. */
export interface Disclosure {
  /** The path of the step: `3`, `4/0/2`. */
  readonly stepId: string;
  /** The name of the step. */
  readonly name: string;
  /** What kind of step it is. */
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

/** Why something did not leave. */
export type WithheldReason = keyof typeof WITHHELD_WORDS;

/** A value that the job declared for other parties, and of which nothing left this one. */
export interface Withheld {
  /** The path of the step: `3`, `4/0/2`. */
  readonly stepId: string;
  /** The name of the step. */
  readonly name: string;
  /** What kind of step it is. */
  readonly kind: StepKind;
  /** Who would have learned it. */
  readonly to: readonly string[];
  /** What kind of value, where that was known. */
  readonly type?: string | undefined;
  /** Its dimensions, where they were known. */
  readonly shape?: readonly number[] | undefined;
  /** Why. */
  readonly reason: WithheldReason;
}

/** The ways in which a party's part in a step can end. */
export const STEP_OUTCOMES = ['completed', 'failed', 'aborted'] as const;
/** How this party's part in a step ended. */
export type StepOutcome = (typeof STEP_OUTCOMES)[number];

/** The ways in which a run can end. */
export const RUN_OUTCOMES = ['completed', 'failed'] as const;
/** How a run ended. */
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

/** One step, as this party saw it. */
export interface StepReport {
  /** The path of the step: `3`, `4/0/2`. */
  readonly stepId: string;
  /** The name of the step. */
  readonly name: string;
  /** What kind of step it is. */
  readonly kind: StepKind;
  /** The parties where it took place. */
  readonly places: readonly string[];
  /** How it ended here; `elsewhere`: this party only counted it. */
  readonly outcome: StepOutcome | 'elsewhere';
  /** Milliseconds since this party's supervisor began; null if it did not start here. */
  readonly startedMs: number | null;
  /** Milliseconds; null if it did not end here. */
  readonly durationMs: number | null;
}

/** What one operation of a secure device has cost this party. */
export interface OperationCost {
  /** Its name: that of the method. */
  readonly operation: string;
  /** How often. */
  readonly count: number;
  /** Numbers in the results. */
  readonly elements: number;
  /** Bytes that this party has sent for it, without headers. */
  readonly bytes: number;
}

/** What one exchange has cost; its operations share rounds. */
export interface SecureCost {
  /** Protocol and members, in words. */
  readonly device: string;
  /** Rounds that the operations have shared: far fewer than if each had run alone. */
  readonly rounds: number;
  /** Messages that this party has sent. */
  readonly messages: number;
  /** Bytes that this party has sent, with headers. */
  readonly bytes: number;
  /** By operation. */
  readonly operations: readonly OperationCost[];
  /** What the job has said of secrets (`assume`), and nobody has checked: a number outside is a wrong result. */
  readonly assumptions: readonly Assumption[];
  /** Of a run on plaintext (`privity local JOB --plain`). */
  readonly plaintext?: readonly PlainStep[];
}

/** What a step of a run on plaintext really had, beside what was known of it before. */
export interface PlainStep {
  /** The name of the method. */
  readonly operation: string;
  /** The name of the secret, if `as` gave one, or of the step. */
  readonly name: string;
  /** Its dimensions. */
  readonly shape: readonly number[];
  /** Smallest number. */
  readonly min: number;
  /** Largest number. */
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

/** What `assume` has said of a secret, unchecked. */
export interface Assumption {
  /** The name of the secret. */
  readonly of: string;
  /** Its dimensions. */
  readonly shape: readonly number[];
  /** All numbers are taken to be at least this. */
  readonly min: number;
  /** All numbers are taken to be at most this. */
  readonly max: number;
}

/** What all exchanges of a run have cost, and what was assumed. */
export interface SecureReport extends SecureCost {
  /** How often operations ran together. */
  readonly exchanges: number;
  /** Each assumption, and how often it was made. */
  readonly assumptions: readonly (Assumption & { readonly count: number })[];
  /** How many others there were; zero but for extraordinary jobs. */
  readonly assumptionsNotListed: number;
  /** Of a run on plaintext; how often there was such a step. */
  readonly plaintext?: readonly (PlainStep & { readonly count: number })[];
}

/** What a party said of the end of a run that did not complete. */
export interface SealedContribution {
  /** Who. */
  readonly party: string;
  /** What else it has signed, where it is not the default: see `signedText` in src/coordination/board.ts. */
  readonly epoch?: number | undefined;
  /** Its program is gone, and with it the party. */
  readonly leaving?: boolean | undefined;
  /** The scopes that were open, or may have been so elsewhere; null: too many to list. */
  readonly scopes?: readonly ScopeView[] | null | undefined;
  /** Whether it had confirmed the end of the run. */
  readonly ready: boolean;
  /** Of this run: binds the signature to it. */
  readonly nonce: string;
  /** What it knew; null: it joined because of what another said. */
  readonly failure: Failure | null;
  /** With the key that the federation pins. */
  readonly signature: string;
}

/** Steps in which a party computes; the others wait for values, or hold steps. */
export const WORK_KINDS: ReadonlySet<StepKind> = new Set<StepKind>(['task', 'psi', 'profile', 'exchange']);

/** A program that its supervisor has not heard for a while: it computes without a pause, or it is stuck. */
export interface BusyProgram {
  /** The party whose program it is; it may be the one that tells of it. */
  readonly peer: string;
  /** The step that it is in; null where that cannot be told, or is not this party's to know. */
  readonly stepId: string | null;
  /** The name of that step. */
  readonly stepName: string | null;
  /** Milliseconds since it was heard last. */
  readonly sinceMs: number;
}

/**
 * `join`: until a party is there. `start`: until it has loaded the job. `value`: for what a step needs. `end`: until it
 * is through.
 */
export const WAIT_KINDS = ['join', 'start', 'value', 'end'] as const;

/** What this party waits for. */
export interface Wait {
  /** The party that is waited for. */
  readonly peer: string;
  /** For what. */
  readonly what: (typeof WAIT_KINDS)[number];
  /** The step that waits; null where none does. */
  readonly stepId: string | null;
  /** The name of that step. */
  readonly stepName: string | null;
  /** Milliseconds for which it has been waited for. */
  readonly sinceMs: number;
  /** The program of that party has not been heard for a while. */
  readonly busy?: Omit<BusyProgram, 'peer'> | undefined;
}

/** A failure as a report keeps it: what may cross between parties, and what follows from its code. */
export interface FailureReport extends Failure {
  /** Where to look. */
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
  /** Its name. */
  readonly party: string;
  /** Of Privity. */
  readonly privity: string;
  /** Of the messages between parties. */
  readonly protocol: string;
  /** Of Node.js. */
  readonly node: string;
  /** Of DuckDB. */
  readonly duckdb: string;
  /** Name and digest of the lockfile nearest to the job. */
  readonly lockfile: string;
}

/** Raised whenever a reader of older reports could misread a new one. */
export const REPORT_VERSION = 1;

/** What `--report DIR` writes as DIR/PARTY.json. */
export interface RunReport {
  /** Which form the report has. */
  readonly reportVersion: typeof REPORT_VERSION;
  /** The one that the parties agreed on; if they never did, this party's own. */
  readonly runId: string;
  /** What this party called the run until then; not in reports of version 0.1. */
  readonly ownRunId?: string;
  /** Of every party that has said hello; not in reports of version 0.1. */
  readonly versions?: readonly PartyVersions[];
  /** The party that wrote it. */
  readonly party: string;
  /** All parties of the run, in federation order. */
  readonly parties: readonly string[];
  /** The name of its file, without the folder. */
  readonly job: { readonly file: string; readonly hash: string | null };
  /** The version of Privity that wrote it. */
  readonly privityVersion: string;
  /** By this machine's clock, ISO 8601. */
  readonly startedAt: string;
  /** By this machine's clock, ISO 8601. */
  readonly endedAt: string;
  /** How the run ended. */
  readonly outcome: RunOutcome;
  /** What the parties agreed on; the digest is equal at all that share it. */
  readonly verdict: {
    readonly digest: string;
    readonly failure: Failure | null;
    readonly attached: readonly Failure[];
    /**
     * What each party sealed, with its signature (src/supervisor/party/signer.ts): the evidence from which the verdict
     * follows.
     */
    readonly contributions: readonly SealedContribution[];
  };
  /** Why it failed; null when completed. */
  readonly code: FailureCode | null;
  /** This party could not find out what the others have agreed on; absent where it could. */
  readonly unconfirmed?: true;
  /** Why each party is missing without which the run has gone on. */
  readonly absent: readonly Failure[];
  /**
   * Every failure that became known here, also those that the job has handled; the first ones, if there were very many.
   */
  readonly failures: readonly FailureReport[];
  /** Whom this party was waiting for at the moment of the verdict, longest first. */
  readonly waits: readonly Wait[];
  /** The longest waits of the whole run that took a second or more: where the time went. */
  readonly longestWaits: readonly Wait[];
  /** The programs that were not heard for longest, as far as this party was told; absent if there was none. */
  readonly longestBusy?: readonly BusyProgram[] | undefined;
  /** When this party's supervisor did not run; absent if it always did. */
  readonly standstills?: readonly Standstill[];
  /** What happened here, in order. */
  readonly timeline: readonly TimelineEntry[];
  /** Every step of the program. */
  readonly steps: readonly StepReport[];
  /** The ledger: what left this party, in the order in which the first of each left. */
  readonly disclosures: readonly Disclosure[];
  /** What was declared and did not leave, in the order in which the job declared it. */
  readonly withheld: readonly Withheld[];
  /** How many more of both there were than a report lists; zero but for extraordinary jobs. */
  readonly disclosuresNotListed: number;
  /** One entry for each secure device in which this party has taken part; absent if there was none. */
  readonly secure?: readonly SecureReport[];
  /** What was given back, by kind: processes, folders, connections. */
  readonly reclaimed: Readonly<Record<string, number>>;
  /** What could not be given back; empty but for defects. */
  readonly leftovers: readonly string[];
  /** With which the party's process ended. */
  readonly exitCode: number;
}
