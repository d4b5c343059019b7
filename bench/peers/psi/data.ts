/**
 * The files of both parties, made from a seed, and the check of what came out. Ids have 36 characters; half of each
 * side's rows are shared. DuckDB writes and reads them row after row, so that ten million need little memory.
 */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/** What the database may hold while the parties do not run. */
const MEMORY = '1GB';
/** Ten million rows take a busy machine a minute. */
const STATEMENT_MS_MAX = 10 * 60_000;

export const SIDES = ['alice', 'bob'] as const;
export type Side = (typeof SIDES)[number];

/** Of one side; both have as many. */
export interface Planted {
  readonly rows: number;
  readonly seed: number;
}

/** Numbers of ids: alice has those below `rows`, bob as many from `shared[0]` on. */
export function sharedRange({ rows }: Planted): readonly [from: number, to: number] {
  return [Math.floor(rows / 2), rows];
}

/** A step that visits each of `rows` numbers once before it comes back: an order without a sort. */
export function stepOf(rows: number, near: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let step = Math.max(1, Math.floor(rows * near));
  while (divisor(step, rows) !== 1) step += 1;
  return step;
}

/** Each side in an order of its own. */
const ORDER = { alice: 0.618, bob: 0.414 } as const;

const idOf = (number: string, seed: number): string => `md5('${seed}:' || ${number})::UUID::VARCHAR`;
const quoted = (path: string): string => `'${path.replaceAll("'", "''")}'`;

async function answersOf(folder: string, statements: readonly string[]): Promise<number[]> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: MEMORY,
    temp_directory: join(folder, 'spill'),
  });
  const connection = await instance.connect();
  const late = setTimeout(() => connection.interrupt(), STATEMENT_MS_MAX * statements.length);
  try {
    let values: number[] = [];
    for (const statement of statements) {
      const [row = []] = (await connection.runAndReadAll(statement)).getRows();
      values = row.map(Number);
    }
    return values;
  } finally {
    clearTimeout(late);
    connection.closeSync();
    instance.closeSync();
  }
}

/** Writes alice.csv and bob.csv into the folder. */
export async function plant(folder: string, planted: Planted): Promise<void> {
  const { rows, seed } = planted;
  const [first] = sharedRange(planted);
  const statements = SIDES.map((side) => {
    const from = side === 'alice' ? 0 : first;
    const number = `${from} + (k * ${stepOf(rows, ORDER[side])}) % ${rows}`;
    const select = `SELECT ${idOf('number', seed)} AS id, number FROM (SELECT ${number} AS number FROM range(${rows}) t(k))`;
    return `COPY (${select}) TO ${quoted(join(folder, `${side}.csv`))} (FORMAT csv, HEADER)`;
  });
  await answersOf(folder, statements);
}

/** @returns {string | null} what is wrong with the results of both sides, or null where they are the planted ones */
export async function wrongIn(
  folder: string,
  planted: Planted,
  results: Readonly<Record<Side, string>>,
): Promise<string | null> {
  const [from, to] = sharedRange(planted);
  const columns = `columns = {'id': 'VARCHAR', 'number': 'BIGINT'}`;
  const table = (side: Side): string =>
    `read_csv(${quoted(results[side])}, header = true, delim = ',', quote = '"', ${columns})`;
  for (const side of SIDES) {
    const foreign = `number < ${from} OR number >= ${to} OR id IS DISTINCT FROM ${idOf('number', planted.seed)}`;
    const counts = `count(*), count(DISTINCT number), count(*) FILTER (${foreign})`;
    const [rows = 0, numbers = 0, wrong = 0] = await answersOf(folder, [
      `SELECT ${counts} FROM ${table(side)}`,
    ]);
    if (rows !== to - from) return `${side} has ${rows} rows of ${to - from}`;
    if (wrong > 0) return `${side} has ${wrong} rows that are not of the intersection`;
    if (numbers !== rows) return `${side} has ${rows - numbers} rows twice`;
  }
  const [apart = 0] = await answersOf(folder, [
    `SELECT count(*) FROM ${table('alice')} a POSITIONAL JOIN ${table('bob')} b WHERE a.id IS DISTINCT FROM b.id`,
  ]);
  return apart > 0 ? `${apart} rows stand in another order at bob than at alice` : null;
}
