/** What a node's store holds, beside proposals. Times are milliseconds since 1970, and order nothing. */
import type { Grant } from './dataset.ts';
import type { Decision, Proposal, Withdrawal } from './proposal.ts';
import { runIdOf } from './run-id.ts';

/** The ways in which a proposal stands. */
export const PROPOSAL_STATES = [
  'proposed',
  'approved',
  'refused',
  'expired',
  'withdrawn',
  'finished',
] as const;
/** How a proposal stands. */
export type ProposalState = (typeof PROPOSAL_STATES)[number];
/** Those from which a proposal goes on. */
export const OPEN_STATES: readonly ProposalState[] = ['approved', 'proposed'];

/** A proposal in a list: without its document, which may be large. */
export interface ProposalRow {
  readonly id: string;
  readonly proposer: string;
  readonly title: string;
  readonly state: ProposalState;
  /** What the life of the proposal remembers beside its state. */
  readonly life: unknown;
  /** Digest of the packed files. */
  readonly bundle: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly receivedAt: number;
  /** When its state last changed. */
  readonly changedAt: number;
}

/** All that the store has of a proposal itself; decisions are beside it. */
export interface ProposalRecord extends ProposalRow {
  readonly proposal: Proposal;
}

/** What the parties have said to a proposal. */
export interface Answers {
  readonly decisions: readonly Decision[];
  readonly withdrawal: Withdrawal | null;
}

/** Another party that the node knows. */
export interface PartnerRow {
  readonly name: string;
  /** Of the key that the federation pins. */
  readonly fingerprint: string;
  /** HOST:PORT. */
  readonly address: string;
  readonly addedAt: number;
  /** When the node last heard of it. */
  readonly seenAt: number | null;
  /** State of the link, as it was last: version, round trip, certificate. */
  readonly link: unknown;
}

/** `waiting`: in the queue. `starting`: the process has been asked for. */
export const RUN_STATES = ['waiting', 'starting', 'running', 'completed', 'failed', 'cancelled'] as const;
/** How a run of a node stands. */
export type RunState = (typeof RUN_STATES)[number];

/** A run of a node. Times are milliseconds since 1970. */
export interface RunRow {
  /** The proposal, the occurrence, the attempt, with `-` between them: the same at every party. */
  readonly runId: string;
  /** Id of the proposal. */
  readonly proposal: string;
  /** Of the proposal. */
  readonly title: string;
  /** Counts from 1. */
  readonly occurrence: number;
  /** Counts from 1. */
  readonly attempt: number;
  /** How it stands. */
  readonly state: RunState;
  /** When it was approved or due. */
  readonly createdAt: number;
  /** Null: it has not begun. */
  readonly startedAt: number | null;
  /** Null: it has not ended. */
  readonly endedAt: number | null;
  /** Of the verdict, if it failed. */
  readonly code: string | null;
  /** The party where it failed. */
  readonly origin: string | null;
  /** Under which the log of that party has all details. */
  readonly incident: string | null;
  /** SHA-256 of the report in the folder of the run. */
  readonly reportDigest: string | null;
}

/** When an approved proposal with a schedule runs next. */
export interface ScheduleRow {
  readonly proposal: string;
  /** Counts from 1: the occurrence that is due at `nextAt`. */
  readonly nextOccurrence: number;
  /** Null: none is left. */
  readonly nextAt: number | null;
}

/** A run that has used a grant, or was refused for what the values were. Neither is ever forgotten. */
export interface UseRow {
  readonly grant: Grant['id'];
  readonly runId: string;
  readonly dataset: string;
  readonly partner: string;
  readonly at: number;
  /** What the table was like, in the words of its source: the next use is compared with it. */
  readonly table: unknown;
}

/** An attempt of which nothing is known yet; both numbers count from 1. */
export function newRun(
  proposal: string,
  title: string,
  { occurrence, attempt }: Pick<RunRow, 'occurrence' | 'attempt'>,
  createdAt: number,
): RunRow {
  return {
    runId: runIdOf(proposal, occurrence, attempt),
    ...{ proposal, title, occurrence, attempt, createdAt },
    state: 'waiting',
    startedAt: null,
    endedAt: null,
    code: null,
    origin: null,
    incident: null,
    reportDigest: null,
  };
}

/** What a partner has learnt from a dataset in a run: a line of the ledger. */
export interface LearntRow {
  /** In which run. */
  readonly runId: string;
  /** From which dataset. */
  readonly dataset: string;
  /** Who. */
  readonly partner: string;
  /** The name of the step. */
  readonly step: string;
  /** What kind of step it is. */
  readonly kind: string;
  /** What kind of value. */
  readonly type: string;
  /** Its dimensions, where it has them. */
  readonly shape: readonly number[] | null;
  /** In milliseconds since 1970. */
  readonly at: number;
}

/** The same of all runs, added up. It stays when runs are purged. */
export interface LearntSummary extends Omit<LearntRow, 'at' | 'runId'> {
  /** How often, over all runs. */
  readonly times: number;
  /** In how many runs. */
  readonly runs: number;
  /** In milliseconds since 1970. */
  readonly firstAt: number;
  /** In milliseconds since 1970. */
  readonly lastAt: number;
  /** The run that told it last. */
  readonly lastRun: string;
}

/** What tokens are for; docs/node.md has what each may do. */
export const ROLES = ['viewer', 'proposer', 'approver', 'admin'] as const;
/** What a token is for. */
export type Role = (typeof ROLES)[number];

/** What is known of a token. Times are milliseconds since 1970. */
export interface TokenRow {
  /** By which it is revoked. */
  readonly id: string;
  /** Of a person or a program. */
  readonly name: string;
  /** What it may do. */
  readonly role: Role;
  /** When it was made. */
  readonly createdAt: number;
  /** When it ends. */
  readonly expiresAt: number;
  /** Null: it is not. */
  readonly revokedAt: number | null;
}

/** A line of the audit log. Each has the digest of the one before. */
export interface AuditEntry {
  /** From 1. */
  readonly seq: number;
  /** In milliseconds since 1970. */
  readonly at: number;
  /** `person:ann`, `partner:bob`, `rule:nightly`, `node`. */
  readonly by: string;
  /** `proposal.approved`, `grant.added`, ... */
  readonly what: string;
  /** Id of the proposal, run, dataset, ... */
  readonly about: string;
  /** More of it. */
  readonly detail: Readonly<Record<string, unknown>>;
  /** Digest of the line before. */
  readonly before: string;
  /** Digest of this line, and with it of all before. */
  readonly digest: string;
}

/** Where the audit log ends. Kept elsewhere, it shows later that nothing before it was changed or cut off. */
export interface AuditHead {
  /** 0: no entry yet. */
  readonly seq: number;
  /** Of the last line. */
  readonly digest: string;
}

/** A message to a partner that has not yet been acknowledged. */
export interface OutboxRow {
  readonly seq: number;
  readonly partner: string;
  readonly messageId: string;
  readonly body: string;
  readonly createdAt: number;
}
