import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { EnvironmentError, UsageError } from '../base/errors.ts';
import { ignored } from '../base/ignored.ts';

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
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
  if (!overwrite && (await exists(path))) throw fileExists(path);
  const part = `${path}.${process.pid}.part`;
  try {
    await writeFile(part, text, { mode, flag: 'wx' });
    await rename(part, path);
  } catch (cause) {
    await ignored(rm(part, { force: true }), 'the cause is thrown below');
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new EnvironmentError('PRIVITY_FILE_WRITE', `${path}: cannot be written (${reason})`, { cause });
  }
}

export function fileExists(path: string): UsageError {
  return new UsageError('PRIVITY_FILE_EXISTS', `${path}: exists already and is not overwritten`);
}
