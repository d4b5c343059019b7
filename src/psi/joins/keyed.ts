/**
 * The keys of a table as a relation of their own, where they are not simply columns of it: brought to one form, without
 * rows that have none, numbered where one key has several rows. All of it happens in the database; of texts nothing
 * crosses into JavaScript but which compatible characters there are (a set of single characters).
 */
import { DataError } from '../../base/errors.ts';
import { readColumns } from '../../data/columns.ts';
import { deriveRelation, dropRelation, type Relation } from '../../data/relation.ts';
import { identifier, literal } from '../../data/sql.ts';
import { type KeyColumn, keyList } from '../keys.ts';
import { compatibleClass, replacements } from './compatible.ts';
import { type NormaliseRule, ruleSql } from './normalise.ts';
import { numbered } from './numbered.ts';
import type { JoinPlan } from './plan.ts';

/** How the keys of a table are made. */
export interface KeyWishes extends Pick<JoinPlan, 'normalise' | 'nulls' | 'duplicatesUpTo'> {
  /** The rows are made up for a rehearsal: what cannot be read is taken as it is, since no rule could know. */
  readonly madeUp: boolean;
}

/** Whether ids are anything but the rows' own columns. */
export function isKeyed({ normalise, nulls, duplicatesUpTo }: KeyWishes): boolean {
  return normalise.some((rules) => rules.length > 0) || nulls === 'leave out' || duplicatesUpTo !== undefined;
}

/** Column of the row that a key is of, counted from 0. */
const ROW = 'row';
/** Which of the rows of its key it is, from 1. */
const OCCURRENCE = 'occurrence';

export interface Keyed {
  readonly relation: Relation;
  /** Names of its key columns. */
  readonly on: readonly string[];
  readonly leftOut: LeftOut;
}

/** Rows of the own table that take no part. */
export interface LeftOut {
  readonly empty: number;
  readonly unreadable: number;
}

/**
 * The caller drops it.
 * @throws {DataError} PRIVITY_KEY_UNREADABLE, PRIVITY_KEY_DUPLICATE
 */
export async function keyedRelation(
  relation: Relation,
  columns: readonly KeyColumn[],
  wishes: KeyWishes,
  signal: AbortSignal,
): Promise<Keyed> {
  const form = await oneForm(relation, columns, wishes, signal);
  try {
    const leftOut = await countLeftOut(form, columns, signal);
    if (wishes.nulls === 'error' && leftOut.unreadable > 0)
      throw await unreadable(form, columns, relation.rowCount, signal);
    const names = columns.map((_, index) => key(index));
    const on = wishes.duplicatesUpTo === undefined ? names : [...names, OCCURRENCE];
    const list = names.map(identifier).join(', ');
    const number =
      wishes.duplicatesUpTo === undefined
        ? ''
        : `, row_number() OVER (PARTITION BY ${list} ORDER BY "${ROW}") AS "${OCCURRENCE}"`;
    const whole = names.map((name) => `${identifier(name)} IS NOT NULL`).join(' AND ');
    // A contract that is made of it must not say that all rows of the table take part.
    const few = wishes.madeUp && wishes.nulls === 'leave out' && relation.rowCount > 1;
    const where = few ? `${whole} AND "${ROW}" > 0` : whole;
    const select = `SELECT CAST("${ROW}" AS UINTEGER) AS "${ROW}", ${list}${number} FROM ${form.sqlName} WHERE ${where} ORDER BY "${ROW}"`;
    const keyed = await deriveRelation(form, select, 'the keys', signal);
    try {
      await refuseTooMany(keyed, columns, wishes.duplicatesUpTo, signal);
      return { relation: keyed, on, leftOut };
    } catch (error) {
      await dropRelation(keyed);
      throw error;
    }
  } finally {
    await dropRelation(form);
  }
}

/** The row of the table of each key. */
export async function rowsOf({ relation }: Keyed, signal: AbortSignal): Promise<Uint32Array> {
  const select = `SELECT "${ROW}" FROM ${relation.sqlName}`;
  const [rows] = await readColumns(select, ['UINTEGER'], relation.rowCount, signal);
  return rows as Uint32Array;
}

/** Column of a key. */
export const key = (index: number): string => `k${index}`;
/** Of a column with rules: its text before, and so whether it had a value at all. */
export const had = (index: number): string => `had${index}`;

/** Each key column after its rules, of all rows. The caller drops it. */
export async function oneForm(
  relation: Relation,
  columns: readonly KeyColumn[],
  { normalise, madeUp }: Pick<KeyWishes, 'normalise' | 'madeUp'>,
  signal: AbortSignal,
): Promise<Relation> {
  const first = columns.flatMap(({ name, type }, index) => {
    const value = identifier(name);
    const rules = rulesFor(type, normalise[index]);
    return rules.length === 0
      ? [`${value} AS ${key(index)}`]
      : [`CAST(${value} AS VARCHAR) AS ${key(index)}`, `CAST(${value} AS VARCHAR) AS ${had(index)}`];
  });
  const { from, row } = numbered(relation);
  let select = `SELECT ${row} AS "${ROW}", ${first.join(', ')} FROM ${from}`;
  for (const [index, { type }] of columns.entries()) {
    const rules = rulesFor(type, normalise[index]);
    select = await withRules(select, key(index), rules, signal);
    if (madeUp && rules.length > 0)
      select = layer(select, key(index), `coalesce(${key(index)}, ${had(index)})`);
  }
  return deriveRelation(relation, select, 'the keys', signal);
}

/** A SELECT of the same columns, with the rules followed in that of this name, which is text. */
export async function withRules(
  select: string,
  name: string,
  rules: readonly NormaliseRule[],
  signal: AbortSignal,
): Promise<string> {
  let layered = select;
  for (const rule of rules) {
    if (rule === 'nfkc') {
      const found = await compatibleIn(layered, name, signal);
      for (const sql of replacements(found, name)) layered = layer(layered, name, sql);
    }
    layered = layer(layered, name, ruleSql(rule, name));
  }
  return layered;
}

const layer = (select: string, name: string, sql: string): string =>
  `SELECT * REPLACE (${sql} AS ${name}) FROM (${select})`;

/** A date needs no reading. */
export function rulesFor(type: string, rules: readonly NormaliseRule[] = []): readonly NormaliseRule[] {
  return type === 'DATE' ? rules.filter((rule) => typeof rule === 'string' || !('date' in rule)) : rules;
}

async function compatibleIn(select: string, name: string, signal: AbortSignal): Promise<readonly string[]> {
  const characters = `SELECT DISTINCT unnest(regexp_extract_all(${name}, ${literal(compatibleClass())})) AS c FROM (${select})`;
  const [count] = await readColumns(`SELECT count(*) FROM (${characters})`, ['BIGINT'], 1, signal);
  const [found] = await readColumns(characters, ['VARCHAR'], Number(count?.[0]), signal);
  return [...(found as readonly string[])].sort();
}

async function countLeftOut(
  form: Relation,
  columns: readonly KeyColumn[],
  signal: AbortSignal,
): Promise<LeftOut> {
  const has = (name: string): boolean => form.columns.some((column) => column.name === name);
  const anyOf = (parts: readonly string[]): string => (parts.length === 0 ? 'false' : parts.join(' OR '));
  const indices = columns.map((_, index) => index);
  const isEmpty = anyOf(indices.map((index) => `${has(had(index)) ? had(index) : key(index)} IS NULL`));
  const isMissing = anyOf(indices.map((index) => `${key(index)} IS NULL`));
  const select = `SELECT count(*) FILTER (${isEmpty}), count(*) FILTER (NOT (${isEmpty}) AND (${isMissing})) FROM ${form.sqlName}`;
  const [empty, unread] = await readColumns(select, ['BIGINT', 'BIGINT'], 1, signal);
  return { empty: Number(empty?.[0]), unreadable: Number(unread?.[0]) };
}

async function unreadable(
  form: Relation,
  columns: readonly KeyColumn[],
  rows: number,
  signal: AbortSignal,
): Promise<DataError> {
  for (const [index, { name }] of columns.entries()) {
    if (!form.columns.some((column) => column.name === had(index))) continue;
    const bad = `${key(index)} IS NULL AND ${had(index)} IS NOT NULL`;
    const select = `SELECT count(*) FILTER (${bad}), coalesce(min("${ROW}") FILTER (${bad}), 0) FROM ${form.sqlName}`;
    const [count, first] = await readColumns(select, ['BIGINT', 'BIGINT'], 1, signal);
    if (Number(count?.[0]) === 0) continue;
    return new DataError(
      'PRIVITY_KEY_UNREADABLE',
      `key column '${name}' has values that its rules cannot read in ${Number(count?.[0])} of ${rows} rows; the first is row ${Number(first?.[0]) + 1}. Correct them, or say nulls: 'leave out'`,
    );
  }
  return new DataError('PRIVITY_KEY_UNREADABLE', 'keys cannot be read');
}

async function refuseTooMany(
  { sqlName }: Relation,
  columns: readonly KeyColumn[],
  upTo: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (upTo === undefined) return;
  const select = `SELECT count(*) FILTER ("${OCCURRENCE}" = ${upTo + 1}), coalesce(max("${OCCURRENCE}"), 0) FROM ${sqlName}`;
  const [keys, most] = await readColumns(select, ['BIGINT', 'BIGINT'], 1, signal);
  if (Number(keys?.[0]) === 0) return;
  throw new DataError(
    'PRIVITY_KEY_DUPLICATE',
    `${Number(keys?.[0])} values of the key ${keyList(columns)} have more than ${upTo} rows each, one of them ${Number(most?.[0])}; duplicates: { upTo: ${upTo} } takes no more`,
  );
}
