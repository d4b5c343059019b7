import type { ErrorDetail } from '../../coordination/public-details.ts';
import type { Contract } from '../../observe/contract/contract.ts';
import type { RunEvent } from '../../observe/events.ts';
import type { RunReport } from '../../observe/report.ts';
import type { RunPort } from '../../transport/index.ts';
import type { SandboxChoice } from '../sandbox/choose.ts';
import type { Bounds } from './bounds.ts';

/** Which run this is: by the name that people know it by, and by what no other run has (`runBinding`). */
export interface RunName {
  readonly runId: string;
  /** Hexadecimal. */
  readonly binding: string;
}

/** One party as the federation file lists it. */
export interface FederationMember {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** `sha256:` and the base64url SHA-256 of the certificate's SubjectPublicKeyInfo. */
  readonly fingerprint: string;
  /** Of keys that it had before: what it has signed with them still counts, and no connection is made with them. */
  readonly former?: readonly string[] | undefined;
}

export interface PartyOptions {
  readonly party: string;
  /** By name: who dials whom and who is which number follows from the order. */
  readonly federation: readonly FederationMember[];
  readonly federationName: string;
  readonly identity: { readonly certPem: string; readonly keyPem: string };
  /** Where this party listens; differs from its address in the federation behind a gateway. */
  readonly listen: { readonly host: string; readonly port: number };
  /**
   * Where connections of this run arrive, if somebody else owns the port at `listen` (`SharedPort`): the run is then
   * known to all by its `runId` beforehand. Default: a port of the run's own.
   */
  readonly port?: RunPort | undefined;
  /** The local socket that `port` listens at, where the stand-in can take it over. */
  readonly door?: string | undefined;
  /** Where the federation was read from, for messages to this party's operator. */
  readonly files?: { readonly federation: string } | undefined;
  readonly jobFile: string;
  /** Paths of all code that the job may load, without links. Default: whatever it imports. */
  readonly code?: readonly string[] | undefined;
  readonly runId?: string | undefined;
  /** What this party calls its run until the parties have agreed on an id (`ownRunId`); made here if absent. */
  readonly ownRunId?: string | undefined;
  /** Public arguments, the same at every party. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Private settings of this party. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly errorDetail: ErrorDetail;
  /** All that may be disclosed in this run, the same at every party. Default: whatever the job discloses. */
  readonly contract?: Contract | undefined;
  /** An intersection with fewer rows fails at this party. Default: 0. */
  readonly minimumRows?: number | undefined;
  /** Names of the protocols by which this party runs intersections. Default: all. */
  readonly psiProtocols?: readonly string[] | undefined;
  /** Secure devices compute on plaintext, which every member has: for trying a job with all data on one machine. */
  readonly plaintext?: boolean | undefined;
  readonly bounds: Partial<Bounds>;
  /** What the program process, and what it starts, may hold of the machine's memory. Default: memory-limit.ts. */
  readonly memoryMaxBytes?: number | undefined;
  /** Whether the program runs in a sandbox, and which was found. Default: in none. */
  readonly sandbox?: SandboxChoice | undefined;
  /** A folder that the job may write to, also in a sandbox. Default: none but its temporary one. */
  readonly resultsDir?: string | undefined;
  /** Directory for PARTY.json, if a report is wanted. */
  readonly reportDir?: string | undefined;
  readonly onEvent: (event: RunEvent) => void;
  /**
   * Aborting cancels the run for all parties, by {@link CANCEL_WORDS}; aborting `kill` skips the grace period.
   */
  readonly cancel?: AbortSignal | undefined;
  readonly kill?: AbortSignal | undefined;
  /** Called once, with whom to tell that the supervisor of a peer has ended, if somebody else knows it for certain. */
  readonly heedGone?: ((tell: (peer: string, words: string) => void) => void) | undefined;
}

/**
 * `runParty(options)` in index.ts runs one party to its end; it rejects only for errors before the run exists
 * (UsageError, port in use).
 */
export type RunParty = (options: PartyOptions) => Promise<RunReport>;

/** Why a run is cancelled, as all parties are told: by the reason with which `cancel` is aborted. */
export const CANCEL_WORDS = {
  operator: 'cancelled by the operator',
  'starter-gone': 'cancelled, because the process that started this party is gone',
} as const;

export type CancelReason = keyof typeof CANCEL_WORDS;

/** A signal of somebody else's has a reason of its own: an operator asked for it. */
export const cancelWords = (reason: unknown): string =>
  CANCEL_WORDS[reason === ('starter-gone' satisfies CancelReason) ? reason : 'operator'];

export type { ErrorDetail } from '../../coordination/public-details.ts';
export type { Bounds } from './bounds.ts';
