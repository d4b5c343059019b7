/**
 * The counts of a key column, made in the database: what crosses into JavaScript is numbers, and formats, which are
 * signs of classes.
 *
 * Cost: a pass over the column for lengths and traits, and one for formats, which are grouped. Of one core 2 µs a row
 * for ids of one form, 10 µs where hardly two are alike; memory of the database for as many formats as there are.
 */
import { readColumns } from '../../data/columns.ts';
import { deriveRelation, dropRelation, type Relation } from '../../data/relation.ts';
import { literal } from '../../data/sql.ts';
import { compatibleClass } from '../joins/compatible.ts';
import { had, key } from '../joins/keyed.ts';
import { SPACE } from '../joins/normalise.ts';
import type { KeyType } from '../key-types.ts';
import { anyLengthSql, coveredSql, formatSql, mixedSql, type Runs } from './classes.ts';
import {
  type ColumnCounts,
  FORMAT_PERCENT_MIN,
  FORMATS_MAX,
  type FormatCount,
  type KeyTrait,
  LENGTH_MAX,
  TRAITS,
} from './profile.ts';

/**
 * @param form the key columns after their rules: `oneForm` of keyed.ts
 * @param minimum formats of fewer rows are not even read
 */
export async function columnCounts(
  form: Relation,
  index: number,
  type: KeyType,
  minimum: number,
  signal: AbortSignal,
): Promise<ColumnCounts> {
  const has = form.columns.some(({ name }) => name === had(index));
  const before = has ? had(index) : key(index);
  const texts = `SELECT CAST(${before} AS VARCHAR) AS b, CAST(${key(index)} AS VARCHAR) AS t FROM ${form.sqlName}`;
  // Of two values each form is one of them: how many rows have which would be told.
  const isTold = type.class !== 'boolean';
  return {
    rows: form.rowCount,
    traits: await countTraits(texts, isTold, signal),
    lengths: isTold ? await countLengths(texts, signal) : new Array(LENGTH_MAX + 1).fill(0),
    formats: isTold ? await countFormats(form, texts, minimum, signal) : [],
  };
}

const OTHER = "regexp_matches(t, '[^ -~]')";
const SEEN: Readonly<Record<Exclude<KeyTrait, 'compatible'>, string>> = {
  missing: 'b IS NULL',
  unreadable: 't IS NULL AND b IS NOT NULL',
  digits: "regexp_matches(t, '[0-9]')",
  lowerCase: 't <> upper(t)',
  upperCase: 't <> lower(t)',
  otherCharacters: `regexp_matches(t, ${literal(`[^!-~${SPACE.slice(1)}`)})`,
  leadingZeros: `regexp_matches(t, ${literal(`^${SPACE}*0[0-9A-Za-z]`)})`,
  spaceAround: `regexp_matches(t, ${literal(`^${SPACE}|${SPACE}$`)})`,
  notNfc: `${OTHER} AND t <> nfc_normalize(t)`,
};

async function countTraits(
  texts: string,
  isTold: boolean,
  signal: AbortSignal,
): Promise<Readonly<Record<KeyTrait, number>>> {
  const seen = Object.entries(SEEN).filter(([trait]) => isTold || trait === 'missing');
  const counts = seen.map(([, sql]) => `count(*) FILTER (${sql})`);
  const select = `SELECT count(*) FILTER (${OTHER}), ${counts.join(', ')} FROM (${texts})`;
  const [other, ...numbers] = await oneRow(select, counts.length + 1, signal);
  const found = new Map(seen.map(([trait], at) => [trait, numbers[at] ?? 0]));
  // The class is a long one, and takes a quarter of a second to make.
  if (isTold && (other ?? 0) > 0) {
    const matches = `regexp_matches(t, ${literal(compatibleClass())})`;
    const [compatible] = await oneRow(
      `SELECT count(*) FILTER (${matches}) FROM (${texts}) WHERE ${OTHER}`,
      1,
      signal,
    );
    found.set('compatible', compatible ?? 0);
  }
  const traits = TRAITS.map((trait) => [trait, found.get(trait) ?? 0] as const);
  return Object.fromEntries(traits) as Record<KeyTrait, number>;
}

async function countLengths(texts: string, signal: AbortSignal): Promise<readonly number[]> {
  const found = `SELECT least(length(t), ${LENGTH_MAX}) AS n, count(*) AS c FROM (${texts}) WHERE t IS NOT NULL GROUP BY n`;
  const select = `SELECT coalesce(c, 0) FROM range(${LENGTH_MAX + 1}) AS every(n) LEFT JOIN (${found}) USING (n) ORDER BY n`;
  const [counts] = await readColumns(select, ['BIGINT'], LENGTH_MAX + 1, signal);
  return [...(counts as BigInt64Array)].map(Number);
}

async function countFormats(
  form: Relation,
  texts: string,
  minimum: number,
  signal: AbortSignal,
): Promise<readonly FormatCount[]> {
  // Which formats are told follows from rounded numbers: exact ones would show in what is left out.
  const least = Math.max(1, Math.ceil((Math.floor(form.rowCount / minimum) * FORMAT_PERCENT_MIN) / 100));
  const told: FormatCount[] = [];
  const each = `SELECT ${formatSql('t')} AS f FROM (${texts})`;
  const grouped = `SELECT f, count(*) AS n FROM (SELECT ${coveredSql('f')} AS f FROM (${each})) WHERE f IS NOT NULL GROUP BY f`;
  let left = await deriveRelation(form, grouped, 'the formats', signal);
  const follow = async (select: string): Promise<void> => {
    const before = left;
    left = await deriveRelation(form, select, 'the formats', signal);
    await dropRelation(before);
  };
  try {
    for (const [runs, sql] of KINDS) {
      const count = `SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM ${left.sqlName}`;
      const [rows = 0] = await oneRow(count, 1, signal);
      if (Math.floor(rows / minimum) < least) return told;
      await follow(`SELECT f, n, ${sql('f')} AS kind FROM ${left.sqlName}`);
      const found = await mostOf(left, runs, minimum, least, signal);
      told.push(...found);
      if (found.length === 0) continue;
      const names = found.map(({ signs }) => literal(signs)).join(', ');
      await follow(`SELECT f, n FROM ${left.sqlName} WHERE kind IS NULL OR kind NOT IN (${names})`);
    }
    return told;
  } finally {
    await dropRelation(left);
  }
}

/** A row is counted by the first of these that tells of it. */
const KINDS: readonly (readonly [Runs, (signs: string) => string])[] = [
  ['exact', (signs) => signs],
  ['mixed', mixedSql],
  ['any', anyLengthSql],
];

async function mostOf(
  left: Relation,
  runs: Runs,
  minimum: number,
  least: number,
  signal: AbortSignal,
): Promise<readonly FormatCount[]> {
  const steps = `CAST(floor(n / ${minimum}) AS BIGINT)`;
  const grouped = `SELECT kind AS f, CAST(sum(n) AS BIGINT) AS n FROM ${left.sqlName} WHERE kind IS NOT NULL GROUP BY kind`;
  const select = `SELECT f, n FROM (${grouped}) WHERE ${steps} >= ${least} ORDER BY ${steps} DESC, f LIMIT ${FORMATS_MAX[runs]}`;
  const chosen = await deriveRelation(left, select, 'the formats', signal);
  try {
    const read = `SELECT f, n FROM ${chosen.sqlName}`;
    const [signs, rows] = await readColumns(read, ['VARCHAR', 'BIGINT'], chosen.rowCount, signal);
    const counts = [...(rows as BigInt64Array)].map(Number);
    return counts.map((count, at) => ({ signs: (signs as readonly string[])[at] ?? '', runs, rows: count }));
  } finally {
    await dropRelation(chosen);
  }
}

async function oneRow(select: string, columns: number, signal: AbortSignal): Promise<readonly number[]> {
  const types = new Array<'BIGINT'>(columns).fill('BIGINT');
  const found = await readColumns(select, types, 1, signal);
  return found.map((column) => Number(column[0]));
}
