/** Folders: one with all above it, and one for temporary files. */

import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EnvironmentError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import { reasonOf } from '../../base/system-error.ts';
import type { TempFolder } from '../seam/platform.ts';
import { type ClaimFacts, OwnClaim } from './claim.ts';

/**
 * Makes a folder, and those above it that are missing. Node's own recursive mkdir tries again for ever where the folder
 * above is there and nothing can be made in it, as in /proc.
 *
 * @returns false if it was there already
 * @throws what `mkdir` throws
 */
export async function makeFolders(path: string, mode?: number): Promise<boolean> {
  try {
    await mkdir(path, mode);
    return true;
  } catch (error) {
    if (await isFolder(path)) return false;
    const above = dirname(path);
    if (reasonOf(error) !== 'ENOENT' || above === path || (await isFolder(above))) throw error;
    await makeFolders(above, mode);
    return makeFolders(path, mode);
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/**
 * A new folder for temporary files that only this user can enter. It carries this process's claim, or there is none.
 *
 * @param facts `runId` is empty until it is known
 * @throws {EnvironmentError} PRIVITY_TEMPORARY_FOLDER
 */
export async function makeTempFolder(
  prefix: string,
  facts: ClaimFacts,
  wallTimeMs: number,
): Promise<TempFolder> {
  const base = tmpdir();
  let path: string | undefined;
  try {
    path = await mkdtemp(join(base, prefix));
    const claim = new OwnClaim(path, facts, wallTimeMs);
    return {
      path,
      runIs: (id) => claim.runIs(id),
      programIs: (pid) => claim.programIs(pid),
      remove: removal(path),
    };
  } catch (cause) {
    if (path !== undefined) await ignored(removal(path)(), 'the cause is thrown below');
    const reason = reasonOf(cause);
    const isFull = reason === 'ENOSPC' || reason === 'EDQUOT';
    throw new EnvironmentError(
      'PRIVITY_TEMPORARY_FOLDER',
      `${base}: no temporary folder can be made (${reason})`,
      { cause, ...(isFull ? { failure: 'RESOURCE_EXHAUSTED' } : {}) },
    );
  }
}

function removal(path: string): () => Promise<void> {
  return () => rm(path, { recursive: true, force: true, maxRetries: 3 });
}
