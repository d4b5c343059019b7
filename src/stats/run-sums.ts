/**
 * Sums within runs of neighbouring rows, whose beginnings nobody knows: of equal scores, or of one group's rows. After
 * Brent and Kung, "A Regular Layout for Parallel Adders", 1982: pairs of rows are added up, pairs of pairs, and on the
 * way back the rows between get theirs. Each number is multiplied about twice, whatever the number of rows.
 */
import type { AnyDevice, Secret } from '../index.ts';

/** Rows of one table. */
export interface Runs<D extends AnyDevice> {
  /** Where a run begins. The first row begins one, whatever stands here. */
  readonly starts: Secret<D, 'boolean'>;
  /** 1 where a row goes on with the run of the row before; the opposite of `starts`. */
  readonly goesOn: Secret<D, 'integer'>;
}

const every = (from: number, below: number): Uint32Array =>
  Uint32Array.from({ length: Math.ceil((below - from) / 2) }, (_, i) => from + 2 * i);

/**
 * Of each row the sum of its run up to and with it, for each column of [n, columns]. Bounds: twice what the column of a
 * run of all rows comes to. Cost: 2·log2 n + 3 rounds; 16 bytes for each number, and 8 bytes for each row.
 */
export function runSums<D extends AnyDevice>(
  values: Secret<D, 'integer'>,
  { starts, goesOn }: Runs<D>,
): Secret<D, 'integer'> {
  const [rows = 0] = values.shape;
  if (rows === 1) return values;
  const [left, right] = [every(0, rows), every(1, rows)];
  const pairs = right.length;
  const weight = (at: Uint32Array): Secret<D, 'integer'> => goesOn.gather(at).reshape([at.length, 1]);
  const [first, second] = [values.gather(left), values.gather(right)];
  const inPairs = second.add(first.slice(0, pairs).mul(weight(right)));
  const pairStarts = starts.gather(left.slice(0, pairs)).or(starts.gather(right));
  const atRight =
    pairs === 1
      ? inPairs
      : runSums(inPairs, { starts: pairStarts, goesOn: pairStarts.not().cast('integer') });
  // A row between takes up what the run of the pair before it has come to.
  const later = left.subarray(1);
  const atLeft =
    later.length === 0
      ? first
      : first
          .slice(0, 1)
          .concat([first.slice(1, left.length).add(atRight.slice(0, later.length).mul(weight(later)))]);
  const back = Uint32Array.from({ length: rows }, (_, row) => (row >> 1) + (row % 2) * left.length);
  return atLeft.concat([atRight]).gather(back);
}
