/** Rows whose columns have types where they come from: Parquet, and tables of databases. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { DataError, type PrivityError } from '../../base/errors.ts';
import { type ColumnType, isInteger } from '../column-type.ts';
import { conversionFailed } from '../relation.ts';
import { identifier, sqlError } from '../sql.ts';
import { checkAsked, type OpenRows, type ReadTableOptions } from './source.ts';

/**
 * @param from what stands behind FROM
 * @throws {DataError} PRIVITY_COLUMN_MISSING, PRIVITY_COLUMN_TYPE
 */
export async function openTyped(
  connection: DuckDBConnection,
  from: string,
  origin: string,
  options: ReadTableOptions,
): Promise<OpenRows> {
  const types = options.types ?? {};
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`);
  const names = described.getColumns()[0] as string[];
  checkAsked(origin, options, names);
  await refuseRounded(connection, origin, from, types);
  const list = (options.columns ?? names).map((name) => typedColumn(name, types));
  const count = async () => {
    const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${from}`);
    return Number(counted.getRows()[0]?.[0]);
  };
  return { select: `SELECT ${list.join(', ')} FROM ${from}`, count };
}

/** A value that a declared type cannot hold; undefined: the error says something else. */
export function typeFailed(
  error: unknown,
  origin: string,
  { types = {} }: ReadTableOptions,
): PrivityError | undefined {
  const { kind } = sqlError(error);
  if (kind !== 'conversion' && kind !== 'out-of-range') return undefined;
  const asked = Object.keys(types).map((name) => ({ name }));
  return conversionFailed(error, asked, origin);
}

function typedColumn(name: string, types: Readonly<Record<string, ColumnType>>): string {
  const quoted = identifier(name);
  return Object.hasOwn(types, name) ? `CAST(${quoted} AS ${types[name]}) AS ${quoted}` : quoted;
}

/** DuckDB rounds 1.6 to a whole number. Declared whole numbers refuse it. */
async function refuseRounded(
  connection: DuckDBConnection,
  origin: string,
  from: string,
  types: Readonly<Record<string, ColumnType>>,
): Promise<void> {
  for (const [name, type] of Object.entries(types)) {
    if (!isInteger(type)) continue;
    const value = `TRY_CAST(${identifier(name)} AS DOUBLE)`;
    const select = `SELECT count_if(${value} IS NOT NULL AND ${value} <> trunc(${value})) FROM ${from}`;
    const count = Number((await connection.runAndReadAll(select)).getRows()[0]?.[0]);
    if (count === 0) continue;
    throw new DataError(
      'PRIVITY_COLUMN_TYPE',
      `${origin}: column '${name}' has ${count} values that are no whole numbers, and so do not fit ${type}`,
    );
  }
}
