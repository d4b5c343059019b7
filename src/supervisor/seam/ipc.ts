/**
 * What a supervisor and its program process say to each other over the IPC channel of child_process, all of it plain
 * JSON. Both ends are this package in the same version: what the supervisor says is believed, what the program says is
 * checked.
 */
import type { Failure } from '../../coordination/failure.ts';
import type { Outcome } from '../../coordination/types.ts';
import type { Contract } from '../../observe/contract/contract.ts';
import type { ErrorDetail, FederationMember, RunName } from './options.ts';

export type ToProgram =
  /** The first, and the only one that comes by standard input. */
  | {
      readonly type: 'load';
      readonly party: string;
      readonly parties: readonly string[];
      readonly jobFile: string;
      readonly code?: readonly string[];
      readonly args: Readonly<Record<string, unknown>>;
      readonly settings: Readonly<Record<string, unknown>>;
      readonly errorDetail: ErrorDetail;
      readonly contract?: Contract;
      readonly minimumRows?: number;
      readonly psiProtocols?: readonly string[];
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
  /**
   * Comes behind a socket. That it could be sent says that the socket has been taken; to the program it says nothing.
   */
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

/** What a program says is what its schemas let through. */
export type { FromProgram, ProgramWait, StepNews } from './ipc-schema.ts';
