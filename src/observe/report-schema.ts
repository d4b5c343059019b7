/** Reports as they are read back: from a file that somebody sent, so nothing about it is taken for granted. */
import { z } from 'zod';
import { BLAMES, type FailureCode, isFailureCode } from '../base/failure-codes.ts';
import { expectation } from '../base/schema-words.ts';
import type { Contribution, ScopeView, Vote } from '../coordination/board.ts';
import { type Failure, STEP_KINDS } from '../coordination/failure.ts';
import type { ErrorLink } from '../coordination/public-details.ts';
import { PEER_STATES } from './events.ts';
import {
  type BusyProgram,
  type Disclosure,
  type FailureReport,
  type OperationCost,
  REPORT_VERSION,
  RUN_OUTCOMES,
  type RunReport,
  type SealedContribution,
  type SecureReport,
  STEP_OUTCOMES,
  type StepReport,
  TIMELINE_MARKS,
  type TimelineEntry,
  WAIT_KINDS,
  type Wait,
  WITHHELD_WORDS,
  type Withheld,
  type WithheldReason,
} from './report.ts';

/** Every field of `T`, each with a schema that gives what the field may have: a field without one does not compile. */
type Shape<T> = { readonly [K in keyof T]-?: z.ZodType<T[K]> };

/** What later versions add is let through, and left out; what this version knows has to be as it knows it. */
const fields =
  <T>() =>
  <S extends Shape<T>>(shape: S): z.ZodObject<S> =>
    z.object(shape);
const list = <S extends z.ZodType>(of: S) => z.array(of).readonly();

const text = z.string().max(10_000);
const name = z.string().min(1).max(200);
const code = z.custom<FailureCode>(isFailureCode, { error: 'expected a failure code' });
const ms = z.number().finite();
const kind = z.enum(STEP_KINDS);
const index = z.int().min(0);

const failureShape = {
  code,
  origin: name,
  reporter: name,
  stepId: text.optional(),
  stepName: text.optional(),
  incident: text,
  message: text.optional(),
  facts: text.optional(),
  said: text.optional(),
  details: z
    .record(name, z.union([text, z.number(), z.boolean()]))
    .readonly()
    .optional(),
  chain: list(fields<ErrorLink>()({ name: text, message: text, code: text.exactOptional() })).optional(),
};
const failure = fields<Failure>()(failureShape);

const vote = fields<Vote>()({ failure: failure.nullable(), early: z.boolean().optional() });
const scopeView = fields<ScopeView>()({
  scope: text,
  members: list(index),
  inside: z.boolean(),
  over: z.boolean(),
  votes: list(vote.nullable()),
});
const contributionShape = {
  ready: z.boolean(),
  nonce: text,
  failure: failure.nullable(),
  signature: text,
  epoch: index.optional(),
  leaving: z.boolean().optional(),
  scopes: list(scopeView).nullable().optional(),
} satisfies Shape<Contribution>;

const busyShape = { stepId: text.nullable(), stepName: text.nullable(), sinceMs: ms };

const wait = fields<Wait>()({
  peer: name,
  what: z.enum(WAIT_KINDS),
  stepId: text.nullable(),
  stepName: text.nullable(),
  sinceMs: ms,
  busy: z.object(busyShape).optional(),
});

type Entry<W> = Extract<TimelineEntry, { readonly what: W }>;

const timelineEntry = z.discriminatedUnion('what', [
  fields<Entry<(typeof TIMELINE_MARKS)[number]>>()({ what: z.enum(TIMELINE_MARKS), atMs: ms }),
  fields<Entry<'peer'>>()({
    what: z.literal('peer'),
    atMs: ms,
    peer: name,
    state: z.enum(PEER_STATES),
    reason: text,
  }),
  fields<Entry<'failure'>>()({ what: z.literal('failure'), atMs: ms, incident: text }),
  fields<Entry<'exited'>>()({
    what: z.literal('exited'),
    atMs: ms,
    code: z.int().nullable(),
    signal: text.nullable(),
    endedByPrivity: text.exactOptional(),
  }),
  fields<Entry<'killed'>>()({ what: z.literal('killed'), atMs: ms }),
]);

const disclosedShape = { stepId: text, name: text, kind, to: list(name), shape: list(ms).optional() };
const disclosure = fields<Disclosure>()({
  ...disclosedShape,
  type: text,
  bytes: ms,
  partial: z.literal(true).optional(),
});
const withheld = fields<Withheld>()({
  ...disclosedShape,
  type: text.optional(),
  reason: z.enum(Object.keys(WITHHELD_WORDS) as readonly WithheldReason[]),
});

const secure = fields<SecureReport>()({
  device: text,
  exchanges: ms,
  rounds: ms,
  messages: ms,
  bytes: ms,
  operations: list(fields<OperationCost>()({ operation: text, count: ms, elements: ms, bytes: ms })),
});

/** Fields that later versions have added have a default here, so that reports of before are read. */
const reportSchema = fields<RunReport>()({
  reportVersion: z.literal(REPORT_VERSION),
  runId: text,
  ownRunId: text.exactOptional(),
  versions: list(
    z.object({ party: name, privity: text, protocol: text, node: text, duckdb: text, lockfile: text }),
  ).exactOptional(),
  party: name,
  parties: list(name).refine((all) => all.length >= 1 && all.length <= 1_000, '1 to 1,000 parties'),
  job: z.object({ file: text, hash: text.nullable() }),
  privityVersion: text,
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  outcome: z.enum(RUN_OUTCOMES),
  verdict: fields<RunReport['verdict']>()({
    digest: text,
    failure: failure.nullable(),
    attached: list(failure),
    contributions: list(fields<SealedContribution>()({ party: name, ...contributionShape })),
  }),
  code: code.nullable(),
  absent: list(failure).default([]),
  unconfirmed: z.literal(true).exactOptional(),
  failures: list(
    fields<FailureReport>()({
      ...failureShape,
      blame: z.enum(BLAMES),
      retryable: z.boolean(),
      atMs: ms,
      time: z.iso.datetime(),
    }),
  ),
  waits: list(wait),
  longestWaits: list(wait),
  longestBusy: list(fields<BusyProgram>()({ peer: name, ...busyShape })).optional(),
  timeline: list(timelineEntry),
  steps: list(
    fields<StepReport>()({
      stepId: text,
      name: text,
      kind,
      places: list(name),
      outcome: z.enum([...STEP_OUTCOMES, 'elsewhere']),
      startedMs: ms.nullable(),
      durationMs: ms.nullable(),
    }),
  ),
  disclosures: list(disclosure),
  withheld: list(withheld).default([]),
  disclosuresNotListed: ms,
  secure: list(secure).exactOptional(),
  reclaimed: z.record(z.string(), z.number()),
  leftovers: list(text),
  exitCode: z.int(),
});

/** Does not compile when the schema takes less than a report may have, a new word in one of its fields for example. */
export const everyReportIsRead: RunReport extends z.output<typeof reportSchema> ? true : false = true;

export type ReadReport =
  | { readonly kind: 'report'; readonly report: RunReport }
  | { readonly kind: 'other-version'; readonly version: unknown }
  | { readonly kind: 'no-report'; readonly why: string };

/** Total: anything that was parsed from JSON. `why` names a place and what is expected there, never what stands there. */
export function readReport(value: unknown): ReadReport {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { kind: 'no-report', why: 'it is not a JSON object' };
  const { reportVersion, party, verdict } = value as Record<string, unknown>;
  const resembles = typeof party === 'string' && typeof verdict === 'object';
  if (resembles && reportVersion !== REPORT_VERSION) return { kind: 'other-version', version: reportVersion };
  const parsed = reportSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const expected = issue && expectation(issue);
    const why = expected === undefined ? (issue?.message ?? 'wrong') : `expected ${expected}`;
    return { kind: 'no-report', why: `${issue?.path.join('.') || 'the whole'}: ${why}` };
  }
  return { kind: 'report', report: parsed.data };
}
