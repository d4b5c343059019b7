/** What the API can be asked: a value for each question, of which the server, its OpenAPI page and checks are made. */
import type { z } from 'zod';
import type { Role } from '../model/records.ts';

/** What a token may do. */
export const RIGHTS = {
  /** See everything. */
  read: ['viewer', 'proposer', 'approver', 'admin'],
  /** Propose, and withdraw. */
  propose: ['proposer', 'admin'],
  /** Rehearse, approve and refuse, and make rules that do. */
  decide: ['approver', 'admin'],
  /** Datasets and grants; what is kept of runs that have ended. */
  own: ['approver', 'admin'],
  /** Stop runs. */
  operate: ['proposer', 'approver', 'admin'],
  /** Tokens; stopping the node. */
  administer: ['admin'],
} as const satisfies Readonly<Record<string, readonly Role[]>>;
export type Right = keyof typeof RIGHTS;

export const mayDo = (role: Role, right: Right): boolean => (RIGHTS[right] as readonly Role[]).includes(role);

/** Characters of an id from which on it is looked for by its beginning. */
const BEGINNING_CHARS_MIN = 8;

/** Whether a name may be what a person has typed of an id. */
export const isBeginning = (name: string): boolean =>
  name.length >= BEGINNING_CHARS_MIN && /^[0-9a-z-]+$/.test(name);

/** Of an id that is not found: whether it is too short to be looked for as a beginning. */
export const tooShort = (name: string): string =>
  name.length < BEGINNING_CHARS_MIN
    ? `; the beginning of an id is enough from ${BEGINNING_CHARS_MIN} characters on`
    : '';

/** Who asks. */
export interface Caller {
  /** `person:ann`, by the name of the token. */
  readonly by: string;
  readonly role: Role;
}

export interface Asked<Query, Body> {
  /** Parts of the path in braces. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** An answer that is not JSON: a log, line by line. */
export interface TextAnswer {
  readonly type: 'application/x-ndjson';
  readonly lines: AsyncIterable<string>;
}

export interface Route {
  readonly method: 'get' | 'post' | 'delete';
  /** Below `/api/v1`, with `{id}` for what varies. */
  readonly path: string;
  readonly right: Right;
  readonly summary: string;
  readonly query?: z.ZodObject | undefined;
  readonly body?: z.ZodType | undefined;
  /** Of the answer; absent: a text. */
  readonly answer?: z.ZodType | undefined;
  readonly handle: (asked: Asked<never, never>) => Promise<unknown>;
}

interface Typed<Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType>
  extends Omit<Route, 'query' | 'body' | 'answer' | 'handle'> {
  readonly query?: Q;
  readonly body?: B;
  readonly answer?: A;
  readonly handle: (asked: Asked<z.output<Q>, z.output<B>>) => Promise<z.input<A> | TextAnswer>;
}

export function route<Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType>(
  typed: Typed<Q, B, A>,
): Route {
  return typed as unknown as Route;
}
