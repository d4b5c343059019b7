/**
 * Reports as they are read back: from a file that somebody sent, so nothing about it is taken for granted. The types
 * stand in report.ts as interfaces, since types made of these schemas would lose the words on their fields, which the
 * reference shows. Both are held together: a field without a schema does not compile, and neither does a value that a
 * schema does not take.
 */
import { z } from 'zod';
import { parseJson } from '../base/bounded-json.ts';
import type { DecodeBound } from '../base/decode-bound.ts';
import { BLAMES, type FailureCode, isFailureCode } from '../base/failure-codes.ts';
import { expectation } from '../base/schema-words.ts';
import type { Contribution, ScopeView, Vote } from '../coordination/board.ts';
import { type Failure, STEP_KINDS } from '../coordination/failure.ts';
import type { ErrorLink } from '../coordination/public-details.ts';
import {
  type Assumption,
  type BusyProgram,
  type Disclosure,
  type FailureReport,
  type OperationCost,
  type PlainStep,
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
import type { Standstill } from './standstill.ts';
import { PEER_STATES } from './words.ts';

/** Every field of `T`, each with a schema that gives what the field may have: a field without one does not compile. */
type Shape<T> = { readonly [K in keyof T]-?: z.ZodType<T[K]> };

/** What later versions add is let through, and left out; what this version knows has to be as it knows it. */
export const fields =
  <T>() =>
  <S extends Shape<T>>(shape: S): z.ZodObject<S> =>
    z.object(shape);

/**
 * Read up to the first mistake: a report of nothing but mistakes would otherwise be told all of them, each an object.
 */
export const list = <S extends z.ZodType>(of: S) =>
  z.array(z.unknown()).transform((items, context): readonly z.output<S>[] => {
    const read: z.output<S>[] = [];
    for (const [index, item] of items.entries()) {
      const one = of.safeParse(item);
      if (!one.success) return mistake(context, index, one.error);
      read.push(one.data);
    }
    return read;
  });

export const record = <S extends z.ZodType>(of: S) =>
  z.record(z.string(), z.unknown()).transform((items, context): Readonly<Record<string, z.output<S>>> => {
    const read: [string, z.output<S>][] = [];
    for (const [key, item] of Object.entries(items)) {
      const one = of.safeParse(item);
      if (!one.success) return mistake(context, '(a key)', one.error);
      read.push([key, one.data]);
    }
    return Object.fromEntries(read);
  });

function mistake(context: z.RefinementCtx, place: string | number, { issues: [issue] }: z.ZodError): never {
  // As it was found: who reads it may have better words for it.
  if (issue !== undefined) {
    const found = { ...issue, path: [place, ...issue.path] };
    context.issues.push(found as (typeof context.issues)[number]);
  }
  return z.NEVER;
}

const text = z.string().max(10_000);
const name = z.string().min(1).max(200);
export const failureCode = z.custom<FailureCode>(isFailureCode, { error: 'expected a failure code' });
const ms = z.number().finite();
const kind = z.enum(STEP_KINDS);
const index = z.int().min(0);

const failureShape = {
  code: failureCode,
  origin: name,
  reporter: name,
  stepId: text.optional(),
  stepName: text.optional(),
  incident: text,
  message: text.optional(),
  facts: text.optional(),
  said: text.optional(),
  details: record(z.union([text, z.number(), z.boolean()])).optional(),
  chain: list(fields<ErrorLink>()({ name: text, message: text, code: text.exactOptional() })).optional(),
};
const failure = fields<Failure>()(failureShape);
/** Its texts are as long as their author likes. */
export const failureOfStranger = fields<Failure>()({
  ...failureShape,
  stepName: z.string().optional(),
  message: z.string().optional(),
  facts: z.string().optional(),
  chain: list(
    fields<ErrorLink>()({ name: z.string(), message: z.string(), code: z.string().exactOptional() }),
  ).optional(),
});

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

export const disclosedShape = { stepId: text, name: text, kind, to: list(name), shape: list(ms).optional() };
export const disclosure = fields<Disclosure>()({
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

export const assumptionShape = { of: text, shape: list(ms), min: ms, max: ms } satisfies Shape<Assumption>;
export const plainStepShape = {
  operation: text,
  name: text,
  shape: list(ms),
  min: ms,
  max: ms,
  bound: z.object({ min: ms.exactOptional(), max: ms.exactOptional() }).exactOptional(),
  outside: z.boolean().exactOptional(),
  refused: text.exactOptional(),
  off: ms.exactOptional(),
} satisfies Shape<PlainStep>;

const secure = fields<SecureReport>()({
  device: text,
  exchanges: ms,
  rounds: ms,
  messages: ms,
  bytes: ms,
  operations: list(fields<OperationCost>()({ operation: text, count: ms, elements: ms, bytes: ms })),
  assumptions: list(fields<SecureReport['assumptions'][number]>()({ ...assumptionShape, count: ms })).default(
    [],
  ),
  assumptionsNotListed: ms.default(0),
  plaintext: list(
    fields<NonNullable<SecureReport['plaintext']>[number]>()({ ...plainStepShape, count: ms }),
  ).exactOptional(),
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
  code: failureCode.nullable(),
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
  standstills: list(fields<Standstill>()({ atMs: ms, forMs: ms })).exactOptional(),
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
  reclaimed: record(z.number()),
  leftovers: list(text),
  exitCode: z.int(),
});

/** Does not compile when the schema takes less than a report may have, a new word in one of its fields for example. */
export const everyReportIsRead: RunReport extends z.output<typeof reportSchema> ? true : false = true;

export type ReadReport =
  | { readonly kind: 'report'; readonly report: RunReport }
  | { readonly kind: 'other-version'; readonly version: unknown }
  | { readonly kind: 'no-report'; readonly why: string };

/** A report with every step and disclosure that it may list has some 30 MiB. */
export const REPORT_BYTES_MAX = 64 * 1024 * 1024;

/** Two bytes can be an empty list in a list. Values are counted before they are made. */
export const REPORT_BOUND: DecodeBound = {
  bytesMax: REPORT_BYTES_MAX,
  memory: { perByte: 256, once: 2048 * 1024 },
  steps: { perByte: 40, once: 50_000 },
};

/** Values in a report: four times as many as in one with the most steps and disclosures, 100,000 of each. */
const REPORT_VALUES_MAX = 8_000_000;

/** Total: any text. */
export function readReportText(text: string): ReadReport {
  try {
    return readReport(parseJson(text, REPORT_VALUES_MAX));
  } catch (error) {
    const why = error instanceof RangeError ? `it has ${error.message}` : 'it is not JSON, or not complete';
    return { kind: 'no-report', why };
  }
}

/**
 * Total: anything that was parsed from JSON. `why` names a place and what is expected there, never what stands there.
 */
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
