/** What can be published of a dataset: measured, but only as far as its owner asks. */
import { z } from 'zod';
import { DataError } from '../../base/errors.ts';
import { type ColumnType, isNumeric } from '../column-type.ts';
import {
  PUBLISHED_COLUMNS_MAX,
  PUBLISHED_VALUES_MAX,
  type PublishedColumn,
  type PublishedSchema,
} from '../published-schema.ts';
import { identifier, literal } from '../sql.ts';
import type { OpenDataset } from './dataset.ts';
import { TAKEN, takeRows, typesOf, unknownColumn } from './typed-rows.ts';

/**
 * Rows that each category must have at least. A category of few rows is a fact about few people: that one patient has a
 * rare illness is said by its name alone, before any run.
 */
export const CATEGORY_ROWS_MIN = 10;

/** Characters of a category, as of {@link PublishedColumn}. */
const CATEGORY_CHARS_MAX = 200;

const bound = z.union([z.number(), z.string().max(40)]);

export const publishOptions = z.strictObject({
  /** Which columns; absent: all. */
  columns: z.array(z.string().min(1)).min(1).max(PUBLISHED_COLUMNS_MAX).optional(),
  /**
   * Of which columns a range: `measured`, which tells the smallest and largest value, each from some row, or one that
   * the owner states, which tells nothing of a row; the values have to lie in it.
   */
  ranges: z
    .record(z.string(), z.union([z.literal('measured'), z.strictObject({ min: bound, max: bound })]))
    .default({}),
  /** Of which columns all values; each must have `categoryRowsMin` rows. */
  values: z.array(z.string()).default([]),
  categoryRowsMin: z.int().min(1).default(CATEGORY_ROWS_MIN),
  /** Whether the number of rows is told. */
  rows: z.boolean().default(false),
});
export type PublishOptions = z.input<typeof publishOptions>;

/**
 * Types as tables have them; whether a column has gaps; ranges and categories only where they are asked for.
 * @throws {UsageError} PRIVITY_SOURCE_INVALID for a column that is not there
 * @throws {DataError} PRIVITY_PUBLISH_REFUSED, PRIVITY_COLUMN_TYPE, and whatever is wrong with the source
 */
export async function describeDataset(
  dataset: OpenDataset,
  options: z.output<typeof publishOptions>,
): Promise<PublishedSchema> {
  const types = typesOf(dataset);
  const all = types.map(({ name }) => name);
  const names = options.columns ?? all;
  const unpublished = [...Object.keys(options.ranges), ...options.values].find(
    (name) => !names.includes(name),
  );
  const unknown = names.find((name) => !all.includes(name)) ?? unpublished;
  if (unknown !== undefined) throw unknownColumn(dataset.origin, unknown, names);
  const failed = await takeRows(dataset, { names, as: 'view' });
  // Looks at every value: what is wrong with one shows here.
  const { rows, gaps } = await countsOf(dataset, names).catch((error: unknown) => {
    throw failed(error);
  });
  const columns: PublishedColumn[] = [];
  for (const name of names) {
    const type = types.find((column) => column.name === name)?.type ?? 'VARCHAR';
    const range = await rangeOf(dataset, options, { name, type });
    const values = options.values.includes(name)
      ? await valuesOf(dataset, options, { name, type })
      : undefined;
    columns.push({
      name,
      type,
      ...range,
      ...(values === undefined ? {} : { values }),
      gaps: (gaps.get(name) ?? 0) > 0,
    });
  }
  return { columns, ...(options.rows ? { rows } : {}) };
}

/** Of the rows that were taken. */
export async function countsOf(
  { connection }: OpenDataset,
  names: readonly string[],
): Promise<{ readonly rows: number; readonly gaps: ReadonlyMap<string, number> }> {
  const counts = names.map((name) => `count(*) - count(${identifier(name)})`);
  const answer = await connection.runAndReadAll(`SELECT ${['count(*)', ...counts].join(', ')} FROM ${TAKEN}`);
  const [rows = 0, ...gaps] = (answer.getRows()[0] ?? []).map(Number);
  return { rows, gaps: new Map(names.map((name, index) => [name, gaps[index] ?? 0])) };
}

interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

async function rangeOf(
  { connection, origin }: OpenDataset,
  { ranges }: z.output<typeof publishOptions>,
  { name, type }: Column,
): Promise<Pick<PublishedColumn, 'min' | 'max'>> {
  const asked = Object.hasOwn(ranges, name) ? ranges[name] : undefined;
  if (asked === undefined) return {};
  const refused = refusedOf(origin, name);
  const isTime = type === 'DATE' || type === 'TIMESTAMP' || type === 'TIMESTAMPTZ';
  if (!isTime && !isNumeric(type)) throw refused(`has no range: it is ${type}`);
  const value = identifier(name);
  if (asked === 'measured') {
    const shown = isTime ? 'VARCHAR' : 'DOUBLE';
    const answer = await connection.runAndReadAll(
      `SELECT CAST(min(${value}) AS ${shown}), CAST(max(${value}) AS ${shown}) FROM ${TAKEN}`,
    );
    const [min, max] = answer.getRows()[0] ?? [];
    if (min === null || max === null) return {};
    if (typeof min === 'number' && typeof max === 'number') return numbers(min, max, refused);
    return { min: String(min), max: String(max) };
  }
  const bounds = [asked.min, asked.max].map((given) => {
    if (isTime !== (typeof given === 'string')) throw refused(`is ${type}, and its range is not one of that`);
    return `CAST(${typeof given === 'number' ? literal(String(given)) : literal(given)} AS ${isTime ? type : 'DOUBLE'})`;
  });
  const outside = await connection
    .runAndReadAll(`SELECT count(*) FROM ${TAKEN} WHERE NOT ${value} BETWEEN ${bounds.join(' AND ')}`)
    .catch(() => {
      throw refused('has a range that is no time');
    });
  const count = Number(outside.getRows()[0]?.[0]);
  if (count > 0) throw refused(`has ${count} values outside of the range that is stated`);
  return { min: asked.min, max: asked.max };
}

function numbers(
  min: number,
  max: number,
  refused: (why: string) => DataError,
): { min: number; max: number } {
  if (Number.isFinite(min) && Number.isFinite(max)) return { min, max };
  throw refused('has values that are not finite, and so no range');
}

async function valuesOf(
  { connection, origin }: OpenDataset,
  { categoryRowsMin }: z.output<typeof publishOptions>,
  { name, type }: Column,
): Promise<(string | number | boolean)[]> {
  const refused = refusedOf(origin, name);
  const value = identifier(name);
  if (type === 'BLOB') throw refused('has no categories: it is BLOB');
  const shown =
    type === 'BOOLEAN' ? value : isNumeric(type) ? `CAST(${value} AS DOUBLE)` : `CAST(${value} AS VARCHAR)`;
  // Without names of their own: a column may have them, and the order would be another, one that tells numbers of rows.
  const answer = await connection.runAndReadAll(
    `SELECT ${shown}, count(*) FROM ${TAKEN} WHERE ${value} IS NOT NULL GROUP BY ${value} ORDER BY ${value} LIMIT ${PUBLISHED_VALUES_MAX + 1}`,
  );
  const found = answer.getRows();
  if (found.length > PUBLISHED_VALUES_MAX)
    throw refused(`has more than ${PUBLISHED_VALUES_MAX} different values`);
  const few = found.filter(([, count]) => Number(count) < categoryRowsMin).length;
  if (few > 0)
    throw refused(
      `has ${few} categories of fewer than ${categoryRowsMin} rows: their names would tell of single rows`,
    );
  const values = found.map(([category]) => category as string | number | boolean);
  if (values.some((category) => typeof category === 'string' && category.length > CATEGORY_CHARS_MAX))
    throw refused(`has categories of more than ${CATEGORY_CHARS_MAX} characters`);
  return values;
}

function refusedOf(origin: string, name: string): (why: string) => DataError {
  return (why) => new DataError('PRIVITY_PUBLISH_REFUSED', `column '${name}' of ${origin} ${why}`);
}
