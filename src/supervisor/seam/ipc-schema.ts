/** What a program process says, read as from a stranger: code of a job can write to the channel, too. */
import { z } from 'zod';
import { parseJson } from '../../base/bounded-json.ts';
import type { DecodeBound } from '../../base/decode-bound.ts';
import { STEP_KINDS, type TrailEntry } from '../../coordination/failure.ts';
import type { ErrorLink } from '../../coordination/public-details.ts';
import type { LedgerNews } from '../../observe/ledger.ts';
import {
  type OperationCost,
  type SecureCost,
  STEP_OUTCOMES,
  WITHHELD_WORDS,
  type WithheldReason,
} from '../../observe/report.ts';
import {
  assumptionShape,
  disclosedShape,
  disclosure,
  failureCode,
  failureOfStranger,
  fields,
  list,
  plainStepShape,
  record,
} from '../../observe/report-schema.ts';
import { TRIED, type Tried } from '../sandbox/policy.ts';

/**
 * Bytes of one message. Far above the largest that Privity sends, which are results (RESULT_JSON_CHARS_MAX) and what a
 * long run on plaintext had.
 */
export const CHANNEL_LINE_BYTES_MAX = 64 * 1024 * 1024;
/**
 * Values in it: as objects they take some 50 bytes each for a moment. A result has at most half as many as characters.
 */
const CHANNEL_VALUES_MAX = 3_000_000;

const text = z.string();
const count = z.number().min(0);
const texts = list(text);
const fin = z.object({ steps: z.int().min(0), digest: text });
const keysOf = <K extends string>(of: Readonly<Record<K, unknown>>): readonly K[] => Object.keys(of) as K[];

const item = z.object({ name: text, digest: text, also: text });
const facts = z.object({
  files: list(item),
  args: list(item),
  node: text,
  duckdb: text,
  lockfile: text,
});
const chain = list(fields<ErrorLink>()({ name: text, message: text, code: text.exactOptional() }));
const trailEntry = z.object({
  branch: text,
  position: z.int().min(0),
  digest: text,
  stepId: text,
  kind: z.enum(STEP_KINDS),
  name: text,
  places: texts,
  parties: texts.optional(),
  tolerates: texts.optional(),
});
/** JSON has no number that is infinite or none. */
const seen = z.custom<number>((value) => value === null || typeof value === 'number');
const secureCost = fields<SecureCost>()({
  device: text,
  rounds: count,
  messages: count,
  bytes: count,
  operations: list(fields<OperationCost>()({ operation: text, count, elements: count, bytes: count })),
  assumptions: list(z.object(assumptionShape)),
  plaintext: list(
    z.object({ ...plainStepShape, min: seen, max: seen, off: seen.exactOptional() }),
  ).exactOptional(),
});
const reason = z.enum(keysOf(WITHHELD_WORDS) as readonly WithheldReason[]);

const NEWS = {
  issued: z.object({ news: z.literal('issued'), entry: trailEntry }),
  started: z.object({ news: z.literal('started'), stepId: text }),
  finished: z.object({
    news: z.literal('finished'),
    stepId: text,
    outcome: z.enum(STEP_OUTCOMES),
    durationMs: z.number(),
  }),
  progress: z.object({ news: z.literal('progress'), stepId: text, done: z.number(), total: z.number() }),
  declared: z.object({
    news: z.literal('declared'),
    declared: z.object({ ...disclosedShape, type: text.optional() }),
  }),
  disclosed: z.object({ news: z.literal('disclosed'), disclosure }),
  disclosedWhole: z.object({ news: z.literal('disclosedWhole'), stepId: text, bytes: count.exactOptional() }),
  withheld: z.object({ news: z.literal('withheld'), stepId: text, to: texts, reason: reason.nullable() }),
  secured: z.object({ news: z.literal('secured'), cost: secureCost }),
} satisfies OfLedger & Readonly<Record<string, z.ZodType>>;

/** The ledger's news have a type of their own: one without a schema does not compile. */
type OfLedger = {
  readonly [K in LedgerNews['news']]: z.ZodType<Extract<LedgerNews, { readonly news: K }>>;
};
/** What happened to steps, in order; gathered and sent once a turn of the event loop. */
export type StepNews = z.output<(typeof NEWS)[keyof typeof NEWS]>;

const news = z.unknown().transform((value, context) => {
  const kind = (value as { readonly news?: unknown } | null)?.news;
  const schema =
    typeof kind === 'string' && Object.hasOwn(NEWS, kind) ? NEWS[kind as StepNews['news']] : undefined;
  const read = schema?.safeParse(value);
  if (read?.success) return read.data;
  context.addIssue({ code: 'custom', message: 'no news' });
  return z.NEVER;
});

const programWait = z.object({ peer: text, stepId: text, sinceMs: z.number() });
/** This party's step waits for something from a peer. */
export type ProgramWait = Readonly<z.output<typeof programWait>>;

const MESSAGES = {
  loaded: z.object({
    type: z.literal('loaded'),
    jobHash: text,
    argsDigest: text,
    /** What the two digests are made of, and under what the program runs. */
    facts,
    /** The job's own deadline for each task. */
    stepDeadlineMs: z.number().positive().optional(),
  }),
  /** A failure at this party: what may cross. What may not follows as `detail`, because it takes longer to gather. */
  failed: z.object({ type: z.literal('failed'), failure: failureOfStranger }),
  scopeFailed: z.object({ type: z.literal('scopeFailed'), scope: text, failure: failureOfStranger }),
  scopeLeft: z.object({ type: z.literal('scopeLeft'), scope: text }),
  conclaveLeft: z.object({
    type: z.literal('conclaveLeft'),
    conclave: text,
    /** By number. */
    members: list(z.int().min(0)),
    fin,
  }),
  /** For this party's own log: message, stack and causes of a failure told before. */
  detail: z.object({ type: z.literal('detail'), failure: failureOfStranger, detail: text, chain }),
  diverged: z.object({ type: z.literal('diverged'), peer: text, branch: text, position: z.int().min(0) }),
  /** The program of a peer says that its supervisor is gone. */
  orphaned: z.object({ type: z.literal('orphaned'), peer: text }),
  /** Nothing has come from a peer's program for `dataLinkMs`, again every second. */
  silent: z.object({ type: z.literal('silent'), peer: text }),
  refused: z.object({ type: z.literal('refused'), peer: text, code: failureCode, message: text }),
  news: z.object({ type: z.literal('news'), news: list(news) }),
  /**
   * A sandboxed program needs a connection to the address of a peer. The supervisor takes it from the federation, not
   * from here.
   */
  dial: z.object({ type: z.literal('dial'), id: z.int(), peer: text }),
  /** Code in the sandbox has tried something that is refused there. */
  tried: z.object({ type: z.literal('tried'), what: z.enum(keysOf(TRIED) as readonly Tried[]) }),
  pong: z.object({ type: z.literal('pong') }),
  /**
   * Everything that is waited for at this moment; told while there is something, and once more when there is nothing.
   */
  waiting: z.object({ type: z.literal('waiting'), waits: list(programWait) }),
  finished: z.object({ type: z.literal('finished'), fin, result: z.unknown() }),
  /** The last message before the process exits by itself. */
  closed: z.object({ type: z.literal('closed'), reclaimed: record(count) }),
};

export type FromProgram = z.output<(typeof MESSAGES)[keyof typeof MESSAGES]>;

/** A line may be all mistakes: the first is told. */
export const PROGRAM_MESSAGE_BOUND: DecodeBound = {
  bytesMax: CHANNEL_LINE_BYTES_MAX,
  memory: { perByte: 256, once: 2048 * 1024 },
  steps: { perByte: 40, once: 50_000 },
};

/** undefined: it is none. */
export function readFromProgram(message: object): FromProgram | undefined {
  const { type } = message as { readonly type?: unknown };
  if (typeof type !== 'string' || !Object.hasOwn(MESSAGES, type)) return undefined;
  const read = MESSAGES[type as FromProgram['type']].safeParse(message);
  return read.success ? read.data : undefined;
}

/** A line of the channel; undefined: no object in JSON. */
export function parseLine(line: string): object | undefined {
  try {
    const value = parseJson(line, CHANNEL_VALUES_MAX);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether all parties that a message names are of the run: numbers are made of the names, and a stranger has none. */
export function namesOnly(parties: readonly string[], message: FromProgram): boolean {
  const known = (name: string): boolean => parties.includes(name);
  switch (message.type) {
    case 'failed':
    case 'scopeFailed':
    case 'detail':
      return known(message.failure.origin) && known(message.failure.reporter);
    case 'diverged':
    case 'orphaned':
    case 'silent':
    case 'refused':
      return known(message.peer);
    case 'conclaveLeft':
      return message.members.every((index) => index < parties.length);
    case 'waiting':
      return message.waits.every(({ peer }) => known(peer));
    case 'news':
      return message.news.every((item) => item.news !== 'issued' || namesKnown(item.entry, known));
    default:
      return true;
  }
}

function namesKnown(entry: TrailEntry, known: (name: string) => boolean): boolean {
  return [entry.places, entry.parties ?? [], entry.tolerates ?? []].every((names) => names.every(known));
}
