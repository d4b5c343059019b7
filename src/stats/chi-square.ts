/**
 * Pearson's test of independence on shares: of a table of counts that nobody sees. Each cell gives a residual
 * (O - E)/√E, which is worked out as (n·O - R·C)/n · √n · 1/√R · 1/√C: whole numbers first, which are exact, and then
 * factors that are each scaled so that they keep their bits. Their squares add up to the statistic.
 */
import type { AnyDevice, Secret } from '../index.ts';
import { sparseCount } from './centred.ts';

/** Above, products of counts and of factors leave their domain. */
export const CHI_ROWS_MAX = 2 ** 20;
/** Fractional bits that a public factor has on every device. */
const FACTOR_BITS = 16;
/** Products of fixed-point numbers stay below 2^26. */
const PRODUCT_BITS = 25;
/** Below so many expected rows the p-value is rough. */
export const EXPECTED_LEAST = 5;

/** What is opened of a test. */
export interface ChiSquareSecrets<D extends AnyDevice> {
  /** The statistic; 0 where there is no test. */
  readonly statistic: Secret<D>;
  /** Degrees of freedom, 0 where there is no test; then 1 if less than {@link EXPECTED_LEAST} is expected somewhere. */
  readonly about: Secret<D, 'integer'>;
}

/**
 * Of counts [words, words] of up to `rows` rows. There is a test if each word that some row has is that of `minimum`
 * rows, two are there of both columns, and one row in 512 is counted: of fewer, n/2^bits has too few bits.
 *
 * Cost: some 130 rounds; 0.42 KB a cell, 0.4 KB a word.
 */
export function chiSquareSecrets<D extends AnyDevice>(
  counts: Secret<D, 'integer'>,
  rows: number,
  minimum: number,
): ChiSquareSecrets<D> {
  const [down = 0, across = 0] = counts.shape;
  const [inRow, inColumn] = [counts.sum(1), counts.sum(0)];
  const all = inRow.sum();
  const expected = inRow.reshape([down, 1]).mul(inColumn.reshape([1, across]));
  const statistic = sumOfSquares(counts.mul(all).sub(expected), [inRow, inColumn, all.reshape([1])], rows);

  const [isRow, isColumn] = [inRow.ge(1).cast('integer'), inColumn.ge(1).cast('integer')];
  const words = isRow.sum().add(isColumn.sum());
  const shown = inRow.concat([inColumn]).ge(Math.max(1, minimum)).cast('integer').sum();
  const df = isRow.sum().clamp(1, down).sub(1).mul(isColumn.sum().clamp(1, across).sub(1));
  const isGiven = shown
    .eq(words)
    .and(df.ge(1))
    .and(all.ge(sparseCount(rows)));
  const isRough = expected
    .ge(1)
    .and(expected.lt(all.mul(EXPECTED_LEAST)))
    .cast('integer')
    .sum()
    .ge(1);
  const about = df.reshape([1]).concat([isRough.cast('integer').reshape([1])]);
  return { statistic: isGiven.select(statistic, 0), about: isGiven.select(about, 0) };
}

/** Of `residuals` = n·O - R·C, with R, C and n. */
function sumOfSquares<D extends AnyDevice>(
  residuals: Secret<D, 'integer'>,
  sums: readonly [Secret<D, 'integer'>, Secret<D, 'integer'>, Secret<D, 'integer'>],
  rows: number,
): Secret<D> {
  const bits = Math.ceil(Math.log2(Math.max(2, rows)));
  const half = Math.ceil(bits / 2);
  // Roots of so many times 1/R: a root of 2^bits still has its bits, and products of all stay in their domain.
  const scale = Math.min(
    8,
    2 + PRODUCT_BITS - bits,
    Math.floor((PRODUCT_BITS - half) / 2),
    Math.floor((bits + FACTOR_BITS) / 3),
  );
  const [inRow, inColumn, all] = sums.map((sum) =>
    sum
      .clamp(1, rows)
      .cast('fixed')
      .mul(2 ** (-2 * scale))
      .rsqrt(),
  ) as [Secret<D>, Secret<D>, Secret<D>];
  const lost = Math.max(0, bits - FACTOR_BITS);
  // By 2^bits in place of n: at most n/4.
  const difference = residuals
    .shift(-lost)
    .cast('fixed')
    .mul(2 ** (lost - bits))
    .clamp(-rows / 4 - 1, rows / 4 + 1);
  const [down = 0, across = 0] = residuals.shape;
  // No residual is above the root of its row sum, nor, by both roots, above 1.
  const [first, second] = [2 ** (half + scale), 2 ** (2 * scale)];
  const byRow = difference.mul(inRow.reshape([down, 1])).clamp(-first, first);
  const byBoth = byRow.mul(inColumn.reshape([1, across])).clamp(-second, second);
  const back = bits - 3 * scale;
  const whole = byBoth.mul(all);
  return whole
    .mul(2 ** back)
    .clamp(-(2 ** half), 2 ** half)
    .square()
    .sum();
}
