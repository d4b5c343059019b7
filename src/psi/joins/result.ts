/** The rows that a party gets of its own table, once it is known which of them match. */
import { withConnection } from '../../data/database.ts';
import { pickRows } from '../../data/pick-rows.ts';
import { deriveRelation, dropRelation, finishRelation, type Relation } from '../../data/relation.ts';
import { identifier } from '../../data/sql.ts';
import { type Table, tableFrom } from '../../data/table.ts';
import { type JoinPlan, receives } from './plan.ts';

/** Who has found what. */
export interface Found {
  readonly rank: number;
  /** Rows that take part, by rank. */
  readonly rows: readonly [number, number];
  /** Rows of the own table that match, in the order that both have. */
  readonly matched: Uint32Array;
  /** Row of the own table of each one that takes part; undefined: all do. */
  readonly rowOf: Uint32Array | undefined;
}

/** A row that is not there: the left table has one in its place that matches none. */
const GAP = 2 ** 32 - 1;

/** Rows of the smallest result that anybody gets. Of a left join those that match: the others tell nothing. */
export function smallestResult(plan: JoinPlan, { rows, matched }: Pick<Found, 'rows' | 'matched'>): number {
  if (plan.join !== 'anti') return matched.length;
  return Math.min(...rows.filter((_, rank) => receives(plan, rank)).map((all) => all - matched.length));
}

/** The own rows of the result in their order, {@link GAP} for one of gaps only. */
export function resultPlaces({ join, left }: Pick<JoinPlan, 'join' | 'left'>, found: Found): Uint32Array {
  if (join === 'inner') return found.matched;
  if (join === 'anti') return unmatched(found);
  const places = new Uint32Array(found.rows[left]).fill(GAP);
  places.set(found.matched);
  if (left === found.rank) places.set(unmatched(found), found.matched.length);
  return places;
}

/** In the order of the table: no other party knows of it. */
function unmatched({ rank, rows, matched, rowOf }: Found): Uint32Array {
  const all = rowOf ?? Uint32Array.from({ length: rows[rank === 0 ? 0 : 1] }, (_, row) => row);
  const last = all.at(-1) ?? 0;
  const isMatched = new Uint8Array(last + 1);
  for (const row of matched) isMatched[row] = 1;
  return all.filter((row) => isMatched[row] === 0);
}

/**
 * The table's rows at these places, in their order. Gaps are the last ones.
 * @param beside columns of the first of them, which stand behind their own
 */
export async function resultRows(
  relation: Relation,
  places: Uint32Array,
  beside: Relation | undefined,
  signal: AbortSignal,
): Promise<Table> {
  const own = await ownRows(relation, places, signal);
  if (beside === undefined) return tableFrom(own);
  try {
    const more = beside.columns.map(({ name }) => `p.${identifier(name)}`).join(', ');
    // Row by row: where the shorter one ends, it has gaps.
    const select = `SELECT t.*, ${more} FROM ${own.sqlName} AS t POSITIONAL JOIN ${beside.sqlName} AS p`;
    return tableFrom(await deriveRelation(own, select, 'the intersection', signal));
  } finally {
    await dropRelation(own);
  }
}

async function ownRows(relation: Relation, places: Uint32Array, signal: AbortSignal): Promise<Relation> {
  const gapsFrom = places.indexOf(GAP);
  const rows = gapsFrom < 0 ? places : places.subarray(0, gapsFrom);
  const picked = await pickRows(relation, { rows, origin: 'the intersection', signal });
  if (gapsFrom < 0) return picked;
  const nulls = picked.columns.map(() => 'NULL').join(', ');
  const all = await withConnection(async (connection) => {
    await connection.run(
      `INSERT INTO ${picked.sqlName} SELECT ${nulls} FROM range(${places.length - gapsFrom})`,
    );
    return finishRelation(connection, picked.sqlName, picked.columns);
  }, signal);
  return { ...picked, rowCount: all.rowCount };
}
