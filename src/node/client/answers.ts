/** What a node answers, as programs see it. The schemas of `api/words.ts` say the same; `answering` compares them. */
import type { PublishedSchema } from '../../data/published-schema.ts';
import type { Answer } from '../model/proposal.ts';
import type {
  AuditEntry,
  AuditHead,
  LearntRow,
  LearntSummary,
  ProposalState,
  Role,
  RunRow,
  TokenRow,
} from '../model/records.ts';
import type { ProposalView } from './proposal-answers.ts';

/** One page of a list, the newest first. */
export interface Page<Row> {
  /** As many as were asked for, or fewer. */
  readonly rows: readonly Row[];
  /** `before` of the next page; null: there are no more. */
  readonly next: number | null;
}

/** All of a list. */
export interface Rows<Row> {
  /** All of them. */
  readonly rows: readonly Row[];
}

/** It is done. */
export interface Done {
  /** Nothing else is ever said. */
  readonly done: true;
}

/** How a node is. Times are milliseconds since 1970. */
export interface NodeStatus {
  /** The party whose node it is. */
  readonly party: string;
  /** The name of the federation. */
  readonly federation: string;
  /** The version of Privity. */
  readonly privity: string;
  /** When it was started. */
  readonly since: number;
  /** Where its store is. */
  readonly store: string;
  /** `required`, `preferred` or `off`. */
  readonly sandbox: string;
  /** The process at the port for partners; null: it is being started. */
  readonly gate: {
    readonly pid: number;
    readonly host: string;
    readonly port: number;
    readonly connections: number;
  } | null;
  /** Runs at once; others wait. */
  readonly runsAtOnceMax: number;
  /** Ids of proposals of which a run goes on. */
  readonly running: readonly string[];
  /** Ids of proposals whose next run waits for a place. */
  readonly queue: readonly string[];
  /** Proposals that wait for this party's decision. */
  readonly waitingForDecision: number;
}

/** Another party of the federation. */
export interface PartnerView {
  /** The party. */
  readonly name: string;
  /** HOST:PORT. */
  readonly address: string;
  /** Of the key that the federation pins. */
  readonly fingerprint: string;
  /** Of the link to it. */
  readonly state: 'connecting' | 'up' | 'down' | 'refused';
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  /** Why the link is not up. */
  readonly why: string | null;
  /** Its version of Privity. */
  readonly privity: string | null;
  /** Of the link, as measured last. */
  readonly roundTripMs: number | null;
  /** From here to the partner. */
  readonly bytesPerSecond: number | null;
  /** When the speed was measured, in milliseconds since 1970. */
  readonly measuredAt: number | null;
  /** Messages that wait for it. */
  readonly waiting: number;
  /** What it has published for this party. */
  readonly datasets: readonly {
    readonly name: string;
    readonly description: string;
    readonly schema: PublishedSchema;
  }[];
}

/** A table of this party under a name. */
export interface DatasetView {
  /** Its name. */
  readonly name: string;
  /** Where it is; credentials stand in it as references only. */
  readonly source: unknown;
  /** What is published of it. */
  readonly schema: PublishedSchema;
  /** Who answers for it. */
  readonly owner: string;
  /** For people. */
  readonly description: string;
  /** In milliseconds since 1970. */
  readonly createdAt: number;
}

/** What a partner is let ask. */
export interface GrantOptions {
  /** Its name. */
  readonly dataset: string;
  /** Who is let ask. */
  readonly partner: string;
  /** For what: a proposal names the same purpose. */
  readonly purpose: string;
  /** Absent: all that are published. */
  readonly columns?: readonly string[] | undefined;
  /** SQL condition on rows; absent: all rows. */
  readonly rows?: string | undefined;
  /** A table, or an intersection with it, of fewer rows ends the run at this party. */
  readonly minimumRows: number;
  /** Runs; absent: any number. */
  readonly usesMax?: number | undefined;
  /** A table of which fewer rows have changed since the partner last used it is refused. 0: not looked at. */
  readonly changedRowsMin: number;
  /** Refusals that depended on values; each tells a bit. */
  readonly refusalsMax: number;
  /** In milliseconds since 1970. */
  readonly until: number;
}

/** What a partner may ask of a dataset, and how often it has. Times are milliseconds since 1970. */
export interface GrantView extends GrantOptions {
  /** `g` and 12 hexadecimal digits. */
  readonly id: string;
  /** When it was given. */
  readonly createdAt: number;
  /** By whom. */
  readonly createdBy: string;
  /** Null: it stands, unless it is over. */
  readonly revokedAt: number | null;
  /** Runs that have used it. */
  readonly uses: number;
  /** Refusals that depended on values so far. */
  readonly refusals: number;
}

/** A grant with the runs that have used it. */
export interface UsedGrantView extends GrantView {
  /** `at` is in milliseconds since 1970. */
  readonly runs: readonly { readonly runId: string; readonly at: number }[];
}

/** A run, and why it did not begin. */
export interface RunDetail extends RunRow {
  /** Of a run that did not begin, and has no log to read it in. */
  readonly why: string | null;
}

/** An approved proposal that runs again and again. */
export interface ScheduleView {
  /** Its id. */
  readonly proposal: string;
  /** For people. */
  readonly title: string;
  /** How it stands. */
  readonly state: ProposalState;
  /** Five or six fields. */
  readonly cron: string;
  /** Of the tz database. */
  readonly timezone: string;
  /** In milliseconds since 1970. */
  readonly until: number;
  /** Which one comes next; counts from 1. */
  readonly occurrence: number;
  /** No more than these. */
  readonly occurrencesMax: number;
  /** In milliseconds since 1970; null: none is left. */
  readonly dueAt: number | null;
}

/** What a portion of a purge has removed. */
export interface PurgeView {
  /** Ids of runs. */
  readonly runs: readonly string[];
  /** How many packed jobs. */
  readonly jobs: number;
  /** There are more: ask again. */
  readonly more: boolean;
}

/** Whether the audit log is whole. */
export interface AuditVerdict {
  /** Every line follows the one before. */
  readonly isIntact: boolean;
  /** How many were looked at. */
  readonly lines: number;
  /** In words. */
  readonly says: string;
}

/** A token that was made. */
export interface MadeToken {
  /** What is known of it. */
  readonly token: TokenRow;
  /** The token itself; it is in this answer and nowhere else. */
  readonly text: string;
}

/** How a proposal, and its run, stand. */
export interface Followed {
  /** The proposal. */
  readonly proposal: ProposalView;
  /** The run that is followed; null: there is none yet, or none comes. */
  readonly run: RunRow | null;
  /** Nothing more comes: the run has ended, or there will be none. */
  readonly isOver: boolean;
}

/** How what was followed ended. */
export interface FollowedEnd extends Omit<Followed, 'isOver'> {
  /** What the job returned at this party; undefined if the run has not completed, or its job returns nothing. */
  readonly value: unknown;
}

export type * from './proposal-answers.ts';
export type {
  Answer,
  AuditEntry,
  AuditHead,
  LearntRow,
  LearntSummary,
  ProposalState,
  Role,
  RunRow,
  TokenRow,
};
