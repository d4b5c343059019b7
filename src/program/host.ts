import type { StepKind, TrailEntry } from '../coordination/failure.ts';
import type { Fin } from '../coordination/trail.ts';
import type { Range } from '../secure/bounds/declare.ts';
import type { CapturedFailure } from './capture.ts';

export type StepOutcome = 'completed' | 'failed' | 'aborted';

/** One line of the disclosure ledger: reported before the first byte leaves. */
export interface DisclosureInfo {
  readonly stepId: string;
  readonly name: string;
  readonly kind: StepKind;
  readonly to: readonly string[];
  readonly type: string;
  readonly shape?: readonly number[];
  readonly bytes: number;
}

export interface DivergenceInfo {
  readonly peer: string;
  readonly branch: string;
  readonly position: number;
  readonly stepId: string;
}

/** What one exchange of a secure device has cost this party. */
export interface SecureCost {
  readonly device: string;
  /** Rounds that operations shared: far fewer than if each had run alone. */
  readonly rounds: number;
  readonly messages: number;
  /** Bytes that this party has sent, with headers. */
  readonly bytes: number;
  readonly operations: readonly OperationCost[];
  /** What the job has said of secrets, and nobody has checked. */
  readonly assumptions: readonly AssumptionInfo[];
  /** Of a run on plaintext. */
  readonly plaintext?: readonly PlainStep[];
}

/** What a step of a run on plaintext really had, beside what was known of it. */
export interface PlainStep {
  readonly operation: string;
  readonly name: string;
  readonly shape: readonly number[];
  readonly min: number;
  readonly max: number;
  /** Absent where a step before it was refused. */
  readonly bound?: Range;
  /** Of what is shared or assumed: whether a number lay outside of the bound. */
  readonly outside?: boolean;
  /** Why the step would have been refused in a run for real. */
  readonly refused?: string;
  /** Largest difference of what is opened to the same computation in floating point. */
  readonly off?: number;
}

/** `assume({ min, max })` of a secret: a number outside is a wrong result. */
export interface AssumptionInfo {
  /** Its name. */
  readonly of: string;
  readonly shape: readonly number[];
  readonly min: number;
  readonly max: number;
}

export interface OperationCost {
  readonly operation: string;
  readonly count: number;
  /** Numbers in the results. */
  readonly elements: number;
  /** Bytes that this party has sent for it, without headers. */
  readonly bytes: number;
}

/** What this party waits for. */
export interface WaitInfo {
  readonly stepId: string;
  readonly name: string;
  readonly kind: StepKind;
  readonly peer: string;
  /** How long, in milliseconds. */
  readonly sinceMs: number;
}

/** What the program tells the process that runs it. None of the callbacks may throw. */
export interface ProgramHost {
  /** Every step of the program in the order in which this party's job issued it, also those of other parties. */
  stepIssued(entry: TrailEntry): void;
  /** This party takes part in the step, and its part has begun. */
  stepStarted(info: { readonly stepId: string; readonly name: string; readonly kind: StepKind }): void;
  stepFinished(info: {
    readonly stepId: string;
    readonly outcome: StepOutcome;
    readonly durationMs: number;
  }): void;
  disclosed(info: DisclosureInfo): void;
  /** An exchange of a secure device is through. */
  secured?(cost: SecureCost): void;
  progress(info: { readonly stepId: string; readonly done: number; readonly total: number }): void;
  /** Something failed at this party. Called at once, whether or not anything waits for it. */
  failed(captured: CapturedFailure): void;
  /** Something failed at this party within a scope that is not the run. The run goes on. */
  scopeFailed(scope: string, captured: CapturedFailure): void;
  /** A handler of failures has failed itself: for this party's log, since the outcome is decided. */
  handlerFailed?(captured: CapturedFailure): void;
  /** Everything of this party in a scope has ended; the program waits for what the parties agree on. */
  scopeLeft(scope: string): void;
  /** This party's program is through with a conclave of these members: what its branch looks like. */
  conclaveLeft(conclave: string, members: readonly string[], fin: Fin): void;
  /** A peer's message belongs to another program than this party's. Its value was not delivered. */
  diverged(info: DivergenceInfo): void;
  /** A message could not be sent because the link to the peer ended. Whether the peer is lost is not decided here. */
  linkLost?(peer: string, error: Error): void;
}
