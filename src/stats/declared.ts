/** What a job says of the columns of a table: public, and checked in the call. */
import { type BoundOptions, UsageError } from '../index.ts';

/** A column of numbers, as every party knows it. */
export interface NumberColumnOptions extends BoundOptions {
  /** Whether rows may have no value. Default: no, and a row without one ends the run. */
  readonly gaps?: boolean;
}

/** A column of words, of which the job names all that there can be. */
export interface CategoryColumnOptions {
  /** The words, in the order in which results have them. A row with another word ends the run. */
  readonly categories: readonly string[];
  /** Whether rows may have no value. Default: no, and a row without one ends the run. */
  readonly gaps?: boolean;
}

/** What is said of one column. */
export type AnyColumnOptions = NumberColumnOptions | CategoryColumnOptions;
/** Columns of one party, by name. */
export type PartyColumns = Readonly<Record<string, AnyColumnOptions>>;

/** Categories of one column: each is a column of indicators. */
const CATEGORIES_MAX = 1_000;
/** As `to(device, …)` takes it where nothing is said. */
const MAGNITUDE_DEFAULT = 4096;

export const invalid = (why: string): UsageError =>
  new UsageError('PRIVITY_STATS_ARGUMENTS', `privity/stats was called with wrong arguments: ${why}.`);

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS: no options, or one that `name` does not have */
export function checkOptions(options: unknown, known: readonly string[], name: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalid(`${name} takes its options as an object`);
  const strange = Object.keys(options).find((key) => !known.includes(key));
  const list = known.map((key) => `"${key}"`).join(', ');
  if (strange !== undefined) throw invalid(`${name} has no option "${strange}"; it has ${list}`);
}

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS */
export function confidenceOf({ confidence = 0.95 }: { readonly confidence?: number }): number {
  if (typeof confidence === 'number' && confidence > 0 && confidence < 1) return confidence;
  throw invalid('"confidence" lies between 0 and 1, as 0.95 does');
}

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS: a column of numbers */
export function checkWords(
  column: { readonly name: string; readonly categories?: unknown },
  name: string,
): void {
  if (column.categories === undefined)
    throw invalid(`${name} takes a column of words, and "${column.name}" is one of numbers`);
}

export const isCategories = (options: AnyColumnOptions): options is CategoryColumnOptions =>
  'categories' in options;

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS: something is said of a column that nothing is known by */
export function checkDeclared(declared: PartyColumns): void {
  for (const [name, options] of Object.entries(declared)) {
    const isOfWords = typeof options === 'object' && options !== null && isCategories(options);
    checkOptions(options, isOfWords ? ['categories', 'gaps'] : ['min', 'max', 'gaps'], `column "${name}"`);
  }
}

/** The interval of a column, in numbers. @throws {UsageError} PRIVITY_STATS_ARGUMENTS */
export function boundsOf(
  name: string,
  { min, max }: BoundOptions,
): { readonly min: number; readonly max: number } {
  const top = max ?? MAGNITUDE_DEFAULT;
  const bottom = min ?? -top;
  if (Number.isFinite(top) && Number.isFinite(bottom) && bottom <= top) return { min: bottom, max: top };
  throw invalid(`column "${name}": its min is a number, its max another that is not below it`);
}

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS */
export function checkCategories(name: string, { categories }: CategoryColumnOptions): void {
  const distinct = new Set(categories);
  const { length } = categories;
  if (length === 0 || length > CATEGORIES_MAX || distinct.size < length)
    throw invalid(`column "${name}" has 1 to ${CATEGORIES_MAX} categories, all different`);
}
