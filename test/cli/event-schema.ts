/** The events of docs/events.md as a schema: strict, so that a field nobody documented is found. */
import { z } from 'zod';
import { BLAMES, type FailureCode, failureCodes } from '../../src/base/failure-codes.ts';
import { STEP_KINDS } from '../../src/coordination/failure.ts';
import { LOG_LEVELS, PROCESS_ROLES, type RunEvent } from '../../src/observe/events.ts';
import { RUN_OUTCOMES, STEP_OUTCOMES, WAIT_KINDS } from '../../src/observe/report.ts';
import { PEER_STATES } from '../../src/observe/words.ts';

const base = { time: z.iso.datetime(), runId: z.string().min(1), party: z.string().min(1) };
const role = z.enum(PROCESS_ROLES);
const kind = z.enum(STEP_KINDS);
const code = z.enum(Object.keys(failureCodes) as [FailureCode, ...FailureCode[]]);
const blame = z.enum(BLAMES);
const step = { stepId: z.string(), name: z.string(), kind };
const text = z.string();
const textOrNull = z.string().nullable();

const busy = { stepId: textOrNull, stepName: textOrNull, sinceMs: z.number() };

const event = <N extends string, F extends z.ZodRawShape>(name: N, fields: F) =>
  z.strictObject({ event: z.literal(name), ...base, ...fields });

export const eventSchemas = [
  event('run.started', { job: text, parties: z.array(text).readonly(), ownRunId: text }),
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
    state: z.enum(PEER_STATES),
    reason: text.exactOptional(),
  }),
  event('step.started', step),
  event('step.progress', { stepId: text, done: z.number(), total: z.number() }),
  event('step.finished', {
    ...step,
    outcome: z.enum(STEP_OUTCOMES),
    durationMs: z.number().nonnegative(),
  }),
  event('waiting', {
    peer: text,
    what: z.enum(WAIT_KINDS),
    ...busy,
    busy: z.strictObject(busy).optional(),
  }),
  event('busy', { peer: text, ...busy }),
  event('standstill', { forMs: z.number() }),
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
    seenHere: text.exactOptional(),
    turnedAway: text.exactOptional(),
  }),
  event('verdict', {
    outcome: z.enum(RUN_OUTCOMES),
    code: code.nullable(),
    origin: textOrNull,
    stepId: textOrNull,
    stepName: textOrNull,
    digest: text,
    absent: z.array(text).readonly().exactOptional(),
    unconfirmed: z.literal(true).exactOptional(),
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
  event('log', { level: z.enum(LOG_LEVELS), message: text }),
] as const;

export const eventSchema = z.discriminatedUnion('event', eventSchemas);

type Described = z.output<typeof eventSchema>;
/** Fails to compile when the schema and the type drift apart, in either direction. */
export const schemaCoversType: RunEvent extends Described ? true : false = true;
export const typeCoversSchema: Described extends RunEvent ? true : false = true;
