/**
 * The store as one file in the state folder: libsql's embedded database, write-ahead log, an fsync for each commit. Its
 * calls block this thread; they take microseconds, a commit as long as the disk takes.
 *
 * Two connections: one writes, the other reads what is committed. That no second node works on the file is the matter
 * of a lock file of its own: a lock of this kind is lost as soon as its process closes the locked file anywhere, and
 * the store itself might be read by a backup. The kernel lets it go when the process ends, in whatever way.
 */
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import Libsql from 'libsql';
import { DataError, EnvironmentError, InternalError, PrivityError } from '../../base/errors.ts';
import { reasonOf } from '../../base/system-error.ts';
import { type Backend, bound } from './backend.ts';
import { STORE_LIMITS } from './limits.ts';
import type { Schema } from './schema.ts';

/** Names within the state folder. */
export const STORE_FILE = 'store.db';
export const LOCK_FILE = 'store.lock';

/** Bytes to which the log is cut after a burst. */
const LOG_BYTES_KEPT = 64 * 1024 * 1024;

type Database = InstanceType<typeof Libsql>;
type Statement = ReturnType<Database['prepare']>;

export interface EmbeddedPlace {
  /** The state folder of the node, or where it shall be. */
  readonly folder: string;
  /** Default: {@link STORE_LIMITS}. */
  readonly lockWaitMs?: number | undefined;
}

/** @throws {PrivityError} PRIVITY_STORE_IN_USE, _CORRUPT, _LOCKED, _FULL, _FAILED */
export function openEmbedded({ folder, lockWaitMs = STORE_LIMITS.lockWaitMs }: EmbeddedPlace): Backend {
  const place = join(folder, STORE_FILE);
  privateFiles(folder);
  const lock = takeLock(folder, lockWaitMs);
  const opened: Connection[] = [];
  try {
    for (const _ of ['writes', 'reads']) opened.push(new Connection(place));
    const [writer, reader] = opened;
    if (writer === undefined || reader === undefined) throw new InternalError('two connections');
    writer.run('pragma journal_mode = wal');
    writer.run('pragma synchronous = full');
    writer.run('pragma foreign_keys = on');
    writer.run(`pragma journal_size_limit = ${LOG_BYTES_KEPT}`);
    reader.run('pragma query_only = on');
    checkPages(reader);
    return new Embedded(place, lock, writer, reader);
  } catch (error) {
    for (const connection of opened) connection.close();
    release(lock);
    throw error;
  }
}

/** Damage is found before anything is built on it: a tenth of a second for a hundred thousand runs. */
function checkPages(connection: Connection): void {
  const { rows } = connection.query<{ quick_check: string }>('pragma quick_check(1)');
  if (rows[0]?.quick_check !== 'ok') throw corrupt('quick_check');
}

class Embedded implements Backend {
  readonly place: string;
  readonly words = { seq: 'integer primary key autoincrement', int: 'integer', text: 'text', end: ' strict' };
  readonly reads: Kysely<Schema>;
  readonly writes: Kysely<Schema>;
  /** A file is not lost. */
  readonly lost = new Promise<EnvironmentError>(() => undefined);
  readonly #lock: Database;
  readonly #writer: Connection;
  readonly #reader: Connection;

  constructor(place: string, lock: Database, writer: Connection, reader: Connection) {
    this.place = place;
    this.#lock = lock;
    this.#writer = writer;
    this.#reader = reader;
    this.reads = new Kysely({ dialect: dialectOf(reader) });
    this.writes = new Kysely({ dialect: dialectOf(writer) });
  }

  async tables(): Promise<readonly string[]> {
    const { rows } = this.#writer.query<{ name: string }>(
      "select name from sqlite_master where type = 'table'",
    );
    return rows.map(({ name }) => name);
  }

  async execute(statement: string): Promise<void> {
    this.#writer.run(statement);
  }

  async begin(): Promise<void> {
    this.#writer.run('begin immediate');
  }

  async commit(): Promise<void> {
    this.#writer.run('commit');
  }

  async rollback(): Promise<void> {
    this.#writer.rollback();
  }

  async close(): Promise<void> {
    this.#reader.close();
    this.#writer.close();
    release(this.#lock);
  }
}

/** One connection, with its statements prepared once. */
class Connection implements DatabaseConnection {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();

  constructor(place: string) {
    this.#database = opened(place, STORE_LIMITS.busyTimeoutMs);
  }

  async executeQuery<Row>({
    sql,
    parameters,
  }: {
    readonly sql: string;
    readonly parameters: readonly unknown[];
  }): Promise<QueryResult<Row>> {
    return this.query<Row>(sql, parameters);
  }

  // biome-ignore lint/correctness/useYield: the interface of Kysely; pages are what the store has instead
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new InternalError('the store reads pages, not streams');
  }

  query<Row>(sql: string, parameters: readonly unknown[] = []): QueryResult<Row> {
    const values = bound(parameters);
    return typed(() => {
      const statement = this.#prepared(sql);
      if (statement.reader) return { rows: statement.all(values) as Row[] };
      return { rows: [], numAffectedRows: BigInt(statement.run(values).changes) };
    });
  }

  run(statement: string): void {
    typed(() => this.#database.exec(statement));
  }

  rollback(): void {
    try {
      // SQLite has rolled back by itself after some errors.
      if (this.#database.inTransaction) this.#database.exec('rollback');
    } catch {
      // What led to it is told; the next change meets what is left.
    }
  }

  /** What is prepared keeps a connection open until it is collected; no transaction is left to it. */
  close(): void {
    this.rollback();
    this.#statements.clear();
    this.#database.close();
  }

  #prepared(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    if (this.#statements.size >= STORE_LIMITS.statementsMax) this.#statements.clear();
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** Kysely's words for SQLite over one connection that is always there. */
function dialectOf(connection: Connection): Dialect {
  const nothing = async (): Promise<void> => undefined;
  const driver: Driver = {
    init: nothing,
    acquireConnection: async () => connection,
    releaseConnection: nothing,
    beginTransaction: nothing,
    commitTransaction: nothing,
    rollbackTransaction: nothing,
    destroy: nothing,
  };
  return {
    createDriver: () => driver,
    createAdapter: () => new SqliteAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

/** Only this user reads what a node keeps; SQLite gives its log the rights of the file. */
function privateFiles(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of [STORE_FILE, LOCK_FILE]) {
      const file = join(folder, name);
      closeSync(openSync(file, 'a', 0o600));
      chmodSync(file, 0o600);
    }
  } catch (error) {
    throw failed(`${folder} cannot be made or written`, reasonOf(error));
  }
}

function takeLock(folder: string, waitMs: number): Database {
  const file = join(folder, LOCK_FILE);
  const lock = opened(file, waitMs);
  try {
    typed(() => lock.exec('pragma journal_mode = memory'));
    typed(() => lock.exec('begin exclusive'));
    return lock;
  } catch (error) {
    lock.close();
    if (error instanceof PrivityError && error.code === 'PRIVITY_STORE_LOCKED')
      throw new EnvironmentError('PRIVITY_STORE_IN_USE', `another node holds ${file}`);
    throw error;
  }
}

function release(lock: Database): void {
  typed(() => lock.exec('rollback'));
  lock.close();
}

function opened(file: string, timeout: number): Database {
  try {
    return new Libsql(file, { timeout });
  } catch (error) {
    // This one comes without a code: the number of SQLite is the last word of its text.
    throw failed(
      `${file} cannot be opened`,
      `SQLite ${/\d+$/.exec(String((error as Error).message).trim()) ?? ''}`,
    );
  }
}

/** The errors of SQLite by the beginning of their code: extended codes follow it. */
const KNOWN: readonly (readonly [prefix: string, error: (code: string) => PrivityError])[] = [
  ['SQLITE_FULL', () => new EnvironmentError('PRIVITY_STORE_FULL', 'there is no room left for the store')],
  ['SQLITE_BUSY', locked],
  ['SQLITE_LOCKED', locked],
  ['SQLITE_CORRUPT', corrupt],
  ['SQLITE_NOTADB', corrupt],
];

function locked(code: string): PrivityError {
  return new EnvironmentError('PRIVITY_STORE_LOCKED', `another program holds the store (${code})`);
}

function corrupt(code: string): PrivityError {
  return new DataError('PRIVITY_STORE_CORRUPT', `the file of the store is damaged, or none (${code})`);
}

function failed(what: string, reason: string): PrivityError {
  return new EnvironmentError('PRIVITY_STORE_FAILED', `${what} (${reason})`);
}

/** Runs what calls libsql, whose errors may quote values, and throws ours. */
function typed<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const code =
      typeof (error as { code?: unknown }).code === 'string' ? (error as { code: string }).code : '';
    const known = KNOWN.find(([prefix]) => code.startsWith(prefix));
    if (known !== undefined) throw known[1](code);
    throw failed('the store could not be read or written', code || (error as Error).name);
  }
}
