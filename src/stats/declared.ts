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

export const isCategories = (options: AnyColumnOptions): options is CategoryColumnOptions =>
  'categories' in options;

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
