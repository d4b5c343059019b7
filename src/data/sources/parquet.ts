/** Parquet files, whose columns have types. */
import { identifier, pathLiteral } from '../sql.ts';
import { type TableSource, unreadable } from './source.ts';
import { openTyped, typeFailed } from './typed.ts';

export const parquet: TableSource = {
  name: 'Parquet',
  extensions: ['.parquet'],
  types: 'those of the file; refused where a table would lose something of a value',
  options: [],
  open: (connection, { path, origin }, options) =>
    openTyped(connection, `read_parquet(${pathLiteral(path)})`, origin, options),
  failed: async (error, { origin }, options) =>
    typeFailed(error, origin, options) ?? unreadable(origin, 'it is not a Parquet file, or it is damaged'),
  write: { options: [], column: ({ name }) => identifier(name), settings: () => 'FORMAT parquet' },
};
