/**
 * Rows that are made up from published schemas: in the ranges and categories that these tell, without a row of anybody.
 * Columns of one name and type at several parties draw from one pool, row by row, so that joins hit partly. Pure.
 */
import { type ColumnType, isInteger } from '../../data/column-type.ts';
import { type ColumnData, isFixed, newArray } from '../../data/columns.ts';
import type { PublishedColumn, PublishedSchema } from '../../data/published-schema.ts';
import type { SeededRandom } from '../seeded-random.ts';

/** A table to be made, and whose it is. */
export interface Wanted {
  readonly party: string;
  readonly schema: PublishedSchema;
  readonly rows: number;
}

export interface MadeColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly values: ColumnData;
  readonly nulls?: Uint8Array;
}

/** Of the rows of a pool that the largest table does not have, and so others may not either. */
const POOL_PER_ROW = 4 / 3;
/** Rows without a value, where a column has gaps. */
const GAP_CHANCE = 0.08;
const DAY_MS = 86_400_000;

type Cell = number | bigint | string | Uint8Array;

/** Tables in the order in which they are wanted. */
export function syntheticTables(
  wanted: readonly Wanted[],
  random: SeededRandom,
): readonly (readonly MadeColumn[])[] {
  const pooled = pooledColumns(wanted);
  const size = Math.ceil(Math.max(1, ...wanted.map(({ rows }) => rows)) * POOL_PER_ROW);
  const pools = new Map([...pooled].map(([key, columns]) => [key, poolOf(columns, size, random)]));
  return wanted.map(({ schema, rows }) => {
    const places = shuffled(size, random).slice(0, rows);
    return schema.columns.map((column): MadeColumn => {
      const pool = pools.get(keyOf(column));
      const { name, type } = column;
      if (pool)
        return {
          name,
          type,
          values: dataOf(
            type,
            places.map((place) => pool[place] ?? 0),
          ),
        };
      const nulls = column.gaps
        ? Uint8Array.from({ length: rows }, () => (random.chance(GAP_CHANCE) ? 1 : 0))
        : undefined;
      const cells = Array.from({ length: rows }, () => cellOf(column, random));
      return { name, type, values: dataOf(type, cells), ...(nulls ? { nulls } : {}) };
    });
  });
}

const keyOf = ({ name, type }: PublishedColumn): string => JSON.stringify([name, type]);

/** Columns that two parties have, or more. */
function pooledColumns(wanted: readonly Wanted[]): ReadonlyMap<string, readonly PublishedColumn[]> {
  const found = new Map<string, { readonly parties: Set<string>; readonly columns: PublishedColumn[] }>();
  for (const { party, schema } of wanted)
    for (const column of schema.columns) {
      const one = found.get(keyOf(column)) ?? { parties: new Set(), columns: [] };
      one.parties.add(party);
      one.columns.push(schema.rows === undefined ? column : widened(column, schema.rows));
      found.set(keyOf(column), one);
    }
  return new Map(
    [...found].filter(([, { parties }]) => parties.size > 1).map(([key, { columns }]) => [key, columns]),
  );
}

/** A column of whole numbers that can be a different one in each row may be a key: then more rows have more of them. */
function widened(column: PublishedColumn, rows: number): PublishedColumn {
  const { type, min, max, values } = column;
  if (values || !isInteger(type) || typeof min !== 'number' || typeof max !== 'number') return column;
  const { max: _, ...open } = column;
  return max - min + 1 >= rows ? open : column;
}

/** A value for each row of the pool, all different where there are enough. */
function poolOf(columns: readonly PublishedColumn[], size: number, random: SeededRandom): readonly Cell[] {
  const [first] = columns;
  if (!first) return [];
  const shared = columns.every(({ values }) => values)
    ? (first.values ?? []).filter((value) => columns.every(({ values }) => values?.includes(value)))
    : [];
  const column: PublishedColumn = shared.length > 0 ? { ...first, values: shared } : first;
  if (column.values || first.type === 'BOOLEAN')
    return Array.from({ length: size }, () => cellOf(column, random));
  const cells = new Map<string, Cell>();
  // Where there are not enough different ones, some are there twice.
  for (let tries = 0; cells.size < size && tries < 20 * size; tries++) {
    const cell = cellOf(column, random);
    cells.set(String(cell), cell);
  }
  const different = [...cells.values()];
  return Array.from({ length: size }, (_, at) => different[at % different.length] ?? 0);
}

function shuffled(size: number, random: SeededRandom): readonly number[] {
  const order = Array.from({ length: size }, (_, index) => index);
  for (let at = size - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [order[at], order[other]] = [order[other] ?? 0, order[at] ?? 0];
  }
  return order;
}

const DEFAULT_ENDS: Readonly<Partial<Record<ColumnType, readonly [number, number]>>> = {
  TINYINT: [0, 100],
  SMALLINT: [0, 10_000],
  UTINYINT: [0, 100],
  USMALLINT: [0, 10_000],
};

function cellOf(column: PublishedColumn, random: SeededRandom): Cell {
  const { type, values } = column;
  if (values && values.length > 0) {
    const value = random.pick(values);
    if (isWide(type)) return BigInt(Math.trunc(Number(value)));
    return typeof value === 'boolean' ? Number(value) : value;
  }
  if (type === 'BOOLEAN') return random.below(2);
  if (type === 'VARCHAR')
    return `r${random
      .below(2 ** 31)
      .toString(36)
      .padStart(6, '0')}`;
  if (type === 'BLOB') return random.bytes(8);
  if (type === 'DATE' || type.startsWith('TIMESTAMP')) return momentOf(column, random);
  if (isInteger(type)) {
    const [low, high] = endsOf(column, DEFAULT_ENDS[type] ?? [0, 1_000_000]);
    const value = low + random.below(high - low + 1);
    return isWide(type) ? BigInt(value) : value;
  }
  // A whole number in a file would be read as one.
  const [low, high] = endsOf(column, [0, 1]);
  const value = Number(random.between(low, high).toPrecision(6));
  return Number.isInteger(value) && low < high ? value + (high - low) / 1024 : value;
}

function endsOf(
  { min, max }: PublishedColumn,
  [low, high]: readonly [number, number],
): readonly [number, number] {
  if (typeof min === 'number' && typeof max === 'number') return [min, Math.max(min, max)];
  if (typeof min === 'number') return [min, min + (high - low)];
  return typeof max === 'number' ? [max - (high - low), max] : [low, high];
}

/** Days, or microseconds, since 1970. */
function momentOf({ type, min, max }: PublishedColumn, random: SeededRandom): number | bigint {
  const read = (text: unknown, otherwise: string): number => {
    const at = Date.parse(
      String(text)
        .replace(' ', 'T')
        .replace(/([+-]\d\d)$/, '$1:00'),
    );
    return Math.floor((Number.isNaN(at) ? Date.parse(otherwise) : at) / DAY_MS);
  };
  const from = read(min, '2001-01-01');
  const to = Math.max(from, read(max, '2020-12-31'));
  const day = from + random.below(to - from + 1);
  if (type === 'DATE') return day;
  return BigInt(day) * 86_400_000_000n + BigInt(random.below(86_400)) * 1_000_000n;
}

const isWide = (type: ColumnType): boolean =>
  type === 'BIGINT' || type === 'UBIGINT' || type.startsWith('TIMESTAMP');

function dataOf(type: ColumnType, cells: readonly Cell[]): ColumnData {
  if (!isFixed(type)) return cells as ColumnData;
  const data = newArray(type, cells.length);
  for (const [row, cell] of cells.entries()) (data as unknown as Cell[])[row] = cell;
  return data;
}
