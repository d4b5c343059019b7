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

/** A number as people write it, without an exponent; not with a leading zero or plus, as telephone numbers have. */
const PLAIN_NUMBER = '-?((0|[1-9][0-9]*)(\\.[0-9]*)?|\\.[0-9]+)';
const NUMBER = `${PLAIN_NUMBER}([eE][+-]?[0-9]+)?`;

/** Bytes of the longest text that a type gives: -9223372036854775808, `-inf`, 5877642-06-25 (BC), and with a time. */
const BIGINT_BYTES_MAX = 20;
const DOUBLE_WORD_BYTES_MAX = 4;
const DATE_BYTES_MAX = 18;
const TIMESTAMP_BYTES_MAX = DATE_BYTES_MAX + ' 00:00:00.000000'.length;

/**
 * SQL that is true for a text that the type keeps, never for an empty one. `text` is SQL, too, and not NULL.
 *
 * A cast costs a third of a microsecond where it fails, and most texts are of no type. So what every text that a type
 * gives back has (its first character, its length, its shape) is asked first: it changes no answer. A CASE looks at
 * its later branches only for rows that come there; AND and OR look at all of them.
 */
export function keeps(type: InferredType, text: string): string {
  switch (type) {
    case 'BOOLEAN':
      return `${text} IN ('true', 'false')`;
    case 'BIGINT':
      return where(
        `strlen(${text}) <= ${BIGINT_BYTES_MAX} AND ${beginsAsNumber(text)} AND NOT contains(${text}, '.')`,
        givesBack('BIGINT', text),
      );
    case 'DOUBLE':
      return keptDouble(text);
    // Not 'infinity' and 'epoch', which are words.
    case 'DATE':
      return where(
        `strlen(${text}) <= ${DATE_BYTES_MAX} AND ${beginsWithDigit(text)} AND ${text} LIKE '____%-__-__%'`,
        givesBack('DATE', text),
      );
    case 'TIMESTAMP':
      return where(
        `strlen(${text}) <= ${TIMESTAMP_BYTES_MAX} AND ${beginsWithDigit(text)} AND ${text} LIKE '____%-__-__ %:__:__%'`,
        givesBack('TIMESTAMP', text),
      );
  }
}

function keptDouble(text: string): string {
  return `CASE
    WHEN ${beginsAsNumber(text)} AND strlen(${text}) <= ${DOUBLE_DIGITS} AND regexp_full_match(${text}, '${PLAIN_NUMBER}') THEN true
    WHEN ${beginsAsNumber(text)} AND regexp_full_match(${text}, '${NUMBER}') THEN ${where(givesBack('DOUBLE', text), 'true', hasDigitsKept(text))}
    WHEN strlen(${text}) <= ${DOUBLE_WORD_BYTES_MAX} THEN ${givesBack('DOUBLE', text)}
    ELSE false END`;
}

const where = (condition: string, then: string, otherwise = 'false'): string =>
  `CASE WHEN ${condition} THEN ${then} ELSE ${otherwise} END`;

/** By bytes: a minus, a point, a slash or a digit. */
const beginsAsNumber = (text: string): string => `${text} >= '-' AND ${text} < ':'`;
const beginsWithDigit = (text: string): string => `${text} >= '0' AND ${text} < ':'`;

function givesBack(type: ColumnType, text: string): string {
  return `coalesce(CAST(TRY_CAST(${text} AS ${type}) AS VARCHAR) = ${text}, false)`;
}

/** Of a {@link NUMBER}: a double has its value. */
function hasDigitsKept(text: string): string {
  const number = `TRY_CAST(${text} AS DOUBLE)`;
  const digits = `ltrim(regexp_replace(${text}, '[eE].*$|[-.]', '', 'g'), '0')`;
  const inRange = `abs(${number}) BETWEEN ${DOUBLE_MIN} AND ${DOUBLE_MAX}`;
  return `(${digits} = '' OR (length(${digits}) <= ${DOUBLE_DIGITS} AND coalesce(${inRange}, false)))`;
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
