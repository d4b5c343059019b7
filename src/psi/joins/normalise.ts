/**
 * Rules that bring the text of a key column to one form, as a job declares them: both parties of an intersection
 * follow the same, in the order of the list. Here is what a rule says and what SQL it is; keyed.ts runs it. What a rule
 * cannot read becomes NULL, and so a key that is missing.
 *
 * Exact, whatever the machine: characters are Unicode code points. `trim` takes what String.prototype.trim takes.
 * Case is the simple mapping of Unicode, code point by code point, as DuckDB has it: ß in upper case is ẞ, İ in lower
 * case is i, a sigma is never final. Pure.
 */
import { literal } from '../../data/sql.ts';

/** Goes into what both parties agree on: raised whenever a rule gives another text for some key. */
export const NORMALISE_VERSION = 1;

/** Rules for one column. More than one of each kind says nothing new. */
export const RULES_MAX = 8;
/** Characters that `zeros` fills up to: longer than any id that people write. */
export const PAD_MAX = 64;
/** Characters of a date format. */
const DATE_CHARS_MAX = 20;

/** One thing that is done to the text of a key. */
export type NormaliseRule =
  /** Space at both ends goes: the characters that String.prototype.trim takes. */
  | 'trim'
  /** Simple case mapping of Unicode, code point by code point. */
  | 'lower'
  | 'upper'
  /** A Unicode form; `nfkc` makes full-width, superscript and other compatible characters plain. */
  | 'nfc'
  | 'nfkc'
  /** Leading zeros go, all but the last character; or a text is filled up with them to so many characters. */
  | { readonly zeros: 'strip' | number }
  /**
   * A phone number to the form of E.164, `+4930123456`. The text is a country calling code such as `+49`, for numbers
   * without one; `trunk` is what these begin with instead: `0` where nothing is said, '' where there is no such prefix.
   */
  | { readonly phone: string; readonly trunk?: string }
  /** A date to `2024-02-29`, from a format of YYYY, MM or M, DD or D and `.`, `/`, `-` or a space between them. */
  | { readonly date: string };

/** What is wrong with a rule; undefined: nothing. */
export function ruleProblem(rule: unknown): string | undefined {
  if (typeof rule === 'string')
    return words.includes(rule) ? undefined : `there is no rule ${JSON.stringify(rule)}`;
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) return 'a rule is a word or a record';
  const { zeros, phone, trunk, date } = rule as Readonly<Record<string, unknown>>;
  const keys = Object.keys(rule).sort().join();
  if (keys === 'zeros') return zeros === 'strip' || isLength(zeros) ? undefined : ZEROS;
  if (keys === 'phone' || keys === 'phone,trunk') {
    if (typeof phone !== 'string' || !/^\+[1-9][0-9]{0,2}$/.test(phone)) return PHONE;
    return trunk === undefined || (typeof trunk === 'string' && /^[0-9]{0,3}$/.test(trunk))
      ? undefined
      : TRUNK;
  }
  if (keys === 'date') return typeof date === 'string' && partsOf(date) !== undefined ? undefined : DATE;
  return `there is no rule of ${keys === '' ? 'nothing' : keys}`;
}

const words: readonly string[] = ['trim', 'lower', 'upper', 'nfc', 'nfkc'] satisfies NormaliseRule[];
const isLength = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= PAD_MAX;
const ZEROS = `"zeros" is "strip" or a length from 1 to ${PAD_MAX}`;
const PHONE = '"phone" is a country calling code such as "+49"';
const TRUNK = '"trunk" is at most 3 digits';
const DATE =
  '"date" is a format with YYYY, MM or M, and DD or D once each; without something between them M and D are two digits';

/** White space and ends of lines, as ECMAScript has them, for RE2. */
export const SPACE =
  '[\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}]';

/** What people write between the digits of a phone number. */
const PHONE_MARKS = '[ \\x{a0}\\-./()]';
/** Digits of a number with its country code, beside the first: E.164 has at most 15, and 7 are the fewest in use. */
const PHONE_REST = '[0-9]{6,14}';

/** SQL for one rule over a name that stands for the text. Of `nfkc` the last part only: see compatible.ts. */
export function ruleSql(rule: NormaliseRule, text: string): string {
  if (rule === 'trim') return `regexp_replace(${text}, '^${SPACE}+|${SPACE}+$', '', 'g')`;
  if (rule === 'lower' || rule === 'upper') return `${rule}(${text})`;
  if (rule === 'nfc' || rule === 'nfkc') return `nfc_normalize(${text})`;
  if ('zeros' in rule) return zerosSql(rule.zeros, text);
  return 'phone' in rule ? phoneSql(rule.phone, rule.trunk ?? '0', text) : dateSql(rule.date, text);
}

function zerosSql(zeros: 'strip' | number, text: string): string {
  if (zeros === 'strip') return `regexp_replace(${text}, '(?s)^0+(.)', '\\1')`;
  return `CASE WHEN length(${text}) < ${zeros} THEN repeat('0', ${zeros} - length(${text})) || ${text} ELSE ${text} END`;
}

function phoneSql(country: string, trunk: string, text: string): string {
  const digits = `regexp_replace(${text}, '${PHONE_MARKS}', '', 'g')`;
  const code = country.slice(1);
  const matches = (pattern: string): string => `regexp_full_match(${digits}, ${literal(pattern)})`;
  const national = trunk === '' ? '[1-9][0-9]*|0[1-9][0-9]*' : `${trunk}[1-9][0-9]*`;
  const whole = `'${country}' || substr(${digits}, ${trunk.length + 1})`;
  return `CASE
    WHEN contains(${text}, '(0)') THEN NULL
    ${trunk === '' ? '' : `WHEN ${matches(`(\\+|00)${code}${trunk}[0-9]*`)} THEN NULL`}
    WHEN ${matches(`\\+[1-9]${PHONE_REST}`)} THEN ${digits}
    WHEN ${matches(`00[1-9]${PHONE_REST}`)} THEN '+' || substr(${digits}, 3)
    WHEN ${matches(national)} AND regexp_full_match(${whole}, '\\+[1-9]${PHONE_REST}') THEN ${whole}
  END`;
}

interface DatePart {
  readonly pattern: string;
  readonly field?: 'year' | 'month' | 'day';
}

const DATE_PARTS: Readonly<Record<string, DatePart>> = {
  YYYY: { pattern: '([0-9]{4})', field: 'year' },
  MM: { pattern: '([0-9]{2})', field: 'month' },
  DD: { pattern: '([0-9]{2})', field: 'day' },
  M: { pattern: '([0-9]{1,2})', field: 'month' },
  D: { pattern: '([0-9]{1,2})', field: 'day' },
};

/** The parts of a format from left to right; undefined: it is none. */
function partsOf(format: string): readonly DatePart[] | undefined {
  if (format.length > DATE_CHARS_MAX) return undefined;
  const tokens = format.match(/YYYY|MM|DD|M|D|[./ -]|./gs) ?? [];
  const parts = tokens.map((token) =>
    /^[./ -]$/.test(token) ? { pattern: token === '.' ? '\\.' : token } : DATE_PARTS[token],
  );
  const known = parts.filter((part) => part !== undefined);
  const fields = known.flatMap(({ field }) => field ?? []);
  if (known.length !== parts.length || [...fields].sort().join() !== 'day,month,year') return undefined;
  // One digit or two beside another field could be read in two ways.
  const isLoose = (token: string | undefined): boolean => token === 'M' || token === 'D';
  const isField = (token: string | undefined): boolean => token !== undefined && /^[YMD]/.test(token);
  const ambiguous = tokens.some(
    (token, at) => isLoose(token) && (isField(tokens[at - 1]) || isField(tokens[at + 1])),
  );
  return ambiguous ? undefined : known;
}

function dateSql(format: string, text: string): string {
  const parts = partsOf(format) ?? [];
  const pattern = literal(parts.map((part) => part.pattern).join(''));
  const order = parts.flatMap(({ field }) => field ?? []);
  const field = (name: 'year' | 'month' | 'day'): string =>
    `regexp_extract(${text}, ${pattern}, ${order.indexOf(name) + 1})`;
  const iso = `${field('year')} || '-' || lpad(${field('month')}, 2, '0') || '-' || lpad(${field('day')}, 2, '0')`;
  return `CASE WHEN regexp_full_match(${text}, ${pattern}) AND ${field('year')} <> '0000' AND TRY_CAST(${iso} AS DATE) IS NOT NULL THEN ${iso} END`;
}
