/**
 * Types of CSV columns. A type is inferred only if it loses nothing: every value of the column gives back its own text,
 * or, for decimal numbers, its own value. So the same text is the same value at every party, whatever else is in its
 * file.
 */
import { type ColumnType, isInteger } from '../column-type.ts';

/** In the order in which they are tried. */
export const inferredTypes = ['BOOLEAN', 'BIGINT', 'DOUBLE', 'DATE', 'TIMESTAMP'] as const;

export type InferredType = (typeof inferredTypes)[number];

/** Decimal digits that a double keeps exactly (IEEE 754: 15.95). */
const DOUBLE_DIGITS = 15;
/** Magnitudes within which a double has all of its digits; far from where it overflows or thins out. */
const DOUBLE_MIN = '1e-290';
const DOUBLE_MAX = '1e290';

/** A number as people write it; not with a leading zero or plus, which telephone numbers and codes have. */
const NUMBER = '-?((0|[1-9][0-9]*)(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?';

/** SQL that is true for a text that the type keeps, never for an empty one. `text` is SQL, too, and not NULL. */
export function keeps(type: InferredType, text: string): string {
  switch (type) {
    case 'BOOLEAN':
      return `${text} IN ('true', 'false')`;
    case 'BIGINT':
      return givesBack('BIGINT', text);
    case 'DOUBLE':
      return `(${givesBack('DOUBLE', text)} OR ${isSameNumber(text)})`;
    // Not 'infinity' and 'epoch', which are words.
    case 'DATE':
    case 'TIMESTAMP':
      return `(${text}[1] BETWEEN '0' AND '9' AND ${givesBack(type, text)})`;
  }
}

function givesBack(type: ColumnType, text: string): string {
  return `coalesce(CAST(TRY_CAST(${text} AS ${type}) AS VARCHAR) = ${text}, false)`;
}

function isSameNumber(text: string): string {
  const number = `TRY_CAST(${text} AS DOUBLE)`;
  const digits = `ltrim(regexp_replace(${text}, '[eE].*$|[-.]', '', 'g'), '0')`;
  const inRange = `abs(${number}) BETWEEN ${DOUBLE_MIN} AND ${DOUBLE_MAX}`;
  return `(regexp_full_match(${text}, '${NUMBER}') AND (${digits} = '' OR (length(${digits}) <= ${DOUBLE_DIGITS} AND coalesce(${inRange}, false))))`;
}

/** SQL that is true for a text that is no value of a declared type. DuckDB would round 1.6 to a whole number. */
export function isNoValueOf(type: ColumnType, text: string): string {
  const none = `TRY_CAST(${text} AS ${type}) IS NULL`;
  return isInteger(type) ? `(${none} OR NOT regexp_full_match(${text}, '[+-]?[0-9]+'))` : none;
}

/** How many texts of a column there are, and how many of them each type keeps. */
export interface TypeCounts {
  readonly values: number;
  readonly kept: Readonly<Record<InferredType, number>>;
}

/** The first type that keeps all values; text if none does, or if there are no values. */
export function inferType({ values, kept }: TypeCounts): ColumnType {
  if (values === 0) return 'VARCHAR';
  return inferredTypes.find((type) => kept[type] === values) ?? 'VARCHAR';
}

/** The type that a column of text would nearly have: it keeps some values, and more than any other. */
export function nearlyType(counts: TypeCounts): InferredType | undefined {
  if (inferType(counts) !== 'VARCHAR') return undefined;
  const [best] = [...inferredTypes].sort((a, b) => counts.kept[b] - counts.kept[a]);
  return best !== undefined && counts.kept[best] > 0 ? best : undefined;
}
