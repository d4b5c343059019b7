import { DataError, PrivityError, UsageError } from '../base/errors.ts';
import { type Column, type ColumnType, isNumeric } from './column-type.ts';
import { type ColumnData, readColumns } from './columns.ts';
import { withConnection } from './database.ts';
import { GAP_WAYS } from './gaps.ts';
import {
  assertLive,
  conversionFailed,
  deriveRelation,
  dropRelation,
  type Relation,
  requireColumns,
} from './relation.ts';
import { identifier, sqlError } from './sql.ts';

/** How a column becomes an array. */
export interface ColumnOptions {
  /**
   * What to do with gaps: fail (the default), or make them NaN in an array of floating-point numbers. NaN is for plain
   * tasks: it can be computed with and revealed, but not shared with a secure device, which has no such number.
   */
  readonly nulls?: 'error' | 'nan';
}

let relationOf: (table: Table) => Relation;
let tableFrom: (relation: Relation) => Table;

/** 2^53: up to here every whole number is a JavaScript number. */
const EXACT_MAX = 2n ** 53n;

/**
 * An immutable table: named, typed columns of equal length, whose rows have an order. The rows live in an in-process
 * database (DuckDB), not in JavaScript objects, so a table may be larger than the heap; what crosses over is typed
 * arrays.
 *
 * Make one with `readTable` or `tableOf`. Every method that changes something gives a new table.
 * A table frees its rows when it is garbage-collected, at the latest with the process; `drop()` does so at once.
 */
export class Table {
  /** Names and SQL types of the columns, in order. */
  readonly columns: readonly Column[];
  /** How many rows there are. Public only once the job reveals it. */
  readonly rowCount: number;
  readonly #relation: Relation;

  static readonly #dropped = new WeakSet<Table>();
  static readonly #collected = new FinalizationRegistry<Relation>((relation) => void dropRelation(relation));

  static {
    relationOf = (table) => {
      assertLive(table.#relation);
      if (Table.#dropped.has(table)) {
        throw new UsageError('PRIVITY_DATABASE_STATE', 'this table is gone: it has been dropped');
      }
      return table.#relation;
    };
    tableFrom = (relation) => new Table(relation);
  }

  private constructor(relation: Relation) {
    this.#relation = relation;
    this.columns = Object.freeze(relation.columns.map((column) => Object.freeze({ ...column })));
    this.rowCount = relation.rowCount;
    Table.#collected.register(this, relation, this);
    Object.freeze(this);
  }

  /**
   * One column as an array with an element for each row: a typed array for numbers (see `ColumnArrays`), `string[]` for
   * text, `Uint8Array[]` for bytes. With `nulls: 'nan'` a column of numbers comes as Float64Array (FLOAT: Float32Array)
   * with NaN in the gaps.
   * Cost: memory for the whole column; text 1 µs a row, numbers 2 ns.
   * @throws {DataError} PRIVITY_COLUMN_MISSING, PRIVITY_COLUMN_NULLS, PRIVITY_COLUMN_TYPE
   * @example const ages = await table.column('age', { nulls: 'nan' }); // Float64Array
   */
  async column(name: string, options: ColumnOptions = {}): Promise<ColumnData> {
    const relation = relationOf(this);
    const { type } = requireColumn(relation, name);
    const quoted = identifier(name);
    if (options.nulls === 'nan') {
      if (!isNumeric(type)) throw this.#wrongType(name, type, 'a column of numbers, for gaps to become NaN');
      const to = type === 'FLOAT' ? 'FLOAT' : 'DOUBLE';
      await this.#refuseRounded(relation, name, type);
      return this.#read(relation, `coalesce(CAST(${quoted} AS ${to}), 'nan')`, to);
    }
    await this.#refuseNulls(relation, name);
    return this.#read(relation, quoted, type);
  }

  /**
   * A column of numbers or booleans as Float64Array. Integers beyond 2^53, of which it has not all, are refused.
   * @throws {DataError} PRIVITY_COLUMN_MISSING, PRIVITY_COLUMN_NULLS, PRIVITY_COLUMN_TYPE
   * @example const total = (await table.numbers('euros')).reduce((sum, euros) => sum + euros, 0);
   */
  async numbers(name: string, options: ColumnOptions = {}): Promise<Float64Array> {
    const relation = relationOf(this);
    const { type } = requireColumn(relation, name);
    if (!isNumeric(type) && type !== 'BOOLEAN') throw this.#wrongType(name, type, 'a column of numbers');
    await this.#refuseRounded(relation, name, type);
    const asDouble = `CAST(${identifier(name)} AS DOUBLE)`;
    if (options.nulls === 'nan') {
      return (await this.#read(relation, `coalesce(${asDouble}, 'nan')`, 'DOUBLE')) as Float64Array;
    }
    await this.#refuseNulls(relation, name);
    return (await this.#read(relation, asDouble, 'DOUBLE')) as Float64Array;
  }

  /**
   * A column of any type but bytes as text, in the form that SQL gives it.
   * @throws {DataError} PRIVITY_COLUMN_MISSING, PRIVITY_COLUMN_NULLS, PRIVITY_COLUMN_TYPE
   * @example const ids = await table.strings('id');
   */
  async strings(name: string): Promise<string[]> {
    const relation = relationOf(this);
    const { type } = requireColumn(relation, name);
    if (type === 'BLOB') throw this.#wrongType(name, type, 'a column that has a text form');
    await this.#refuseNulls(relation, name);
    return (await this.#read(relation, `CAST(${identifier(name)} AS VARCHAR)`, 'VARCHAR')) as string[];
  }

  /**
   * The table with only these columns, in this order.
   * @throws {DataError} PRIVITY_COLUMN_MISSING, PRIVITY_COLUMN_NAME
   * @example const narrow = await table.select(['id', 'age']);
   */
  async select(names: readonly string[]): Promise<Table> {
    const relation = relationOf(this);
    requireColumns(relation, names);
    const list = names.length === 0 ? '*' : names.map(identifier).join(', ');
    return this.#derive(`SELECT ${list} FROM ${relation.sqlName}`);
  }

  /**
   * The result of one SELECT over the name `rows`, which stands for this table. SQL is DuckDB's. Rows keep their order
   * through filters and projections; after joins and groups use ORDER BY. Sums of integers come back as BIGINT, DECIMAL
   * as DOUBLE. A second column of a name that is taken gets a suffix (`id_1`). Never build the SQL from data: filter
   * and join on columns instead.
   * @throws {UsageError} PRIVITY_TABLE_QUERY: not one SELECT, or it fails. `cause` has DuckDB's words if they speak of
   *   the SQL only.
   * @throws {DataError} PRIVITY_COLUMN_TYPE: a value cannot be converted, or the result has a type that tables do not
   *   have
   * @example const adults = await table.query('SELECT id, age FROM rows WHERE age >= 18');
   */
  async query(sql: string): Promise<Table> {
    const relation = relationOf(this);
    await assertOneSelect(sql);
    return this.#derive(`WITH rows AS (SELECT * FROM ${relation.sqlName}) SELECT * FROM (${sql}\n)`);
  }

  /**
   * Arithmetic means by column name: of the named columns, or of all columns of numbers. Gaps are left out; a column of
   * gaps only gives NaN. Summed with compensation (Kahan), so the result does not depend on how rows were spread over
   * threads beyond the last bit.
   * @throws {DataError} PRIVITY_COLUMN_MISSING, PRIVITY_COLUMN_TYPE, PRIVITY_TABLE_EMPTY
   * @example const { age } = await table.mean(['age']);
   */
  async mean(names?: readonly string[]): Promise<Record<string, number>> {
    const relation = relationOf(this);
    const columns =
      names === undefined
        ? relation.columns.filter(({ type }) => isNumeric(type))
        : requireColumns(relation, names);
    for (const { name, type } of columns) {
      if (!isNumeric(type) && type !== 'BOOLEAN')
        throw this.#wrongType(name, type, 'a column of numbers, to have a mean');
    }
    if (this.rowCount === 0) throw new DataError('PRIVITY_TABLE_EMPTY', 'a table of 0 rows has no means');
    if (columns.length === 0) return {};
    const list = columns.map(({ name }) => `coalesce(favg(CAST(${identifier(name)} AS DOUBLE)), 'nan')`);
    const types = columns.map((): ColumnType => 'DOUBLE');
    const values = await readColumns(`SELECT ${list.join(', ')} FROM ${relation.sqlName}`, types, 1);
    // fromEntries defines properties, so a column called __proto__ stays a column.
    return Object.fromEntries(columns.map(({ name }, index) => [name, Number(values[index]?.[0])]));
  }

  /** The same as `mean`, by the name that reads well in a result. */
  means(names?: readonly string[]): Promise<Record<string, number>> {
    return this.mean(names);
  }

  /**
   * The table as an Arrow IPC stream, which any Arrow implementation reads.
   * Cost: memory for the whole table, once; text 1 µs a value, numbers 20 ns.
   * @throws {DataError} PRIVITY_TABLE_LIMIT if it is larger than ARROW_BYTES_MAX
   * @example const bytes = await table.toArrow();
   */
  async toArrow(): Promise<Uint8Array<ArrayBuffer>> {
    const { encodeArrow } = await import('./arrow-encode.ts');
    // Waited for here, because nobody else may hold this table: one that nobody holds frees its rows.
    return await encodeArrow(relationOf(this));
  }

  /** Frees the rows now. The table cannot be used afterwards. */
  async drop(): Promise<void> {
    Table.#collected.unregister(this);
    Table.#dropped.add(this);
    await dropRelation(this.#relation);
  }

  async #derive(select: string): Promise<Table> {
    try {
      return tableFrom(await deriveRelation(relationOf(this), select, 'the query'));
    } catch (error) {
      throw queryFailed(error);
    }
  }

  async #read(relation: Relation, expression: string, type: ColumnType): Promise<ColumnData> {
    const [data] = await readColumns(`SELECT ${expression} FROM ${relation.sqlName}`, [type], this.rowCount);
    return data as ColumnData;
  }

  async #refuseNulls(relation: Relation, name: string): Promise<void> {
    const counts = await countNulls(relation, [name]);
    const nulls = counts[0] ?? 0;
    if (nulls === 0) return;
    throw new DataError(
      'PRIVITY_COLUMN_NULLS',
      `column '${name}' has no value in ${nulls} of ${this.rowCount} rows; ${GAP_WAYS}. For plain tasks only, { nulls: 'nan' } reads numbers with NaN in the gaps`,
    );
  }

  /** Two ids that differ would become the same number. */
  async #refuseRounded(relation: Relation, name: string, type: ColumnType): Promise<void> {
    if (type !== 'BIGINT' && type !== 'UBIGINT') return;
    const beyond = `count(*) FILTER (${identifier(name)} NOT BETWEEN -${EXACT_MAX} AND ${EXACT_MAX})`;
    const [counts] = await readColumns(`SELECT ${beyond} FROM ${relation.sqlName}`, ['BIGINT'], 1);
    const count = Number(counts?.[0]);
    if (count === 0) return;
    throw new DataError(
      'PRIVITY_COLUMN_TYPE',
      `column '${name}' (${type}) has whole numbers beyond 2^53 in ${count} of ${this.rowCount} rows, which would be rounded; read it with column (BigInt64Array) or strings, or CAST it to DOUBLE in a query if rounding is meant`,
    );
  }

  #wrongType(name: string, type: ColumnType, wanted: string): DataError {
    return new DataError(
      'PRIVITY_COLUMN_TYPE',
      `column '${name}' (${this.rowCount} rows) is ${type}; this needs ${wanted}`,
    );
  }
}

export { relationOf, tableFrom };

export async function countNulls(relation: Relation, names: readonly string[]): Promise<readonly number[]> {
  const list = names.map((name) => `count(*) - count(${identifier(name)})`).join(', ');
  const types = names.map((): ColumnType => 'BIGINT');
  const counts = await readColumns(`SELECT ${list} FROM ${relation.sqlName}`, types, 1);
  return counts.map((column) => Number(column[0]));
}

function requireColumn(relation: Relation, name: string): Column {
  return requireColumns(relation, [name])[0] as Column;
}

async function assertOneSelect(sql: string): Promise<void> {
  const refuse = (what: string, cause?: unknown) =>
    new UsageError('PRIVITY_TABLE_QUERY', `a query is one SELECT over the name rows; ${what}`, { cause });
  if (sql.trim() === '') throw refuse('this one is empty');
  await withConnection(async (connection) => {
    const statements = await connection.extractStatements(sql).catch((error: unknown) => {
      throw refuse('this one is not valid SQL', error);
    });
    if (statements.count !== 1) throw refuse(`this has ${statements.count} statements`);
  });
  // Everything else (INSERT, COPY, SET, …) fails to parse once it stands in brackets as a subquery.
}

/** DuckDB's words are kept as the cause only where they can speak of nothing but the author's SQL. */
function queryFailed(error: unknown): unknown {
  if (error instanceof PrivityError) return error;
  const { kind } = sqlError(error);
  if (kind === 'conversion' || kind === 'out-of-range') return conversionFailed(error, [], 'the query');
  const authored = kind === 'parser' || kind === 'binder' || kind === 'catalog';
  return new UsageError(
    'PRIVITY_TABLE_QUERY',
    `the query failed (${kind} error)`,
    authored ? { cause: error } : {},
  );
}
