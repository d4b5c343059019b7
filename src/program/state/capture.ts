/**
 * From anything thrown to what peers may know and what only the origin's own log keeps. Total: thrown strings, proxies,
 * getters that throw and cyclic causes all give a record, of bounded size, and running them cannot make it fail.
 *
 * What crosses is decided here, at the origin, and nowhere else.
 */
import { types } from 'node:util';
import { PrivityError } from '../../base/errors.ts';
import { type FailureCode, isFailureCode } from '../../base/failure-codes.ts';
import type { Random } from '../../contracts/random.ts';
import type { Failure } from '../../coordination/failure.ts';
import {
  CHAIN_LINKS_MAX,
  CHAIN_MESSAGE_CHARS_MAX,
  CHAIN_WORD_CHARS_MAX,
  DETAIL_CHARS_MAX,
  detailsProblem,
  type ErrorDetail,
  type ErrorLink,
  type PublicDetails,
  sortedDetails,
} from '../../coordination/public-details.ts';
import { PartyAbsentError, RunAbortedError, ScopeFailedError } from '../model/abort.ts';
import { DeniedError } from '../model/denied.ts';
import { PublicError } from '../model/public-error.ts';

export interface CaptureContext {
  readonly party: string;
  readonly stepId?: string | undefined;
  readonly stepName?: string | undefined;
  readonly errorDetail: ErrorDetail;
  readonly random: Random;
  /** Whether the author's words may cross, where a contract lists those that may. Default: they may. */
  readonly lets?: (text: string, details: PublicDetails | undefined) => boolean;
}

/** One error of a cause chain as the origin's log keeps it. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: string | undefined;
}

export interface CapturedFailure {
  /** What peers are told. */
  readonly failure: Failure;
  /**
   * For this party's own log, under `failure.incident`. Never sent. Made when first read: a stack is costly to make,
   * and the others need not wait for it.
   */
  readonly detail: ErrorRecord & { readonly causes: readonly ErrorRecord[] };
}

/** What crosses of a PublicError, or under the policy 'message': a paragraph. */
export const PUBLIC_MESSAGE_CHARS_MAX = 500;
/** What crosses under the policy 'full': a message and a stack. */
export const FULL_MESSAGE_CHARS_MAX = 8_000;
/** What the origin's log keeps of one message. */
export const DETAIL_MESSAGE_CHARS_MAX = 4_000;
/** What the origin's log keeps of one stack: some hundred frames. */
export const DETAIL_STACK_CHARS_MAX = 16_000;
/** Causes that the origin's log keeps; longer chains are loops or generated. */
export const DETAIL_CAUSES_MAX = CHAIN_LINKS_MAX - 1;
const INCIDENT_BYTES = 16;

/** Turns anything thrown into a failure of this party and the details that stay here. */
export function capture(error: unknown, context: CaptureContext): CapturedFailure {
  let records: readonly ErrorRecord[] | undefined;
  const read = (): readonly ErrorRecord[] => {
    records ??= causeChain(error).map(recordOf);
    return records;
  };
  const said = { message: crossing(error, read, context.errorDetail), ...detailsIn(error) };
  const mayCross = said.message === undefined || (context.lets?.(said.message, said.details) ?? true);
  const message = mayCross ? said.message : undefined;
  const details = mayCross ? said.details : undefined;
  const loss = lossIn(error);
  const failure: Failure = {
    code: loss?.code ?? codeOf(error),
    origin: loss?.origin ?? context.party,
    reporter: context.party,
    ...(context.stepId === undefined ? {} : { stepId: context.stepId }),
    ...(context.stepName === undefined ? {} : { stepName: context.stepName }),
    incident: Buffer.from(context.random.bytes(INCIDENT_BYTES)).toString('hex'),
    ...(message === undefined ? {} : { message }),
    ...factsIn(error),
    ...(details === undefined ? {} : { details }),
    ...(context.errorDetail === 'full'
      ? { chain: read().map((one) => linkOf(one, CHAIN_MESSAGE_CHARS_MAX)) }
      : {}),
  };
  return {
    failure,
    get detail() {
      const [first = emptyRecord, ...causes] = read();
      const own = safe(() => (error instanceof PrivityError ? error.own : undefined), undefined);
      if (typeof own !== 'string') return { ...first, causes };
      const message = bounded(`${first.message} ${own}`, DETAIL_MESSAGE_CHARS_MAX);
      return { ...first, message, stack: first.stack.replace(first.message, () => message), causes };
    },
  };
}

/** The loss of a party that this error passes on: it happened there, not here. */
function lossIn(error: unknown): Failure | undefined {
  return safe(() => {
    if (error instanceof PartyAbsentError) return error.agreed;
    const failed = error instanceof ScopeFailedError ? error : undefined;
    return failed?.absent.includes(failed.agreed.origin) ? failed.agreed : undefined;
  }, undefined);
}

/** What the parties have agreed on in public words before. */
function factsIn(error: unknown): Pick<Failure, 'facts'> {
  const denied = safe(() => (error instanceof DeniedError ? error.facts : undefined), undefined);
  if (denied !== undefined) return { facts: denied };
  const facts = safe(
    () =>
      error instanceof ScopeFailedError || error instanceof PartyAbsentError ? error.agreed.facts : undefined,
    undefined,
  );
  return facts === undefined ? {} : { facts };
}

/** What the author of a PublicError has added; nothing if it has been tampered with since. */
function detailsIn(error: unknown): Pick<Failure, 'details'> {
  return safe(() => {
    const details: unknown = error instanceof PublicError ? error.details : undefined;
    if (details === undefined) return {};
    // A copy first: what is checked is what crosses.
    const copy = { ...(details as PublicDetails) };
    if (detailsProblem(copy) !== undefined) return {};
    const shown = Object.entries(copy).map(([name, value]) => [
      name,
      typeof value === 'string' ? bounded(value, DETAIL_CHARS_MAX) : value,
    ]);
    return { details: sortedDetails(Object.fromEntries(shown)) };
  }, {});
}

/** One error of the chain, with a message of at most so many characters. */
export function linkOf({ name, message, code }: ErrorRecord, messageCharsMax: number): ErrorLink {
  return { name, message: cut(message, messageCharsMax), ...(code === undefined ? {} : { code }) };
}

/**
 * Whether an error only says that the run was aborted: it is, or was caused by, a {@link RunAbortedError}, or it is the
 * AbortError with which platform functions answer an aborted signal. Such errors are not failures of their own.
 */
export function isConsequence(error: unknown): boolean {
  return causeChain(error).some(
    (link) => safe(() => link instanceof RunAbortedError, false) || text(link, 'name') === 'AbortError',
  );
}

function codeOf(error: unknown): FailureCode {
  const code = safe(
    () => (error instanceof PrivityError && !(error instanceof RunAbortedError) ? error.failure : undefined),
    undefined,
  );
  if (isFailureCode(code)) return code;
  return causeChain(error).some(isExhaustion) ? 'RESOURCE_EXHAUSTED' : 'TASK_FAILED';
}

/** Codes by which the system, or Node, says that there is no more: disk, quota, memory, descriptors. */
const EXHAUSTION_CODES: ReadonlySet<string> = new Set([
  ...['ENOSPC', 'EDQUOT', 'ENOMEM', 'EMFILE', 'ENFILE'],
  ...['ERR_MEMORY_ALLOCATION_FAILED', 'ERR_WORKER_OUT_OF_MEMORY'],
]);

/** V8 has no code for a typed array that finds no memory, only these words. */
const NO_MEMORY_WORDS = 'Array buffer allocation failed';

function isExhaustion(link: unknown): boolean {
  if (EXHAUSTION_CODES.has(text(link, 'code') ?? '')) return true;
  return text(link, 'name') === 'RangeError' && text(link, 'message') === NO_MEMORY_WORDS;
}

/** The text that other parties may read; undefined when there is none, which is the default. */
function crossing(
  error: unknown,
  read: () => readonly ErrorRecord[],
  policy: ErrorDetail,
): string | undefined {
  if (policy === 'full') {
    const parts = read().map((record) => record.stack || `${record.name}: ${record.message}`);
    return bounded(parts.join('\ncaused by '), FULL_MESSAGE_CHARS_MAX);
  }
  const isPublic = safe(() => error instanceof PublicError, false);
  if (policy !== 'message' && !isPublic) return undefined;
  return bounded(read()[0]?.message ?? '', PUBLIC_MESSAGE_CHARS_MAX);
}

/** The error and its causes, ended by a loop, the limit, or something that is no object. */
function causeChain(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let link = error; chain.length <= DETAIL_CAUSES_MAX && !chain.includes(link); ) {
    chain.push(link);
    if (!isObject(link)) break;
    const current = link;
    link = safe(() => (current as { cause?: unknown }).cause, undefined);
    if (link === undefined) break;
  }
  return chain;
}

const emptyRecord: ErrorRecord = { name: 'undefined', message: '', stack: '' };

function recordOf(error: unknown): ErrorRecord {
  if (!isObject(error)) {
    const words = safe(() => String(error), 'something that cannot be shown');
    return { name: typeof error, message: bounded(words, DETAIL_MESSAGE_CHARS_MAX), stack: '' };
  }
  const code = text(error, 'code');
  return {
    name: bounded(text(error, 'name') ?? (types.isProxy(error) ? 'Proxy' : 'object'), CHAIN_WORD_CHARS_MAX),
    message: bounded(text(error, 'message') ?? '', DETAIL_MESSAGE_CHARS_MAX),
    stack: bounded(text(error, 'stack') ?? '', DETAIL_STACK_CHARS_MAX),
    ...(code === undefined ? {} : { code: bounded(code, CHAIN_WORD_CHARS_MAX) }),
  };
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** A property, if reading it gives a string; getters and proxies may throw or lie about their kind. */
function text(value: unknown, key: 'name' | 'message' | 'stack' | 'code'): string | undefined {
  if (!isObject(value)) return undefined;
  const found = safe(() => (value as Partial<Record<string, unknown>>)[key], undefined);
  return typeof found === 'string' ? found : undefined;
}

function safe<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** Cut to length, without the control characters that could repaint a terminal. Newlines and tabs stay. */
function bounded(value: string, charsMax: number): string {
  return cut(value, charsMax).replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (c) =>
    c === '\n' || c === '\t' ? c : '\uFFFD',
  );
}

const cut = (value: string, charsMax: number): string =>
  value.length > charsMax ? `${value.slice(0, charsMax)}…` : value;
