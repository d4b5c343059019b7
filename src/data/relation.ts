/**
 * A relation in the process's database: what a {@link Table} is made of. Only the rooms that build on tables look this
 * deep.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { DataError, invariant, UsageError } from '../base/errors.ts';
import { ignored } from '../base/ignored.ts';
import { type Column, publicTypeName, storedType, whereLossy } from './column-type.ts';
import { copyRows } from './columns.ts';
import { databaseGeneration, withConnection } from './database.ts';
import { identifier, LOSSY, sqlError } from './sql.ts';

export interface Relation {
  /** Quoted, ready to be put into SQL. */
  readonly sqlName: string;
  readonly generation: number;
  readonly columns: readonly Column[];
  readonly rowCount: number;
  /** Columns whose type was inferred from texts that it gives back: as text they are what their file has. */
  readonly fromText?: ReadonlySet<string>;
}

/**
 * Columns of a table. Each costs a buffer a chunk; files with more are matrices, for which a table is the wrong shape.
 */
export const TABLE_COLUMNS_MAX = 4096;

/** Rows of a table: what a 32-bit index of a typed array can address. */
export const TABLE_ROWS_MAX = 2 ** 31 - 1;

/** Bytes of a column's name in UTF-8; names travel in error messages and headers. */
export const COLUMN_NAME_BYTES_MAX = 1024;

/** Half of a character: not text that UTF-8 could carry. */
const loneSurrogate = /\p{Surrogate}/u;

let relations = 0;

export function nextRelationName(): string {
  return identifier(`privity_${++relations}`);
}

/** A SELECT in the types that tables have. */
export interface Plan {
  readonly columns: readonly Column[];
  readonly select: string;
  /** What an error of running it means; errors of DuckDB pass through: who wrote the SQL knows what they mean. */
  readonly failed: (error: unknown) => unknown;
}

/** @throws {DataError} PRIVITY_COLUMN_NAME, PRIVITY_COLUMN_TYPE, PRIVITY_TABLE_LIMIT */
export async function planRelation(
  connection: DuckDBConnection,
  select: string,
  origin: string,
): Promise<Plan> {
  const described = await connection.runAndReadAll(`DESCRIBE ${select}`);
  const names = described.getColumns()[0] as string[];
  const printedTypes = described.getColumns()[1] as string[];
  checkColumnCount(names, origin);
  checkColumnNames(names, origin);
  const columns = names.map((name, index): Column => {
    const printed = printedTypes[index] ?? '';
    const type = storedType(printed);
    if (type !== undefined) return { name, type };
    throw new DataError(
      'PRIVITY_COLUMN_TYPE',
      `column '${name}' of ${origin} is ${publicTypeName(printed)}, which tables do not support; name one with types: { '${name}': … } or convert it with CAST`,
    );
  });
  const projection = columns.map(({ name, type }, index) => {
    const value = identifier(name);
    const lossy = whereLossy(printedTypes[index] ?? '', value);
    const checked =
      lossy === undefined ? value : `CASE WHEN ${lossy} THEN error('${LOSSY} ${index}') ELSE ${value} END`;
    return `CAST(${checked} AS ${type}) AS ${value}`;
  });
  const failed = (error: unknown): unknown => {
    const { lossyColumn } = sqlError(error);
    const column = lossyColumn === undefined ? undefined : columns[lossyColumn];
    if (lossyColumn === undefined || column === undefined) return error;
    const from = publicTypeName(printedTypes[lossyColumn] ?? '');
    return new DataError(
      'PRIVITY_COLUMN_TYPE',
      `column '${column.name}' of ${origin} is ${from} and has a value that ${column.type} cannot hold; say types: { '${column.name}': 'VARCHAR' }, or convert it with CAST`,
    );
  };
  return { columns, select: `SELECT ${projection.join(', ')} FROM (${select}\n)`, failed };
}

/**
 * Creates a relation from a SELECT. Types that tables do not have are converted or refused (see column-type.ts).
 * `origin` says in messages where the data comes from: `the query`.
 */
export async function createRelation(
  connection: DuckDBConnection,
  select: string,
  origin: string,
): Promise<Relation> {
  const planned = await planRelation(connection, select, origin);
  const sqlName = nextRelationName();
  try {
    await connection.run(`CREATE TABLE ${sqlName} AS ${planned.select}`);
  } catch (error) {
    throw planned.failed(error);
  }
  return finishRelation(connection, sqlName, planned.columns);
}

/**
 * The same from a SELECT over a file, which only the reader can open (database.ts): the rows go into the database of
 * the tables chunk by chunk, without a JavaScript value. `rowCount` is what the SELECT gives, counted before.
 */
export async function importRelation(
  reader: DuckDBConnection,
  select: string,
  origin: string,
  rowCount: number,
): Promise<Relation> {
  const planned = await planRelation(reader, select, origin);
  checkRowCount(rowCount);
  const sqlName = nextRelationName();
  const declared = planned.columns.map(({ name, type }) => `${identifier(name)} ${type}`).join(', ');
  return withConnection(async (connection) => {
    await connection.run(`CREATE TABLE ${sqlName} (${declared})`);
    try {
      const copied = await copyRows(reader, planned.select, connection, sqlName);
      // A result that fails on its way just ends. Run as a whole, it says why.
      if (copied !== rowCount) await reader.run(planned.select);
      invariant(copied === rowCount, `${origin} gave ${copied} of ${rowCount} rows`);
      return await finishRelation(connection, sqlName, planned.columns);
    } catch (error) {
      await connection.run(`DROP TABLE IF EXISTS ${sqlName}`);
      throw planned.failed(error);
    }
  });
}

/** A relation made from another. A column that keeps its name and type is taken for the same one. */
export async function deriveRelation(
  from: Relation,
  select: string,
  origin: string,
  signal?: AbortSignal,
): Promise<Relation> {
  const relation = await withConnection((connection) => createRelation(connection, select, origin), signal);
  const same = relation.columns.filter(({ name, type }) =>
    from.columns.some((column) => column.name === name && column.type === type),
  );
  const fromText = same.map(({ name }) => name).filter((name) => from.fromText?.has(name));
  return { ...relation, fromText: new Set(fromText) };
}

/** Counts the rows of a relation that was just filled. Drops it when it is too long. */
export async function finishRelation(
  connection: DuckDBConnection,
  sqlName: string,
  columns: readonly Column[],
): Promise<Relation> {
  const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${sqlName}`);
  const rowCount = Number(counted.getRows()[0]?.[0]);
  try {
    checkRowCount(rowCount);
  } catch (error) {
    await connection.run(`DROP TABLE ${sqlName}`);
    throw error;
  }
  return { sqlName, generation: databaseGeneration(), columns, rowCount };
}

function checkRowCount(rowCount: number): void {
  if (rowCount <= TABLE_ROWS_MAX) return;
  throw new DataError('PRIVITY_TABLE_LIMIT', `a table can have ${TABLE_ROWS_MAX} rows, not ${rowCount}`);
}

/** Throws when the database that the relation lived in has been closed. */
export function assertLive(relation: Relation): void {
  if (relation.generation !== databaseGeneration()) {
    throw new UsageError('PRIVITY_DATABASE_STATE', 'this table is gone: its database has been closed');
  }
}

/** Frees the rows of a relation. Never throws: it runs when nobody is interested any more. */
export async function dropRelation(relation: Relation): Promise<void> {
  if (relation.generation !== databaseGeneration()) return;
  const dropping = withConnection((connection) => connection.run(`DROP TABLE IF EXISTS ${relation.sqlName}`));
  await ignored(dropping, 'what holds no rows any more needs no freeing, and the database ends with the run');
}

export function requireColumns(
  relation: Relation,
  names: readonly string[],
  origin = 'the table',
): readonly Column[] {
  const missing = names.filter((name) => !relation.columns.some((column) => column.name === name));
  if (missing.length > 0) throw columnsMissing(missing, relation.columns, relation.rowCount, origin);
  return names.map((name) => relation.columns.find((column) => column.name === name) as Column);
}

export function columnsMissing(
  missing: readonly string[],
  present: readonly { readonly name: string }[],
  rowCount: number | undefined,
  origin: string,
): DataError {
  const list = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');
  const shown = present.slice(0, 20).map(({ name }) => name);
  const more = present.length > shown.length ? ` and ${present.length - shown.length} more` : '';
  const rows = rowCount === undefined ? '' : ` and ${rowCount} rows`;
  return new DataError(
    'PRIVITY_COLUMN_MISSING',
    `${origin} has no column ${list(missing)}; it has ${list(shown)}${more}${rows}. Names are compared exactly, including case`,
  );
}

export function checkColumnCount(names: readonly string[], origin: string): void {
  if (names.length <= TABLE_COLUMNS_MAX) return;
  throw new DataError(
    'PRIVITY_TABLE_LIMIT',
    `${origin} has ${names.length} columns; the limit is ${TABLE_COLUMNS_MAX}. Read fewer: readTable(path, { columns: [...] })`,
  );
}

/** DuckDB takes names that differ only in case for the same one. */
export function checkColumnNames(names: readonly string[], origin: string): void {
  if (names.length === 0) throw new DataError('PRIVITY_COLUMN_NAME', `${origin} has no columns`);
  const seen = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const place = `column ${index + 1} of ${origin}`;
    if (name === '' || name.includes('\0') || loneSurrogate.test(name)) {
      throw new DataError('PRIVITY_COLUMN_NAME', `${place} has an empty or malformed name`);
    }
    if (Buffer.byteLength(name) > COLUMN_NAME_BYTES_MAX) {
      throw new DataError(
        'PRIVITY_COLUMN_NAME',
        `the name of ${place} is longer than ${COLUMN_NAME_BYTES_MAX} bytes`,
      );
    }
    const earlier = seen.get(name.toLowerCase());
    if (earlier !== undefined) {
      throw new DataError(
        'PRIVITY_COLUMN_NAME',
        `${place} has the same name as column ${earlier + 1}: '${name}'`,
      );
    }
    seen.set(name.toLowerCase(), index);
  }
}

/** The conversion that failed, told without the value that failed. */
export function conversionFailed(
  error: unknown,
  columns: readonly { readonly name: string }[],
  origin: string,
): DataError {
  const { column, line } = sqlError(error);
  const known = columns.some(({ name }) => name === column) ? ` in column '${column}'` : '';
  const where = line === undefined ? '' : `, line ${line}`;
  return new DataError(
    'PRIVITY_COLUMN_TYPE',
    `${origin}${where}: a value${known} does not fit the column's type`,
  );
}
