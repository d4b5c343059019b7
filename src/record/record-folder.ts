/** Folders of records: runs/RUN/PARTY, which only their owner can enter. */

import { rename, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ignored } from '../base/ignored.ts';
import { makeFolders } from '../supervisor/machine/folders.ts';

/** Runs of one id whose records are kept beside each other: far more than anybody gives the same id. */
const SAME_ID_MAX = 1_000;
/** A run without an id yet has a folder of its own, named by its beginning. */
export const PENDING_PREFIX = 'starting-';

/** Letters that a run id has; what another party says is no name of a folder. */
const idOf = (runId: string): string => runId.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 64) || '_';

/** `RUN`, and for later runs of the same id `RUN+2`, which no id can be. */
const nameOf = (runId: string, n: number): string => (n === 1 ? idOf(runId) : `${idOf(runId)}+${n}`);

/**
 * A folder and those above it, mode 0700.
 *
 * @returns false if it was there already
 * @throws what `mkdir` throws
 */
export function makeFolder(path: string): Promise<boolean> {
  return makeFolders(path, 0o700);
}

/** A folder of its own for a run of all parties: no other run has it. @throws what `mkdir` throws */
export async function makeRunFolder(base: string, runId: string): Promise<string> {
  for (let n = 1; n <= SAME_ID_MAX; n++) {
    const path = join(base, nameOf(runId, n));
    if (await makeFolder(path)) return path;
  }
  throw Object.assign(new Error('too many runs of one id'), { code: 'EEXIST' });
}

/** A folder for a party whose run has no id yet. @throws what `mkdir` throws */
export async function makePendingFolder(
  base: string,
  party: string,
  startedAt: string,
  random: string,
): Promise<string> {
  const moment = startedAt.replaceAll(/[-:]/g, '').slice(0, 15);
  const path = join(base, `${PENDING_PREFIX}${moment}-${random}`, party);
  await makeFolder(path);
  return path;
}

/**
 * Moves a party's folder into the folder of its run, beside other parties of the run that keep their records here.
 *
 * @returns where it is now; where it was if it cannot be moved, as on Windows while its log is open
 */
export async function moveToRun(base: string, folder: string, runId: string): Promise<string> {
  const party = basename(folder);
  for (let n = 1; n <= SAME_ID_MAX; n++) {
    const target = join(base, nameOf(runId, n), party);
    if (target === folder) return folder;
    try {
      await makeFolder(dirname(target));
      // Its own name is taken by this: a folder can replace an empty one only.
      if (!(await makeFolder(target))) continue;
      await rename(folder, target);
    } catch {
      await ignored(rmdir(target), 'an empty folder is no record, and the next purge takes it');
      return folder;
    }
    await ignored(rmdir(dirname(folder)), 'another party is in it');
    return target;
  }
  return folder;
}
