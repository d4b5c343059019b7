/**
 * The DuckDB of a process, in memory. One instance has all tables and runs the SQL of jobs: no SQL can make it open a
 * file, attach a database, load an extension or change that. It spills to a folder of its own when memory runs short,
 * encrypted, and writes tables there before they go to their places. A second one, made with the first file that is
 * read, opens files for this room's own SQL, and has no tables.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { deferred } from '../base/deferred.ts';
import { EnvironmentError, UsageError } from '../base/errors.ts';
import { ignored } from '../base/ignored.ts';
import { loadCommonJs } from '../base/load-commonjs.ts';
import { reasonOf } from '../base/system-error.ts';
import { sqlError } from './sql.ts';

export type DuckDb = typeof import('@duckdb/node-api');

export interface DatabaseOptions {
  /**
   * Folder under which DuckDB spills; a subfolder is made when needed and removed by closeDatabase. Default: the
   * system's.
   */
  readonly tempDir?: string;
  /** Default: {@link DATABASE_MEMORY_MB}. */
  readonly memoryLimitMb?: number;
  /** Default: the machine's, at most {@link DATABASE_THREADS_MAX}. */
  readonly threads?: number;
  /**
   * Told what was found out about files: types of columns, and why one stays text. Names and lines, never values.
   * Default: nobody.
   */
  readonly note?: (text: string) => void;
}

/**
 * Memory that DuckDB uses before it spills. A party's process shares its machine with others; DuckDB alone would take
 * 80% of it.
 */
export const DATABASE_MEMORY_MB = 1024;

/**
 * What the reader may take at least: each of the blocks into which it reads CSV has room for two of the longest
 * records, and a Parquet file has groups of rows that are read as one.
 */
const READER_MEMORY_MB = 384;

/** Threads of DuckDB by default. Reading and joining tables is rarely the bottleneck; more threads only cost memory. */
export const DATABASE_THREADS_MAX = 4;

/** How often a statement that should stop is told so. Well under the 100 ms in which an abort has to take effect. */
const INTERRUPT_EVERY_MS = 20;

/**
 * How long a closed database is waited for. A statement that is interrupted ends within milliseconds; a reader who
 * waits for something else is not waited for, and its database ends after it. Half of what a program has to end in
 * (`graceMs`).
 */
const CLOSE_MS = 1_000;

interface Open {
  readonly duckdb: DuckDb;
  readonly tables: DuckDBInstance;
  readonly spillDir: string;
  readonly openReader: () => Promise<DuckDBInstance>;
  reader: Promise<DuckDBInstance> | undefined;
  readonly connections: Set<DuckDBConnection>;
  /** Everybody who has a connection, or is about to. A native call keeps what it uses only while it is there. */
  readonly uses: Set<Promise<unknown>>;
  closed: boolean;
}

let current: Promise<Open> | undefined;
let defaults: DatabaseOptions = {};
/** Counts the databases of this process, so that a table of an earlier one is told from those of the present one. */
let generation = 0;

/**
 * Sets limits and folder of the database. Optional: the first table opens it with the defaults.
 * @throws {UsageError} PRIVITY_DATABASE_STATE if it is open already
 * @throws {EnvironmentError} PRIVITY_DUCKDB_MISSING
 */
export async function openDatabase(options: DatabaseOptions = {}): Promise<void> {
  if (current !== undefined) {
    throw new UsageError(
      'PRIVITY_DATABASE_STATE',
      'the database is open already: call openDatabase once, before the first table',
    );
  }
  await start(options);
}

/** Limits and folder for the database that the first table opens; a process without tables never loads DuckDB. */
export function configureDatabase(options: DatabaseOptions): void {
  defaults = options;
}

/** Where notes about files go. */
export function noteOfDatabase(): (text: string) => void {
  return defaults.note ?? (() => undefined);
}

/**
 * Closes the database and removes its spill folder. Statements that run are interrupted, and have ended before anything
 * is freed: freeing what a native call uses crashes the process, or stops it for ever. Tables made before cannot be
 * used any more. Closing twice does nothing. After {@link CLOSE_MS} it resolves all the same; memory and folder go when
 * the last use ends.
 */
export async function closeDatabase(): Promise<void> {
  const opening = current;
  if (opening === undefined) return;
  current = undefined;
  generation++;
  const open = await ignored(opening, 'a database that could not be opened was told to all who asked for it');
  if (open === undefined) return;
  open.closed = true;
  const late = deferred<void>();
  const timer = setTimeout(late.resolve, CLOSE_MS);
  const all = closed(open).then(() => rm(open.spillDir, { recursive: true, force: true }));
  await Promise.race([all, late.promise]);
  clearTimeout(timer);
}

/** Interrupts until nobody uses the database any more, however long that takes, and gives its memory back then. */
async function closed({ connections, uses, tables, reader }: Open): Promise<void> {
  const interrupt = (): void => {
    for (const connection of connections) connection.interrupt();
  };
  interrupt();
  const again = setInterval(interrupt, INTERRUPT_EVERY_MS);
  // Never a reason to stay alive: a statement that runs is one.
  again.unref();
  await Promise.allSettled(uses);
  clearInterval(again);
  tables.closeSync();
  const opened = reader && ignored(reader, 'it was told to those who wanted to read');
  (await opened)?.closeSync();
}

/** Which database of this process is open; changes when it is closed. */
export function databaseGeneration(): number {
  return generation;
}

export async function duckDb(): Promise<DuckDb> {
  return (await (current ?? start(defaults))).duckdb;
}

/** This process's own folder, the only one in which the database with the tables can write. */
export async function spillFolder(): Promise<string> {
  return (await (current ?? start(defaults))).spillDir;
}

/**
 * Like {@link withConnection}, with a database that opens files and has no tables. Never for SQL that a job has
 * written.
 */
export function withReader<T>(
  use: (connection: DuckDBConnection) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return connected((open) => (open.reader ??= open.openReader()), use, signal);
}

/**
 * Runs `use` with a connection of its own, so that streamed results of one caller are not cut off by another's
 * statement. When the signal aborts, the running statement is interrupted and the signal's reason is thrown.
 */
export function withConnection<T>(
  use: (connection: DuckDBConnection) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return connected((open) => open.tables, use, signal);
}

type Which = (open: Open) => DuckDBInstance | Promise<DuckDBInstance>;

async function connected<T>(
  which: Which,
  use: (connection: DuckDBConnection) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  signal?.throwIfAborted();
  const open = await (current ?? start(defaults));
  if (open.closed) throw closedMeanwhile();
  const using = usedBy(open, which, use, signal);
  open.uses.add(using);
  return using.finally(() => open.uses.delete(using));
}

async function usedBy<T>(
  open: Open,
  which: Which,
  use: (connection: DuckDBConnection) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const connection = await (await which(open)).connect();
  open.connections.add(connection);
  let again: NodeJS.Timeout | undefined;
  const interrupt = () => {
    connection.interrupt();
    // An interrupt that comes just before a statement starts is lost.
    again ??= setInterval(() => connection.interrupt(), INTERRUPT_EVERY_MS);
  };
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    // An abort while the connection was being made found nobody to interrupt.
    signal?.throwIfAborted();
    return await use(connection);
  } catch (error) {
    signal?.throwIfAborted();
    if (open.closed) throw closedMeanwhile();
    throw sqlError(error).kind === 'memory' ? outOfMemory() : error;
  } finally {
    signal?.removeEventListener('abort', interrupt);
    clearInterval(again);
    open.connections.delete(connection);
    connection.closeSync();
  }
}

const closedMeanwhile = (): UsageError =>
  new UsageError('PRIVITY_DATABASE_STATE', 'the database has been closed meanwhile');

/** Loads the optional package. The importer is a parameter so that a test can show what happens without it. */
export async function loadDuckDb(
  load: () => DuckDb | Promise<DuckDb> = () => loadCommonJs('@duckdb/node-api') as DuckDb,
): Promise<DuckDb> {
  try {
    return await load();
  } catch (cause) {
    throw new EnvironmentError(
      'PRIVITY_DUCKDB_MISSING',
      'tables need the package @duckdb/node-api, which cannot be loaded; run: npm install @duckdb/node-api',
      { cause },
    );
  }
}

function start(options: DatabaseOptions): Promise<Open> {
  const opening = open(options);
  current = opening;
  opening.catch(() => {
    if (current === opening) current = undefined;
  });
  return opening;
}

async function open(options: DatabaseOptions): Promise<Open> {
  const duckdb = await loadDuckDb();
  const name = `privity-tables-${process.pid}-${randomBytes(6).toString('hex')}`;
  const spillDir = join(options.tempDir ?? tmpdir(), name);
  const memoryLimitMb = options.memoryLimitMb ?? DATABASE_MEMORY_MB;
  const threads = options.threads ?? Math.min(availableParallelism(), DATABASE_THREADS_MAX);
  await makeSpillFolder(spillDir);
  const tables = await instanceOf(duckdb, { memoryLimitMb, threads, spillDir }, LOCK);
  // Streams what it reads, and has nothing to spill.
  const reading = { memoryLimitMb: Math.max(memoryLimitMb, READER_MEMORY_MB), threads };
  const openReader = (): Promise<DuckDBInstance> => instanceOf(duckdb, reading, []);
  return {
    duckdb,
    tables,
    spillDir,
    openReader,
    reader: undefined,
    connections: new Set(),
    uses: new Set(),
    closed: false,
  };
}

/**
 * What lies in the spill folder is not there in plain. DuckDB calls its own cipher unsafe, because its random numbers
 * can be guessed with effort; the better one is in an extension that would have to come from the network. So this keeps
 * rows from backups and from the eyes of a person who looks, not from an expert who has the disk (docs/operations.md).
 */
const SPILL_ENCRYPTION = { temp_file_encryption: 'true', force_mbedtls_unsafe: 'true' } as const;

/** After this, SQL opens no files outside of the spill folder, and no SQL can take that back. */
export const LOCK = [
  'SET GLOBAL enable_external_access = false',
  'SET GLOBAL lock_configuration = true',
] as const;

export interface InstanceOptions {
  readonly memoryLimitMb: number;
  readonly threads: number;
  /** Where it spills; absent: nowhere. */
  readonly spillDir?: string;
}

/** @param lock statements that end what it may do */
export async function instanceOf(
  duckdb: DuckDb,
  { memoryLimitMb, threads, spillDir }: InstanceOptions,
  lock: readonly string[],
): Promise<DuckDBInstance> {
  const settings = {
    memory_limit: `${memoryLimitMb}MB`,
    threads: String(threads),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_persistent_secrets: 'false',
    // The order of the rows of a file is the order of the rows of its table.
    preserve_insertion_order: 'true',
    temp_directory: spillDir ?? '',
    ...(spillDir === undefined ? {} : SPILL_ENCRYPTION),
  };
  const instance = await duckdb.DuckDBInstance.create(':memory:', settings);
  const connection = await instance.connect();
  // The text of a timestamp must not depend on where a party's machine stands.
  await connection.run("SET GLOBAL TimeZone = 'UTC'");
  for (const statement of lock) await connection.run(statement);
  connection.closeSync();
  return instance;
}

async function makeSpillFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (cause) {
    const text = `${path}: no temporary folder can be made (${reasonOf(cause)})`;
    throw new EnvironmentError('PRIVITY_TEMPORARY_FOLDER', text, { cause });
  }
}

export function outOfMemory(): EnvironmentError {
  return new EnvironmentError(
    'PRIVITY_TABLE_LIMIT',
    'the database ran out of memory and could not spill: raise memoryLimitMb, or select fewer columns',
    { failure: 'RESOURCE_EXHAUSTED' },
  );
}
