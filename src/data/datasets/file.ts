/** One file of a format of `readTable`. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { tableSources } from '../sources/index.ts';
import { checkOptions, type ReadTableOptions, sourceOf, type TableSource } from '../sources/source.ts';
import { absolutePath } from './credential.ts';
import { declaredTypes, kindOf } from './kind.ts';
import { missing } from './local.ts';

const schema = z.strictObject({
  kind: z.literal('file'),
  path: absolutePath,
  /** As of `readTable`. */
  delimiter: z.string().length(1).optional(),
  types: declaredTypes.optional(),
});

export const file = kindOf({
  schema,
  reads: 'one file: CSV or Parquet, by its name, as `readTable` reads it',
  types: 'those of `readTable`',
  async open({ connection }, source) {
    const { given, format, options } = partsOf(source);
    const { path, origin } = given;
    const info = await stat(path).catch((error: unknown) => {
      throw missing(origin, path, error);
    });
    if (!info.isFile()) throw missing(origin, path);
    const { select } = await format.open(connection, given, options);
    return { origin, from: `(${select})`, files: [path] };
  },
  failed(error, source) {
    const { given, format, options } = partsOf(source);
    return format.failed(error, given, options);
  },
});

function partsOf({ path, delimiter, types }: z.output<typeof schema>) {
  const given = { path, origin: `file ${basename(path)}` };
  const format: TableSource = sourceOf(tableSources, path, given.origin);
  const options: ReadTableOptions = {
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(types === undefined ? {} : { types }),
  };
  const call = { name: 'a dataset', shared: ['types'], own: (source: TableSource) => source.options };
  checkOptions(call, options, { source: format, sources: tableSources, origin: given.origin });
  return { given, format, options };
}
