/**
 * The ids of a table, from SQL to bytes. They stay in the database, which brings them to a canonical form and hashes
 * them; what crosses into JavaScript is 32 bytes an id, in bulk, as columns of numbers (as JavaScript strings a third
 * of the speed).
 *
 * Canonical form: for each key column, in the order of `on`, the length in bytes of its SQL text form, a colon, the
 * text. So ('ab','c') and ('a','bc') differ, and 17 as BIGINT at one side equals '17' as VARCHAR at the other, since a
 * CSV column may be inferred so here and so there. Texts compare byte by byte: case, spaces, leading zeros and the
 * Unicode form count.
 */
import { DataError, UsageError } from '../base/errors.ts';
import type { Column } from '../data/column-type.ts';
import { readColumns } from '../data/columns.ts';
import { type Relation, requireColumns } from '../data/relation.ts';
import { identifier } from '../data/sql.ts';
import { countNulls } from '../data/table.ts';
import { distinctIds } from './ids/distinct.ts';
import { textDigests } from './ids/text-digests.ts';
import { numbered } from './joins/numbered.ts';
import { KEY_COLUMNS_MAX, type KeyType, keyClass } from './key-types.ts';
import type { PsiProtocol } from './protocols/protocol.ts';

/** A key column of a table, and what it is as a key. */
export interface KeyColumn extends Column {
  readonly key: KeyType;
}

/**
 * Everything that can be wrong with a key of this party alone is found here, before a byte is sent. Gives the types of
 * its columns.
 * @throws {UsageError} PRIVITY_PSI_USAGE
 * @throws {DataError} PRIVITY_COLUMN_MISSING, PRIVITY_KEY_TYPE, PRIVITY_TABLE_EMPTY, PRIVITY_PSI_LIMIT,
 *   PRIVITY_KEY_NULL, PRIVITY_KEY_DUPLICATE
 */
export async function checkKey(
  relation: Relation,
  on: readonly string[],
  protocols: readonly Pick<PsiProtocol, 'name' | 'rowsMax'>[],
  signal: AbortSignal,
): Promise<readonly KeyType[]> {
  const columns = keyColumns(relation, on);
  requireRows(relation.rowCount, columns, protocols);
  await refuseGaps(relation, columns, signal);
  return columns.map(({ key }) => key);
}

/**
 * @throws {UsageError} PRIVITY_PSI_USAGE
 * @throws {DataError} PRIVITY_COLUMN_MISSING, PRIVITY_KEY_TYPE
 */
export function keyColumns(relation: Relation, on: readonly string[]): readonly KeyColumn[] {
  if (on.length === 0 || on.length > KEY_COLUMNS_MAX || new Set(on).size !== on.length) {
    throw new UsageError(
      'PRIVITY_PSI_USAGE',
      `an intersection needs 1 to ${KEY_COLUMNS_MAX} different key columns`,
    );
  }
  return requireColumns(relation, on).map((column): KeyColumn => {
    const { name, type } = column;
    const known = keyClass(type);
    if (known !== undefined)
      return { ...column, key: { class: known, fromText: relation.fromText?.has(name) ?? false } };
    throw new DataError(
      'PRIVITY_KEY_TYPE',
      `key column '${name}' is ${type}; a key is text, a whole number, a date, a timestamp or a boolean. Read it as text: types: { '${name}': 'VARCHAR' }`,
    );
  });
}

/** The key in a message. */
export const keyList = (columns: readonly Column[]): string =>
  columns.map(({ name }) => `'${name}'`).join(', ');

/** @throws {DataError} PRIVITY_TABLE_EMPTY, PRIVITY_PSI_LIMIT */
export function requireRows(
  rows: number,
  columns: readonly Column[],
  protocols: readonly Pick<PsiProtocol, 'name' | 'rowsMax'>[],
  leftOut = 0,
): void {
  const without = leftOut === 0 ? '' : ` beside the ${leftOut} without a key`;
  if (rows === 0)
    throw new DataError(
      'PRIVITY_TABLE_EMPTY',
      `the table to intersect on ${keyList(columns)} has 0 rows${without}`,
    );
  const rowsMax = Math.max(...protocols.map((protocol) => protocol.rowsMax));
  if (rows > rowsMax) {
    const names = protocols.map(({ name }) => name).join(' and ');
    throw new DataError(
      'PRIVITY_PSI_LIMIT',
      `the table to intersect on ${keyList(columns)} has ${rows} rows; the limit of ${names} is ${rowsMax}`,
    );
  }
}

/** @throws {DataError} PRIVITY_KEY_NULL */
export async function refuseGaps(
  relation: Relation,
  columns: readonly Column[],
  signal: AbortSignal,
): Promise<void> {
  const nulls = await countNulls(
    relation,
    columns.map(({ name }) => name),
  );
  for (const [index, { name }] of columns.entries()) {
    const count = nulls[index] ?? 0;
    if (count === 0) continue;
    const first = await firstGap(relation, name, signal);
    throw new DataError(
      'PRIVITY_KEY_NULL',
      `key column '${name}' has no value in ${count} of ${relation.rowCount} rows; the first is row ${first} (in a file of one column a blank line is such a row). Correct them, or say nulls: 'leave out'`,
    );
  }
}

/**
 * @param ids of the rows, in their order
 * @param on the key columns by the names that the job knows
 * @param rowOf the place of each of these rows in the table, where not all of its rows are here
 * @throws {DataError} PRIVITY_KEY_DUPLICATE
 */
export async function refuseDuplicates(
  ids: Uint8Array,
  on: readonly string[],
  signal: AbortSignal,
  rowOf?: () => Promise<ArrayLike<number>>,
): Promise<void> {
  const { rows, distinct, repeated } = await distinctIds(ids, signal);
  if (repeated === undefined) return;
  const places = await rowOf?.();
  const [before, again] = repeated.map((row) => (places?.[row] ?? row) + 1);
  throw new DataError(
    'PRIVITY_KEY_DUPLICATE',
    `the key ${on.map((name) => `'${name}'`).join(', ')} is not unique: ${rows} rows, ${distinct} different keys; row ${again} is the first that has the key of another, row ${before}`,
  );
}

/** Rows count from 1, as they stand in the file. */
async function firstGap(relation: Relation, name: string, signal: AbortSignal): Promise<number> {
  const { from, row: number } = numbered(relation);
  const select = `SELECT min(${number}) FROM ${from} WHERE ${identifier(name)} IS NULL`;
  const [row] = await readColumns(select, ['BIGINT'], 1, signal);
  return Number(row?.[0]) + 1;
}

/** SQL for the canonical form of a row's key. */
function canonicalKey(columns: readonly Column[]): string {
  const parts = columns.map(({ name }) => {
    const text = `CAST(${identifier(name)} AS VARCHAR)`;
    return `CAST(strlen(${text}) AS VARCHAR) || ':' || ${text}`;
  });
  return parts.join(' || ');
}

/** SHA-256 of each row's canonical key, ID_BYTES a row, in the order of the rows. */
export function keyDigests(
  relation: Relation,
  on: readonly string[],
  signal: AbortSignal,
): Promise<Uint8Array> {
  const key = canonicalKey(requireColumns(relation, on));
  const { sqlName, rowCount } = relation;
  return textDigests({ select: `SELECT ${key} FROM ${sqlName}`, rowCount, signal });
}
