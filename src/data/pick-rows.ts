import { invariant } from '../base/errors.ts';
import { nextTurn } from '../base/turn.ts';
import type { Column } from './column-type.ts';
import { withConnection } from './database.ts';
import { dropRelation, finishRelation, nextRelationName, type Relation } from './relation.ts';
import { identifier } from './sql.ts';
import { relationFrom } from './table-of.ts';

/**
 * Rows that are sorted together, which takes 100 MB where they are short. Sorting all at once spills from a few million
 * on, at six times the cost of reading the table once more for each of these.
 */
const ROWS_AT_ONCE = 2 ** 20;

/** Rows of which positions are noted before other work of the process gets a turn: some 5 ms. */
const ROWS_PER_TURN = 2 ** 18;

/** No row of the result. */
const NONE = -1;

/** Bytes a row of the table that it takes beside the two tables: positions in memory, and in the database. */
export const PICKED_BYTES = 2 * Int32Array.BYTES_PER_ELEMENT;

export interface Picked {
  /** Numbers of rows, each at most once. */
  readonly rows: Uint32Array;
  /** Columns of the result. Default: all. */
  readonly columns?: readonly Column[];
  /** What the result is called in messages. */
  readonly origin: string;
  readonly signal: AbortSignal;
}

/**
 * These rows of a relation, in this order, as a relation with the same columns, or some of them.
 * Cost: 0.6 µs a row of the result, and 20 ns a row of the relation for each million of them.
 */
export async function pickRows(
  from: Relation,
  { rows, columns = from.columns, origin, signal }: Picked,
  rowsAtOnce = ROWS_AT_ONCE,
): Promise<Relation> {
  const values = await positionsOf(rows, from.rowCount, signal);
  const list = (of: string) => columns.map(({ name }) => `${of}${identifier(name)}`).join(', ');
  const positions = await relationFrom([{ name: 'at', type: 'INTEGER', values }], from.rowCount, origin);
  try {
    const sqlName = nextRelationName();
    return await withConnection(async (connection) => {
      await connection.run(`CREATE TABLE ${sqlName} AS SELECT ${list('')} FROM ${from.sqlName} LIMIT 0`);
      try {
        for (let first = 0; first < rows.length; first += rowsAtOnce) {
          const last = first + rowsAtOnce - 1;
          await connection.run(
            `INSERT INTO ${sqlName} SELECT ${list('t.')} FROM ${from.sqlName} AS t POSITIONAL JOIN ${positions.sqlName} AS p
              WHERE p.at BETWEEN ${first} AND ${last} ORDER BY p.at`,
          );
          signal.throwIfAborted();
        }
        const picked = await finishRelation(connection, sqlName, columns);
        invariant(picked.rowCount === rows.length, 'rows that were picked are missing');
        return from.fromText === undefined ? picked : { ...picked, fromText: from.fromText };
      } catch (error) {
        await connection.run(`DROP TABLE IF EXISTS ${sqlName}`);
        throw error;
      }
    }, signal);
  } finally {
    await dropRelation(positions);
  }
}

/** For each row of the relation, where in the result it stands. */
async function positionsOf(rows: Uint32Array, rowCount: number, signal: AbortSignal): Promise<Int32Array> {
  const positions = new Int32Array(rowCount).fill(NONE);
  for (let first = 0; first < rows.length; first += ROWS_PER_TURN) {
    const end = Math.min(rows.length, first + ROWS_PER_TURN);
    for (let at = first; at < end; at++) {
      const row = rows[at] as number;
      invariant(positions[row] === NONE, 'a row is picked twice, or is not there');
      positions[row] = at;
    }
    await nextTurn(signal);
  }
  return positions;
}
