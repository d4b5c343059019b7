/** `privity proposals files`: what a partner would like to run here, to be read before it is approved. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { EnvironmentError, UsageError } from '../../base/errors.ts';
import type { JobFileView } from '../../node/client/answers.ts';
import { alignColumns } from '../output/columns.ts';
import { printable } from '../output/printable.ts';
import { count } from '../output/quantity.ts';
import { createStyle } from '../output/style.ts';
import type { Shell } from '../shell.ts';
import { clientOf, type NodeFlags, show } from './ask.ts';

export interface FilesFlags extends NodeFlags {
  readonly out?: string;
}

/** Digits of a digest that a person compares. */
const DIGITS_SHOWN = 12;

export async function proposedFilesCommand(shell: Shell, id: string, flags: FilesFlags): Promise<number> {
  const folder = flags.out === undefined ? undefined : resolve(shell.cwd, flags.out);
  if (folder !== undefined) await checkEmpty(folder, flags.out ?? '');
  const client = await clientOf(shell, flags);
  const found = await client.proposals.files(id, { contents: folder !== undefined });
  if (folder !== undefined) await writeFiles(folder, found.files);
  const files = found.files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 }));
  return show(shell, flags, { ...found, files, ...(folder === undefined ? {} : { folder }) }, (all) => {
    const style = createStyle(shell.colour.out);
    const lines = all.files.map(({ path, bytes, sha256 }) => [
      printable(path),
      String(bytes),
      sha256.slice(0, DIGITS_SHOWN),
      path === all.file ? 'the job' : '',
    ]);
    const [head = '', ...rows] = alignColumns([['FILE', 'BYTES', 'SHA-256', ''], ...lines], { right: [1] });
    const written =
      folder === undefined
        ? []
        : [`${style.green('✔')} ${count(files.length, 'file')} in ${printable(flags.out ?? '')}`];
    return `${[style.dim(head), ...rows, ...written].join('\n')}\n`;
  });
}

/** Never among files of somebody's own, one of which it might be taken for. */
async function checkEmpty(folder: string, typed: string): Promise<void> {
  let names: readonly string[] = [];
  try {
    names = await readdir(folder);
  } catch (cause) {
    if (!isMissing(cause))
      throw new EnvironmentError('PRIVITY_FILE_WRITE', `${typed}: cannot be used as a folder`, { cause });
  }
  if (names.length > 0)
    throw new UsageError('PRIVITY_FILE_EXISTS', `${typed}: the folder is not empty; give one that is`);
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** @throws {UsageError} PRIVITY_PROPOSAL_BUNDLE: a path that leads out of the folder */
export async function writeFiles(folder: string, files: readonly JobFileView[]): Promise<void> {
  for (const { path, base64 = '' } of files) {
    const target = resolve(folder, path);
    // The node has refused such paths; what is written here is looked at here, too.
    if (!target.startsWith(`${folder}${sep}`))
      throw new UsageError(
        'PRIVITY_PROPOSAL_BUNDLE',
        `the path ${JSON.stringify(path)} leads out of ${folder}`,
      );
    try {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, Buffer.from(base64, 'base64'), { flag: 'wx', mode: 0o600 });
    } catch (cause) {
      throw new EnvironmentError('PRIVITY_FILE_WRITE', `${target}: cannot be written`, { cause });
    }
  }
}
