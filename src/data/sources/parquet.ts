/** Parquet files, whose columns have types. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { DataError, PrivityError } from '../../base/errors.ts';
import { type ColumnType, isInteger } from '../column-type.ts';
import { withReader } from '../database.ts';
import { conversionFailed, importRelation, type Relation } from '../relation.ts';
import { identifier, pathLiteral, sqlError } from '../sql.ts';
import {
  checkAsked,
  type ReadTableOptions,
  type SourceFile,
  type TableSource,
  unreadable,
} from './source.ts';

export const parquet: TableSource = {
  name: 'Parquet',
  extensions: ['.parquet'],
  types: 'those of the file; refused where a table would lose something of a value',
  options: [],
  read,
  write: { options: [], column: ({ name }) => identifier(name), settings: () => 'FORMAT parquet' },
};

async function read({ path, origin }: SourceFile, options: ReadTableOptions): Promise<Relation> {
  const reader = `read_parquet(${pathLiteral(path)})`;
  const types = options.types ?? {};
  try {
    return await withReader(async (connection) => {
      const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${reader}`);
      const names = described.getColumns()[0] as string[];
      checkAsked(origin, options, names);
      await refuseRounded(connection, origin, reader, types);
      const list = (options.columns ?? names).map((name) => parquetColumn(name, types));
      const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${reader}`);
      const rowCount = Number(counted.getRows()[0]?.[0]);
      return importRelation(connection, `SELECT ${list.join(', ')} FROM ${reader}`, origin, rowCount);
    }, options.signal);
  } catch (error) {
    if (error instanceof PrivityError || options.signal?.aborted) throw error;
    const { kind } = sqlError(error);
    if (kind === 'conversion' || kind === 'out-of-range') {
      const asked = Object.keys(types).map((name) => ({ name }));
      throw conversionFailed(error, asked, origin);
    }
    throw unreadable(origin, 'it is not a Parquet file, or it is damaged');
  }
}

function parquetColumn(name: string, types: Readonly<Record<string, ColumnType>>): string {
  const quoted = identifier(name);
  return Object.hasOwn(types, name) ? `CAST(${quoted} AS ${types[name]}) AS ${quoted}` : quoted;
}

/** DuckDB rounds 1.6 to a whole number. Declared whole numbers refuse it. */
async function refuseRounded(
  connection: DuckDBConnection,
  origin: string,
  reader: string,
  types: Readonly<Record<string, ColumnType>>,
): Promise<void> {
  for (const [name, type] of Object.entries(types)) {
    if (!isInteger(type)) continue;
    const value = `TRY_CAST(${identifier(name)} AS DOUBLE)`;
    const select = `SELECT count_if(${value} IS NOT NULL AND ${value} <> trunc(${value})) FROM ${reader}`;
    const count = Number((await connection.runAndReadAll(select)).getRows()[0]?.[0]);
    if (count === 0) continue;
    throw new DataError(
      'PRIVITY_COLUMN_TYPE',
      `${origin}: column '${name}' has ${count} values that are no whole numbers, and so do not fit ${type}`,
    );
  }
}
