import type { Blame, FailureCode } from '../base/failure-codes.ts';
import type { StepKind } from '../coordination/failure.ts';
import type { ErrorLink, PublicDetails } from '../coordination/public-details.ts';
import type { BusyProgram, RunOutcome, StepOutcome, Wait } from './report.ts';
import type { PeerState } from './words.ts';

/**
 * The events of a run, as `--json` prints them: one JSON object a line. Stable from version 0.1 on (docs/events.md):
 * fields are added, never changed or removed.
 */
export interface EventBase {
  /** ISO 8601, this machine's clock. */
  readonly time: string;
  /** The run, as all parties call it; before they have agreed, as this party does. */
  readonly runId: string;
  /** The party that says it. */
  readonly party: string;
}

/** The processes of a party. */
export const PROCESS_ROLES = ['supervisor', 'program', 'stand-in'] as const;

/** One of the processes of a party. */
export type ProcessRole = (typeof PROCESS_ROLES)[number];

/** How much a line of the log matters. */
export const LOG_LEVELS = ['info', 'warn', 'error'] as const;

/** What happens in a run, as a party sees it. The text of each event is in docs/events.md. */
export type RunEvent = EventBase &
  (
    | {
        readonly event: 'run.started';
        readonly job: string;
        readonly parties: readonly string[];
        /** The `runId` of this party's events before this one; from here on they have the one that all agree on. */
        readonly ownRunId: string;
      }
    | { readonly event: 'process.started'; readonly role: ProcessRole; readonly pid: number }
    | {
        readonly event: 'process.exited';
        readonly role: ProcessRole;
        readonly pid: number;
        readonly code: number | null;
        readonly signal: string | null;
        /** Why Privity itself has ended it; absent if it has not. Reads behind `was ended by Privity`. */
        readonly endedByPrivity?: string;
      }
    | {
        readonly event: 'peer.state';
        readonly peer: string;
        readonly state: PeerState;
        readonly reason?: string;
      }
    | {
        readonly event: 'step.started';
        readonly stepId: string;
        readonly name: string;
        readonly kind: StepKind;
      }
    | {
        readonly event: 'step.progress';
        readonly stepId: string;
        readonly done: number;
        readonly total: number;
      }
    | {
        readonly event: 'step.finished';
        readonly stepId: string;
        readonly name: string;
        readonly kind: StepKind;
        readonly outcome: StepOutcome;
        readonly durationMs: number;
      }
    | {
        readonly event: 'failure';
        readonly code: FailureCode;
        readonly origin: string;
        readonly stepId: string | null;
        readonly stepName: string | null;
        readonly incident: string;
        readonly blame: Blame;
        readonly retryable: boolean;
        /** The party that reports it: the origin itself, or who observed its loss. */
        readonly reporter: string;
        /** Present when text was allowed to cross, or when the failure is this party's own. */
        readonly message?: string;
        /** What the author of a `PublicError` lets everybody know. */
        readonly details?: PublicDetails;
        /**
         * The error and its causes, outermost first: at the origin; elsewhere only if the origin's policy is `full`.
         */
        readonly chain?: readonly ErrorLink[];
        /** Only in events of the origin: what its own log has. */
        readonly stack?: string;
        /** What this party itself has seen of another's failure, or of one that is told of this party. Stays here. */
        readonly seenHere?: string;
        /**
         * Of a party that did not join: what was turned away under its name, or that it turned this one away. Stays
         * here.
         */
        readonly turnedAway?: string;
      }
    | {
        readonly event: 'verdict';
        readonly outcome: RunOutcome;
        readonly code: FailureCode | null;
        readonly origin: string | null;
        readonly stepId: string | null;
        readonly stepName: string | null;
        readonly digest: string;
        /** The parties without which the run has gone on; absent for none. */
        readonly absent?: readonly string[];
        /**
         * This party could not find out what the others have agreed on; absent where it could. They may have ended
         * otherwise.
         */
        readonly unconfirmed?: true;
        /** Of the cause, as in its `failure` event; null when completed. */
        readonly incident: string | null;
        readonly blame: Blame | null;
        readonly retryable: boolean;
        /** Failures beside the cause that were known when the parties agreed, in the order of precedence. */
        readonly attached: readonly AttachedFailure[];
        readonly message?: string;
      }
    /** The run goes on without this party. */
    | {
        readonly event: 'party.absent';
        readonly peer: string;
        readonly code: FailureCode;
        readonly incident: string;
      }
    | { readonly event: 'result'; readonly value: unknown }
    | {
        readonly event: 'reclaimed';
        readonly items: Readonly<Record<string, number>>;
        readonly leftovers: readonly string[];
      }
    | { readonly event: 'report'; readonly path: string }
    /** Why nothing moves: told when a wait exceeds a second, and then every second. */
    | ({ readonly event: 'waiting' } & Wait)
    /** A program has not been heard for some seconds: told every second, by every party, of any party. */
    | ({ readonly event: 'busy' } & BusyProgram)
    /** This supervisor did not run for so long until now: it heard nobody, and nobody heard it. */
    | { readonly event: 'standstill'; readonly forMs: number }
    /** Anything for the log that is none of the above. */
    | { readonly event: 'log'; readonly level: (typeof LOG_LEVELS)[number]; readonly message: string }
  );

/** A failure beside the cause of a verdict. */
export interface AttachedFailure {
  /** Why, in one word. */
  readonly code: FailureCode;
  /** The party where it happened. */
  readonly origin: string;
  /** The path of the step; null where there is none. */
  readonly stepId: string | null;
  /** The name of the step. */
  readonly stepName: string | null;
  /** Under which the reporter's own log has all the details. */
  readonly incident: string;
}

export type RunEventBody = RunEvent extends infer E
  ? E extends EventBase
    ? Omit<E, keyof EventBase>
    : never
  : never;
