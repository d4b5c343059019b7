/** What a node's store holds, beside proposals. */

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

/** A message to a partner that has not yet been acknowledged. */
export interface OutboxRow {
  readonly seq: number;
  readonly partner: string;
  readonly messageId: string;
  readonly body: string;
  readonly createdAt: number;
}
