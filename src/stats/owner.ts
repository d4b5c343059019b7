/**
 * What an owner makes of a column before it is shared: everything of which the other parties were told is checked here,
 * where the data are. What is wrong is named by column and row, and only this party reads that.
 */
import { DataError, type Table } from '../index.ts';

interface Checks {
  /** Whether there may be gaps; `never`, if the caller has no way to say so of a column. */
  readonly gaps: boolean | 'never';
  readonly min: number;
  readonly max: number;
}

/** Numbers with 0 in the gaps. @throws {DataError} PRIVITY_COLUMN_…, PRIVITY_SECURE_DOMAIN */
export async function numbersAt(table: Table, name: string, checks: Checks): Promise<Float64Array> {
  const values = await numbersWithGaps(table, name, checks.gaps === true);
  for (const [row, value] of values.entries()) {
    if (Number.isNaN(value)) {
      if (checks.gaps !== true) throw unexpectedGap(name, row, checks.gaps !== 'never');
      values[row] = 0;
    } else if (value < checks.min || value > checks.max) throw outside(name, row, value, checks);
  }
  return values;
}

/** 1 where the column has a number. */
export async function presentAt(table: Table, name: string): Promise<Float64Array> {
  return (await numbersWithGaps(table, name, true)).map((value) => (Number.isNaN(value) ? 0 : 1));
}

/** Numbers, NaN in the gaps. A column without any value is one of text in a file; it has as many gaps as rows. */
export async function numbersWithGaps(
  table: Table,
  name: string,
  mayBeEmpty: boolean,
): Promise<Float64Array> {
  const isText = table.columns.find((column) => column.name === name)?.type === 'VARCHAR';
  if (mayBeEmpty && isText && (await isEmpty(table, name)))
    return new Float64Array(table.rowCount).fill(Number.NaN);
  return table.numbers(name, { nulls: 'nan' });
}

async function isEmpty(table: Table, name: string): Promise<boolean> {
  const counted = await table.query(`SELECT count("${name.replaceAll('"', '""')}") AS filled FROM rows`);
  const [filled] = await counted.numbers('filled');
  return filled === 0;
}

/** Row by row: 1 at the category of the row. @throws {DataError} PRIVITY_COLUMN_…, PRIVITY_SECURE_DOMAIN */
export async function indicatorsAt(
  table: Table,
  name: string,
  { categories, gaps }: { readonly categories: readonly string[]; readonly gaps: boolean | 'never' },
): Promise<Float64Array> {
  const words = await wordsAt(table, name);
  const places = new Map(categories.map((word, place) => [word, place]));
  const indicators = new Float64Array(words.length * categories.length);
  for (const [row, word] of words.entries()) {
    if (word === undefined) {
      if (gaps !== true) throw unexpectedGap(name, row, gaps !== 'never');
      continue;
    }
    const place = places.get(word);
    if (place === undefined)
      throw new DataError(
        'PRIVITY_SECURE_DOMAIN',
        `column '${name}', row ${row + 1}: none of the ${categories.length} categories that the job names.`,
        { own: `The word here is ${JSON.stringify(word)} (for this party only).` },
      );
    indicators[row * categories.length + place] = 1;
  }
  return indicators;
}

/** A column of any type but bytes as text; undefined in the gaps. */
export async function wordsAt(table: Table, name: string): Promise<readonly (string | undefined)[]> {
  const only = await table.select([name]);
  const quoted = `"${name.replaceAll('"', '""')}"`;
  const read = await only.query(
    `SELECT coalesce(CAST(${quoted} AS VARCHAR), '') AS word, ${quoted} IS NULL AS gap FROM rows`,
  );
  const [words, gaps] = [await read.strings('word'), await read.numbers('gap')];
  return words.map((word, row) => (gaps[row] === 1 ? undefined : word));
}

const unexpectedGap = (name: string, row: number, couldBeSaid: boolean): DataError =>
  new DataError(
    'PRIVITY_COLUMN_NULLS',
    couldBeSaid
      ? `column '${name}' has no value in row ${row + 1}, and the job says that it has no gaps. Fill it, leave such rows out, or say { gaps: true } of the column.`
      : `column '${name}' has no value in row ${row + 1}, and every row needs one here. Fill it, or leave such rows out.`,
  );

function outside(name: string, row: number, value: number, { min, max }: Checks): DataError {
  return new DataError(
    'PRIVITY_SECURE_DOMAIN',
    `column '${name}', row ${row + 1}: ${value > max ? 'above' : 'below'} what the job says of it, ${min} to ${max}. Say what such data can be at most: { min, max } of the column.`,
    { own: `The number here is ${value} (for this party only).` },
  );
}
