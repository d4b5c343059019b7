/** Survival: curves of groups, and whether they differ. */
import { type AnyDevice, type Secret, tensor } from '../index.ts';
import { checkOptions, invalid } from './declared.ts';
import { chiSquareSf, normalQuantile } from './distributions.ts';
import type { LifeTable } from './life-table.ts';
import { leastOf, type MinimumOptions, shownFrom } from './small.ts';
import { type Statistic, statistic } from './statistic.ts';

/** 1/n is worked out as so many times that: below 2^18, where quotients end. */
const INVERSE = 2 ** 17;
/** Shares of rows are worked out as so many times that, so that small ones keep their digits. */
const SHARE = 16;

/**
 * From where to where the variance of a log-rank statistic is taken to lie: below there is nothing to compare, above
 * would be more than 2^20 events.
 */
const VARIANCE = { min: 2 ** -6, max: 2 ** 18 - 1 };
/** Of events less expected ones. */
const DIFFERENCE_MAX = 2 ** 14;

/** How a curve is opened: a point where so many events as `minimumCount` were since the time before. */
export interface KaplanMeierOptions extends MinimumOptions {
  /** Times of the grid at which the curve is opened. Default: all. */
  readonly at?: readonly number[];
  /** Whether the standard error is opened, too (Greenwood 1926). Default: no. */
  readonly intervals?: boolean;
}

/** The curve of a group at one time. */
export interface SurvivalPoint {
  /** A time of the grid. */
  readonly time: number;
  /** Share of the group to whom it has not happened until then. */
  readonly survival: number;
  /** Of `survival`; only with `intervals`, and where survival is neither 0 nor 1. */
  readonly standardError?: number;
  /** In which the true share lies with 95%, by the logarithm of its logarithm; as `standardError`. */
  readonly interval?: readonly [from: number, to: number];
}

/** The curve of a group, where it was opened. */
export interface SurvivalCurve {
  /** Its name. */
  readonly group: string;
  /** Survival is 1 before the first, and unknown between and after, but that it does not rise. */
  readonly points: readonly SurvivalPoint[];
}

/**
 * Kaplan and Meier's curve of each group: the product of 1 - d/n over times, d of n at risk (1958).
 *
 * Opens: of each group the curve at each time of `at`, and with `intervals` Greenwood's sum, but only where at least
 * `minimumCount` events were since the time of `at` before; so a grid of days goes with an `at` of months. No count is
 * opened. Domain: up to 2^20 rows and 2,000 times. Accuracy: 10 · √m · 2^-18 of m times with events, but once in 2^65;
 * standard errors 1%. Cost: 70 + 2·ceil(log2 m) rounds, up to 0.6 KB for each group and time; with `intervals`
 * 0.9 KB.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: `at` is not in the grid
 * @example const curves = await kaplanMeier(trial, { at: [364, 728] }).reveal(reveal);
 */
export function kaplanMeier<D extends AnyDevice>(
  table: LifeTable<D>,
  options: KaplanMeierOptions = {},
): Statistic<D, readonly SurvivalCurve[]> {
  const { grid, groups, events, atRisk, rowsMax } = table;
  const { at = grid, intervals = false } = options;
  checkOptions(options, ['at', 'intervals', 'minimumCount'], 'kaplanMeier');
  const places = placesOf(at, grid);
  const minimum = leastOf(options);
  const shares = shareOf(events, inverse(atRisk, rowsMax));
  const survival = products(
    shares
      .mul(1 / SHARE)
      .neg()
      .add(1),
  );
  const since = differences(events.cumulativeSum(1).gather(places, 1));
  const open = since.ge(minimum);
  const curves = [
    open.select(survival.gather(places, 1), -1),
    'survival; -1 where it is not opened',
  ] as const;
  const name = shownFrom(`survival, ${table.name}`, minimum);
  const curvesOf = (values: Float64Array, sums?: Float64Array): SurvivalCurve[] =>
    groups.map((group, row) => ({
      group,
      points: at.flatMap((time, column) => {
        const place = row * at.length + column;
        const value = values[place] ?? -1;
        return value < -0.5 ? [] : [pointOf(time, value, sums?.[place])];
      }),
    }));
  if (!intervals) return statistic({ name, open: { curves }, result: (opened) => curvesOf(opened.curves) });
  // Greenwood: d / (n · (n - d)), times SHARE · INVERSE.
  const terms = shares.mul(inverse(atRisk.sub(events), rowsMax));
  const sums = open.select(terms.cumulativeSum(1).gather(places, 1), 0);
  return statistic({
    name,
    open: { curves, sums: [sums, "Greenwood's sums, scaled; 0 where they are not opened"] },
    result: (opened) => curvesOf(opened.curves, opened.sums),
  });
}

function pointOf(time: number, value: number, sum: number | undefined): SurvivalPoint {
  const survival = Math.min(1, Math.max(0, value));
  if (sum === undefined || survival <= 2 ** -14 || survival >= 1) return { time, survival };
  const relative = Math.sqrt(Math.max(0, sum) / (SHARE * INVERSE));
  const wide = (normalQuantile(0.975) * relative) / Math.log(survival);
  return {
    time,
    survival,
    standardError: survival * relative,
    interval: [survival ** Math.exp(-wide), survival ** Math.exp(wide)],
  };
}

/** Whether groups differ. */
export interface LogRank {
  /** Chi-square statistic. */
  readonly statistic: number;
  /** Degrees of freedom: groups less 1. */
  readonly df: number;
  /** Probability of at least such a statistic, if groups do not differ. */
  readonly p: number;
}

/**
 * The log-rank test of all groups (Mantel 1966); undefined where a group has fewer than `minimumCount` rows, or all
 * groups fewer events, and then that is all that is opened.
 *
 * Opens: of two groups the standardised difference and nothing else; of more, events less expected ones of each group
 * but the last, and their covariances. Domain: up to 2^20 rows and 2,000 times; differences below 2^14. Accuracy: 1e-3
 * of the statistic, where the variance is above 2^-6 (below it is taken for that much). Cost: of two groups 170 rounds,
 * up to 0.9 KB for each time; of three 105 rounds, 1.1 KB.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: one group
 * @example const test = await logRank(trial).reveal(reveal); // test?.p
 */
export function logRank<D extends AnyDevice>(
  table: LifeTable<D>,
  options: MinimumOptions = {},
): Statistic<D, LogRank | undefined> {
  const { groups, events, atRisk } = table;
  checkOptions(options, ['minimumCount'], 'logRank');
  const minimum = leastOf(options);
  const df = groups.length - 1;
  if (df < 1) throw invalid('a log-rank test compares two groups or more');
  const { differences: found, covariances } = comparison(table);
  const smallest = atRisk.slice(0, 1, 1).min();
  const enough = smallest.ge(minimum).and(events.sum().ge(minimum));
  const name = shownFrom(`log-rank, ${table.name}`, minimum);
  const flag = [enough.cast('integer'), 'whether there are enough rows and events'] as const;
  const resultOf = (value: number): LogRank => ({ statistic: value, df, p: chiSquareSf(value, df) });
  if (df === 1) {
    const z = found.reshape([]).div(covariances.reshape([]).sqrt());
    return statistic({
      name,
      open: { enough: flag, z: [enough.select(z, 0), 'standardised difference; 0 if there are not enough'] },
      result: ({ enough: [is], z: [value = 0] }) => (is === 1 ? resultOf(value * value) : undefined),
    });
  }
  return statistic({
    name,
    open: {
      enough: flag,
      differences: [enough.select(found, 0), 'events less expected ones; 0 if there are not enough'],
      covariances: [enough.select(covariances, 0), 'their covariances; 0 if there are not enough'],
    },
    result: ({ enough: [is], differences, covariances }) =>
      is === 1 ? resultOf(quadratic(differences, covariances)) : undefined,
  });
}

/** Of all groups but the last: events less expected ones, and covariances, row by row. */
function comparison<D extends AnyDevice>({ events, atRisk, groups, grid, rowsMax }: LifeTable<D>) {
  const [df, times] = [groups.length - 1, grid.length];
  const [all, happened] = [atRisk.sum(0), events.sum(0)];
  const shares = shareOf(atRisk.slice(0, df), inverse(all, rowsMax * groups.length));
  const differences = events
    .slice(0, df)
    .sum(1)
    .cast('fixed')
    .mul(SHARE)
    .sub(shares.matmul(happened))
    .clamp(-SHARE * DIFFERENCE_MAX, SHARE * DIFFERENCE_MAX)
    .mul(1 / SHARE);
  // (n - d) / (n - 1), by which ties make the variance smaller.
  const ties = shareOf(all.sub(happened), inverse(all.sub(1), rowsMax * groups.length)).mul(1 / SHARE);
  const own = Float64Array.from({ length: df * df }, (_, i) => (i % (df + 1) === 0 ? SHARE : 0));
  const others = shares
    .reshape([1, df, times])
    .neg()
    .add(tensor([df, df, 1], own));
  // A variance is divided by, so it has a least; covariances have either sign.
  const { min, max } = VARIANCE;
  const covariances = shares
    .reshape([df, 1, times])
    .mul(others)
    .mul(ties)
    .reshape([df * df, times])
    .matmul(happened)
    .clamp((df === 1 ? min : -max) * SHARE ** 2, max * SHARE ** 2)
    .mul(SHARE ** -2);
  return { differences, covariances };
}

/** 1/n, times `INVERSE`; of no rows as of one. Cost: 46 rounds, 291.2 bytes a number. */
function inverse<D extends AnyDevice>(rows: Secret<D, 'integer'>, rowsMax: number): Secret<D, 'fixed'> {
  const divisors = rows.clamp(1, rowsMax).cast('fixed');
  return divisors.mul(0).add(INVERSE).div(divisors);
}

/** Of some rows among others of which the inverse is given, the share times `SHARE`, 0 to that. */
const shareOf = <D extends AnyDevice>(
  rows: Secret<D, 'integer'>,
  inverse: Secret<D, 'fixed'>,
): Secret<D, 'fixed'> =>
  inverse
    .mul(rows)
    .clamp(0, INVERSE)
    .mul(SHARE / INVERSE);

/** Products of the first 1, 2, … elements of each row. */
function products<D extends AnyDevice>(factors: Secret<D, 'fixed'>): Secret<D, 'fixed'> {
  const [, size = 1] = factors.shape;
  let made = factors;
  for (let step = 1; step < size; step *= 2) {
    const more = made.slice(step, size, 1).mul(made.slice(0, size - step, 1));
    made = made.slice(0, step, 1).concat([more], 1);
  }
  return made;
}

/** Along rows of cumulative sums: of each what has come since the one before. */
function differences<D extends AnyDevice>(sums: Secret<D, 'integer'>): Secret<D, 'integer'> {
  const [, size = 1] = sums.shape;
  if (size === 1) return sums;
  return sums.slice(0, 1, 1).concat([sums.slice(1, size, 1).sub(sums.slice(0, size - 1, 1))], 1);
}

/** x' · V^-1 · x by elimination; what depends on others adds nothing. */
function quadratic(x: Float64Array, covariances: Float64Array): number {
  const size = x.length;
  const rows = Array.from(x, (value, i) => [...covariances.subarray(i * size, (i + 1) * size), value]);
  let sum = 0;
  rows.forEach((pivot, i) => {
    const [diagonal = 0, value = 0] = [pivot[i], pivot[size]];
    if (diagonal < VARIANCE.min) return;
    sum += (value * value) / diagonal;
    for (const row of rows.slice(i + 1)) {
      const factor = (row[i] ?? 0) / diagonal;
      for (let column = i; column <= size; column++)
        row[column] = (row[column] ?? 0) - factor * (pivot[column] ?? 0);
    }
  });
  return sum;
}

function placesOf(at: readonly number[], grid: readonly number[]): number[] {
  const places = at.map((time) => grid.indexOf(time));
  if (places.length === 0 || places.some((place, i) => place < 0 || place <= (places[i - 1] ?? -1)))
    throw invalid('"at" are times of the grid, in ascending order');
  return places;
}
