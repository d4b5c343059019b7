import type { Relation } from '../../data/relation.ts';
import { identifier } from '../../data/sql.ts';

/** A relation for SQL whose rows have their number, from 0. */
export interface Numbered {
  /** What stands behind FROM. */
  readonly from: string;
  /** Quoted name of the number; none of the columns has it. */
  readonly row: string;
}

/** A column called rowid stands in front of the database's own number of the same name. */
export function numbered({ sqlName, columns }: Pick<Relation, 'sqlName' | 'columns'>): Numbered {
  const names = new Set(columns.map(({ name }) => name.toLowerCase()));
  if (!names.has('rowid')) return { from: sqlName, row: 'rowid' };
  let free = 'number of the row';
  while (names.has(free)) free += '_';
  const row = identifier(free);
  return { from: `(SELECT *, row_number() OVER () - 1 AS ${row} FROM ${sqlName})`, row };
}
