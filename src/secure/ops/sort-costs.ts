/** How many comparisons a sort makes, and in how many levels: both are random, and their averages known. */
import { SAMPLED_KEYS_MIN, sampledLevels } from './quicksort.ts';

/** Comparisons in each level of a sort on average, in whole words, and as many as were made in all. */
export function levelsOnAverage(keys: number): readonly number[] {
  if (keys < 2) return [];
  const levels = Math.max(Math.ceil(Math.log2(keys)), Math.round(sortLevels(keys)));
  return new Array<number>(levels).fill(64 * Math.ceil(sortComparisons(keys) / levels / 64));
}

/** Sizes of the segments between the keys of a sample, as which the average over all is taken. */
const QUANTILES = 64;

/**
 * What a sample (`quicksort.ts`) leaves of n keys: so many segments of so many keys on average, whose sizes are about
 * geometric.
 */
function sampled(n: number) {
  const levels = sampledLevels(n);
  const keys = 2 ** levels - 1;
  return { levels, keys, segments: keys + 1, mean: (n - keys) / (keys + 1) };
}

/**
 * Comparisons that a sort of n keys makes, on average and within one in a hundred: those of quicksort on a random
 * order, 2(n+1)·H(n) - 4n, or from 512 keys on those of a sample, of its tree and of the segments in between: 17.3·n
 * for 2^16 keys, 21.3·n for 10^6.
 */
export function sortComparisons(n: number): number {
  if (n < SAMPLED_KEYS_MIN) {
    let harmonic = 0;
    for (let i = 1; i <= n; i++) harmonic += 1 / i;
    return 2 * (n + 1) * harmonic - 4 * n;
  }
  const { levels, keys, segments, mean } = sampled(n);
  const inTree = (levels - 2) * 2 ** levels + 2;
  let inSegments = 0;
  for (let i = 0; i < QUANTILES; i++) {
    inSegments += sortComparisons(Math.round(-mean * Math.log(1 - (i + 0.5) / QUANTILES))) / QUANTILES;
  }
  return (keys * (keys - 1)) / 2 + inTree + (n - keys) * levels + segments * inSegments;
}

/**
 * Levels of a sort of n ≥ 16 keys, on average, within one up to 4,096 keys and within two above. Below 512 it is the
 * height of a search tree that grew from a random order, which grows like 4.311·ln n - 1.953·ln ln n; from there on a
 * sample, its tree, and the largest of many segments. The constants are fitted: to the exact recursion, and to sorts,
 * to which tests hold them.
 */
export function sortLevels(n: number): number {
  if (n < SAMPLED_KEYS_MIN) return 4.311 * Math.log(n) - 1.953 * Math.log(Math.log(n)) - 4.9;
  const { levels, segments, mean } = sampled(n);
  return 2.5 + levels + sortLevels(mean * (Math.log(segments) + 0.58));
}
