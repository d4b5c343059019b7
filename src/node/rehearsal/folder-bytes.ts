/** How much lies in a folder that a stranger's code writes to. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What an empty file or folder takes of a disk, at least: many of them fill it, too. */
const ENTRY_BYTES = 4096;

/** Bytes of all files below it; not looked further at once it is more than `enough`. */
export async function folderBytes(path: string, enough: number): Promise<number> {
  let bytes = 0;
  const folders = [path];
  // Grows while it is gone through.
  for (const folder of folders)
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const at = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(at);
      bytes += ENTRY_BYTES + (entry.isFile() ? (await lstat(at)).size : 0);
      if (bytes > enough) return bytes;
    }
  return bytes;
}
