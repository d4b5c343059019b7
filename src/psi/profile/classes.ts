/**
 * Formats of keys: a text with each character replaced by the sign of its class. `AB123` and `XY907` are both `AA999`,
 * shown as `A{2}9{3}`. Here are the signs, the SQL that makes formats of texts, and how they are shown. Pure.
 *
 * | sign | class |
 * | ---- | ----- |
 * | 9    | a digit, 0 to 9 |
 * | a, A | a lower or upper case letter, a to z |
 * | space, shown as _ | space, as `trim` takes it |
 * | . - / + ( ) @ :   | itself |
 * | P    | any other sign of ASCII |
 * | U    | any other character |
 * | x    | a letter or digit, where both are mixed as in a UUID |
 */
import { literal } from '../../data/sql.ts';
import { SPACE } from '../joins/normalise.ts';

/** Characters of a text whose format is told: longer than any id that people write, and a bound on the message. */
export const FORMAT_CHARS_MAX = 64;

/**
 * How a format stands for texts: each run of a class with its length; the same with letters and digits as one class; or
 * with runs of any length, one sign for each.
 */
export type Runs = 'exact' | 'mixed' | 'any';

/** A format as it crosses: the signs of the classes. */
const FORMATS: Readonly<Record<Runs, RegExp>> = {
  exact: /^[9aAPU .\-/+()@:]+$/,
  mixed: /^[xPU .\-/+()@:]*x[xPU .\-/+()@:]*$/,
  any: /^(?!.*(99|aa|AA|UU))[9aAPU .\-/+()@:]+$/,
};
/** Signs stand for themselves beside a letter or digit only: else a format would be a value. */
const BARE = /^[^9aAUx]*[.\-/+()@:][^9aAUx]*$/;
/** What is one sign, however many characters, where lengths are left out. */
const ANY_LENGTH = ['9', 'a', 'A', 'U'] as const;

/** Whether these are the signs of a format that a text can have. */
export function isFormat(signs: string, runs: Runs): boolean {
  return FORMATS[runs].test(signs) && !BARE.test(signs);
}

/** SQL for the format of a text; NULL for an empty text and one that is too long. */
export function formatSql(text: string): string {
  const layers: readonly (readonly [string, string])[] = [
    [SPACE, ' '],
    ['[A-Z]', 'A'],
    ['[a-z]', 'a'],
    ['[0-9]', '9'],
    // What is no space, letter or digit, and not one of the signs that stand for themselves.
    ["[!-'*,;-?\\[-`{-~]", 'P'],
    // First none of the classes' own capital letters can be there any more, then they are put in.
    ['[^ -~]', 'U'],
  ];
  const signs = layers.reduce(
    (sql, [pattern, sign]) => `regexp_replace(${sql}, ${literal(pattern)}, ${literal(sign)}, 'g')`,
    text,
  );
  return `CASE WHEN length(${text}) BETWEEN 1 AND ${FORMAT_CHARS_MAX} THEN ${signs} END`;
}

/** SQL for a format without what would be a value: of signs alone. */
export function coveredSql(signs: string): string {
  return `CASE WHEN regexp_matches(${signs}, '[9aAU]') THEN ${signs} ELSE regexp_replace(${signs}, '[^ ]', 'P', 'g') END`;
}

/** SQL for the same format with letters and digits as one class; NULL where they are not mixed. */
export function mixedSql(signs: string): string {
  return `CASE WHEN regexp_matches(${signs}, '9[aA]|[aA]9') THEN regexp_replace(${signs}, '[9aA]', 'x', 'g') END`;
}

/** SQL for the same format with runs of any length. */
export function anyLengthSql(signs: string): string {
  return ANY_LENGTH.reduce((sql, sign) => `regexp_replace(${sql}, '${sign}+', '${sign}', 'g')`, signs);
}

/** For people: `A{2}9{8}`, `x{8}-x{4}`, `a{*}@a{*}.a{*}`. */
export function formatText(signs: string, runs: Runs): string {
  return signs.replace(/(.)\1*/gs, (run, sign: string) => {
    const shown = sign === ' ' ? '_' : sign;
    if (runs === 'any' && (ANY_LENGTH as readonly string[]).includes(sign)) return `${shown}{*}`;
    return run.length === 1 ? shown : `${shown}{${run.length}}`;
  });
}
