/** What the API answers with, in schemas: its OpenAPI page is made of them. Times are milliseconds since 1970. */
import { z } from 'zod';
import { publishedSchema } from '../../data/published-schema.ts';
import { REHEARSED_ROWS_MAX } from '../../simulation/rehearse/rehearse.ts';
import { REHEARSAL_OUTCOMES } from '../core/rehearsals.ts';
import { grantWords } from '../model/dataset.ts';
import { NODE_LIMITS } from '../model/limits.ts';
import { ANSWERS, packageVersions, proposalDocument, schedule } from '../model/proposal.ts';
import { PROPOSAL_STATES, ROLES, RUN_STATES } from '../model/records.ts';
import { ruleWords } from '../model/rule.ts';

const moment = z.int();
const text = z.string().max(NODE_LIMITS.textCharsMax);

/** Rows of one page, unless asked for others. */
export const PAGE_ROWS = 50;
export const page = z.strictObject({
  /** `next` of the page before. */
  before: z.coerce.number().int().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(PAGE_ROWS),
});

const pageOf = <T extends z.ZodType>(row: T) => z.object({ rows: z.array(row), next: z.int().nullable() });

export const done = z.object({ done: z.literal(true) });

export const partnerView = z.object({
  name: z.string(),
  address: z.string(),
  fingerprint: z.string(),
  state: z.enum(['connecting', 'up', 'down', 'refused']),
  since: moment,
  why: z.string().nullable(),
  privity: z.string().nullable(),
  /** Of the link, as it was measured last. */
  roundTripMs: z.number().nullable(),
  /** From here to the partner. */
  bytesPerSecond: z.number().nullable(),
  /** When the speed was measured. */
  measuredAt: moment.nullable(),
  /** Messages that wait for it. */
  waiting: z.int(),
  /** What it has published for this party. */
  datasets: z.array(z.object({ name: z.string(), description: z.string(), schema: publishedSchema })),
});

export const statusView = z.object({
  party: z.string(),
  federation: z.string(),
  privity: z.string(),
  since: moment,
  store: z.string(),
  sandbox: z.string(),
  gate: z.object({ pid: z.int(), host: z.string(), port: z.int(), connections: z.int() }).nullable(),
  runsAtOnceMax: z.int(),
  running: z.array(z.string()),
  /** Proposals whose next run waits for a place. */
  queue: z.array(z.string()),
  waitingForDecision: z.int(),
});

export const datasetBody = z.strictObject({
  name: z.string(),
  source: z.unknown(),
  owner: text.default(''),
  description: text.default(''),
  /** Columns whose ranges, or whose few values, are published; whether the number of rows is. */
  publish: z.unknown().optional(),
});
export const datasetView = z.object({
  name: z.string(),
  /** Credentials stand in it as references only. */
  source: z.unknown(),
  schema: publishedSchema,
  owner: z.string(),
  description: z.string(),
  createdAt: moment,
});

export const grantView = grantWords.extend({
  id: z.string(),
  createdAt: moment,
  createdBy: z.string(),
  revokedAt: moment.nullable(),
  uses: z.int(),
  refusals: z.int(),
});

export const usedGrantView = grantView.extend({ runs: z.array(z.object({ runId: z.string(), at: moment })) });

export const ruleBody = ruleWords;
export const ruleView = ruleWords.extend({
  id: z.string(),
  createdAt: moment,
  createdBy: z.string(),
  removedAt: moment.nullable(),
  uses: z.int(),
  /** In words. */
  says: z.string(),
});

/** By party and setting. */
const schemas = z.record(z.string(), z.record(z.string(), publishedSchema));

export const proposeBody = z.strictObject({
  title: text.min(1),
  purpose: text.min(1),
  parties: z.array(z.string()).min(1),
  job: z.strictObject({ file: z.string().min(1), hash: z.string(), packages: packageVersions.optional() }),
  /** The packed files. */
  bundle: z.base64(),
  args: z.record(z.string(), z.unknown()).default({}),
  datasets: z.record(z.string(), z.record(z.string(), z.string())).default({}),
  outputs: z.record(z.string(), z.record(z.string(), z.string())).default({}),
  schemas: schemas.optional(),
  contract: z.unknown(),
  schedule: schedule.optional(),
  attemptsMax: z.int().min(1).max(NODE_LIMITS.attemptsMax).default(1),
  /** How long it may wait and run. */
  validMs: z.int().min(1).max(NODE_LIMITS.validityMaxMs),
});

export const proposalRow = z.object({
  id: z.string(),
  title: z.string(),
  proposer: z.string(),
  state: z.enum(PROPOSAL_STATES),
  createdAt: moment,
  expiresAt: moment,
  changedAt: moment,
});
export const proposalPage = pageOf(proposalRow);

export const learntView = z.object({
  dataset: z.string(),
  partner: z.string(),
  step: z.string(),
  kind: z.string(),
  type: z.string(),
  shape: z.array(z.number()).nullable(),
  times: z.int(),
  runs: z.int(),
  firstAt: moment,
  lastAt: moment,
  lastRun: z.string(),
});

/** What a run is expected to cost; docs/contracts.md has the model. */
export const priceView = z.object({
  /** Whose links and limit these are. */
  party: z.string(),
  /** Of each table whose rows nobody tells. */
  rows: z.number(),
  rowsFrom: z.enum(['published', 'partly', 'assumed']),
  links: z.array(
    z.object({
      partner: z.string(),
      rounds: z.number(),
      bytes: z.number(),
      roundTripMs: z.number().nullable(),
      bytesPerSecond: z.number().nullable(),
      /** Null: the link is not measured. */
      ms: z.number().nullable(),
    }),
  ),
  /** At least. */
  memory: z.array(z.object({ party: z.string(), bytesMin: z.number() })),
  /** What a program may hold at this party. */
  memoryMaxBytes: z.number(),
});

const coverView = z.object({
  setting: z.string(),
  dataset: z.string(),
  grant: z.string(),
  purpose: z.string(),
  columns: z.array(z.string()),
  /** Published, and not granted: a job that asks for one of them fails. */
  keptBack: z.array(z.string()),
  rows: z.string().nullable(),
  minimumRows: z.int(),
  /** Null: any number. */
  runsLeft: z.int().nullable(),
  refusalsLeft: z.int(),
  until: moment,
});

export const proposalView = proposalRow.extend({
  document: proposalDocument,
  /** This party, for which all of this is said. */
  reader: z.string(),
  /** The contract in sentences, for this party. */
  sentences: z.array(z.string()),
  price: priceView,
  decisions: z.array(
    z.object({ party: z.string(), answer: z.enum(ANSWERS), by: z.string(), reason: z.string(), at: moment }),
  ),
  /** The rule that has decided here; null: none has. */
  ruledBy: ruleView.nullable(),
  /** Rules of this party that approve for this proposer, and why they do not approve this: while nobody has decided. */
  rules: z.array(z.object({ id: z.string(), why: z.string() })),
  withdrawal: z.object({ by: z.string(), reason: z.string(), at: moment }).nullable(),
  /** That the job imports: their versions at the proposer, if it says, and here, if it may be imported. */
  packages: z.array(
    z.object({ name: z.string(), proposed: z.string().nullable(), here: z.string().nullable() }),
  ),
  /** The last rehearsal at this node: `same`, `more`, `less`, `unknown`, `failed`, `stopped`. */
  rehearsed: z.object({ outcome: z.string(), by: z.string(), at: moment }).nullable(),
  /** What keeps this party from approving. */
  problems: z.array(z.string()),
  /** What each other party of it has learnt before of this party's datasets that are asked for. */
  learnt: z.array(learntView),
  /** Grants that would cover it, by the setting of the job; empty for a proposal of this party. */
  grants: z.array(coverView),
  /** What keeps nobody from approving, and should be read before. */
  warnings: z.array(z.string()),
  /** Partners whose nodes will not take this proposal of this party: nothing comes of it. */
  notTaken: z.array(z.object({ party: z.string(), code: z.string(), message: z.string(), at: moment })),
  /** Whether code of the job can go around the contract here, in words; null: it runs in a sandbox. */
  withoutSandbox: z.string().nullable(),
  next: z
    .object({ occurrence: z.int(), attempt: z.int(), dueAt: moment, isRunning: z.boolean(), way: z.string() })
    .nullable(),
});

/** Of a proposed job. */
export const jobFileView = z.object({
  /** Below the folder of the job, with `/`. */
  path: z.string(),
  bytes: z.int(),
  sha256: z.string(),
  /** If it was asked for. */
  base64: z.string().optional(),
});

export const jobFiles = z.object({ file: z.string(), hash: z.string(), files: z.array(jobFileView) });
export const checkedProposal = z.object({ warnings: z.array(z.string()) });

/** All of it optional: what the node knows, and what the proposer has taken. */
export const rehearseBody = z.strictObject({
  schemas: schemas.optional(),
  rows: z.array(z.int().min(1).max(REHEARSED_ROWS_MAX)).min(1).max(10).optional(),
  seeds: z.int().min(1).max(20).optional(),
});
export const rehearsedView = z.object({
  outcome: z.enum(REHEARSAL_OUTCOMES),
  more: z.array(z.string()),
  less: z.array(z.string()),
  warnings: z.array(z.string()),
  tried: z.array(z.string()),
  rows: z.array(z.int()),
  runs: z.int(),
  completed: z.int(),
  tookMs: z.number(),
});

export const reasonBody = z.strictObject({ reason: text.default('') });

export const runView = z.object({
  runId: z.string(),
  proposal: z.string(),
  title: z.string(),
  occurrence: z.int(),
  attempt: z.int(),
  state: z.enum(RUN_STATES),
  createdAt: moment,
  startedAt: moment.nullable(),
  endedAt: moment.nullable(),
  code: z.string().nullable(),
  origin: z.string().nullable(),
  incident: z.string().nullable(),
  reportDigest: z.string().nullable(),
});
export const runPage = pageOf(runView);
/** `why`: of a run that did not begin, and has no log to read it in. */
export const runDetail = runView.extend({ why: z.string().nullable() });

/** One of both: which runs of the history go. */
export const purgeBody = z
  .strictObject({ endedBefore: moment.optional(), keep: z.int().min(0).optional() })
  .refine(({ endedBefore, keep }) => (endedBefore === undefined) !== (keep === undefined), {
    error: 'give one of endedBefore and keep',
  });
export const purgeView = z.object({ runs: z.array(z.string()), jobs: z.int(), more: z.boolean() });

export const scheduleView = z.object({
  proposal: z.string(),
  title: z.string(),
  state: z.enum(PROPOSAL_STATES),
  cron: z.string(),
  timezone: z.string(),
  until: moment,
  occurrence: z.int(),
  occurrencesMax: z.int(),
  dueAt: moment.nullable(),
});

export const auditView = z.object({
  seq: z.int(),
  at: moment,
  by: z.string(),
  what: z.string(),
  about: z.string(),
  detail: z.record(z.string(), z.unknown()),
  before: z.string(),
  digest: z.string(),
});

export const tokenView = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  createdAt: moment,
  expiresAt: moment,
  revokedAt: moment.nullable(),
});
export const tokenBody = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9._-]{0,62}$/, 'small letters, digits, dots, - and _'),
  role: z.enum(ROLES),
  validMs: z.int().min(1),
});
