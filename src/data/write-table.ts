import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EnvironmentError } from '../base/errors.ts';
import { reasonOf } from '../base/system-error.ts';
import { spillFolder, withConnection } from './database.ts';
import { tableSources } from './sources/index.ts';
import {
  type Call,
  checkOptions,
  sourceOf,
  type WritableSource,
  type WriteTableOptions,
} from './sources/source.ts';
import { literal, sqlError } from './sql.ts';
import { relationOf, type Table } from './table.ts';

/**
 * Writes a table as .csv, .tsv (also .csv.gz, .tsv.gz) or .parquet, by the extension of the path. The file appears
 * complete or not at all: it is written to a temporary folder, moved beside its place, flushed to disk and renamed. An
 * existing file is replaced. The folder must exist.
 *
 * Parquet keeps names, types and values. CSV keeps names and values: `readTable` gives the same ones back and infers
 * the types, so a text 17 comes back as the number 17, and FLOAT as DOUBLE. Bytes (BLOB) have no form in CSV.
 * @throws {EnvironmentError} PRIVITY_FILE_UNWRITABLE
 * @throws {UsageError} PRIVITY_FILE_FORMAT, PRIVITY_COLUMN_TYPE, PRIVITY_DATABASE_STATE
 * @example await writeTable(table, 'result.csv', { escapeFormulas: true });
 */
export async function writeTable(table: Table, path: string, options: WriteTableOptions = {}): Promise<void> {
  const file = resolve(path);
  const origin = `file ${basename(file)}`;
  const source = sourceOf(writable, file, origin);
  const { sqlName, columns } = relationOf(table);
  checkOptions(WRITE, options, { source, sources: writable, origin });
  const list = columns.map((column) => source.write.column(column, options)).join(', ');
  const beside = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.partial`);
  // The database can write nowhere else.
  const written = join(await spillFolder(), `${randomBytes(6).toString('hex')}.partial`);
  const copy = `COPY (SELECT ${list} FROM ${sqlName}) TO ${literal(written)} (${source.write.settings(file)})`;
  let folder = dirname(written);
  try {
    await withConnection((connection) => connection.run(copy));
    folder = dirname(file);
    await move(written, beside);
    const handle = await open(beside, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(written, { force: true });
    await rm(beside, { force: true });
    const code = (error as NodeJS.ErrnoException).code ?? `${sqlError(error).kind} error`;
    throw new EnvironmentError(
      'PRIVITY_FILE_UNWRITABLE',
      `${origin} (${table.rowCount} rows) cannot be written to ${folder} (${code})`,
    );
  }
}

const writable = tableSources.filter((source): source is WritableSource => source.write !== undefined);

const WRITE: Call<WritableSource> = { name: 'writeTable', shared: [], own: ({ write }) => write.options };

/** Also to another file system, where it is a copy. */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (reasonOf(error) !== 'EXDEV') throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL);
    await rm(from);
  }
}
