/** A table or view of a DuckDB file. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { DataError, type PrivityError } from '../../base/errors.ts';
import { typeFailed } from '../sources/typed.ts';
import { identifier, literal, sqlError } from '../sql.ts';
import { absolutePath } from './credential.ts';
import { classified, databaseName, declaredTypes, inShort, kindOf } from './kind.ts';
import { missing, unreadable } from './local.ts';

const schema = z.strictObject({
  kind: z.literal('duckdb'),
  path: absolutePath,
  schema: databaseName.default('main'),
  table: databaseName,
  types: declaredTypes.optional(),
});

const originOf = ({ path, table }: z.output<typeof schema>): string => `table ${table} of ${basename(path)}`;

export const duckdb = kindOf({
  schema,
  reads: 'a table or view of a DuckDB file, opened read-only; a view that reads other files is refused',
  types: 'those of the table; refused where a table of Privity would lose something of a value',
  async open({ connection }, source) {
    const { path } = source;
    const origin = originOf(source);
    await stat(path).catch((error: unknown) => {
      throw missing(origin, path, error);
    });
    const name = identifier(databaseOf(path));
    await connection.run(`ATTACH ${literal(path)} AS ${name} (TYPE duckdb, READ_ONLY)`);
    const from = `${name}.${identifier(source.schema)}.${identifier(source.table)}`;
    return { origin, from, types: source.types };
  },
  async failed(error, source): Promise<PrivityError> {
    const origin = originOf(source);
    const { types = {} } = source;
    if (sqlError(error).kind === 'catalog') return missingTable(origin);
    const why = classified(error, [
      [/lock on file/i, 'another process has opened the file to write'],
      [/not a valid DuckDB database/i, 'the file is not a DuckDB database'],
      [
        /newer version|newer DuckDB|serialization version|version number/i,
        'a newer DuckDB has written the file',
      ],
      [/encrypt|decrypt/i, 'the file is encrypted'],
      [/^Permission Error/, 'the view reads something outside of the database'],
    ]);
    return typeFailed(error, origin, { types }) ?? unreadable(origin, why ?? inShort(error));
  },
});

/** The name that DuckDB gives to a file by itself: its views may call their tables by it. */
function databaseOf(path: string): string {
  const [stem = ''] = basename(path).split('.');
  return ['', 'memory', 'system', 'temp'].includes(stem) ? 'source' : stem;
}

export function missingTable(origin: string): DataError {
  return new DataError('PRIVITY_SOURCE_MISSING', `${origin} is not there; names are compared exactly`);
}
