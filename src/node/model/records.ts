/** What a node's store holds, beside proposals. Times are milliseconds since 1970, and order nothing. */
import type { Grant } from './dataset.ts';
import { type Decision, type Proposal, runIdOf, type Withdrawal } from './proposal.ts';

/** The ways in which a proposal stands. */
export const PROPOSAL_STATES = [
  'proposed',
  'approved',
  'refused',
  'expired',
  'withdrawn',
  'finished',
] as const;
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
export type RunState = (typeof RUN_STATES)[number];

export interface RunRow {
  readonly runId: string;
  readonly proposal: string;
  readonly title: string;
  /** Both count from 1. */
  readonly occurrence: number;
  readonly attempt: number;
  readonly state: RunState;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Of the verdict, if it failed. */
  readonly code: string | null;
  readonly origin: string | null;
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
  readonly runId: string;
  readonly dataset: string;
  readonly partner: string;
  readonly step: string;
  readonly kind: string;
  readonly type: string;
  readonly shape: readonly number[] | null;
  readonly at: number;
}

/** The same of all runs, added up. It stays when runs are purged. */
export interface LearntSummary extends Omit<LearntRow, 'at' | 'runId'> {
  /** How often, over all runs. */
  readonly times: number;
  readonly runs: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** The run that told it last. */
  readonly lastRun: string;
}

export const ROLES = ['viewer', 'proposer', 'approver', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface TokenRow {
  readonly id: string;
  /** Of a person or a program. */
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
}

/** A line of the audit log. Each has the digest of the one before. */
export interface AuditEntry {
  /** From 1. */
  readonly seq: number;
  readonly at: number;
  /** `person:ann`, `partner:bob`, `rule:nightly`, `node`. */
  readonly by: string;
  /** `proposal.approved`, `grant.added`, ... */
  readonly what: string;
  /** Id of the proposal, run, dataset, ... */
  readonly about: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly before: string;
  readonly digest: string;
}

/** Where the audit log ends. Kept elsewhere, it shows later that nothing before it was changed or cut off. */
export interface AuditHead {
  /** 0: no entry yet. */
  readonly seq: number;
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
