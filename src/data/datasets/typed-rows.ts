/** Rows of a dataset in the types that tables have. */
import { PrivityError, UsageError } from '../../base/errors.ts';
import { hint } from '../../base/suggest.ts';
import { type ColumnType, storedType } from '../column-type.ts';
import { planRelation } from '../relation.ts';
import { identifier, sqlError } from '../sql.ts';
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
 * Takes columns of the rows for which the condition holds into a table of the dataset's database, named {@link TAKEN}:
 * one look at the source, whatever is asked of it afterwards.
 * @param condition checked; absent: all rows
 * @throws {DataError} PRIVITY_COLUMN_TYPE, PRIVITY_SOURCE_UNREADABLE
 * @throws {UsageError} PRIVITY_ROW_CONDITION if it fails on a value
 */
export async function takeRows(
  dataset: OpenDataset,
  names: readonly string[],
  condition: string | undefined,
): Promise<void> {
  const { connection, select, origin } = dataset;
  await dataset.check(names);
  const list = names.map(identifier).join(', ');
  const where = condition === undefined ? '' : ` WHERE ${condition}`;
  const planned = await planRelation(connection, `SELECT ${list} FROM (${select}) AS "rows"${where}`, origin);
  try {
    await connection.run(`CREATE TEMP TABLE ${TAKEN} AS ${planned.select}`);
  } catch (error) {
    const meaning = planned.failed(error);
    const { kind } = sqlError(error);
    if (meaning instanceof PrivityError || condition === undefined) throw meaning;
    if (kind !== 'conversion' && kind !== 'out-of-range' && kind !== 'invalid-input') throw meaning;
    throw new UsageError(
      'PRIVITY_ROW_CONDITION',
      `the condition on rows of ${origin} fails on a value, or a value does not fit its column's type (${kind} error)`,
    );
  }
}

/** @throws {UsageError} PRIVITY_SOURCE_INVALID */
export function unknownColumn(origin: string, name: string, known: readonly string[]): UsageError {
  return new UsageError('PRIVITY_SOURCE_INVALID', `${origin} has no column '${name}'; ${hint(name, known)}`);
}
