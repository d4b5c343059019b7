/** Reports as they are read back: from a file that somebody sent, so nothing about it is taken for granted. */
import { z } from 'zod';
import { type FailureCode, isFailureCode } from '../base/failure-codes.ts';
import { REPORT_VERSION, type RunReport } from './report.ts';

const text = z.string().max(10_000);
const name = z.string().min(1).max(200);
const code = z.custom<FailureCode>(isFailureCode, { error: 'expected a failure code' });
const ms = z.number().finite();
const kind = z.enum(['task', 'transfer', 'reveal', 'psi', 'parallel', 'attempt']);

const failure = z.looseObject({
  code,
  origin: name,
  reporter: name,
  stepId: text.optional(),
  stepName: text.optional(),
  incident: text,
  message: text.optional(),
  facts: text.optional(),
  details: z.record(name, z.union([text, z.number(), z.boolean()])).optional(),
  chain: z.array(z.looseObject({ name: text, message: text, code: text.optional() })).optional(),
});

const wait = z.looseObject({
  peer: name,
  what: z.enum(['join', 'start', 'value', 'end']),
  stepId: text.nullable(),
  stepName: text.nullable(),
  sinceMs: ms,
});

const timelineEntry = z.discriminatedUnion('what', [
  z.looseObject({
    what: z.enum(['ready', 'started', 'through', 'verdict', 'cancelled', 'reclaimed']),
    atMs: ms,
  }),
  z.looseObject({
    what: z.literal('peer'),
    atMs: ms,
    peer: name,
    state: z.enum(['joining', 'up', 'suspect', 'lost']),
    reason: text,
  }),
  z.looseObject({ what: z.literal('failure'), atMs: ms, incident: text }),
  z.looseObject({
    what: z.literal('exited'),
    atMs: ms,
    code: z.int().nullable(),
    signal: text.nullable(),
    endedByPrivity: text.optional(),
  }),
  z.looseObject({ what: z.literal('killed'), atMs: ms }),
]);

/** What is added in later versions is let through; what this version knows has to be as it knows it. */
const reportSchema = z.looseObject({
  reportVersion: z.literal(REPORT_VERSION),
  runId: text,
  party: name,
  parties: z.array(name).min(1).max(1_000),
  job: z.looseObject({ file: text, hash: text.nullable() }),
  privityVersion: text,
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  outcome: z.enum(['completed', 'failed']),
  verdict: z.looseObject({
    digest: text,
    failure: failure.nullable(),
    attached: z.array(failure),
    contributions: z.array(
      z.looseObject({
        party: name,
        ready: z.boolean(),
        nonce: text,
        failure: failure.nullable(),
        signature: text,
      }),
    ),
  }),
  code: code.nullable(),
  failures: z.array(
    failure.extend({ blame: text, retryable: z.boolean(), atMs: ms, time: z.iso.datetime() }),
  ),
  waits: z.array(wait),
  longestWaits: z.array(wait),
  timeline: z.array(timelineEntry),
  steps: z.array(
    z.looseObject({
      stepId: text,
      name: text,
      kind,
      places: z.array(name),
      outcome: z.enum(['completed', 'failed', 'aborted', 'elsewhere']),
      startedMs: ms.nullable(),
      durationMs: ms.nullable(),
    }),
  ),
  disclosures: z.array(
    z.looseObject({ stepId: text, name: text, kind, to: z.array(name), type: text, bytes: ms }),
  ),
  disclosuresNotListed: ms,
  reclaimed: z.record(z.string(), z.number()),
  leftovers: z.array(text),
  exitCode: z.int(),
});

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
    return {
      kind: 'no-report',
      why: `${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'wrong'}`,
    };
  }
  return { kind: 'report', report: parsed.data as unknown as RunReport };
}
