/** Groups of few rows say something about each of them: what is opened leaves them out, unless a job says otherwise. */
import type { AnyDevice, Secret, SecureDevice } from '../index.ts';
import { invalid } from './declared.ts';

/** Which groups are shown. */
export interface MinimumOptions {
  /**
   * Of fewer rows, in all or in a group, cell or pair, nothing is opened, not even how many they are, and results are
   * null. Default: 10, as for categories of a published dataset. 0: all are shown.
   */
  readonly minimumCount?: number;
}

/** As for the categories of a dataset that a node publishes. */
const MINIMUM_COUNT = 10;
/** In place of a count that is not shown. */
export const HIDDEN = -1;

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS */
export function minimumOf({ minimumCount = MINIMUM_COUNT }: MinimumOptions): number {
  if (Number.isSafeInteger(minimumCount) && minimumCount >= 0) return minimumCount;
  throw invalid('"minimumCount" is a whole number of rows, or 0');
}

/** The name of a statistic with its minimum, which so stands in ledgers and contracts. */
export const shownFrom = (name: string, minimum: number): string =>
  minimum === 0 ? name : `${name}, of ${minimum} rows or more`;

/** As {@link minimumOf}, of what is divided by its rows: one at least. */
export const leastOf = (options: MinimumOptions): number => Math.max(1, minimumOf(options));

/** Counts, -1 where they are below the minimum; and sums, 0 there. */
export function withoutSmall<D extends AnyDevice>(
  counts: Secret<D, 'integer'>,
  sums: readonly Secret<D>[],
  minimum: number,
): { readonly counts: Secret<D, 'integer'>; readonly sums: readonly Secret<D>[] } {
  if (minimum === 0) return { counts, sums };
  const isShown = counts.ge(minimum);
  return {
    counts: isShown.select(counts, HIDDEN),
    sums: sums.map((sum) => isShown.select(sum, 0)),
  };
}

/**
 * The counts that decide what is shown of `length` numbers: those of columns with gaps; of others the rows, which are
 * public, and so decide only where they are too few, and are not opened. Undefined: all is shown.
 */
export function decidingCounts<D extends AnyDevice>(
  counts: Secret<D, 'integer'> | undefined,
  { device }: Pick<Secret<D>, 'device'>,
  { rows, length, minimum }: { readonly rows: number; readonly length: number; readonly minimum: number },
): Secret<D, 'integer'> | undefined {
  if (counts !== undefined || rows >= minimum) return counts;
  const all = new Float64Array(length).fill(rows);
  const on = device as unknown as SecureDevice<string, string>;
  return on.constant(all, { dtype: 'integer' }) as unknown as Secret<D, 'integer'>;
}

/** The count where none is opened: all rows, -1 if these are too few. */
export const publicCount = (rows: number, minimum: number): number => (rows < minimum ? HIDDEN : rows);

/** A count as it was opened; null where it is not shown. */
export const shownCount = (opened: number | undefined): number | null =>
  opened === undefined || opened < 0 ? null : opened;
