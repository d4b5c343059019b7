/** What a node answers about proposals and rules, as programs see it. `answers.ts` has the rest. */
import type { PublishedSchema } from '../../data/published-schema.ts';
import type { Answer } from '../model/proposal.ts';
import type { LearntSummary, ProposalState } from '../model/records.ts';

/** What a person decides about proposals to come. A condition that is absent is not looked at. */
export interface RuleOptions {
  /** What it says to proposals that fit. */
  readonly answer: Answer;
  /** Who proposes; absent: any other party. */
  readonly partner?: string | undefined;
  /** Of the proposal. */
  readonly purpose?: string | undefined;
  /** Of this party. A rule that approves: nothing but these; one that refuses: any of these. */
  readonly datasets?: readonly string[] | undefined;
  /** SHA-256 of the packed files of the job. */
  readonly files?: string | undefined;
  /** SHA-256 of the contract. */
  readonly contract?: string | undefined;
  /** A proposal that a person has approved: the same files, arguments, datasets and contract again. */
  readonly like?: string | undefined;
  /** A proposal that a person has approved: the same datasets here, and nothing disclosed beyond its contract. */
  readonly within?: string | undefined;
  /** Runs of one proposal, attempts counted. A rule that approves: no more; one that refuses: more than these. */
  readonly runsMax?: number | undefined;
  /** Proposals that it may decide. */
  readonly timesMax?: number | undefined;
  /** In milliseconds since 1970. */
  readonly until: number;
  /** Told with each decision. Default: nothing. */
  readonly reason?: string | undefined;
}

/** A rule of this party. Times are milliseconds since 1970. */
export interface RuleView extends RuleOptions {
  /** `r` and 12 hexadecimal digits. */
  readonly id: string;
  /** Told with each decision. */
  readonly reason: string;
  /** When it was made. */
  readonly createdAt: number;
  /** By whom. */
  readonly createdBy: string;
  /** Null: it stands, unless it is over. */
  readonly removedAt: number | null;
  /** Proposals that it has decided. */
  readonly uses: number;
  /** In words. */
  readonly says: string;
}

/** What a run is expected to cost; docs/contracts.md has the model. */
export interface PriceView {
  /** Whose links and limit these are. */
  readonly party: string;
  /** Of each table whose rows nobody tells. */
  readonly rows: number;
  /** Whether owners tell them. */
  readonly rowsFrom: 'published' | 'partly' | 'assumed';
  /** One for each partner; `ms` is what the network takes, null: the link is not measured. */
  readonly links: readonly {
    readonly partner: string;
    readonly rounds: number;
    readonly bytes: number;
    readonly roundTripMs: number | null;
    readonly bytesPerSecond: number | null;
    readonly ms: number | null;
  }[];
  /** At least, by party. */
  readonly memory: readonly { readonly party: string; readonly bytesMin: number }[];
  /** What a program may hold at this party. */
  readonly memoryMaxBytes: number;
}

/** A grant that would cover a proposal. */
export interface CoverView {
  /** Of the job. */
  readonly setting: string;
  /** Its name. */
  readonly dataset: string;
  /** Its id. */
  readonly grant: string;
  /** For what it is. */
  readonly purpose: string;
  /** That are granted. */
  readonly columns: readonly string[];
  /** Published, and not granted: a job that asks for one of them fails. */
  readonly keptBack: readonly string[];
  /** SQL condition; null: all rows. */
  readonly rows: string | null;
  /** Fewer are refused. */
  readonly minimumRows: number;
  /** Null: any number. */
  readonly runsLeft: number | null;
  /** Refusals that depend on values. */
  readonly refusalsLeft: number;
  /** In milliseconds since 1970. */
  readonly until: number;
}

/** A file of a proposed job. */
export interface JobFileView {
  /** Below the folder of the job, with `/`. */
  readonly path: string;
  /** Its size. */
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
  /** What is in it, if that was asked for. */
  readonly base64?: string | undefined;
}

/** The files of a proposed job. */
export interface JobFiles {
  /** The job file. */
  readonly file: string;
  /** What parties of a run compare. */
  readonly hash: string;
  /** All of them. */
  readonly files: readonly JobFileView[];
}

/** A proposal in a list. Times are milliseconds since 1970. */
export interface ProposalSummary {
  /** `p` and 31 hexadecimal digits. */
  readonly id: string;
  /** For people. */
  readonly title: string;
  /** The party that has made it. */
  readonly proposer: string;
  /** How it stands. */
  readonly state: ProposalState;
  /** When it was made. */
  readonly createdAt: number;
  /** Until when it may be decided, and its runs may begin. */
  readonly expiresAt: number;
  /** When its state last changed. */
  readonly changedAt: number;
}

/** When an approved job runs again without asking again. */
export interface RunSchedule {
  /** Five or six fields. */
  readonly cron: string;
  /** Of the tz database, such as `Europe/Berlin`. */
  readonly timezone: string;
  /** No occurrence after it, in milliseconds since 1970. */
  readonly until: number;
  /** No more occurrences than these. */
  readonly occurrencesMax: number;
}

/** What was proposed: a document that never changes, signed by the proposer's key. */
export interface ProposedDocument {
  /** Of the form of the document. */
  readonly version: 1;
  /** The name of the federation. */
  readonly federation: string;
  /** The party that has made it. */
  readonly proposer: string;
  /** Those of the run, in the order of the federation. */
  readonly parties: readonly string[];
  /** For people. */
  readonly title: string;
  /** What the run is for; grants are for a purpose. */
  readonly purpose: string;
  /** The job file, and SHA-256 of what parties of a run compare and of the packed files. */
  readonly job: {
    readonly file: string;
    readonly hash: string;
    readonly bundle: string;
    readonly bundleBytes: number;
    readonly packages?: Readonly<Record<string, string>> | undefined;
  };
  /** Public arguments. */
  readonly args: Readonly<Record<string, unknown>>;
  /** By party: which of its datasets is which private setting of the job. */
  readonly datasets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By party: settings that are files which the job writes there, and their names in the folder of results. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** All that the run may disclose, as a contract file has it. */
  readonly contract: unknown;
  /** Columns of the tables, by party and setting, for those who repeat the rehearsal. */
  readonly schemas?: Readonly<Record<string, Readonly<Record<string, PublishedSchema>>>> | undefined;
  /** Absent: one run. */
  readonly schedule?: RunSchedule | undefined;
  /** Attempts of one occurrence. */
  readonly attemptsMax: number;
  /** In milliseconds since 1970. */
  readonly createdAt: number;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
  /** Makes a second proposal of the same another one. */
  readonly nonce: string;
}

/** What one party has said to a proposal. */
export interface DecisionView {
  /** Which party. */
  readonly party: string;
  /** Yes or no. */
  readonly answer: Answer;
  /** The person or rule, by the name that its node knows. */
  readonly by: string;
  /** As it was given. */
  readonly reason: string;
  /** In milliseconds since 1970. */
  readonly at: number;
}

/** A proposal, as its node shows it to the people of its party. */
export interface ProposalView extends ProposalSummary {
  /** What was proposed. */
  readonly document: ProposedDocument;
  /** This party, for which all of this is said. */
  readonly reader: string;
  /** The contract in sentences, for this party. */
  readonly sentences: readonly string[];
  /** What a run is expected to cost. */
  readonly price: PriceView;
  /** Of the parties that have decided. */
  readonly decisions: readonly DecisionView[];
  /** The rule that has decided here; null: none has. */
  readonly ruledBy: RuleView | null;
  /** Rules of this party that approve for this proposer, and why they do not approve this: while nobody has decided. */
  readonly rules: readonly { readonly id: string; readonly why: string }[];
  /** By whom, why and when; null: it is not withdrawn. */
  readonly withdrawal: { readonly by: string; readonly reason: string; readonly at: number } | null;
  /** That the job imports: their versions at the proposer, if it says, and here, if it may be imported. */
  readonly packages: readonly {
    readonly name: string;
    readonly proposed: string | null;
    readonly here: string | null;
  }[];
  /** The last rehearsal at this node: `same`, `more`, `less`, `unknown`, `failed`, `stopped`; null: there was none. */
  readonly rehearsed: { readonly outcome: string; readonly by: string; readonly at: number } | null;
  /** What keeps this party from approving. */
  readonly problems: readonly string[];
  /** What each other party of it has learnt before of this party's datasets that are asked for. */
  readonly learnt: readonly LearntSummary[];
  /** Grants that would cover it, by the setting of the job; empty for a proposal of this party. */
  readonly grants: readonly CoverView[];
  /** What keeps nobody from approving, and should be read before. */
  readonly warnings: readonly string[];
  /** Partners whose nodes will not take this proposal of this party: nothing comes of it. */
  readonly notTaken: readonly {
    readonly party: string;
    readonly code: string;
    readonly message: string;
    readonly at: number;
  }[];
  /** Whether code of the job can go around the contract here, in words; null: it runs in a sandbox. */
  readonly withoutSandbox: string | null;
  /** The next run; null: none comes. `dueAt` is in milliseconds since 1970. */
  readonly next: {
    readonly occurrence: number;
    readonly attempt: number;
    readonly dueAt: number;
    readonly isRunning: boolean;
    readonly way: string;
  } | null;
}

/** How a rehearsal is made; what is absent is as the node knows it, and as the proposer has done. */
export interface RehearsalOptions {
  /** Columns of tables, by party and setting, in place of what the node knows. */
  readonly schemas?: Readonly<Record<string, Readonly<Record<string, PublishedSchema>>>> | undefined;
  /** Rows of the made-up tables, one run of each. */
  readonly rows?: readonly number[] | undefined;
  /** Runs of each size, on other rows. */
  readonly seeds?: number | undefined;
}

/** What a rehearsal of a proposed job has shown. Code of the job could forge it: what binds is the contract. */
export interface RehearsedView {
  /** Whether it discloses what its contract says, more, or less; `unknown`: no run came to its end. */
  readonly outcome: 'same' | 'more' | 'less' | 'unknown';
  /** What the contract does not allow, in sentences. */
  readonly more: readonly string[];
  /** What it allows, and the rehearsal has not shown. */
  readonly less: readonly string[];
  /** What the rehearsal says of itself. */
  readonly warnings: readonly string[];
  /** What its code has tried, and its sandbox has refused. */
  readonly tried: readonly string[];
  /** Of the made-up tables. */
  readonly rows: readonly number[];
  /** How often the job ran. */
  readonly runs: number;
  /** How many of these runs came to their end. */
  readonly completed: number;
  /** In milliseconds. */
  readonly tookMs: number;
}
