/** Rows of a dataset in the types that tables have. */
import { PrivityError, UsageError } from '../../base/errors.ts';
import { hint } from '../../base/suggest.ts';
import { type ColumnType, storedType } from '../column-type.ts';
import { planRelation } from '../relation.ts';
import { identifier, literal, pathLiteral } from '../sql.ts';
import { failsOnValue } from './condition.ts';
import type { OpenDataset } from './dataset.ts';

/** The name that rows have where nothing else can be meant. */
export const TAKEN = 'taken';

export interface NamedType {
  readonly name: string;
  /** Undefined: a type that tables do not have. */
  readonly type: ColumnType | undefined;
}

export function typesOf({ columns }: OpenDataset): readonly NamedType[] {
  return columns.map(({ name, printed }) => ({ name, type: storedType(printed) }));
}

/**
 * What becomes of rows that are taken. `view`: they are looked at where they are, each time. `table`: they are in the
 * dataset's database, and encrypted where they do not fit into memory. `file`: they are in a Parquet file.
 */
export type TakenAs = 'view' | 'table' | { readonly file: string };

/** Rows to take; the condition has been checked, and without one all are meant. */
export interface Taking {
  readonly names: readonly string[];
  readonly condition?: string | undefined;
  readonly as: TakenAs;
}

/**
 * Takes columns of the rows for which the condition holds; {@link TAKEN} is their name then.
 * @returns what an error of asking for them means
 * @throws {DataError} PRIVITY_COLUMN_TYPE, PRIVITY_SOURCE_UNREADABLE
 * @throws {UsageError} PRIVITY_ROW_CONDITION if it fails on a value
 */
export async function takeRows(
  dataset: OpenDataset,
  { names, condition, as }: Taking,
): Promise<(error: unknown) => unknown> {
  const { connection, select, origin } = dataset;
  await dataset.check(names);
  const list = names.map(identifier).join(', ');
  const where = condition === undefined ? '' : ` WHERE ${condition}`;
  const planned = await planRelation(connection, `SELECT ${list} FROM (${select}) AS "rows"${where}`, origin);
  const failed = (error: unknown): unknown => {
    const meaning = planned.failed(error);
    if (meaning instanceof PrivityError || condition === undefined) return meaning;
    return failsOnValue(origin, error) ?? meaning;
  };
  try {
    for (const statement of taking(planned.select, as)) await connection.run(statement);
  } catch (error) {
    throw failed(error);
  }
  return failed;
}

function taking(select: string, as: TakenAs): readonly string[] {
  if (as === 'view') return [`CREATE TEMP VIEW ${TAKEN} AS ${select}`];
  if (as === 'table') return [`CREATE TEMP TABLE ${TAKEN} AS ${select}`];
  return [
    `COPY (${select}) TO ${literal(as.file)} (FORMAT parquet)`,
    `CREATE TEMP VIEW ${TAKEN} AS SELECT * FROM read_parquet(${pathLiteral(as.file)})`,
  ];
}

/** @throws {UsageError} PRIVITY_SOURCE_INVALID */
export function unknownColumn(origin: string, name: string, known: readonly string[]): UsageError {
  return new UsageError('PRIVITY_SOURCE_INVALID', `${origin} has no column '${name}'; ${hint(name, known)}`);
}
