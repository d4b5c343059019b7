/** What has changed of a dataset since its schema was published. */
import { DataError } from '../../base/errors.ts';
import type { PublishedSchema } from '../published-schema.ts';

/** A published schema, or as much of one as is known. */
export interface SchemaNow {
  readonly columns: readonly {
    readonly name: string;
    readonly type?: string | undefined;
    readonly gaps?: boolean;
  }[];
}

export const DIFFERENCES = ['missing', 'type', 'gaps', 'added'] as const;

export interface SchemaDifference {
  readonly column: string;
  /** `missing`: no longer there. `gaps`: rows without a value, which it did not have. `added`: not published. */
  readonly kind: (typeof DIFFERENCES)[number];
  /** In words: `'age' was published as BIGINT and is VARCHAR`. */
  readonly text: string;
}

/**
 * Column by column, in the order of the published schema, then what is new. What is not known of a column now is not
 * compared.
 */
export function schemaDifferences(published: PublishedSchema, now: SchemaNow): readonly SchemaDifference[] {
  const present = new Map(now.columns.map((column) => [column.name, column]));
  const changed = published.columns.flatMap(({ name, type, gaps }): readonly SchemaDifference[] => {
    const column = present.get(name);
    if (column === undefined)
      return [{ column: name, kind: 'missing', text: `'${name}' is not there any more` }];
    const found: SchemaDifference[] = [];
    if (column.type !== type) {
      const is = column.type ?? 'of a type that tables do not have';
      found.push({ column: name, kind: 'type', text: `'${name}' was published as ${type} and is ${is}` });
    }
    if (!gaps && column.gaps === true)
      found.push({ column: name, kind: 'gaps', text: `'${name}' was published without gaps and has some` });
    return found;
  });
  const known = new Set(published.columns.map(({ name }) => name));
  const added = now.columns
    .filter(({ name }) => !known.has(name))
    .map(
      ({ name }): SchemaDifference => ({ column: name, kind: 'added', text: `'${name}' was not published` }),
    );
  return [...changed, ...added];
}

/** Differences that a message lists. */
const TOLD_MAX = 20;

/**
 * Refuses those that a run would meet. A column that was not published is no difference to it.
 * @throws {DataError} PRIVITY_SCHEMA_CHANGED
 */
export function refuseDifferences(origin: string, differences: readonly SchemaDifference[]): void {
  const met = differences.filter(({ kind }) => kind !== 'added');
  if (met.length === 0) return;
  const told = met.slice(0, TOLD_MAX).map(({ text }) => text);
  const more = met.length > told.length ? [`${met.length - told.length} more`] : [];
  throw new DataError(
    'PRIVITY_SCHEMA_CHANGED',
    `${origin} is not what was published of it: ${[...told, ...more].join('; ')}`,
  );
}
