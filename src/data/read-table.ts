/** Tables from CSV and Parquet files. */
import { open, stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { DataError, PrivityError, UsageError } from '../base/errors.ts';
import { type ColumnType, columnTypes, isColumnType } from './column-type.ts';
import { withConnection } from './database.ts';
import { checkColumnNames, columnsMissing, conversionFailed, createRelation } from './relation.ts';
import { identifier, literal, pathLiteral, sqlError } from './sql.ts';
import { type Table, tableFrom } from './table.ts';

export interface ReadTableOptions {
  /** Read only these columns, in this order. Default: all. */
  readonly columns?: readonly string[];
  /** Types of columns that should not be inferred (CSV) or kept (Parquet), by column name: `{ id: 'VARCHAR' }`. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** CSV only. Default: a comma, for .tsv a tab. Never guessed: a wrong guess would join or split columns silently. */
  readonly delimiter?: string;
  readonly signal?: AbortSignal;
}

export type FileFormat = 'csv' | 'parquet';

/**
 * Reads a file by its extension: .csv and .tsv (UTF-8, RFC 4180 quotes, first line is the header) or .parquet.
 *
 * Types of a CSV column are inferred from all of its values: BOOLEAN, BIGINT, DOUBLE, DATE, TIMESTAMP, else VARCHAR. A column in which
 * some whole number has a leading zero stays text, so ids like 00417 survive; whole numbers of more than 18 digits become DOUBLE unless
 * `types` says VARCHAR. Empty fields are NULL. The order of rows is kept.
 *
 * Cost: about 10 M values a second for each of two passes; memory in the database, not in the heap.
 * @throws {DataError} PRIVITY_FILE_MISSING, PRIVITY_FILE_UNREADABLE, PRIVITY_FILE_ENCODING, PRIVITY_COLUMN_MISSING,
 *   PRIVITY_COLUMN_NAME, PRIVITY_COLUMN_TYPE, PRIVITY_TABLE_LIMIT
 * @throws {UsageError} PRIVITY_FILE_FORMAT, PRIVITY_COLUMN_TYPE
 * @example const loans = await readTable('loans.csv', { types: { id: 'VARCHAR' } });
 */
export async function readTable(path: string, options: ReadTableOptions = {}): Promise<Table> {
  const file = resolve(path);
  const format = fileFormat(file);
  const source: Source = { file, origin: `file ${basename(file)}`, format, options };
  checkOptions(source);
  await checkFile(source);
  try {
    return await withConnection(async (connection) => {
      const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${reader(source, {})}`);
      const names = described.getColumns()[0] as string[];
      checkAsked(source, names);
      const select = projection(source, names);
      return tableFrom(await createRelation(connection, select, source.origin));
    }, options.signal);
  } catch (error) {
    if (error instanceof PrivityError || options.signal?.aborted) throw error;
    throw readFailed(source, error);
  }
}

/** @throws {UsageError} PRIVITY_FILE_FORMAT */
export function fileFormat(path: string): FileFormat {
  const extension = extname(path).toLowerCase();
  if (extension === '.csv' || extension === '.tsv') return 'csv';
  if (extension === '.parquet') return 'parquet';
  throw new UsageError(
    'PRIVITY_FILE_FORMAT',
    `file ${basename(path)}: tables are read and written as .csv, .tsv or .parquet`,
  );
}

interface Source {
  readonly file: string;
  readonly origin: string;
  readonly format: FileFormat;
  readonly options: ReadTableOptions;
}

function checkOptions({ origin, format, options }: Source): void {
  for (const [name, type] of Object.entries(options.types ?? {})) {
    if (isColumnType(type)) continue;
    throw new UsageError(
      'PRIVITY_COLUMN_TYPE',
      `the type asked for column '${name}' of ${origin} is not one of ${columnTypes.join(', ')}`,
    );
  }
  const { delimiter } = options;
  if (delimiter === undefined) return;
  if (format !== 'csv' || delimiter.length !== 1 || /["\r\n]/.test(delimiter)) {
    throw new UsageError(
      'PRIVITY_FILE_FORMAT',
      `${origin}: a delimiter is one character, and for CSV files only`,
    );
  }
}

async function checkFile({ file, origin, format }: Source): Promise<void> {
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
  try {
    // A line that never ends would make the CSV reader buffer it all; binary files are told at their first byte of zero.
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    if (format === 'csv' && buffer.subarray(0, bytesRead).includes(0)) {
      throw new DataError(
        'PRIVITY_FILE_ENCODING',
        `${origin} is not UTF-8 text: it has zero bytes (UTF-16, or binary)`,
      );
    }
  } finally {
    await handle.close();
  }
}

/** The names that options speak of must be there before DuckDB is asked to use them. */
function checkAsked({ origin, options }: Source, names: readonly string[]): void {
  checkColumnNames(names, origin);
  const asked = [...(options.columns ?? []), ...Object.keys(options.types ?? {})];
  const missing = [...new Set(asked)].filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  const present = names.map((name) => ({ name }));
  throw columnsMissing(missing, present, undefined, origin);
}

function projection(source: Source, names: readonly string[]): string {
  const types = source.options.types ?? {};
  const wanted = source.options.columns ?? names;
  const list = wanted.map((name) => {
    const type = source.format === 'parquet' && Object.hasOwn(types, name) ? types[name] : undefined;
    return type === undefined
      ? identifier(name)
      : `CAST(${identifier(name)} AS ${type}) AS ${identifier(name)}`;
  });
  return `SELECT ${list.join(', ')} FROM ${reader(source, types)}`;
}

function reader({ file, format, options }: Source, types: Readonly<Record<string, ColumnType>>): string {
  if (format === 'parquet') return `read_parquet(${pathLiteral(file)})`;
  const delimiter = options.delimiter ?? (extname(file).toLowerCase() === '.tsv' ? '\t' : ',');
  const declared = Object.entries(types).map(([name, type]) => `${literal(name)}: ${literal(type)}`);
  const settings = [
    `delim = ${literal(delimiter)}`,
    `quote = '"', escape = '"', comment = '', nullstr = ''`,
    'header = true, skip = 0, strict_mode = true, null_padding = false, ignore_errors = false',
    'sample_size = -1',
    `auto_type_candidates = ['NULL', 'BOOLEAN', 'BIGINT', 'DOUBLE', 'DATE', 'TIMESTAMP', 'VARCHAR']`,
    ...(declared.length === 0 ? [] : [`types = {${declared.join(', ')}}`]),
  ];
  return `read_csv(${pathLiteral(file)}, ${settings.join(', ')})`;
}

function readFailed({ origin, format, options }: Source, error: unknown): DataError {
  const { kind, line, invalidUtf8 } = sqlError(error);
  const where = line === undefined ? '' : `, line ${line}`;
  if (invalidUtf8) return new DataError('PRIVITY_FILE_ENCODING', `${origin}${where} is not valid UTF-8`);
  if (kind === 'conversion' || kind === 'out-of-range') {
    const asked = Object.keys(options.types ?? {}).map((name) => ({ name }));
    return conversionFailed(error, asked, origin);
  }
  if (format === 'parquet') return unreadable(origin, 'it is not a Parquet file, or it is damaged');
  return unreadable(
    `${origin}${where}`,
    'its lines do not all have as many fields as the header, or a quote is not closed',
  );
}

function unreadable(origin: string, why: string): DataError {
  return new DataError('PRIVITY_FILE_UNREADABLE', `${origin} cannot be read as a table: ${why}`);
}
