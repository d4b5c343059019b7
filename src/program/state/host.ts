import type { StepKind, TrailEntry } from '../../coordination/failure.ts';
import type { Fin } from '../../coordination/trail.ts';
import type { LedgerNews } from '../../observe/ledger.ts';
import type { SecureCost, StepOutcome } from '../../observe/report.ts';
import type { CapturedFailure } from './capture.ts';

export interface DivergenceInfo {
  readonly peer: string;
  readonly branch: string;
  readonly position: number;
  readonly stepId: string;
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
  /** Every step of the program, in the order in which this party's job issued them, also steps of other parties. */
  stepIssued(entry: TrailEntry): void;
  /** This party takes part in the step, and its part has begun. */
  stepStarted(info: { readonly stepId: string; readonly name: string; readonly kind: StepKind }): void;
  stepFinished(info: {
    readonly stepId: string;
    readonly outcome: StepOutcome;
    readonly durationMs: number;
  }): void;
  /** What leaves this party. Has to be known to the host when this returns: the first byte leaves then. */
  ledger(news: LedgerNews): void;
  /** An exchange of a secure device is through. */
  secured?(cost: SecureCost): void;
  progress(info: { readonly stepId: string; readonly done: number; readonly total: number }): void;
  /** A line for this party's log. */
  note?(line: string): void;
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
