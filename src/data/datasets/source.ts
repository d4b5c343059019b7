/** Descriptions of where the rows of a dataset come from. */
import { z } from 'zod';
import { UsageError } from '../../base/errors.ts';
import { expectation, type Finding } from '../../base/schema-words.ts';
import { hint, sentences } from '../../base/suggest.ts';
import type { DatasetKind } from './kind.ts';
import * as registry from './registry.ts';

type Kinds = typeof registry;
type Schemas = Kinds[keyof Kinds]['schema'];

/** Where the rows of a dataset come from. A credential stands in it as a reference only. */
export type DatasetSource = z.output<Schemas>;

export const datasetKinds: Readonly<Record<string, DatasetKind>> = registry as unknown as Record<
  string,
  DatasetKind
>;

const schemas = Object.values(registry).map(({ schema }) => schema) as unknown as [Schemas, ...Schemas[]];

/** By `kind`; unknown keys are errors. */
export const datasetSource: z.ZodType<DatasetSource> = z.discriminatedUnion('kind', schemas);

/**
 * What a person or a file has given, checked, with defaults filled in. The error never has a value of it.
 * @throws {UsageError} PRIVITY_SOURCE_INVALID
 */
export function readDatasetSource(given: unknown): DatasetSource {
  const parsed = datasetSource.safeParse(given);
  if (parsed.success) return parsed.data;
  const kind = kindOf(given);
  const known = kind === undefined ? [] : Object.keys(kind.schema.shape);
  const problems = parsed.error.issues.map((issue) => problemOf(issue, known));
  throw new UsageError(
    'PRIVITY_SOURCE_INVALID',
    `the source is not one that a dataset can have: ${sentences(problems)}`,
  );
}

/**
 * Words of an owner that go with a source, checked, with defaults filled in. The error never has a value of them.
 * @param what `what is published`
 * @throws {UsageError} PRIVITY_SOURCE_INVALID
 */
export function checkedWords<Schema extends z.ZodObject>(
  schema: Schema,
  given: unknown,
  what: string,
): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => problemOf(issue, Object.keys(schema.shape)));
  throw new UsageError('PRIVITY_SOURCE_INVALID', `${what} is not said so: ${sentences(problems)}`);
}

type Issue = Finding & { readonly path: readonly PropertyKey[]; readonly keys?: readonly string[] };

function problemOf(issue: Issue, known: readonly string[]): string {
  const kinds = Object.keys(datasetKinds);
  const path = issue.path.map(String);
  if (path.length === 1 && path[0] === 'kind') return `its kind is not one of ${kinds.join(', ')}`;
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys ?? [];
    const place = path.length === 0 ? '' : ` in ${path.join('.')}`;
    return `there is no key '${key}'${place}; ${hint(key, path.length === 0 ? known : ['env', 'file'])}`;
  }
  const expected = expectation(issue) ?? issue.message;
  return path.length === 0 ? `expected ${expected}` : `${path.join('.')}: expected ${expected}`;
}

function kindOf(given: unknown): DatasetKind | undefined {
  const named = z.object({ kind: z.string() }).safeParse(given);
  return named.success && Object.hasOwn(datasetKinds, named.data.kind)
    ? datasetKinds[named.data.kind]
    : undefined;
}
