/** A file of the owner that keeps a fitted encoding: JSON, for the owner's eyes. */
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DataError, EnvironmentError } from '../../index.ts';
import { checkFitted, damaged, type FittedEncoding } from './fitted.ts';

/** Bytes of such a file: a thousand columns of a hundred long words have fewer. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Means, quantiles and words of the owner's data: for nobody else on its machine. */
const FILE_MODE = 0o600;

/**
 * Keeps a fitted encoding in a file of its owner, to be applied to tables of later runs. Only the account that wrote it
 * can read it. The file appears complete or not at all; an existing one is replaced.
 *
 * Opens: nothing.
 * @throws {DataError} PRIVITY_STATS_ENCODING: it is none
 * @throws {EnvironmentError} PRIVITY_FILE_UNWRITABLE
 * @example
 * const { fitted } = clean.at(alice, visits);
 * alice.run('keep the rules', { fitted }, ({ fitted }, { tempDir }) => writeEncoding(`${tempDir}/rules.json`, fitted));
 */
export async function writeEncoding(path: string, fitted: FittedEncoding): Promise<void> {
  const text = `${JSON.stringify(checkFitted(fitted, 'what should be written'), undefined, 2)}\n`;
  const file = resolve(path);
  const beside = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.partial`);
  try {
    const handle = await open(beside, 'wx', FILE_MODE);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw new EnvironmentError(
      'PRIVITY_FILE_UNWRITABLE',
      `file ${basename(file)} cannot be written to ${dirname(file)} (${codeOf(error)})`,
    );
  }
}

/**
 * A fitted encoding from the file in which its owner has kept it.
 *
 * Opens: nothing.
 * @throws {DataError} PRIVITY_FILE_MISSING, PRIVITY_FILE_UNREADABLE; PRIVITY_STATS_ENCODING: the file is damaged, of
 *   another version, or none at all
 * @example
 * const kept = alice.run('rules', async ({ tempDir }) => {
 *   const rules = `${tempDir}/rules.json`;
 *   await writeEncoding(rules, await clean.fit(await tableOf({ age: Float64Array.of(20, 70) })));
 *   return await readEncoding(rules);
 * });
 */
export async function readEncoding(path: string): Promise<FittedEncoding> {
  const file = basename(path);
  const text = await textOf(path, file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The words of the parser quote the text.
    throw damaged(`file ${file}`, 'it is not JSON');
  }
  return checkFitted(value, `file ${file}`);
}

async function textOf(path: string, file: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > FILE_BYTES_MAX) throw damaged(`file ${file}`, `it is larger than ${FILE_BYTES_MAX} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof DataError) throw error;
    const code = codeOf(error);
    throw new DataError(
      code === 'ENOENT' ? 'PRIVITY_FILE_MISSING' : 'PRIVITY_FILE_UNREADABLE',
      `file ${file} with a fitted encoding cannot be read (${code})`,
    );
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown reason';
