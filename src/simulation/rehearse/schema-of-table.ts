/** What could be published of a table, read from the table itself. */
import type { Column } from '../../data/column-type.ts';
import { isNumeric } from '../../data/column-type.ts';
import type { PublishedColumn, PublishedSchema } from '../../data/published-schema.ts';
import { identifier } from '../../data/sql.ts';
import type { Table } from '../../data/table.ts';

/** A column of so few different values, each of which occurs several times, is one of categories. */
const CATEGORIES_MAX = 20;
const ROWS_PER_CATEGORY_MIN = 3;
/** Characters of a category. */
const CATEGORY_CHARS_MAX = 200;

/** Ranges of numbers and dates, categories, gaps; of other texts nothing but that they are texts. */
export async function schemaOfTable(table: Table): Promise<PublishedSchema> {
  const columns: PublishedColumn[] = [];
  for (const column of table.columns) columns.push(await publishedOf(table, column));
  return { columns, rows: table.rowCount };
}

async function publishedOf(table: Table, { name, type }: Column): Promise<PublishedColumn> {
  const quoted = identifier(name);
  const ranged = isNumeric(type) || type === 'DATE' || type.startsWith('TIMESTAMP');
  const ends = ranged
    ? `, coalesce(CAST(min(${quoted}) AS VARCHAR), '') AS low, coalesce(CAST(max(${quoted}) AS VARCHAR), '') AS high`
    : '';
  const facts = await table.query(
    `SELECT count(DISTINCT ${quoted}) AS different, count(${quoted}) AS filled${ends} FROM rows`,
  );
  const [different = 0] = await facts.numbers('different');
  const [filled = 0] = await facts.numbers('filled');
  const [low] = ranged ? await facts.strings('low') : [];
  const [high] = ranged ? await facts.strings('high') : [];
  await facts.drop();
  const end = (text: string | undefined): string | number | undefined => {
    if (text === undefined || text === '') return undefined;
    const bound = isNumeric(type) ? Number(text) : text;
    return typeof bound === 'number' && !Number.isFinite(bound) ? undefined : bound;
  };
  const min = end(low);
  const max = end(high);
  const few = different > 0 && different <= CATEGORIES_MAX && filled >= different * ROWS_PER_CATEGORY_MIN;
  const values =
    few && (type === 'VARCHAR' || isNumeric(type)) ? await valuesOf(table, name, isNumeric(type)) : undefined;
  return {
    name,
    type,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(values === undefined ? {} : { values }),
    gaps: filled < table.rowCount,
  };
}

async function valuesOf(
  table: Table,
  name: string,
  numeric: boolean,
): Promise<(string | number)[] | undefined> {
  const quoted = identifier(name);
  const found = await table.query(
    `SELECT DISTINCT CAST(${quoted} AS VARCHAR) AS value FROM rows WHERE ${quoted} IS NOT NULL ORDER BY 1`,
  );
  const texts = await found.strings('value');
  await found.drop();
  if (texts.some((text) => text.length > CATEGORY_CHARS_MAX)) return undefined;
  return numeric ? texts.map(Number) : texts;
}
