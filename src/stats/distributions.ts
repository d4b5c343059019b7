/**
 * The distributions of p-values and confidence intervals, of plain numbers: they are computed where an opened statistic goes.
 *
 * `…Cdf` is the probability of at most a value, `…Sf` of more than it, `…Quantile` the value below which a probability lies.
 * `Sf` is not `1 − Cdf`: it keeps its digits where that would be zero, so ask for the tail that you mean.
 * Accuracy: `Cdf` and `Sf` 1e-12 relative, down to 1e-300, for degrees of freedom from 1 to 10^6; quantiles 1e-11.
 * Outside their domain all of them return NaN.
 */
import { incompleteBeta, incompleteGamma, type Tails } from './incomplete.ts';

/** Probability of at most `z`, for the standard normal distribution. @example normalCdf(1.96) // 0.975 */
export function normalCdf(z: number): number {
  return normalSf(-z);
}

/** Probability of more than `z`, for the standard normal distribution. @example normalSf(10) // 7.6e-24 */
export function normalSf(z: number): number {
  const beyond = incompleteGamma(0.5, (z * z) / 2);
  return z > 0 ? beyond.upper / 2 : 0.5 + beyond.lower / 2;
}

/** The value that a standard normal variable is below with probability `p`. @example normalQuantile(0.975) // 1.96 */
export function normalQuantile(p: number): number {
  return symmetricQuantile(p, normalSf);
}

/** Probability of at most `t`, for Student's distribution with `df` > 0 degrees of freedom. */
export function studentTCdf(t: number, df: number): number {
  return studentTSf(-t, df);
}

/** Probability of more than `t`, for Student's distribution with `df` > 0 degrees of freedom. */
export function studentTSf(t: number, df: number): number {
  const ratio = (t * t) / df;
  const { lower, upper } = incompleteBeta(0.5, df / 2, share(ratio), 1 / (1 + ratio));
  return t > 0 ? upper / 2 : 0.5 + lower / 2;
}

/** The value that Student's variable is below with probability `p`. @example studentTQuantile(0.975, 10) // 2.228 */
export function studentTQuantile(p: number, df: number): number {
  return symmetricQuantile(p, (t) => studentTSf(t, df));
}

/** Probability of at most `x`, for the chi-square distribution with `df` > 0 degrees of freedom. */
export function chiSquareCdf(x: number, df: number): number {
  return chiSquare(x, df).lower;
}

/** Probability of more than `x`, for the chi-square distribution with `df` > 0 degrees of freedom. */
export function chiSquareSf(x: number, df: number): number {
  return chiSquare(x, df).upper;
}

/** The value that a chi-square variable is below with probability `p`. @example chiSquareQuantile(0.95, 1) // 3.841 */
export function chiSquareQuantile(p: number, df: number): number {
  return positiveQuantile(p, (x) => chiSquare(x, df));
}

/** Probability of at most `f`, for Fisher's F distribution with `df1` and `df2` > 0 degrees of freedom. */
export function fCdf(f: number, df1: number, df2: number): number {
  return fisherF(f, df1, df2).lower;
}

/** Probability of more than `f`, for Fisher's F distribution with `df1` and `df2` > 0 degrees of freedom. */
export function fSf(f: number, df1: number, df2: number): number {
  return fisherF(f, df1, df2).upper;
}

/** The value that an F variable is below with probability `p`. @example fQuantile(0.95, 2, 27) // 3.354 */
export function fQuantile(p: number, df1: number, df2: number): number {
  return positiveQuantile(p, (f) => fisherF(f, df1, df2));
}

function chiSquare(x: number, df: number): Tails {
  return incompleteGamma(df / 2, Math.max(0, x) / 2);
}

function fisherF(f: number, df1: number, df2: number): Tails {
  const ratio = (df1 * Math.max(0, f)) / df2;
  return incompleteBeta(df1 / 2, df2 / 2, share(ratio), 1 / (1 + ratio));
}

/** ratio / (1 + ratio), also of an infinite one. */
function share(ratio: number): number {
  return ratio === Number.POSITIVE_INFINITY ? 1 : ratio / (1 + ratio);
}

/** A quantile of a distribution that is symmetric about zero. */
function symmetricQuantile(p: number, sf: (x: number) => number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (Number.isNaN(sf(1))) return Number.NaN;
  if (p === 0.5) return 0;
  if (p === 0 || p === 1) return p === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const tail = Math.min(p, 1 - p);
  const value = smallest((x) => sf(x) <= tail);
  return p < 0.5 ? -value : value;
}

function positiveQuantile(p: number, tails: (x: number) => Tails): number {
  if (!(p >= 0 && p <= 1) || Number.isNaN(tails(1).lower)) return Number.NaN;
  if (p === 0 || p === 1) return p === 0 ? 0 : Number.POSITIVE_INFINITY;
  return smallest(p < 0.5 ? (x) => tails(x).lower >= p : (x) => tails(x).upper <= 1 - p);
}

/** Of all positive numbers the smallest for which `holds`: they are in the order of their bits, so 64 steps find it. */
function smallest(holds: (x: number) => boolean): number {
  const number = new Float64Array(1);
  const bits = new BigUint64Array(number.buffer);
  const at = (place: bigint): number => {
    bits[0] = place;
    return number[0] ?? Number.NaN;
  };
  number[0] = Number.POSITIVE_INFINITY;
  let [low, high] = [0n, bits[0] ?? 0n];
  while (low < high) {
    const middle = (low + high) / 2n;
    if (holds(at(middle))) high = middle;
    else low = middle + 1n;
  }
  return at(low);
}
