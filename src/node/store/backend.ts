/** What the store needs of a database, and what it gives to it. */
import type { Kysely } from 'kysely';
import { type EnvironmentError, UsageError } from '../../base/errors.ts';
import type { Schema } from './schema.ts';

/** How a database writes a column in the statement that makes a table. */
export interface ColumnWords {
  /** A growing number that the database gives, as the primary key. */
  readonly seq: string;
  /** A whole number below 2^53. */
  readonly int: string;
  /** Compared byte by byte. */
  readonly text: string;
  /** Behind the columns. */
  readonly end: string;
}

/** One database. All its errors are typed, and none has a value in it. */
export interface Backend {
  /** For messages: a file, or a server and the name of a database, without credentials. */
  readonly place: string;
  readonly words: ColumnWords;
  /** Sees what is committed, also while a change is made. */
  readonly reads: Kysely<Schema>;
  /** One connection, for one user at a time: `changes.ts`. */
  readonly writes: Kysely<Schema>;
  /** Resolves once this node may not write any more, other than by {@link close}. */
  readonly lost: Promise<EnvironmentError>;
  tables(): Promise<readonly string[]>;
  /** A statement without parameters, on the connection of `writes`. */
  execute(statement: string): Promise<void>;
  begin(): Promise<void>;
  /** Durable when it resolves. */
  commit(): Promise<void>;
  /** Also where no transaction is open any more. Never rejects: the error that led to it is the one to tell. */
  rollback(): Promise<void>;
  /** Lets the store go, for the next node. */
  close(): Promise<void>;
}

/** A NUL, or half a surrogate pair. */
const unkept = /\0|\p{Surrogate}/u;

/** What a statement may be given. */
export type Bound = string | number | null;

/**
 * Both drivers would change a value silently, or end the process, where this one refuses: text ends at a NUL, half a
 * surrogate pair becomes another character, a large number loses its last digits.
 *
 * @throws {UsageError} PRIVITY_STORE_VALUE
 */
export function bound(values: readonly unknown[]): Bound[] {
  return values.map((value) => {
    if (value === null) return null;
    if (typeof value === 'string') {
      if (unkept.test(value)) throw refused('a text with a NUL or half a character');
      return value;
    }
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    throw refused(typeof value === 'number' ? 'a number that is not whole, or too large' : typeof value);
  });
}

const refused = (what: string): UsageError =>
  new UsageError('PRIVITY_STORE_VALUE', `the store does not keep ${what}`);
