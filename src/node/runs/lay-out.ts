/** The code of a job as files: its own, and links to the packages that it imports. */
import { mkdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type FoundPackage, foldersOf } from '../../program/loading/packages.ts';
import type { BundleFiles } from '../model/bundle.ts';
import { NODE_LIMITS } from '../model/limits.ts';

const PACKAGES = 'node_modules';

/**
 * Also where a node that was killed has begun with it.
 *
 * @returns paths of all code that the job may load, without links; the folder first
 */
export async function layOut(
  folder: string,
  files: BundleFiles,
  packages: readonly FoundPackage[],
): Promise<readonly [string, ...string[]]> {
  for (const [path, bytes] of files) await write(join(folder, ...path.split('/')), bytes);
  await rm(join(folder, PACKAGES), { recursive: true, force: true });
  for (const { name, folder: to } of packages) {
    const at = join(folder, PACKAGES, name);
    await mkdir(dirname(at), { recursive: true, mode: 0o700 });
    await symlink(to, at);
  }
  return [await realpath(folder), ...(await foldersOf(packages, NODE_LIMITS.packageFoldersMax))];
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, bytes, { mode: 0o600 });
}
