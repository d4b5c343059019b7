/**
 * The tables of a node, one schema for both databases. Columns are called as in `src/node/model/`, so that a row is
 * the record; what is `Json` is canonical JSON as text, the same bytes in both. What has an order has a `seq` that only
 * grows: no order depends on a clock.
 */
import type { GeneratedAlways } from 'kysely';
import type { Answer } from '../model/proposal.ts';
import type { ProposalState, Role, RunRow, RunState } from '../model/records.ts';

/** JSON as text. */
type Json = string;
/** Given by the database, growing. */
type Seq = GeneratedAlways<number>;

export interface Schema {
  /** Version of the schema, whose store it is, head of the audit log. */
  meta: { key: string; value: string };
  partners: {
    name: string;
    fingerprint: string;
    address: string;
    addedAt: number;
    seenAt: number | null;
    link: Json;
  };
  datasets: {
    name: string;
    source: Json;
    schema: Json;
    owner: string;
    description: string;
    createdAt: number;
  };
  /** A dataset that is removed leaves its grants, since uses hang on them. */
  grants: {
    id: string;
    seq: Seq;
    dataset: string;
    partner: string;
    purpose: string;
    columns: Json | null;
    rows: string | null;
    minimumRows: number;
    usesMax: number | null;
    changedRowsMin: number;
    refusalsMax: number;
    until: number;
    createdAt: number;
    createdBy: string;
    revokedAt: number | null;
  };
  /** Memory: not purged. */
  uses: { seq: Seq; grant: string; runId: string; dataset: string; partner: string; at: number; table: Json };
  /** Memory: not purged. */
  refusals: {
    seq: Seq;
    grant: string;
    runId: string;
    step: string;
    dataset: string;
    partner: string;
    at: number;
  };
  /** A rule that is removed stays, since decisions name it. */
  rules: {
    seq: Seq;
    id: string;
    words: Json;
    until: number;
    createdAt: number;
    createdBy: string;
    removedAt: number | null;
  };
  /** Which rule has decided a proposal. Memory: not purged. */
  rulings: { seq: Seq; rule: string; proposal: string; at: number };
  proposals: {
    seq: Seq;
    id: string;
    proposer: string;
    title: string;
    state: ProposalState;
    life: Json;
    document: Json;
    signature: string;
    bundle: string;
    createdAt: number;
    expiresAt: number;
    receivedAt: number;
    changedAt: number;
  };
  decisions: {
    seq: Seq;
    proposal: string;
    party: string;
    answer: Answer;
    document: Json;
    signature: string;
  };
  withdrawals: { proposal: string; document: Json; signature: string };
  runs: { -readonly [Column in keyof RunRow]: RunRow[Column] } & { seq: Seq; state: RunState };
  schedules: { proposal: string; nextOccurrence: number; nextAt: number | null };
  /** The lines of one run; purged with it. */
  learntLines: {
    seq: Seq;
    runId: string;
    dataset: string;
    partner: string;
    step: string;
    kind: string;
    type: string;
    shape: Json;
    at: number;
  };
  /** Memory, added up: not purged. */
  learnt: {
    dataset: string;
    partner: string;
    step: string;
    kind: string;
    type: string;
    shape: Json;
    times: number;
    runs: number;
    firstAt: number;
    lastAt: number;
    lastRun: string;
  };
  outbox: { seq: Seq; partner: string; messageId: string; body: string; createdAt: number };
  inbox: { seq: Seq; partner: string; messageId: string; at: number };
  audit: {
    seq: number;
    at: number;
    by: string;
    what: string;
    about: string;
    detail: Json;
    before: string;
    digest: string;
  };
  tokens: {
    seq: Seq;
    id: string;
    name: string;
    role: Role;
    hash: string;
    createdAt: number;
    expiresAt: number;
    revokedAt: number | null;
  };
}
