/** Several Parquet files that are one table. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { DataError } from '../../base/errors.ts';
import { literal, pathLiteral } from '../sql.ts';

/** Files of one table. Their ends are all read before its first row. */
export const DATASET_FILES_MAX = 10_000;

/**
 * What stands behind FROM. DuckDB takes the columns of the first file for those of all: it passes over further columns
 * of others, and converts their types. Here they are refused.
 * @param partitions whether names of folders (`year=2024`) are columns, of text
 * @throws {DataError} PRIVITY_SOURCE_UNREADABLE
 */
export async function parquetFiles(
  connection: DuckDBConnection,
  paths: readonly string[],
  { origin, partitions }: { origin: string; partitions: boolean },
): Promise<string> {
  const list = `[${paths.map(quoted).join(', ')}]`;
  const columns = `SELECT name, count(DISTINCT file_name) AS files, count(DISTINCT duckdb_type) AS types
    FROM parquet_schema(${list}) WHERE type IS NOT NULL GROUP BY name`;
  const differing = `SELECT name FROM (${columns}) WHERE files <> ${paths.length} OR types <> 1 ORDER BY name LIMIT 1`;
  const name = (await connection.runAndReadAll(differing)).getRows()[0]?.[0];
  if (name !== undefined) {
    throw new DataError(
      'PRIVITY_SOURCE_UNREADABLE',
      `${origin}: its ${paths.length} files do not have the same columns: '${String(name)}' is missing in some, or of another type`,
    );
  }
  // Types that are guessed from names of folders would change with the first folder of another form.
  return `read_parquet(${list}, hive_partitioning = ${partitions}, hive_types_autocast = false, filename = false)`;
}

function quoted(path: string): string {
  return path.startsWith('s3://') ? literal(path) : pathLiteral(path);
}

/** Whether a path has a folder that is a value of a column: `year=2024`. */
export function isPartitioned(path: string): boolean {
  return /(^|\/)[^/=]+=[^/]*\//.test(path);
}
