/**
 * What a job will need at one party, looked at in the process that has loaded it: arguments, settings, tables, DuckDB.
 * Values of settings are private: a check names the setting and the file, and quotes nothing else.
 */

import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { PrivityError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import { closeDatabase, isTableFile, readTable } from '../../data/index.ts';
import type { Job } from '../../program/model/job.ts';
import { parseArgs, parseSettings } from '../../program/model/schema.ts';
import { reportOf } from '../../record/error-report.ts';
import { count, size } from '../output/quantity.ts';
import type { DoctorRequest } from '../shell.ts';
import { type Check, failed, ok, unknown } from './check.ts';

/** A larger table is not read to count its rows: the doctor should take seconds. */
export const TABLE_READ_BYTES_MAX = 256 * 1024 * 1024;
/** Names of columns that a check lists. */
const COLUMNS_SHOWN_MAX = 12;

/** Nothing but its name tells a file that a job writes from one that it reads. */
const WRITTEN = /out|result|target|dest|export|save|writ/i;

export async function checkJob(job: Job, request: DoctorRequest): Promise<readonly Check[]> {
  const { party, args, settings } = request;
  const checks = [await checkArguments(job, args)];
  if (party === null || !job.parties.includes(party)) return checks;
  checks.push(
    await attempt('settings', async () => {
      const names = Object.keys(await parseSettings(party, job.settings[party], settings));
      return ok('settings', names.length === 0 ? `${party} has none` : `${party} has ${names.join(', ')}`);
    }),
  );
  checks.push(await checkDuckDb());
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value !== 'string' || !isTableFile(value)) continue;
    checks.push(await checkTable(`table ${name}`, value));
  }
  await closeDatabase();
  return checks;
}

async function checkArguments(job: Job, args: DoctorRequest['args']): Promise<Check> {
  const check = await attempt('arguments', async () => {
    const names = Object.keys(await parseArgs(job.args, args));
    return ok('arguments', names.length === 0 ? 'the job takes none' : `${names.join(', ')} fit the job`);
  });
  if (check.status !== 'failed' || Object.keys(args).length > 0) return check;
  return unknown('arguments', 'the job takes arguments', 'give the same --arg NAME=VALUE as in the run');
}

async function checkDuckDb(): Promise<Check> {
  return attempt('DuckDB', async () => {
    const { loadDuckDb } = await import('../../data/database.ts');
    const duckdb = await loadDuckDb();
    // Not the one of the tables: whether it can be opened at all is the question.
    const connection = await (await duckdb.DuckDBInstance.create(':memory:')).connect();
    await connection.run('SELECT 1');
    connection.closeSync();
    return ok('DuckDB', `${duckdb.version()} works`);
  });
}

async function checkTable(name: string, file: string): Promise<Check> {
  const found = await ignored(stat(file), 'the check says so');
  if (found === undefined) {
    const text = `${basename(file)} is not there; looked for ${file}`;
    if (WRITTEN.test(name))
      return unknown(name, text, 'if the job does not write this file, correct the path');
    const remedy = 'correct the path in the settings; only if the job writes this file, run it all the same';
    return failed(name, text, remedy);
  }
  const mayRead = await access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
  if (!mayRead)
    return failed(
      name,
      `${file} may not be read by this user`,
      'change its permissions, or run as its owner',
    );
  if (found.size > TABLE_READ_BYTES_MAX)
    return ok(name, `${basename(file)}, ${size(found.size)}: too large to look into here`);
  return attempt(name, async () => {
    const { rowCount, columns } = await readTable(file);
    const shown = columns.slice(0, COLUMNS_SHOWN_MAX).map((column) => column.name);
    const more = columns.length > shown.length ? ` and ${columns.length - shown.length} more` : '';
    return ok(name, `${basename(file)}, ${count(rowCount, 'row')} with ${shown.join(', ')}${more}`);
  });
}

/** What an error says, and what the catalogue says to do about it. Anything else is the job's: its schema threw. */
async function attempt(name: string, work: () => Promise<Check>): Promise<Check> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PrivityError) return failed(name, error.message, reportOf(error).remedy);
    return failed(name, 'something that is no error of Privity was thrown', 'look at the schema in the job');
  }
}
