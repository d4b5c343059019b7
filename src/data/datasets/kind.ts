/**
 * What a kind of source is to datasets. Each stands in a file of its own and in one line of registry.ts. The schema of
 * descriptions, describing, staging and the table in docs/sources.md are made from what it says here.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { z } from 'zod';
import { PrivityError } from '../../base/errors.ts';
import { type ColumnType, columnTypes } from '../column-type.ts';
import { sqlError } from '../sql.ts';
import type { ExtensionName } from './extension.ts';

/** Types of columns that should not be inferred or kept, by column name. */
export const declaredTypes = z
  .record(z.string().min(1).max(200), z.enum(columnTypes as readonly [ColumnType, ...ColumnType[]]))
  .describe('types of columns that should not be inferred or kept');

/** A name in a database. */
export const databaseName = z
  .string()
  .min(1)
  .max(200)
  .refine((name) => !name.includes('\0'), 'a name');

export interface SourceLimits {
  /** For making a connection. */
  readonly connectTimeoutMs: number;
  /** For the answer to one request. */
  readonly requestTimeoutMs: number;
  /** For one statement of a database. */
  readonly statementTimeoutMs: number;
}

export const SOURCE_LIMITS: SourceLimits = {
  /** A server of the same network answers in milliseconds; a name that is looked up in vain takes some seconds. */
  connectTimeoutMs: 10_000,
  /** A part of an object is some MB, and storage under load queues. */
  requestTimeoutMs: 30_000,
  /** The longest part is a scan of the whole table. */
  statementTimeoutMs: 3_600_000,
};

/** Where a source is opened: a database of its own, not yet locked. */
export interface SourceWorld {
  readonly connection: DuckDBConnection;
  readonly limits: SourceLimits;
}

/** Rows that can be asked for, until the database is closed. */
export interface DatasetRows {
  /** `table orders of shop.duckdb`, for messages. */
  readonly origin: string;
  /** What stands behind FROM. It is looked at only when the database is locked. */
  readonly from: string;
  /** Types of columns that are not as they come. */
  readonly types?: Readonly<Record<string, ColumnType>> | undefined;
  /** What may be opened from then on; nothing else may. */
  readonly files?: readonly string[];
  readonly folders?: readonly string[];
  /** Refuses values in these columns that the way of reading would change. */
  readonly check?: (columns: readonly string[]) => Promise<void>;
}

export interface DatasetKind<Schema extends z.ZodObject = z.ZodObject> {
  /** A strict object with the literal `kind`. */
  readonly schema: Schema;
  /** For pages: what a source of it is. */
  readonly reads: string;
  /** For pages: what becomes of the types of columns. */
  readonly types: string;
  readonly extension?: ExtensionName;
  open(world: SourceWorld, source: z.output<Schema>): Promise<DatasetRows>;
  /** What an error of DuckDB means, without a word of it. */
  failed(error: unknown, source: z.output<Schema>): Promise<PrivityError>;
}

/** Gives back the kind, with its schema's type. */
export function kindOf<Schema extends z.ZodObject>(kind: DatasetKind<Schema>): DatasetKind<Schema> {
  return kind;
}

/** The first of some patterns that the text of an error has decides what it means. */
export function classified<T>(error: unknown, meanings: readonly (readonly [RegExp, T])[]): T | undefined {
  const text = error instanceof Error ? error.message : '';
  return meanings.find(([pattern]) => pattern.test(text))?.[1];
}

/** In words, for what nothing else is known about. */
export function inShort(error: unknown): string {
  return `the database refuses it (${sqlError(error).kind} error)`;
}

export async function meaningOf<Schema extends z.ZodObject>(
  kind: DatasetKind<Schema>,
  error: unknown,
  source: z.output<Schema>,
): Promise<PrivityError> {
  return error instanceof PrivityError ? error : await kind.failed(error, source);
}
