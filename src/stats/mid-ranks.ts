/**
 * Ranks of rows, of equal values their mean rank, without a look at which are equal: a row that stands at place p when
 * the smallest come first and at q when the largest do has in both the same rows of its value before it, since sorts
 * keep the order of equal keys. In p - q these go, and what is left is the first place of its value and the last.
 */
import type { AnyDevice, Secret, SecureDevice } from '../index.ts';
import type { SecretColumn } from './column.ts';
import { invalid } from './declared.ts';

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS: more rows than can be ranked */
export function checkRanked(rows: number, most: number): void {
  if (rows > most) throw invalid(`ranks are opened of up to ${most} rows, and these are ${rows}`);
}

/** Ranks of some rows of a column. */
export interface Ranks<D extends AnyDevice> {
  /** Twice the rank less one more than the number of all rows; 0 in rows that are left out. */
  readonly doubled: Secret<D, 'integer'>;
  /** The mean of `doubled` in the others; undefined: 0, since none is left out. */
  readonly mean: Secret<D, 'integer'> | undefined;
}

/** Of the rows that `present` marks, by their ranks among these. Both sorts share their rounds. */
export function midRanks<D extends AnyDevice>(
  column: SecretColumn<D>,
  present: Secret<D, 'integer'> | undefined,
): Ranks<D> {
  const { rows } = column;
  const keys = keysOf(column, present);
  const device = keys.device as unknown as SecureDevice<string, string>;
  const numbered = Float64Array.from({ length: rows }, (_, at) => at);
  const places = device.constant(numbered, { dtype: 'integer' }) as unknown as Secret<D, 'integer'>;
  const ascending = places.unpermute(keys.order());
  const doubled = ascending.sub(places.unpermute(keys.order({ descending: true })));
  if (present === undefined) return { doubled, mean: undefined };
  return { doubled: doubled.mul(present), mean: present.sum().sub(rows) };
}

/** Sum of products of ranks less their means: four times what it is of single ranks. `count` rows are ranked. */
export function momentOf<D extends AnyDevice>(
  first: Ranks<D>,
  second: Ranks<D>,
  count: Secret<D, 'integer'> | undefined,
): Secret<D, 'integer'> {
  const sum = first.doubled.dot(second.doubled);
  if (first.mean === undefined || second.mean === undefined || count === undefined) return sum;
  return sum.sub(first.mean.mul(second.mean).mul(count));
}

/** Values, and beyond all of them where a row is left out, so that it shifts no rank. */
function keysOf<D extends AnyDevice>(
  { values, max }: SecretColumn<D>,
  present: Secret<D, 'integer'> | undefined,
): Secret<D> {
  if (present === undefined) return values;
  const beyond = Math.floor(max) + 1;
  return values.sub(beyond).mul(present).add(beyond);
}

/** The rows that both mark; undefined: all. */
export function bothPresent<D extends AnyDevice>(
  first: Secret<D, 'integer'> | undefined,
  second: Secret<D, 'integer'> | undefined,
): Secret<D, 'integer'> | undefined {
  if (first === undefined || second === undefined || first === second) return first ?? second;
  return first.mul(second);
}
