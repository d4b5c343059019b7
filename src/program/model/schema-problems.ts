/** What a schema has found wrong with arguments or settings, as a person can mend it. */
import { expectation, expectedKind } from '../../base/schema-words.ts';
import { hint, suggest } from '../../base/suggest.ts';
import type { Raw, Schema, SchemaIssue } from './schema-types.ts';

/** Of an argument that a message quotes. */
const QUOTED_CHARS_MAX = 40;

export interface Problem {
  readonly text: string;
  /** Something was not given, and nothing else is wrong about it. */
  readonly isMissing: boolean;
  /** The key that is to be given, where one is known. */
  readonly meant?: string | undefined;
}

/** The keys of a record that a schema describes, where it tells them (zod does). */
export function namesOf(schema: Schema): readonly string[] | undefined {
  const { shape }: { readonly shape?: unknown } = schema as object;
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : undefined;
}

export const unknownText = (key: string, names: readonly string[]): string => {
  const near = hint(key, names);
  return `${key} is unknown${near === '' ? '' : `; ${near}`}`;
};

/**
 * What a schema has found, led by keys that it does not know: a key that was mistyped is a missing one, too, and only
 * the typed name tells which was meant.
 *
 * @param quotable whether what was given is public
 */
export function problemsOf(
  schema: Schema,
  given: Raw,
  issues: readonly SchemaIssue[],
  quotable: boolean,
): readonly Problem[] {
  const isZod = schema['~standard'].vendor === 'zod';
  const topOf = (issue: SchemaIssue): string => keysOf(issue)[0] ?? '';
  const names = namesOf(schema) ?? [...new Set(issues.map(topOf))].filter((name) => name !== '');
  const typed = Object.keys(given).filter((key) => !names.includes(key) && suggest(key, names) !== undefined);
  const meant = new Set(typed.map((key) => suggest(key, names)));
  const others = issues.filter((issue) => !meant.has(topOf(issue)) || Object.hasOwn(given, topOf(issue)));
  return [
    ...typed.map((key) => ({ text: unknownText(key, names), isMissing: false, meant: suggest(key, names) })),
    ...others.flatMap(
      (issue) => unknownKeys(issue, names, typed) ?? [problemOf(issue, given, isZod, quotable)],
    ),
  ];
}

function unknownKeys(
  issue: SchemaIssue,
  names: readonly string[],
  told: readonly string[],
): readonly Problem[] | undefined {
  const { code, keys } = issue as { readonly code?: unknown; readonly keys?: unknown };
  if (code !== 'unrecognized_keys' || !Array.isArray(keys)) return undefined;
  const path = keysOf(issue);
  const unknown = keys.map(String).filter((key) => path.length > 0 || !told.includes(key));
  return unknown.map((key) => ({
    text: unknownText([...path, key].join('.'), path.length > 0 ? [] : names),
    isMissing: false,
  }));
}

function problemOf(issue: SchemaIssue, given: Raw, isZod: boolean, quotable: boolean): Problem {
  const path = keysOf(issue);
  const name = path.join('.') || 'all';
  const value = valueAt(given, path);
  // A rule that an author has written about several keys is not about the one that is not there.
  const isOwnRule = (issue as { readonly code?: unknown }).code === 'custom';
  if (value === undefined && !isOwnRule)
    return { text: `${name} is missing`, isMissing: true, meant: path[0] };
  const wrong = (text: string): Problem => ({ text, isMissing: false });
  // zod does not quote what it was given; other libraries do.
  if (!isZod) return wrong(quotable ? `${name}: ${issue.message}` : `${name} is not as declared`);
  const kind = expectedKind(issue);
  if (kind === undefined) {
    const expected = expectation(issue);
    return wrong(`${name}: ${expected === undefined ? issue.message : `expected ${expected}`}`);
  }
  const what = quotable && typeof value === 'string' ? `${name}: ${quoted(value)}` : name;
  if (isUnconverted(issue, value))
    return wrong(`${what} is text, of which the job's schema does not make ${kind} (z.coerce would)`);
  return wrong(`${what} is not ${kind}`);
}

/** Text that is a number, for a schema that takes numbers only: what comes from a command line is always text. */
function isUnconverted(issue: SchemaIssue, value: unknown): boolean {
  const { expected, received } = issue as { readonly expected?: unknown; readonly received?: unknown };
  if (typeof value !== 'string' || value.trim() === '' || received !== undefined) return false;
  const number = Number(value);
  return expected === 'int' ? Number.isInteger(number) : expected === 'number' && Number.isFinite(number);
}

const quoted = (value: string): string =>
  JSON.stringify(value.length > QUOTED_CHARS_MAX ? `${value.slice(0, QUOTED_CHARS_MAX)}…` : value);

function valueAt(given: Raw, path: readonly string[]): unknown {
  let value: unknown = given;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Raw)[key];
  }
  return value;
}

const keysOf = (issue: SchemaIssue): readonly string[] =>
  (issue.path ?? []).map((part) => String(typeof part === 'object' && part !== null ? part.key : part));
