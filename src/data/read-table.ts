/** Tables from CSV and Parquet files. */
import { open, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { DataError, PrivityError, UsageError } from '../base/errors.ts';
import { type ColumnType, isInteger } from './column-type.ts';
import { noteOfDatabase, withReader } from './database.ts';
import {
  checkDelimiter,
  checkTypes,
  createCsvRelation,
  csvFile,
  dataExtension,
  findProblem,
  readHeader,
  unreadable,
} from './read-csv.ts';
import { columnsMissing, conversionFailed, importRelation, type Relation } from './relation.ts';
import { identifier, pathLiteral, sqlError } from './sql.ts';
import { type Table, tableFrom } from './table.ts';

export interface ReadTableOptions {
  /** Read only these columns, in this order. Default: all. */
  readonly columns?: readonly string[];
  /** Types of columns that should not be inferred (CSV) or kept (Parquet), by column name: `{ id: 'VARCHAR' }`. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /**
   * CSV only: one ASCII character. Default: a comma, for .tsv a tab, or what a first line `sep=;` says, as spreadsheets write it.
   * Never guessed: a wrong guess would join or split columns silently.
   */
  readonly delimiter?: string;
  readonly signal?: AbortSignal;
}

export type FileFormat = 'csv' | 'parquet';

/**
 * Reads a file by its extension: .csv and .tsv (UTF-8, RFC 4180 quotes, first line is the header; also .csv.gz and .tsv.gz)
 * or .parquet.
 *
 * The type of a CSV column is inferred from all of its values, and only where that loses nothing:
 * - BOOLEAN, BIGINT, DATE or TIMESTAMP if every value gives back its own text: `true`, `17`, `2024-01-31`, `2024-01-31 12:00:00`;
 * - DOUBLE if every value is a number that a double keeps: `120.50`, up to 15 digits or as many as a double is written with;
 * - VARCHAR otherwise: `007`, `0x10`, `01/02/2024`, `F`.
 * The log says what was inferred, and which line keeps a column text that is numbers or dates elsewhere. Declared types (`types`)
 * refuse what they cannot hold. Nothing between two separators is NULL. A pair of quotes is an empty text, which keeps a
 * column text; a declared type takes it for NULL. A blank line is passed over, but in a file of one column, where it is a row without a value.
 * The order of rows is kept.
 *
 * A Parquet column keeps its type. It is refused where the type that tables have for it would lose something: decimals that a
 * double cannot hold, nanoseconds.
 *
 * Cost: two passes over the file; memory in the database, not in the heap. The file is opened by a database that runs no SQL of a job.
 * @throws {DataError} PRIVITY_FILE_MISSING, PRIVITY_FILE_UNREADABLE, PRIVITY_FILE_ENCODING, PRIVITY_COLUMN_MISSING,
 *   PRIVITY_COLUMN_NAME, PRIVITY_COLUMN_TYPE, PRIVITY_TABLE_LIMIT
 * @throws {UsageError} PRIVITY_FILE_FORMAT, PRIVITY_COLUMN_TYPE
 * @example const loans = await readTable('loans.csv', { types: { id: 'VARCHAR' } });
 */
export async function readTable(path: string, options: ReadTableOptions = {}): Promise<Table> {
  const file = resolve(path);
  const format = fileFormat(file);
  const origin = `file ${basename(file)}`;
  checkTypes(options.types, origin);
  checkDelimiter(options.delimiter, format === 'csv', origin);
  await checkFile(file, origin);
  options.signal?.throwIfAborted();
  const read = format === 'csv' ? readCsv : readParquet;
  return tableFrom(await read(file, options));
}

/** @throws {UsageError} PRIVITY_FILE_FORMAT */
export function fileFormat(path: string): FileFormat {
  const extension = dataExtension(path);
  if (extension === '.csv' || extension === '.tsv') return 'csv';
  if (/\.parquet$/i.test(path)) return 'parquet';
  throw new UsageError(
    'PRIVITY_FILE_FORMAT',
    `file ${basename(path)}: tables are read and written as .csv, .tsv (also .csv.gz, .tsv.gz) or .parquet`,
  );
}

async function checkFile(file: string, origin: string): Promise<void> {
  const info = await stat(file).catch((error: NodeJS.ErrnoException) => {
    const missing = error.code === 'ENOENT' || error.code === 'ENOTDIR';
    if (missing) throw new DataError('PRIVITY_FILE_MISSING', `${origin} is not there; looked for ${file}`);
    throw unreadable(origin, `it cannot be looked at (${error.code})`);
  });
  if (!info.isFile()) throw unreadable(origin, 'it is not a regular file');
  if (info.size === 0) throw unreadable(origin, 'it is empty: not even a header line');
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    throw unreadable(origin, `it cannot be opened (${error.code})`);
  });
  await handle.close();
}

async function readCsv(path: string, options: ReadTableOptions): Promise<Relation> {
  const file = csvFile(path, options.delimiter);
  const header = await readHeader(file);
  checkAsked(file.origin, options, header.names);
  const names = options.columns ?? header.names;
  const types = options.types ?? {};
  const note = noteOfDatabase();
  try {
    return await withReader(
      (connection) => createCsvRelation(connection, { file, header, names, types, note }),
      options.signal,
    );
  } catch (error) {
    if (error instanceof PrivityError || options.signal?.aborted) throw error;
    const { kind, line, invalidUtf8 } = sqlError(error);
    const where = line === undefined ? file.origin : `${file.origin}, line ${line}`;
    if (invalidUtf8) throw new DataError('PRIVITY_FILE_ENCODING', `${where} is not valid UTF-8`);
    const problem = await findProblem(file, header);
    if (problem !== undefined) throw unreadable(`${file.origin}, line ${problem.line}`, problem.why);
    throw unreadable(where, `the database refuses it (${kind} error)`);
  }
}

async function readParquet(path: string, options: ReadTableOptions): Promise<Relation> {
  const origin = `file ${basename(path)}`;
  const reader = `read_parquet(${pathLiteral(path)})`;
  const types = options.types ?? {};
  try {
    return await withReader(async (connection) => {
      const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${reader}`);
      const names = described.getColumns()[0] as string[];
      checkAsked(origin, options, names);
      await refuseRounded(connection, origin, reader, types);
      const list = (options.columns ?? names).map((name) => parquetColumn(name, types));
      const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${reader}`);
      const rowCount = Number(counted.getRows()[0]?.[0]);
      return importRelation(connection, `SELECT ${list.join(', ')} FROM ${reader}`, origin, rowCount);
    }, options.signal);
  } catch (error) {
    if (error instanceof PrivityError || options.signal?.aborted) throw error;
    const { kind } = sqlError(error);
    if (kind === 'conversion' || kind === 'out-of-range') {
      const asked = Object.keys(types).map((name) => ({ name }));
      throw conversionFailed(error, asked, origin);
    }
    throw unreadable(origin, 'it is not a Parquet file, or it is damaged');
  }
}

function parquetColumn(name: string, types: Readonly<Record<string, ColumnType>>): string {
  const quoted = identifier(name);
  return Object.hasOwn(types, name) ? `CAST(${quoted} AS ${types[name]}) AS ${quoted}` : quoted;
}

/** DuckDB rounds 1.6 to a whole number. Declared whole numbers refuse it. */
async function refuseRounded(
  connection: DuckDBConnection,
  origin: string,
  reader: string,
  types: Readonly<Record<string, ColumnType>>,
): Promise<void> {
  for (const [name, type] of Object.entries(types)) {
    if (!isInteger(type)) continue;
    const value = `TRY_CAST(${identifier(name)} AS DOUBLE)`;
    const select = `SELECT count_if(${value} IS NOT NULL AND ${value} <> trunc(${value})) FROM ${reader}`;
    const count = Number((await connection.runAndReadAll(select)).getRows()[0]?.[0]);
    if (count === 0) continue;
    throw new DataError(
      'PRIVITY_COLUMN_TYPE',
      `${origin}: column '${name}' has ${count} values that are no whole numbers, and so do not fit ${type}`,
    );
  }
}

/** The names that options speak of must be there before DuckDB is asked to use them. */
function checkAsked(origin: string, options: ReadTableOptions, names: readonly string[]): void {
  const asked = [...(options.columns ?? []), ...Object.keys(options.types ?? {})];
  const missing = [...new Set(asked)].filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  const present = names.map((name) => ({ name }));
  throw columnsMissing(missing, present, undefined, origin);
}
