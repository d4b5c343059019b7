/** Rows counted between public bounds. */
import { type AnyDevice, type Secret, tensor } from '../index.ts';
import { invalid } from './declared.ts';

/** One comparison a row and bound. */
const BOUNDS_MAX = 1_000;

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS: not ascending numbers */
export function checkBounds(bounds: readonly number[]): void {
  const { length } = bounds;
  const ascend = bounds.every((one, at) => at === 0 || one > (bounds[at - 1] ?? one));
  if (length === 0 || length > BOUNDS_MAX || !bounds.every(Number.isFinite) || !ascend)
    throw invalid(`bounds of bins are 1 to ${BOUNDS_MAX} numbers in ascending order`);
}

/** Of each bound, how many rows are below it. Cost: 10 rounds, 33.4 bytes for each row and bound. */
export function rowsBelow<D extends AnyDevice>(
  values: Secret<D, 'fixed'>,
  bounds: readonly number[],
): Secret<D, 'integer'> {
  const column = tensor([bounds.length, 1], Float64Array.from(bounds));
  return values.lt(column).cast('integer').sum(1);
}
