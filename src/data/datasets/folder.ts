/** A folder of Parquet files that are one table, as Spark and others write it. */
import { opendir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { typeFailed } from '../sources/typed.ts';
import { absolutePath } from './credential.ts';
import { declaredTypes, kindOf } from './kind.ts';
import { missing, unreadable } from './local.ts';
import { DATASET_FILES_MAX, isPartitioned, parquetFiles } from './parquet-files.ts';

const schema = z.strictObject({
  kind: z.literal('folder'),
  path: absolutePath,
  types: declaredTypes.optional(),
});

const originOf = ({ path }: z.output<typeof schema>): string => `folder ${basename(path)}`;

export const folder = kindOf({
  schema,
  reads:
    'all Parquet files of a folder and the folders in it, as one table; names of folders such as `year=2024` are columns',
  types: 'those of the files, which have to be the same in all; of columns from names of folders, text',
  async open({ connection }, source) {
    const origin = originOf(source);
    const paths = await filesIn(source.path, origin);
    const partitions = paths.some((path) => isPartitioned(path.slice(source.path.length)));
    const from = await parquetFiles(connection, paths, { origin, partitions });
    return { origin, from, types: source.types, files: paths };
  },
  async failed(error, source) {
    const origin = originOf(source);
    const { types = {} } = source;
    return (
      typeFailed(error, origin, { types }) ??
      unreadable(origin, 'one of its files is not Parquet, or is damaged')
    );
  },
});

/** In the order of their names. Those that begin with a dot or `_` are other programs' own: `_SUCCESS`. */
async function filesIn(path: string, origin: string): Promise<readonly string[]> {
  const found: string[] = [];
  const folders = [path];
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    const entries = await opendir(at).catch((error: unknown) => {
      throw missing(origin, path, error);
    });
    for await (const entry of entries) {
      if (/^[._]/.test(entry.name)) continue;
      if (entry.isDirectory()) folders.push(join(at, entry.name));
      else if (entry.name.toLowerCase().endsWith('.parquet')) found.push(join(at, entry.name));
      if (found.length + folders.length > DATASET_FILES_MAX)
        throw unreadable(origin, `it has more than ${DATASET_FILES_MAX} files and folders`);
    }
  }
  if (found.length === 0) throw unreadable(origin, 'there is no Parquet file in it');
  return found.sort();
}
