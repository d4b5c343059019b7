/**
 * What partners say to each other about a run that one of them would like: the proposal, each party's decision, and its
 * withdrawal. All three are documents that never change, signed by the key that the federation pins.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonical } from '../../base/canonical.ts';
import { publishedSchema } from '../../data/published-schema.ts';
import { PACKAGE_NAME, VERSION_CHARS_MAX } from '../../program/loading/packages.ts';
import { NODE_LIMITS } from './limits.ts';

const text = z.string().max(NODE_LIMITS.textCharsMax);
const party = z.string().min(1).max(63);
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hexadecimal');
const moment = z.int().min(0);

/** When an approved job is run again without asking again. */
export const schedule = z.strictObject({
  /** Five or six fields. */
  cron: z.string().min(1).max(120),
  /** Of the tz database. */
  timezone: z.string().max(64),
  /** No occurrence after it. */
  until: moment,
  /** No more occurrences than these. */
  occurrencesMax: z.int().min(1).max(NODE_LIMITS.occurrencesMax),
});
export type Schedule = Readonly<z.output<typeof schedule>>;

export const packageVersions = z
  .record(z.string().regex(PACKAGE_NAME), z.string().max(VERSION_CHARS_MAX))
  .refine((found) => Object.keys(found).length <= NODE_LIMITS.packagesMax, {
    error: `at most ${NODE_LIMITS.packagesMax} packages`,
  });

export const PROPOSAL_VERSION = 1;

/** Times are milliseconds since 1970. */
export const proposalDocument = z.strictObject({
  version: z.literal(PROPOSAL_VERSION),
  federation: z.string().min(1).max(200),
  proposer: party,
  /** Those of the run, in the order of the federation. */
  parties: z.array(party).min(1).max(64),
  title: text.min(1),
  /** What the run is for, which grants are asked for. */
  purpose: text.min(1),
  job: z.strictObject({
    /** The job file within the bundle. */
    file: z.string().min(1).max(500),
    /** As the parties of a run compare it. */
    hash: digest,
    /** Of the packed files. */
    bundle: digest,
    bundleBytes: z.int().min(1).max(NODE_LIMITS.bundleBytesMax),
    /** Packages that it imports, and their versions at the proposer; absent: none but Privity. */
    packages: packageVersions.optional(),
  }),
  /** Public arguments. */
  args: z.record(z.string(), z.unknown()),
  /** By party: which of its datasets is which private setting of the job. */
  datasets: z.record(party, z.record(z.string().min(1).max(200), z.string().min(1).max(200))),
  /** By party: settings of the job that are files which it writes there, and their names in the folder of results. */
  outputs: z.record(
    party,
    z.record(
      z.string().min(1).max(200),
      z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/, 'a plain file name'),
    ),
  ),
  /** By party and setting: what the proposer says of the columns of tables, for those who repeat its rehearsal. */
  schemas: z.record(party, z.record(z.string().min(1).max(200), publishedSchema)).optional(),
  /** What the run may disclose, as `readContract` takes it. */
  contract: z.unknown(),
  schedule: schedule.optional(),
  /** Attempts of one occurrence, where the verdict says that the whole run may be tried again. */
  attemptsMax: z.int().min(1).max(NODE_LIMITS.attemptsMax),
  createdAt: moment,
  /** Not decided by then: nothing comes of it. Approved by then: no attempt begins after it. */
  expiresAt: moment,
  /** Makes a second proposal of the same another one. */
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
});
export type ProposalDocument = Readonly<z.output<typeof proposalDocument>>;

export interface Proposal {
  /** {@link proposalId} of the document. */
  readonly id: string;
  readonly document: ProposalDocument;
  /** The proposer's, of {@link signedOf}. */
  readonly signature: string;
}

/** Begins the name of the message that brings a proposal; its id follows. */
export const PROPOSAL_MESSAGE = 'proposal-';

/** What a party can say to a proposal. */
export const ANSWERS = ['approved', 'refused'] as const;
/** What a party has said to a proposal. */
export type Answer = (typeof ANSWERS)[number];

export const decisionDocument = z.strictObject({
  proposal: z.string(),
  party,
  answer: z.enum(ANSWERS),
  /** A person or a rule, by the name that its node knows. */
  by: text,
  reason: text,
  at: moment,
});
export type DecisionDocument = Readonly<z.output<typeof decisionDocument>>;

export const withdrawalDocument = z.strictObject({
  proposal: z.string(),
  party,
  by: text,
  reason: text,
  at: moment,
});
export type WithdrawalDocument = Readonly<z.output<typeof withdrawalDocument>>;

export interface Signed<T> {
  readonly document: T;
  readonly signature: string;
}
export type Decision = Signed<DecisionDocument>;
export type Withdrawal = Signed<WithdrawalDocument>;

/** The name of a proposal: of what it says, so that two that differ never have one name. */
export function proposalId(document: ProposalDocument): string {
  return `p${sha256(signedOf('proposal', document)).slice(0, 31)}`;
}

/** What is signed: which kind of document it is, and its content in one form. */
export function signedOf(
  kind: 'proposal' | 'decision' | 'withdrawal' | 'evidence',
  document: unknown,
): string {
  return `privity ${kind} 1\n${canonical(document)}`;
}

const sha256 = (words: string): string => createHash('sha256').update(words).digest('hex');
