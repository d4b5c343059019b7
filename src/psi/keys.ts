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
import { createHash } from 'node:crypto';
import { endianness } from 'node:os';
import { DataError, UsageError } from '../base/errors.ts';
import type { Column } from '../data/column-type.ts';
import { readColumns } from '../data/columns.ts';
import { type Relation, requireColumns } from '../data/relation.ts';
import { identifier } from '../data/sql.ts';
import { countNulls } from '../data/table.ts';
import { KEY_COLUMNS_MAX, type KeyType, keyClass } from './key-types.ts';
import { ID_BYTES, type PsiProtocol } from './protocols/protocol.ts';

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
  if (on.length === 0 || on.length > KEY_COLUMNS_MAX || new Set(on).size !== on.length) {
    throw new UsageError(
      'PRIVITY_PSI_USAGE',
      `an intersection needs 1 to ${KEY_COLUMNS_MAX} different key columns`,
    );
  }
  const columns = requireColumns(relation, on);
  const types = columns.map(({ name, type }): KeyType => {
    const known = keyClass(type);
    if (known !== undefined) return { class: known, fromText: relation.fromText?.has(name) ?? false };
    throw new DataError(
      'PRIVITY_KEY_TYPE',
      `key column '${name}' is ${type}; a key is text, a whole number, a date, a timestamp or a boolean. Read it as text: types: { '${name}': 'VARCHAR' }`,
    );
  });
  const rows = relation.rowCount;
  const key = on.map((name) => `'${name}'`).join(', ');
  if (rows === 0) throw new DataError('PRIVITY_TABLE_EMPTY', `the table to intersect on ${key} has 0 rows`);
  const rowsMax = Math.max(...protocols.map((protocol) => protocol.rowsMax));
  if (rows > rowsMax) {
    const names = protocols.map(({ name }) => name).join(' and ');
    throw new DataError(
      'PRIVITY_PSI_LIMIT',
      `the table to intersect on ${key} has ${rows} rows; the limit of ${names} is ${rowsMax}`,
    );
  }
  const nulls = await countNulls(relation, on);
  for (const [index, name] of on.entries()) {
    const count = nulls[index] ?? 0;
    if (count === 0) continue;
    const first = await firstGap(relation, name, signal);
    throw new DataError(
      'PRIVITY_KEY_NULL',
      `key column '${name}' has no value in ${count} of ${rows} rows; the first is row ${first} (in a file of one column a blank line is such a row)`,
    );
  }
  const distinct = await countDistinct(relation, columns, signal);
  if (distinct !== rows) {
    throw new DataError(
      'PRIVITY_KEY_DUPLICATE',
      `the key ${key} is not unique: ${rows} rows, ${distinct} different keys`,
    );
  }
  return types;
}

/** Rows count from 1, as they stand in the file. */
async function firstGap(relation: Relation, name: string, signal: AbortSignal): Promise<number> {
  const select = `SELECT min(rowid) FROM ${relation.sqlName} WHERE ${identifier(name)} IS NULL`;
  const [row] = await readColumns(select, ['BIGINT'], 1, signal);
  return Number(row?.[0]) + 1;
}

async function countDistinct(
  relation: Relation,
  columns: readonly Column[],
  signal: AbortSignal,
): Promise<number> {
  const select = `SELECT count(DISTINCT ${canonicalKey(columns)}) FROM ${relation.sqlName}`;
  const [count] = await readColumns(select, ['BIGINT'], 1, signal);
  return Number(count?.[0]);
}

/** SQL for the canonical form of a row's key. */
function canonicalKey(columns: readonly Column[]): string {
  const parts = columns.map(({ name }) => {
    const text = `CAST(${identifier(name)} AS VARCHAR)`;
    return `CAST(strlen(${text}) AS VARCHAR) || ':' || ${text}`;
  });
  return parts.join(' || ');
}

/**
 * What both parties must want alike: protocols, run and key columns, whose names are in the job that both know.
 * @param binding of the run's step; see `Channel`
 */
export function agreementOn(
  on: readonly string[],
  protocols: readonly Pick<PsiProtocol, 'name' | 'version'>[],
  binding: Uint8Array = new Uint8Array(),
): Uint8Array {
  const hash = createHash('sha256')
    .update(
      `privity-psi ${protocols.map(({ name, version }) => `${name} ${version}`).join(' or ')} ${binding.length} `,
    )
    .update(binding);
  for (const name of on) hash.update(`${Buffer.byteLength(name)}:${name}`);
  return hash.digest();
}

/**
 * SQL that gives a digest as four numbers, its first eight bytes first: numbers cross into JavaScript without one value
 * a row.
 */
const WORDS = [0, 1, 2, 3]
  .map((i) => `CAST('0x' || hex[${16 * i + 1}:${16 * i + 16}] AS UBIGINT)`)
  .join(', ');
const WORD_TYPES = ['UBIGINT', 'UBIGINT', 'UBIGINT', 'UBIGINT'] as const;

/**
 * SHA-256 of each row's canonical key, ID_BYTES a row, in the order of the rows. They are in memory only: without a
 * salt, on a disk they would tell the ids.
 */
export async function keyDigests(
  relation: Relation,
  on: readonly string[],
  signal: AbortSignal,
): Promise<Uint8Array> {
  const key = canonicalKey(requireColumns(relation, on));
  const select = `SELECT ${WORDS} FROM (SELECT sha256(${key}) AS hex FROM ${relation.sqlName})`;
  const words = await readColumns(select, WORD_TYPES, relation.rowCount, signal);
  const digests = new Uint32Array((relation.rowCount * ID_BYTES) / Uint32Array.BYTES_PER_ELEMENT);
  for (const [place, column] of words.entries()) {
    const { buffer, byteOffset, byteLength } = column as BigUint64Array;
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    // The number has the machine's order of bytes, the digest has its first byte first.
    if (endianness() === 'LE') bytes.swap64();
    const halves = new Uint32Array(buffer, byteOffset, 2 * relation.rowCount);
    for (let row = 0; row < relation.rowCount; row++) {
      digests[8 * row + 2 * place] = halves[2 * row] as number;
      digests[8 * row + 2 * place + 1] = halves[2 * row + 1] as number;
    }
  }
  return new Uint8Array(digests.buffer);
}
