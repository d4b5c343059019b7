/**
 * A dataset that is being read: a database of its own that has opened the source, and nothing else any more. The
 * owner's condition on rows runs there; the SQL of a job never does.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { EnvironmentError, PrivityError } from '../../base/errors.ts';
import { instanceOf, LOCK, loadDuckDb, outOfMemory } from '../database.ts';
import { checkColumnCount, checkColumnNames } from '../relation.ts';
import { openTyped } from '../sources/typed.ts';
import { literal, sqlError } from '../sql.ts';
import { loadExtension } from './extension.ts';
import { classified, type DatasetKind, type DatasetRows, meaningOf, type SourceLimits } from './kind.ts';
import { type DatasetSource, datasetKinds } from './source.ts';

export interface DatasetOptions {
  /** Where extensions of DuckDB are. */
  readonly extensionsFolder?: string | undefined;
  readonly limits: SourceLimits;
  readonly memoryLimitMb: number;
  readonly threads: number;
  /** A folder of this process's own: rows that do not fit in memory are there, encrypted. */
  readonly folder: string;
  /** Further files that may be opened. */
  readonly files?: readonly string[];
}

export interface OpenDataset {
  readonly connection: DuckDBConnection;
  readonly origin: string;
  /** A SELECT that gives all columns. */
  readonly select: string;
  /** As DuckDB names types. */
  readonly columns: readonly { readonly name: string; readonly printed: string }[];
  /** Refuses values in these columns that the way of reading would change. */
  check(columns: readonly string[]): Promise<void>;
}

/**
 * Opens the source, and closes it again. All that is done runs in one transaction: a server's database shows one state.
 * @throws {PrivityError} whatever is wrong with the source, without a word of DuckDB's
 */
export async function withDataset<T>(
  source: DatasetSource,
  options: DatasetOptions,
  use: (dataset: OpenDataset) => Promise<T>,
): Promise<T> {
  const kind = datasetKinds[source.kind] as DatasetKind;
  const { memoryLimitMb, threads, folder } = options;
  const instance = await instanceOf(await loadDuckDb(), { memoryLimitMb, threads, spillDir: folder }, []);
  const connection = await instance.connect();
  try {
    return await use(await opened(connection, kind, source, options));
  } catch (error) {
    throw localTrouble(error, folder) ?? (await meaningOf(kind, error, source));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** What is no fault of the source: this machine lacks memory or disk. */
function localTrouble(error: unknown, folder: string): EnvironmentError | undefined {
  if (error instanceof PrivityError) return undefined;
  if (sqlError(error).kind === 'memory') return outOfMemory();
  const isFull = classified(error, [
    [/No space left|Could not write|Failed to write|failed to offload/i, true],
  ]);
  if (isFull === undefined) return undefined;
  const text = `rows of a dataset cannot be written to ${folder}: the disk is full, or cannot be written to`;
  return new EnvironmentError('PRIVITY_FILE_UNWRITABLE', text);
}

async function opened(
  connection: DuckDBConnection,
  kind: DatasetKind,
  source: DatasetSource,
  options: DatasetOptions,
): Promise<OpenDataset> {
  if (kind.extension !== undefined) await loadExtension(connection, kind.extension, options.extensionsFolder);
  const rows = await kind.open({ connection, limits: options.limits }, source);
  await lock(connection, rows, options);
  await connection.run('BEGIN TRANSACTION');
  const { origin, from, types = {} } = rows;
  const { select } = await openTyped(connection, from, origin, { types });
  const described = await connection.runAndReadAll(`DESCRIBE ${select}`);
  const names = described.getColumns()[0] as string[];
  const printed = described.getColumns()[1] as string[];
  checkColumnCount(names, origin);
  checkColumnNames(names, origin);
  const columns = names.map((name, index) => ({ name, printed: printed[index] ?? '' }));
  const check = async (asked: readonly string[]) => rows.check?.(asked);
  return { connection, origin, select, columns, check };
}

async function lock(
  connection: DuckDBConnection,
  { files = [], folders = [] }: DatasetRows,
  options: DatasetOptions,
): Promise<void> {
  const list = (paths: readonly string[]) => `[${paths.map(literal).join(', ')}]`;
  await connection.run(`SET GLOBAL allowed_paths = ${list([...files, ...(options.files ?? [])])}`);
  await connection.run(`SET GLOBAL allowed_directories = ${list([...folders, options.folder])}`);
  for (const statement of LOCK) await connection.run(statement);
}
