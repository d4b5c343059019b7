/**
 * What a schema (zod 4) found, in words for people: its own words are for programmers. The one place that translates
 * them.
 */

/** The part of an issue that is read here; other libraries fill in less of it. */
export interface Finding {
  readonly message: string;
  readonly code?: unknown;
  readonly expected?: unknown;
  readonly values?: unknown;
  readonly errors?: unknown;
  readonly origin?: unknown;
  readonly minimum?: unknown;
  readonly maximum?: unknown;
  readonly inclusive?: unknown;
  readonly divisor?: unknown;
}

/** How the messages begin that zod makes up itself; one that a schema's author wrote is shown as it is. */
const ZOD_WORDS = /^(Invalid|Too small|Too big|Unrecognized)\b/;

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  date: 'a date',
  array: 'a list',
  set: 'a list',
  object: 'keys and values',
  record: 'keys and values',
  map: 'keys and values',
};

/** What a list or a text has a number of. */
const partWords: Readonly<Record<string, string>> = {
  string: ' characters',
  array: ' entries',
  set: ' entries',
  map: ' keys',
};

/** The kind of value that is expected, to stand behind `is not`: `a number`, `one of a, b`. */
export function expectedKind(finding: Finding): string | undefined {
  if (!ZOD_WORDS.test(finding.message)) return undefined;
  const { code, expected, values, errors, divisor } = finding;
  if (code === 'invalid_type') return typeWords[String(expected)] ?? String(expected);
  if (code === 'invalid_value' && Array.isArray(values))
    return values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`;
  if (code === 'not_multiple_of') return `a multiple of ${String(divisor)}`;
  if (code !== 'invalid_union' || !Array.isArray(errors)) return undefined;
  const kinds = errors.map((branch: readonly Finding[]) => branch[0] && expectedKind(branch[0]));
  return kinds.length > 0 && kinds.every((kind) => kind !== undefined)
    ? [...new Set(kinds)].join(' or ')
    : undefined;
}

/** What is expected, to stand behind `expected`: a kind or a range; undefined where the schema's author has said it. */
export function expectation(finding: Finding): string | undefined {
  const { code, origin, minimum, maximum, inclusive, message } = finding;
  if (!ZOD_WORDS.test(message)) return undefined;
  const unit = partWords[String(origin)] ?? '';
  if (code === 'too_small') return `${inclusive === false ? 'more than' : 'at least'} ${minimum}${unit}`;
  if (code === 'too_big') return `${inclusive === false ? 'less than' : 'at most'} ${maximum}${unit}`;
  return expectedKind(finding);
}
