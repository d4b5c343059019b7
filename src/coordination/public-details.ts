/**
 * What of a failure is structured: the details that an author lets cross, and the chain that an origin's policy lets
 * cross.
 */

/**
 * What text of a failure may cross to other parties, decided by the party where it happened: the one list of the
 * policies.
 */
export const ERROR_DETAILS = ['redacted', 'message', 'full'] as const;

/** What text of a failure may cross to other parties: none, the message, or the error with its causes. */
export type ErrorDetail = (typeof ERROR_DETAILS)[number];

/** Facts in the author's own words: names and plain values. */
export type PublicDetails = Readonly<Record<string, string | number | boolean>>;

/** One error of a chain: the one that was thrown, its cause, the cause of that, and so on. */
export interface ErrorLink {
  /** Its class. */
  readonly name: string;
  /** Its text, cut to 500 characters where it crosses. */
  readonly message: string;
  /** Its `code`, if it has one. */
  readonly code?: string;
}

/** More is a table, and a table is data. */
export const DETAILS_MAX = 16;
/** Characters of one value: a sentence. */
export const DETAIL_CHARS_MAX = 200;
/** Names that read the same everywhere, and are no words of JavaScript's own objects (`__proto__`). */
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** The error that was thrown, and eight causes: longer chains are loops or generated. */
export const CHAIN_LINKS_MAX = 9;
/** Characters of a class name or code in a chain. */
export const CHAIN_WORD_CHARS_MAX = 200;
/** Characters of one message of a chain that crosses: a paragraph. */
export const CHAIN_MESSAGE_CHARS_MAX = 500;

/** What is wrong with these details, in words that name no value; undefined: nothing. */
export function detailsProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'they are no plain record';
  const entries = Object.entries(value);
  if (entries.length > DETAILS_MAX) return `there are more than ${DETAILS_MAX}`;
  for (const [index, [name, detail]] of entries.entries()) {
    if (!NAME.test(name)) return `the name of number ${index + 1} is no short word`;
    if (typeof detail === 'boolean' || (typeof detail === 'number' && Number.isFinite(detail))) continue;
    if (typeof detail !== 'string') return `number ${index + 1} is no text, finite number or boolean`;
    if (detail.length > DETAIL_CHARS_MAX)
      return `the text of number ${index + 1} is longer than ${DETAIL_CHARS_MAX} characters`;
  }
  return undefined;
}

/** In the order of their names, so that equal details are written alike; -0 is 0, as in JSON. */
export function sortedDetails(details: PublicDetails): PublicDetails {
  const entries = Object.entries(details).map(([name, value]) => [name, value === 0 ? 0 : value] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
