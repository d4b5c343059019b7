import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { EnvironmentError } from '../base/errors.ts';
import { withConnection } from './database.ts';
import { fileFormat } from './read-table.ts';
import { literal, sqlError } from './sql.ts';
import { relationOf, type Table } from './table.ts';

/**
 * Writes a table as .csv, .tsv or .parquet, by the extension of the path. The file appears complete or not at all: it is written
 * beside its place, flushed to disk and renamed. An existing file is replaced. The folder must exist.
 * CSV keeps names and values but not types; Parquet keeps both.
 * @throws {EnvironmentError} PRIVITY_FILE_UNWRITABLE
 * @throws {UsageError} PRIVITY_FILE_FORMAT, PRIVITY_DATABASE_STATE
 */
export async function writeTable(table: Table, path: string): Promise<void> {
  const file = resolve(path);
  const format = fileFormat(file);
  const { sqlName } = relationOf(table);
  const beside = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.partial`);
  const settings =
    format === 'parquet'
      ? 'FORMAT parquet'
      : `FORMAT csv, HEADER true, DELIMITER ${literal(extname(file).toLowerCase() === '.tsv' ? '\t' : ',')}`;
  try {
    await withConnection((connection) =>
      connection.run(`COPY (SELECT * FROM ${sqlName}) TO ${literal(beside)} (${settings})`),
    );
    const handle = await open(beside, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    const code = (error as NodeJS.ErrnoException).code ?? `${sqlError(error).kind} error`;
    throw new EnvironmentError(
      'PRIVITY_FILE_UNWRITABLE',
      `file ${basename(file)} (${table.rowCount} rows) cannot be written to ${dirname(file)} (${code})`,
    );
  }
}
