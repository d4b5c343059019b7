import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EnvironmentError, UsageError } from '../base/errors.ts';
import { reasonOf } from '../base/system-error.ts';
import type { Column } from './column-type.ts';
import { spillFolder, withConnection } from './database.ts';
import { dataExtension, isGzip } from './read-csv.ts';
import { fileFormat } from './read-table.ts';
import { identifier, literal, sqlError } from './sql.ts';
import { relationOf, type Table } from './table.ts';

export interface WriteTableOptions {
  /**
   * CSV only: puts an apostrophe before texts that a spreadsheet would take for a formula: those that begin with = + - @, a tab
   * or a carriage return. Default: false, since the texts that are read back have it, too.
   */
  readonly escapeFormulas?: boolean;
}

/** First characters of a text that a spreadsheet may run. */
const FORMULA_STARTS = ['=', '+', '-', '@', '\t', '\r'];

/**
 * Writes a table as .csv, .tsv (also .csv.gz, .tsv.gz) or .parquet, by the extension of the path. The file appears complete or
 * not at all: it is written to a temporary folder, moved beside its place, flushed to disk and renamed. An existing file is replaced. The folder must exist.
 *
 * Parquet keeps names, types and values. CSV keeps names and values: `readTable` gives the same ones back and infers the types,
 * so a text 17 comes back as the number 17, and FLOAT as DOUBLE. Bytes (BLOB) have no form in CSV.
 * @throws {EnvironmentError} PRIVITY_FILE_UNWRITABLE
 * @throws {UsageError} PRIVITY_FILE_FORMAT, PRIVITY_COLUMN_TYPE, PRIVITY_DATABASE_STATE
 * @example await writeTable(table, 'result.csv', { escapeFormulas: true });
 */
export async function writeTable(table: Table, path: string, options: WriteTableOptions = {}): Promise<void> {
  const file = resolve(path);
  const format = fileFormat(file);
  const { sqlName, columns } = relationOf(table);
  if (options.escapeFormulas && format === 'parquet') {
    throw new UsageError(
      'PRIVITY_FILE_FORMAT',
      `file ${basename(file)}: escapeFormulas is for CSV files only`,
    );
  }
  const list = format === 'parquet' ? '*' : columns.map((column) => csvColumn(column, options)).join(', ');
  const beside = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.partial`);
  // The database can write nowhere else.
  const written = join(await spillFolder(), `${randomBytes(6).toString('hex')}.partial`);
  const settings =
    format === 'parquet'
      ? 'FORMAT parquet'
      : `FORMAT csv, HEADER true, DELIMITER ${literal(dataExtension(file) === '.tsv' ? '\t' : ',')}, COMPRESSION ${isGzip(file) ? 'gzip' : 'none'}`;
  try {
    await withConnection((connection) =>
      connection.run(`COPY (SELECT ${list} FROM ${sqlName}) TO ${literal(written)} (${settings})`),
    );
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
      `file ${basename(file)} (${table.rowCount} rows) cannot be written to ${dirname(file)} (${code})`,
    );
  }
}

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

function csvColumn({ name, type }: Column, options: WriteTableOptions): string {
  const value = identifier(name);
  if (type === 'BLOB') {
    throw new UsageError(
      'PRIVITY_COLUMN_TYPE',
      `column '${name}' is BLOB, and bytes have no form in CSV; write .parquet, or convert it: base64(${value})`,
    );
  }
  // The digits of a FLOAT would be read back as another number.
  if (type === 'FLOAT') return `CAST(${value} AS DOUBLE) AS ${value}`;
  if (type !== 'VARCHAR' || !options.escapeFormulas) return value;
  const starts = FORMULA_STARTS.map(literal).join(', ');
  return `CASE WHEN ${value}[1] IN (${starts}) THEN '''' || ${value} ELSE ${value} END AS ${value}`;
}
