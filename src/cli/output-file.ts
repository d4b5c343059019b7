import { access, constants, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnvironmentError, UsageError } from '../base/errors.ts';
import { ignored } from '../base/ignored.ts';
import { reasonOf } from '../base/system-error.ts';

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Looks whether a file can be written, before something is done that only the file will tell of.
 *
 * @throws {UsageError} PRIVITY_FILE_EXISTS, unless `overwrite`
 * @throws {EnvironmentError} PRIVITY_FILE_WRITE
 */
export async function checkOutput(path: string, overwrite: boolean): Promise<void> {
  const found = await ignored(stat(path), 'what cannot be looked at is not there');
  if (found !== undefined && !overwrite) throw fileExists(path);
  // A device or a pipe would be replaced by a file of its name.
  if (found !== undefined && !found.isFile()) throw notWritten(path, 'it is not a file');
  try {
    await access(dirname(path), constants.W_OK);
  } catch (cause) {
    throw notWritten(path, reasonOf(cause), cause);
  }
}

/**
 * Writes a file complete or not at all, with the given mode from the first byte on.
 *
 * @throws {UsageError} PRIVITY_FILE_EXISTS, unless `overwrite`
 * @throws {EnvironmentError} PRIVITY_FILE_WRITE
 */
export async function writeOutput(
  path: string,
  text: string,
  mode: number,
  overwrite: boolean,
): Promise<void> {
  await checkOutput(path, overwrite);
  const part = `${path}.${process.pid}.part`;
  try {
    await writeFile(part, text, { mode, flag: 'wx' });
    await rename(part, path);
  } catch (cause) {
    await ignored(rm(part, { force: true }), 'the cause is thrown below');
    throw notWritten(path, reasonOf(cause), cause);
  }
}

export function fileExists(path: string): UsageError {
  return new UsageError('PRIVITY_FILE_EXISTS', `${path}: exists already and is not overwritten`);
}

const notWritten = (path: string, reason: string, cause?: unknown): EnvironmentError =>
  new EnvironmentError('PRIVITY_FILE_WRITE', `${path}: cannot be written (${reason})`, { cause });
