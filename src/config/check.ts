import type { z } from 'zod';
import type { ErrorCode } from '../base/error-catalogue.ts';
import { UsageError } from '../base/errors.ts';
import { expectation } from '../base/schema-words.ts';
import { hint } from '../base/suggest.ts';
import { formatPath, type KeyPath, type YamlFile } from './yaml-file.ts';

/** Further problems shown beside the first: enough to mend a file in one go, few enough to read. */
const PROBLEMS_SHOWN_MAX = 10;

interface Problem {
  readonly code: ErrorCode;
  /**
   * Complete: place, what, what is expected. Made of those that are shown only: a place has to be looked for in the
   *   file.
   */
  readonly text: () => string;
}

/** Schemas attach the code of a problem to an issue by this. */
export interface IssueParams {
  readonly code?: ErrorCode;
}

/**
 * The value of a file, checked against a schema.
 *
 * @throws {UsageError} PRIVITY_CONFIG_UNKNOWN_KEY, PRIVITY_CONFIG_MISSING_KEY, PRIVITY_CONFIG_VALUE, or the code that
 *   the schema attached; the message lists every problem with line, column and key.
 */
export function checkFile<T extends z.ZodType>(file: YamlFile, schema: T): z.output<T> {
  const parsed = schema.safeParse(file.value ?? {});
  if (parsed.success) return parsed.data;
  const found = parsed.error.issues.flatMap((issue) => problemsOf(file, schema, issue));
  // A mistyped key is unknown and leaves another one missing: the first is the cause.
  const ordered = [...found.filter(isUnknownKey), ...found.filter((problem) => !isUnknownKey(problem))];
  throwProblems(ordered);
}

const isUnknownKey = ({ code }: Problem): boolean => code === 'PRIVITY_CONFIG_UNKNOWN_KEY';

function throwProblems(problems: readonly Problem[]): never {
  const [first] = problems;
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX).map((problem) => problem.text());
  if (problems.length > shown.length) shown.push(`… and ${problems.length - shown.length} more`);
  throw new UsageError(first?.code ?? 'PRIVITY_CONFIG_VALUE', shown.join('\n'));
}

function problemsOf(file: YamlFile, schema: z.ZodType, issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  const where = path.length === 0 ? '' : `${formatPath(path)}: `;
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, path);
    return issue.keys.map((key) => ({
      code: 'PRIVITY_CONFIG_UNKNOWN_KEY',
      text: () => `${file.at(path, key)}: ${where}unknown key "${key}"; ${hint(key, known)}`,
    }));
  }
  // Never what the file says.
  const expected = expectation(issue) ?? issue.message;
  if (!file.has(path)) {
    const text = () => `${file.at(path)}: ${formatPath(path)} is missing; expected ${expected}`;
    return [{ code: 'PRIVITY_CONFIG_MISSING_KEY', text }];
  }
  const code =
    (issue.code === 'custom' ? (issue.params as IssueParams | undefined)?.code : undefined) ??
    'PRIVITY_CONFIG_VALUE';
  const sentence =
    issue.code === 'custom' && code === 'PRIVITY_CONFIG_DUPLICATE' ? expected : `expected ${expected}`;
  return [{ code, text: () => `${file.at(path)}: ${where}${sentence}` }];
}

interface SchemaShape {
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly def: { readonly innerType?: z.ZodType; readonly in?: z.ZodType };
}

/** The keys that the schema allows at a path. */
function knownKeys(schema: z.ZodType, path: KeyPath): readonly string[] {
  let current = unwrap(schema);
  for (const part of path) {
    const next: z.ZodType | undefined = typeof part === 'number' ? current?.element : current?.shape?.[part];
    if (next === undefined) return [];
    current = unwrap(next);
  }
  return Object.keys(current?.shape ?? {});
}

function unwrap(schema: z.ZodType): SchemaShape {
  let current = schema as unknown as SchemaShape;
  for (;;) {
    const inner = current.def.innerType ?? current.def.in;
    if (inner === undefined) return current;
    current = inner as unknown as SchemaShape;
  }
}
