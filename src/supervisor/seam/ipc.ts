/**
 * What a supervisor and its program process say to each other over the IPC channel of child_process. Both ends are this
 * package in the same version, so the types are the contract; everything is plain JSON.
 */
import type { FailureCode } from '../../base/failure-codes.ts';
import type { Failure, TrailEntry } from '../../coordination/failure.ts';
import type { JobFacts } from '../../coordination/hello-facts.ts';
import type { ErrorLink } from '../../coordination/public-details.ts';
import type { Fin, Outcome } from '../../coordination/types.ts';
import type { LedgerNews } from '../../observe/ledger.ts';
import type { SecureCost, StepOutcome } from '../../observe/report.ts';
import type { Tried } from '../sandbox/policy.ts';
import type { ErrorDetail, FederationMember, RunName } from './options.ts';

export type ToProgram =
  /** The first, and the only one that comes by standard input. */
  | {
      readonly type: 'load';
      readonly party: string;
      readonly parties: readonly string[];
      readonly jobFile: string;
      readonly args: Readonly<Record<string, unknown>>;
      readonly settings: Readonly<Record<string, unknown>>;
      readonly errorDetail: ErrorDetail;
      readonly plaintext: boolean;
      readonly tempDir: string;
      readonly memoryMaxBytes?: number;
      readonly dataLinkMs: number;
      /** The process has no network: its supervisor dials for it. */
      readonly isSandboxed?: boolean;
    }
  | {
      readonly type: 'start';
      readonly run: RunName;
      /** With the keys of this run, the only ones that programs know each other by. */
      readonly federation: readonly FederationMember[];
      readonly identity: { readonly certPem: string; readonly keyPem: string };
    }
  /** Comes with the socket; `head` is base64 of the bytes that the supervisor has read from it. */
  | { readonly type: 'socket'; readonly head: string }
  /** Comes with the socket of a connection that the program has asked for. */
  | { readonly type: 'dialled'; readonly id: number }
  /** `reason`: the code of the system's error. */
  | { readonly type: 'notDialled'; readonly id: number; readonly reason: string }
  /** Comes behind a socket. That it could be sent says that the socket has been taken; to the program it says nothing. */
  | { readonly type: 'behindSocket' }
  | { readonly type: 'abort'; readonly outcome: Outcome }
  /** A scope has failed, here or elsewhere: end what runs in it. */
  | { readonly type: 'scopeCancelled'; readonly scope: string; readonly failure: Failure }
  /** All parties have left a scope; null: it succeeded. */
  | {
      readonly type: 'scopeEnded';
      readonly scope: string;
      readonly failure: Failure | null;
      readonly absent: readonly Failure[];
    }
  /** The run goes on without a party. */
  | { readonly type: 'excluded'; readonly party: string; readonly failure: Failure }
  | { readonly type: 'close' }
  /** Answered at once, if the event loop turns. */
  | { readonly type: 'ping' };

export type FromProgram =
  | {
      readonly type: 'loaded';
      readonly jobHash: string;
      readonly argsDigest: string;
      /** What the two digests are made of, and under what the program runs. */
      readonly facts: JobFacts;
      /** The job's own deadline for each task. */
      readonly stepDeadlineMs?: number | undefined;
    }
  /** A failure at this party: what may cross. What may not follows as `detail`, because it takes longer to gather. */
  | { readonly type: 'failed'; readonly failure: Failure }
  | { readonly type: 'scopeFailed'; readonly scope: string; readonly failure: Failure }
  | { readonly type: 'scopeLeft'; readonly scope: string }
  | {
      readonly type: 'conclaveLeft';
      readonly conclave: string;
      /** By number. */
      readonly members: readonly number[];
      readonly fin: Fin;
    }
  /** For this party's own log: message, stack and causes of a failure told before. */
  | {
      readonly type: 'detail';
      readonly failure: Failure;
      readonly detail: string;
      readonly chain: readonly ErrorLink[];
    }
  | { readonly type: 'diverged'; readonly peer: string; readonly branch: string; readonly position: number }
  /** The program of a peer says that its supervisor is gone. */
  | { readonly type: 'orphaned'; readonly peer: string }
  /** Nothing has come from a peer's program for `dataLinkMs`, again every second. */
  | { readonly type: 'silent'; readonly peer: string }
  | { readonly type: 'refused'; readonly peer: string; readonly code: FailureCode; readonly message: string }
  | { readonly type: 'news'; readonly news: readonly StepNews[] }
  /** A sandboxed program needs a connection to the address of a peer. The supervisor takes it from the federation, not from here. */
  | { readonly type: 'dial'; readonly id: number; readonly peer: string }
  /** Code in the sandbox has tried something that is refused there. */
  | { readonly type: 'tried'; readonly what: Tried }
  | { readonly type: 'pong' }
  /** Everything that is waited for at this moment; told while there is something, and once more when there is nothing. */
  | { readonly type: 'waiting'; readonly waits: readonly ProgramWait[] }
  | { readonly type: 'finished'; readonly fin: Fin; readonly result: unknown }
  /** The last message before the process exits by itself. */
  | { readonly type: 'closed'; readonly reclaimed: Readonly<Record<string, number>> };

/** What happened to steps, in order; gathered and sent once a turn of the event loop. */
export type StepNews =
  | { readonly news: 'issued'; readonly entry: TrailEntry }
  | { readonly news: 'started'; readonly stepId: string }
  | {
      readonly news: 'finished';
      readonly stepId: string;
      readonly outcome: StepOutcome;
      readonly durationMs: number;
    }
  | { readonly news: 'progress'; readonly stepId: string; readonly done: number; readonly total: number }
  | LedgerNews
  | { readonly news: 'secured'; readonly cost: SecureCost };

/** This party's step waits for something from a peer. */
export interface ProgramWait {
  readonly peer: string;
  readonly stepId: string;
  readonly sinceMs: number;
}
