/**
 * What a party publishes of a table without publishing a row: names and types of its columns, and as much of their
 * ranges as its owner wants to tell. Rehearsals make rows of it; a proposal is checked against it.
 */
import { z } from 'zod';
import { type ColumnType, columnTypes } from './column-type.ts';

/** Columns of one table. */
export const PUBLISHED_COLUMNS_MAX = 2_000;
/** Words of a column that has few of them. */
export const PUBLISHED_VALUES_MAX = 200;

const bound = z.union([z.number(), z.string().max(40)]);

export const publishedColumn = z.strictObject({
  name: z.string().min(1).max(200),
  type: z.enum(columnTypes as readonly [ColumnType, ...ColumnType[]]),
  /** Smallest value: a number, or of dates and times its ISO text. Absent: not told. */
  min: bound.optional(),
  /** Largest value. */
  max: bound.optional(),
  /** All values that the column has, if these are few words, numbers or booleans. */
  values: z
    .array(z.union([z.string().max(200), z.number(), z.boolean()]))
    .max(PUBLISHED_VALUES_MAX)
    .readonly()
    .optional(),
  /** Whether there are rows without a value. */
  gaps: z.boolean(),
});

export const publishedSchema = z.strictObject({
  columns: z.array(publishedColumn).min(1).max(PUBLISHED_COLUMNS_MAX).readonly(),
  /** How many rows; absent where the owner does not tell. */
  rows: z.int().min(0).optional(),
});

/** What is published of a column. */
export interface PublishedColumn {
  /** Its name. */
  readonly name: string;
  /** Its type in SQL. */
  readonly type: ColumnType;
  /** Smallest value: a number, or of dates and times its ISO text. Absent: not told. */
  readonly min?: number | string | undefined;
  /** Largest value. */
  readonly max?: number | string | undefined;
  /** All values that the column has, if these are few words, numbers or booleans. */
  readonly values?: readonly (string | number | boolean)[] | undefined;
  /** Whether there are rows without a value. */
  readonly gaps: boolean;
}

/** What a party publishes of a table, without a row of it. */
export interface PublishedSchema {
  /** Its columns. */
  readonly columns: readonly PublishedColumn[];
  /** How many rows; absent where the owner does not tell. */
  readonly rows?: number | undefined;
}
