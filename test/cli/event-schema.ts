/** The events of docs/events.md as a schema: strict, so that a field nobody documented is found. */
import { z } from 'zod';
import { type FailureCode, failureCodes } from '../../src/base/failure-codes.ts';
import type { RunEvent } from '../../src/observe/events.ts';

const base = { time: z.iso.datetime(), runId: z.string(), party: z.string().min(1) };
const role = z.enum(['supervisor', 'program']);
const kind = z.enum([
  'task',
  'transfer',
  'reveal',
  'psi',
  'parallel',
  'attempt',
  'conclave',
  'share',
  'secure',
  'exchange',
]);
const code = z.enum(Object.keys(failureCodes) as [FailureCode, ...FailureCode[]]);
const blame = z.enum(['user', 'data', 'peer', 'environment', 'bug']);
const step = { stepId: z.string(), name: z.string(), kind };
const text = z.string();
const textOrNull = z.string().nullable();

const event = <N extends string, F extends z.ZodRawShape>(name: N, fields: F) =>
  z.strictObject({ event: z.literal(name), ...base, ...fields });

export const eventSchemas = [
  event('run.started', { job: text, parties: z.array(text).readonly() }),
  event('process.started', { role, pid: z.int().positive() }),
  event('process.exited', {
    role,
    pid: z.int().positive(),
    code: z.int().nullable(),
    signal: textOrNull,
    endedByPrivity: text.exactOptional(),
  }),
  event('peer.state', {
    peer: text,
    state: z.enum(['joining', 'up', 'suspect', 'lost']),
    reason: text.exactOptional(),
  }),
  event('step.started', step),
  event('step.progress', { stepId: text, done: z.number(), total: z.number() }),
  event('step.finished', {
    ...step,
    outcome: z.enum(['completed', 'failed', 'aborted']),
    durationMs: z.number().nonnegative(),
  }),
  event('waiting', {
    peer: text,
    what: z.enum(['join', 'start', 'value', 'end']),
    stepId: textOrNull,
    stepName: textOrNull,
    sinceMs: z.number(),
  }),
  event('failure', {
    code,
    origin: text,
    stepId: textOrNull,
    stepName: textOrNull,
    incident: text,
    blame,
    retryable: z.boolean(),
    reporter: text,
    message: text.exactOptional(),
    details: z.record(text, z.union([text, z.number(), z.boolean()])).exactOptional(),
    chain: z
      .array(z.strictObject({ name: text, message: z.string(), code: z.string().exactOptional() }))
      .readonly()
      .exactOptional(),
    stack: text.exactOptional(),
  }),
  event('verdict', {
    outcome: z.enum(['completed', 'failed']),
    code: code.nullable(),
    origin: textOrNull,
    stepId: textOrNull,
    stepName: textOrNull,
    digest: text,
    absent: z.array(text).readonly().exactOptional(),
    incident: textOrNull,
    blame: blame.nullable(),
    retryable: z.boolean(),
    attached: z
      .array(z.strictObject({ code, origin: text, stepId: textOrNull, stepName: textOrNull, incident: text }))
      .readonly(),
    message: text.exactOptional(),
  }),
  event('party.absent', { peer: text, code, incident: text }),
  event('reclaimed', { items: z.record(z.string(), z.number()), leftovers: z.array(text).readonly() }),
  event('result', { value: z.unknown() }),
  event('report', { path: text }),
  event('log', { level: z.enum(['info', 'warn', 'error']), message: text }),
] as const;

export const eventSchema = z.discriminatedUnion('event', eventSchemas);

type Described = z.output<typeof eventSchema>;
/** Fails to compile when the schema and the type drift apart, in either direction. */
export const schemaCoversType: RunEvent extends Described ? true : false = true;
export const typeCoversSchema: Described extends RunEvent ? true : false = true;
