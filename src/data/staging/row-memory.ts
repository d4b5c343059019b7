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

/** A remembered use in its file. */
export interface KeptUse {
  readonly path: string;
  readonly use: RememberedUse;
}

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

/** Of the key, so that hashes of another one are not compared. */
async function fingerprint(connection: DuckDBConnection, key: string): Promise<string> {
  const answer = await connection.runAndReadAll(`SELECT sha256(${literal(`privity memory ${key}`)})[:16]`);
  return String(answer.getRows()[0]?.[0]);
}

/** A use of columns, by this key. */
export async function useOf(
  connection: DuckDBConnection,
  key: string,
  columns: RememberedUse['columns'],
): Promise<RememberedUse> {
  return { version: 1, columns, keyed: await fingerprint(connection, key) };
}

/** Remembers the rows that were taken. */
export async function remember(
  connection: DuckDBConnection,
  key: string,
  { path, use }: KeptUse,
): Promise<void> {
  const about = literal(JSON.stringify(use));
  const hashes = `SELECT ${hashOf(key, use)} AS h, count(*) AS n FROM ${TAKEN} GROUP BY 1 ORDER BY 1`;
  await connection.run(
    `COPY (${hashes}) TO ${literal(path)} (FORMAT parquet, KV_METADATA {privity: ${about}})`,
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
 * How many rows differ between two remembered uses; undefined if they were of different columns.
 * @throws {EnvironmentError} PRIVITY_MEMORY_FILE
 */
export async function changedBetween(
  connection: DuckDBConnection,
  previous: string,
  now: string,
): Promise<ChangedRows | undefined> {
  const [one, other] = [await rememberedUse(connection, previous), await rememberedUse(connection, now)];
  if (JSON.stringify(one.columns) !== JSON.stringify(other.columns)) return undefined;
  if (one.keyed !== other.keyed) throw memoryFile(previous, 'it was made with another key');
  try {
    return await compared(connection, previous, now);
  } catch (error) {
    if (sqlError(error).kind === 'memory') throw error;
    throw memoryFile(previous, 'it is damaged');
  }
}

/** Rows that are compared at one time: some hundred bytes each. */
const RANGE_ROWS = 2_000_000;

/** Files are in the order of their hashes: a part of each is read for a part of the hashes, and memory is for that. */
async function compared(connection: DuckDBConnection, previous: string, now: string): Promise<ChangedRows> {
  const read = (path: string) => `read_parquet(${pathLiteral(path)})`;
  const numbers = async (sql: string) =>
    ((await connection.runAndReadAll(sql)).getRows()[0] ?? []).map((value) => Number(value ?? 0));
  const [length = 0] = await numbers(
    `SELECT (SELECT count(*) FROM ${read(previous)}) + (SELECT count(*) FROM ${read(now)})`,
  );
  const parts = BigInt(Math.max(1, Math.ceil(length / RANGE_ROWS)));
  const sums = [0, 0, 0, 0];
  for (let part = 0n; part < parts; part++) {
    const [from, to] = [(part << 64n) / parts, ((part + 1n) << 64n) / parts - 1n];
    const rows = (path: string) =>
      `(SELECT h, n FROM ${read(path)} WHERE h BETWEEN '${from}'::UBIGINT AND '${to}'::UBIGINT)`;
    const found = await numbers(
      `SELECT sum(greatest(a - b, 0)), sum(greatest(b - a, 0)), sum(b), sum(a) FROM
       (SELECT coalesce(c.n, 0) AS a, coalesce(p.n, 0) AS b FROM ${rows(previous)} p FULL JOIN ${rows(now)} c ON p.h = c.h)`,
    );
    for (const [index, value] of found.entries()) sums[index] = (sums[index] ?? 0) + value;
  }
  const [added = 0, removed = 0, before = 0, rowsNow = 0] = sums;
  return { added, removed, changed: Math.max(added, removed), before, now: rowsNow };
}

export function memoryFile(path: string, why: string): EnvironmentError {
  return new EnvironmentError('PRIVITY_MEMORY_FILE', `${path} cannot be used: ${why}`);
}
