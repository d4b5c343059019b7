/**
 * Which rows a run has used, remembered without a row: of each row a keyed hash of 64 bits, with how often it is there,
 * in the order of the hashes. Two such files say how many rows differ, exactly: of ten million rows two share a hash
 * with a chance of three in a million. Without the key nobody can try whether a row is in it.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { z } from 'zod';
import { EnvironmentError } from '../../base/errors.ts';
import { reasonOf } from '../../base/system-error.ts';
import { TAKEN } from '../datasets/typed-rows.ts';
import { identifier, literal, pathLiteral, sqlError } from '../sql.ts';

const KEY_BYTES = 32;

/** How many rows differ between two uses. */
export interface ChangedRows {
  /** Rows that are there now and were not. */
  readonly added: number;
  /** Rows that were there and are not now. */
  readonly removed: number;
  /** The larger of both: a row with another value is one of each, and has changed once. */
  readonly changed: number;
  readonly before: number;
  readonly now: number;
}

/** What is known of a remembered use. */
const about = z.strictObject({
  version: z.literal(1),
  /** Columns that were hashed, with their types. */
  columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
  /** Which key it was. */
  keyed: z.string(),
});
export type RememberedUse = z.output<typeof about>;

/** The key of a node, made when there is none. */
export async function memoryKey(path: string): Promise<string> {
  try {
    return await readKey(path);
  } catch (error) {
    if (reasonOf(error) !== 'ENOENT') throw memoryFile(path, reasonOf(error));
  }
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, randomBytes(KEY_BYTES).toString('hex'), { mode: 0o600, flag: 'wx' });
    // Of two processes that make one at the same time, one finds that of the other.
    await link(draft, path).catch((error: unknown) => {
      if (reasonOf(error) !== 'EEXIST') throw error;
    });
    return await readKey(path);
  } catch (error) {
    throw memoryFile(path, reasonOf(error));
  } finally {
    await rm(draft, { force: true });
  }
}

async function readKey(path: string): Promise<string> {
  const key = await readFile(path, 'utf8');
  if (!new RegExp(`^[0-9a-f]{${2 * KEY_BYTES}}$`).test(key)) throw memoryFile(path, 'it is no key');
  return key;
}

/** SQL of one row's hash. Each value stands behind its length, so that no two rows have one text. */
function hashOf(key: string, { columns }: Pick<RememberedUse, 'columns'>): string {
  const parts = columns.map(({ name, type }) => {
    const value = identifier(name);
    const text = type === 'BLOB' ? `hex(${value})` : `CAST(${value} AS VARCHAR)`;
    return `coalesce(strlen(${text}) || ':' || ${text}, '-')`;
  });
  return `CAST('0x' || sha256(concat(${[literal(key), ...parts].join(', ')}))[:16] AS UBIGINT)`;
}

const hashesOf = (key: string, use: Pick<RememberedUse, 'columns'>) =>
  `SELECT ${hashOf(key, use)} AS h, count(*) AS n FROM ${TAKEN} GROUP BY 1`;

/** Of the key, so that hashes of another one are not compared. */
async function fingerprint(connection: DuckDBConnection, key: string): Promise<string> {
  const answer = await connection.runAndReadAll(`SELECT sha256(${literal(`privity memory ${key}`)})[:16]`);
  return String(answer.getRows()[0]?.[0]);
}

/** Remembers the rows that were taken. */
export async function remember(
  connection: DuckDBConnection,
  key: string,
  columns: RememberedUse['columns'],
  path: string,
): Promise<void> {
  const use: RememberedUse = { version: 1, columns, keyed: await fingerprint(connection, key) };
  await connection.run(
    `COPY (${hashesOf(key, use)} ORDER BY h) TO ${literal(path)} (FORMAT parquet, KV_METADATA {privity: ${literal(JSON.stringify(use))}})`,
  );
}

/** @throws {EnvironmentError} PRIVITY_MEMORY_FILE */
export async function rememberedUse(connection: DuckDBConnection, path: string): Promise<RememberedUse> {
  try {
    const answer = await connection.runAndReadAll(
      `SELECT decode(value) FROM parquet_kv_metadata(${pathLiteral(path)}) WHERE decode(key) = 'privity'`,
    );
    return about.parse(JSON.parse(String(answer.getRows()[0]?.[0])));
  } catch {
    throw memoryFile(path, 'it is missing or damaged');
  }
}

/**
 * How many of the rows that were taken have changed since a use; the columns are those of that use.
 * @throws {EnvironmentError} PRIVITY_MEMORY_FILE
 */
export async function changedSince(
  connection: DuckDBConnection,
  key: string,
  { path, use }: { readonly path: string; readonly use: RememberedUse },
): Promise<ChangedRows> {
  if (use.keyed !== (await fingerprint(connection, key)))
    throw memoryFile(path, 'it was made with another key');
  return await compared(connection, path, hashesOf(key, use));
}

/**
 * How many rows differ between two remembered uses; undefined if they were of different columns.
 * @throws {EnvironmentError} PRIVITY_MEMORY_FILE
 */
export async function changedBetween(
  connection: DuckDBConnection,
  previous: string,
  now: string,
): Promise<ChangedRows | undefined> {
  const [one, other] = [await rememberedUse(connection, previous), await rememberedUse(connection, now)];
  if (one.keyed !== other.keyed) throw memoryFile(previous, 'it was made with another key');
  if (JSON.stringify(one.columns) !== JSON.stringify(other.columns)) return undefined;
  return await compared(connection, previous, `SELECT h, n FROM read_parquet(${pathLiteral(now)})`);
}

async function compared(connection: DuckDBConnection, previous: string, now: string): Promise<ChangedRows> {
  const before = `SELECT h, n FROM read_parquet(${pathLiteral(previous)})`;
  const [p, c] = ['coalesce(p.n, 0)', 'coalesce(c.n, 0)'];
  try {
    const answer = await connection.runAndReadAll(
      `SELECT sum(greatest(${c} - ${p}, 0)), sum(greatest(${p} - ${c}, 0)), sum(${p}), sum(${c})
       FROM (${before}) p FULL JOIN (${now}) c ON p.h = c.h`,
    );
    const [added = 0, removed = 0, rows = 0, rowsNow = 0] = (answer.getRows()[0] ?? []).map(Number);
    return { added, removed, changed: Math.max(added, removed), before: rows, now: rowsNow };
  } catch (error) {
    if (sqlError(error).kind === 'memory') throw error;
    throw memoryFile(previous, 'it is damaged');
  }
}

function memoryFile(path: string, why: string): EnvironmentError {
  return new EnvironmentError('PRIVITY_MEMORY_FILE', `${path} cannot be used: ${why}`);
}
