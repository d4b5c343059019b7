/** Tables from files, whatever their format. */
import { open, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { DataError, PrivityError, UsageError } from '../base/errors.ts';
import { columnTypes } from './column-type.ts';
import { withReader } from './database.ts';
import { importRelation } from './relation.ts';
import { tableSources } from './sources/index.ts';
import {
  type Call,
  checkOptions,
  type ReadTableOptions,
  type SourceFile,
  sourceOf,
  type TableSource,
  unreadable,
} from './sources/source.ts';
import { type Table, tableFrom } from './table.ts';

/**
 * Reads a file by its extension: .csv and .tsv (UTF-8, RFC 4180 quotes, first line is the header; also .csv.gz and
 * .tsv.gz) or .parquet. An option that the format does not have is refused.
 *
 * The type of a CSV column is inferred from all of its values, and only where that loses nothing:
 * - BOOLEAN, BIGINT, DATE or TIMESTAMP if every value gives back its own text: `true`, `17`, `2024-01-31`,
 *   `2024-01-31 12:00:00`;
 * - DOUBLE if every value is a number that a double keeps: `120.50`, up to 15 digits or as many as a double is written
 *   with;
 * - VARCHAR otherwise: `007`, `0x10`, `01/02/2024`, `F`.
 * The log says what was inferred, and which line keeps a column text that is numbers or dates elsewhere. Declared types
 * (`types`) refuse what they cannot hold. Nothing between two separators is NULL. A pair of quotes is an empty text,
 * which keeps a column text; a declared type takes it for NULL. A blank line is passed over, but in a file of one
 * column, where it is a row without a value. The order of rows is kept.
 *
 * A Parquet column keeps its type. It is refused where the type that tables have for it would lose something: decimals
 * that a double cannot hold, nanoseconds.
 *
 * Cost: two passes over the file; memory in the database, not in the heap. The file is opened by a database that runs
 *   no SQL of a job.
 * @throws {DataError} PRIVITY_FILE_MISSING, PRIVITY_FILE_UNREADABLE, PRIVITY_FILE_ENCODING, PRIVITY_COLUMN_MISSING,
 *   PRIVITY_COLUMN_NAME, PRIVITY_COLUMN_TYPE, PRIVITY_TABLE_LIMIT
 * @throws {UsageError} PRIVITY_FILE_FORMAT, PRIVITY_COLUMN_TYPE
 * @example const loans = await readTable('loans.csv', { types: { id: 'VARCHAR' } });
 */
export function readTable(path: string, options: ReadTableOptions = {}): Promise<Table> {
  return readTableFrom(tableSources, path, options);
}

const READ: Call<TableSource> = {
  name: 'readTable',
  shared: ['columns', 'types', 'signal'] satisfies (keyof ReadTableOptions)[],
  own: ({ options }) => options,
};

/** The same with other sources. */
export async function readTableFrom(
  sources: readonly TableSource[],
  path: string,
  options: ReadTableOptions,
): Promise<Table> {
  const file = resolve(path);
  const origin = `file ${basename(file)}`;
  const source = sourceOf(sources, file, origin);
  checkOptions(READ, options, { source, sources, origin });
  checkTypes(options.types, origin);
  await checkFile(file, origin);
  options.signal?.throwIfAborted();
  const given: SourceFile = { path: file, origin };
  try {
    const relation = await withReader(async (connection) => {
      const { select, count, fromText } = await source.open(connection, given, options);
      const imported = await importRelation(connection, select, origin, await count());
      return fromText === undefined ? imported : { ...imported, fromText };
    }, options.signal);
    return tableFrom(relation);
  } catch (error) {
    if (error instanceof PrivityError || options.signal?.aborted) throw error;
    throw await source.failed(error, given, options);
  }
}

/** @throws {UsageError} PRIVITY_COLUMN_TYPE */
function checkTypes(types: Readonly<Record<string, unknown>> | undefined, origin: string): void {
  const known: readonly unknown[] = columnTypes;
  for (const [name, type] of Object.entries(types ?? {})) {
    if (known.includes(type)) continue;
    throw new UsageError(
      'PRIVITY_COLUMN_TYPE',
      `the type asked for column '${name}' of ${origin} is not one of ${columnTypes.join(', ')}`,
    );
  }
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
