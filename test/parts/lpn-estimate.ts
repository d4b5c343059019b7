/**
 * Bits of security of dual LPN over GF(2^128) with regular noise: `outputs` of a code of `columns` columns, `noise`
 * blocks of one value each.
 *
 * What are formulas of papers, and what is not:
 * - linear test: regular noise escapes a codeword that has a part `distance` of its columns with probability at most
 *   (1 - distance)^noise (the framework of Boyle et al., CRYPTO 2022, https://eprint.iacr.org/2022/1014; over GF(2) the
 *   bias is (1 - 2·distance)^noise instead). The distance is an assumption: nobody computes that of a code of this
 *   size. See pseudoDistance in src/psi/vole/parameters.ts, whose reasoning is ours.
 * - decoding: Prange, called pooled Gauss for LPN. Over a large field the later methods (Stern, BJMM) pay for their
 *   lists with factors of the field's size and gain nothing (Liu, Wang, Yang and Yu, EUROCRYPT 2024,
 *   https://eprint.iacr.org/2022/712). Ours: an iteration counts for as many operations as there are outputs instead
 *   of their power 2.8, which favours the attack; and that in regular noise each block escapes for itself.
 * - algebraic: Briaud and Øygarden, EUROCRYPT 2023, https://eprint.iacr.org/2023/176, hybrid form over a large field,
 *   as the estimator of Liu et al. counts it: the series (1-z)^(outputs-noise)·(1+(B-m-1)z)^f·(1+(B-1)z)^(noise-f) for
 *   blocks of B columns of which m are guessed to be zero in f blocks; cost 3·(columns-outputs+1-fm)·M^2·(1-m/B)^-f, M
 *   the monomials up to the first degree whose coefficient is not positive. Ours: only some f and m are tried, and
 *   degrees up to 12; a cost found beyond 2^300 counts as 300.
 */

export interface LpnInstance {
  readonly outputs: number;
  readonly columns: number;
  readonly noise: number;
}

export function linearTestBits({ noise }: LpnInstance, distance: number): number {
  return -noise * Math.log2(1 - distance);
}

export function decodingBits({ outputs, columns, noise }: LpnInstance): number {
  return noise * Math.log2(columns / outputs) + Math.log2(outputs);
}

const DEGREE_MAX = 12;
const BITS_MAX = 300;

export function algebraicBits(instance: LpnInstance): number {
  const { outputs, columns, noise } = instance;
  const block = Math.floor(columns / noise);
  let best = BITS_MAX;
  for (const guessed of steps(noise)) {
    for (const zeros of steps(block - 1)) {
      if (guessed * zeros > columns - outputs || (guessed === 0) !== (zeros === 0)) continue;
      best = Math.min(best, hybridBits(instance, block, guessed, zeros));
    }
  }
  return best;
}

/** 0, all, and some sixteen numbers between. */
function steps(last: number): number[] {
  const some = Array.from({ length: 17 }, (_, index) => Math.round((last * index) / 16));
  return [...new Set([...some, 1, 2, 4].filter((step) => step <= last))];
}

function hybridBits(
  { outputs, columns, noise }: LpnInstance,
  block: number,
  f: number,
  zeros: number,
): number {
  const monomials = [powerOf(BigInt(block - zeros - 1), f), powerOf(BigInt(block - 1), noise - f)] as const;
  const product = times(monomials[0], monomials[1]);
  const equations = times(product, oneMinus(outputs - noise));
  const spanned = times(product, oneMinus(1 - noise));
  let count = 0n;
  for (let degree = 2; degree <= DEGREE_MAX; degree++) {
    count += spanned[degree] ?? 0n;
    if ((equations[degree] ?? 0n) > 0n) continue;
    const guess = f === 0 ? 0 : -f * Math.log2(1 - zeros / block);
    return 2 * log2(count) + Math.log2(3 * (columns - outputs + 1 - f * zeros)) + guess;
  }
  return BITS_MAX;
}

type Series = readonly bigint[];

/** (1 + factor·z)^exponent, for an exponent that is not negative. */
function powerOf(factor: bigint, exponent: number): Series {
  const series = [1n];
  for (let degree = 1; degree <= DEGREE_MAX; degree++) {
    const before = series[degree - 1] ?? 0n;
    series.push((before * factor * BigInt(Math.max(0, exponent - degree + 1))) / BigInt(degree));
  }
  return series;
}

/** (1 - z)^exponent, for any exponent. */
function oneMinus(exponent: number): Series {
  const series = [1n];
  for (let degree = 1; degree <= DEGREE_MAX; degree++) {
    series.push((-(series[degree - 1] ?? 0n) * BigInt(exponent - degree + 1)) / BigInt(degree));
  }
  return series;
}

function times(x: Series, y: Series): Series {
  return x.map((_, degree) => {
    let sum = 0n;
    for (let i = 0; i <= degree; i++) sum += (x[i] ?? 0n) * (y[degree - i] ?? 0n);
    return sum;
  });
}

function log2(value: bigint): number {
  const bits = value.toString(2);
  return bits.length - 1 + Math.log2(Number(`0b${bits.slice(0, 50)}`)) - Math.min(49, bits.length - 1);
}
