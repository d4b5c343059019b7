/** What bench/stats.ts measures: tables of two parties, a statistic of them, and the same in the open. */
import type { SecureDevice } from 'privity';
import {
  binaryEvaluation,
  correlation,
  crosstab,
  describe,
  groupBy,
  logRank,
  mannWhitney,
  type PartyColumns,
  quantiles,
  type SecretTable,
  type Statistic,
  secretKey,
  spearman,
  together,
  varianceInflation,
  verticalLifeTable,
} from 'privity/stats';
import * as plain from './stats-plain.ts';

export type Device = SecureDevice<'alice' | 'bob' | 'carol', string>;
export type Study = SecretTable<Device>;
/** By name: numbers, NaN in gaps; of a column of words the places of these among its categories. */
export type Columns = Readonly<Record<string, Float64Array>>;

/** A protocol; `line` is rep3 where parties are far apart. */
export type Way = 'rep3' | 'semi2k' | 'line';

/** One statistic at one size. `R` is what it gives. */
export interface Case<R> {
  readonly name: string;
  readonly title: string;
  readonly rows: number;
  /** On which devices it is measured. */
  readonly ways: readonly Way[];
  /** From when the table is shared until its result is known. */
  readonly secondsMax?: number;
  /** Largest error beside plaintext: of numbers below 1 absolute, of others relative. */
  readonly errorMax: number;
  readonly declared: { readonly alice: PartyColumns; readonly bob: PartyColumns };
  /** Which columns of both there are, for so many rows. */
  columns(rows: number): { readonly alice: Columns; readonly bob: Columns };
  statistic(study: Study): Statistic<Device, R>;
  numbers(result: R): readonly (number | null | undefined)[];
  plain(columns: Columns): readonly number[];
}

/** Numbers from 0 to 1 that look like data, the same at every party: xorshift (Marsaglia 2003). */
function drawn(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** `value` is given a number from 0 to 1 for each row. */
function column(rows: number, seed: number, value: (random: number, row: number) => number): Float64Array {
  const random = drawn(seed);
  for (let i = 0; i < 8; i++) random();
  return Float64Array.from({ length: rows }, (_, row) => value(random(), row));
}

const codes = (rows: number, seed: number, count: number): Float64Array =>
  column(rows, seed, (random) => Math.floor(count * random));
const words = (count: number): string[] => Array.from({ length: count }, (_, at) => `w${at}`);
const at = (columns: Columns, name: string): Float64Array => columns[name] ?? new Float64Array();

const [WIDE, HALF] = [50, 25];
const widths = (from: number, gaps: boolean): PartyColumns =>
  Object.fromEntries(
    Array.from({ length: HALF }, (_, at) => [`x${from + at}`, { min: 0, max: 120, gaps }] as const),
  );

/** Columns have a part in common, so that correlations are not all 0; a tenth of the rows has gaps. */
function wide(rows: number, gaps: boolean): { alice: Columns; bob: Columns } {
  const shared = column(rows, 7, (random) => random);
  const made = (from: number): Columns =>
    Object.fromEntries(
      Array.from({ length: HALF }, (_, i) => {
        const weight = (from + i) / (2 * WIDE);
        const own = column(rows, 100 + from + i, (random, row) => {
          const value = Math.round(120 * (weight * (shared[row] ?? 0) + (1 - weight) * random));
          return gaps && random < 0.1 ? Number.NaN : value;
        });
        return [`x${from + i}`, own];
      }),
    );
  return { alice: made(0), bob: made(HALF) };
}

const wideNames = Array.from({ length: WIDE }, (_, i) => `x${i}`);
const coefficients = (columns: Columns): number[][] => {
  const matrix = wideNames.map(() => new Array<number>(WIDE).fill(1));
  for (let i = 0; i < WIDE; i++)
    for (let j = 0; j < i; j++) {
      const found = plain.pearson(at(columns, `x${i}`), at(columns, `x${j}`));
      (matrix[i] as number[])[j] = found;
      (matrix[j] as number[])[i] = found;
    }
  return matrix;
};

const GROUPS = 100;
const grouped = (rows: number): { alice: Columns; bob: Columns } => ({
  alice: { key: codes(rows, 1, GROUPS) },
  bob: { euros: column(rows, 2, (random) => Math.round(500 * random)) },
});
const PARTS = [0.25, 0.5, 0.75];
const SIZES = [5, 4] as const;
const GRID = Array.from({ length: 60 }, (_, month) => month + 1);

const [fast, both, far] = [['rep3'], ['rep3', 'semi2k'], ['rep3', 'semi2k', 'line']] as const;

/** Keeps `R` while it is checked, and forgets it in the list. */
const one = <R>(made: Case<R>): Case<never> => made as unknown as Case<never>;

const pearsonAndVif = one({
  ...{
    name: 'pearson',
    ways: fast,
    title: `Pearson and VIF of ${WIDE} columns`,
    rows: 100_000,
    secondsMax: 5,
  },
  ...{ errorMax: 1e-3, declared: { alice: widths(0, false), bob: widths(HALF, false) } },
  columns: (rows) => wide(rows, false),
  statistic: (study) =>
    together({ pearson: correlation(study.columns), vif: varianceInflation(study.columns) }),
  numbers: ({ pearson, vif }) => [...pearson.coefficients.flat(), ...vif.factors],
  plain: (columns) => {
    const matrix = coefficients(columns);
    return [...matrix.flat(), ...plain.inflation(matrix)];
  },
});

const withGaps = one({
  ...{
    name: 'gaps',
    ways: fast,
    title: `Pearson of ${WIDE} columns with gaps`,
    rows: 100_000,
    errorMax: 1e-3,
  },
  declared: { alice: widths(0, true), bob: widths(HALF, true) },
  columns: (rows) => wide(rows, true),
  statistic: (study) => correlation(study.columns),
  numbers: ({ coefficients }) => coefficients.flat(),
  plain: (columns) => coefficients(columns).flat(),
});

const evaluation = one({
  ...{ name: 'auc', ways: fast, title: 'AUC and KS', rows: 100_000, secondsMax: 3, errorMax: 1e-4 },
  declared: { alice: { score: { min: 0, max: 1 } }, bob: { label: { min: 0, max: 1 } } },
  columns: (rows) => {
    const score = column(rows, 3, (random) => Math.round(1000 * random) / 1000);
    return {
      alice: { score },
      bob: { label: column(rows, 4, (random, row) => Number(random < 0.1 + 0.3 * (score[row] ?? 0))) },
    };
  },
  statistic: (study) => {
    const quality = binaryEvaluation(study.column('score').values, study.column('label').values);
    return together({ area: quality.auc(), ks: quality.ks() });
  },
  numbers: ({ area, ks }) => [area?.auc, ks?.ks],
  plain: (columns) => {
    const both = [at(columns, 'score'), at(columns, 'label')] as const;
    return [plain.auc(...both), plain.kolmogorovSmirnov(...both)];
  },
});

const groups = one({
  ...{
    name: 'groups',
    ways: fast,
    title: `group-by, ${GROUPS} groups of an owner's key`,
    rows: 1_000_000,
  },
  ...{ secondsMax: 2, errorMax: 1e-3 },
  declared: { alice: { key: { categories: words(GROUPS) } }, bob: { euros: { min: 0, max: 500 } } },
  columns: grouped,
  statistic: (study) => groupBy([study.column('euros')], study.category('key')),
  numbers: (list) =>
    list.flatMap(({ rows, columns: { euros } }) => [rows, euros?.sum ?? null, euros?.variance ?? null]),
  plain: (columns) => plain.grouped(at(columns, 'euros'), at(columns, 'key'), GROUPS),
});

const secretGroups = one({
  ...{ name: 'secret-groups', ways: fast, title: `group-by, ${GROUPS} groups of a secret key` },
  ...{ rows: 1_000_000, secondsMax: 30, errorMax: 1e-3 },
  declared: { alice: { key: { min: 0, max: GROUPS - 1 } }, bob: { euros: { min: 0, max: 500 } } },
  columns: grouped,
  statistic: (study) => {
    const key = secretKey('key', study.column('key').values.cast('integer'), words(GROUPS));
    return groupBy([study.column('euros')], key);
  },
  numbers: (list) =>
    list.flatMap(({ rows, columns: { euros } }) => [rows, euros?.sum ?? null, euros?.variance ?? null]),
  plain: (columns) => plain.grouped(at(columns, 'euros'), at(columns, 'key'), GROUPS),
});

const description = one({
  ...{ name: 'describe', ways: far, title: 'describe, with gaps', rows: 1_000_000, errorMax: 1e-3 },
  declared: { alice: { age: { min: 0, max: 120, gaps: true } }, bob: {} },
  columns: (rows) => ({
    alice: { age: column(rows, 5, (random) => (random < 0.1 ? Number.NaN : Math.round(120 * random ** 2))) },
    bob: {},
  }),
  statistic: (study) => describe(study.column('age')),
  numbers: ({ count, mean, variance, skewness, kurtosis }) => [count, mean, variance, skewness, kurtosis],
  plain: (columns) => plain.described(at(columns, 'age')),
});

const quartiles = one({
  ...{ name: 'quantiles', ways: fast, title: 'three quantiles', rows: 1_000_000, errorMax: 1e-3 },
  declared: { alice: { income: { min: 0, max: 20_000 } }, bob: {} },
  columns: (rows) => ({
    alice: { income: column(rows, 6, (random) => Math.round(20_000 * random)) },
    bob: {},
  }),
  statistic: (study) => quantiles(study.column('income'), PARTS),
  numbers: ({ values }) => values,
  plain: (columns) => plain.quantiles(at(columns, 'income'), PARTS),
});

const twoGroups = one({
  ...{ name: 'mann-whitney', ways: fast, title: 'Mann-Whitney', rows: 100_000, errorMax: 1e-3 },
  declared: { alice: { wave: { categories: words(2) } }, bob: { euros: { min: 0, max: 500 } } },
  columns: (rows) => ({
    alice: { wave: codes(rows, 8, 2) },
    bob: { euros: column(rows, 9, (random) => Math.round(500 * random)) },
  }),
  statistic: (study) => mannWhitney(study.column('euros'), study.category('wave')),
  numbers: (test) => [test?.u],
  plain: (columns) => [plain.rankSum(at(columns, 'euros'), (row) => columns.wave?.[row] === 0)],
});

const byRank = one({
  ...{ name: 'spearman', ways: fast, title: 'Spearman of two columns', rows: 100_000, errorMax: 1e-3 },
  declared: { alice: { age: { min: 0, max: 120 } }, bob: { euros: { min: 0, max: 500 } } },
  columns: (rows) => {
    const age = column(rows, 10, (random) => Math.round(120 * random));
    const euros = column(rows, 11, (random, row) => Math.round(250 * random + 2 * (age[row] ?? 0)));
    return { alice: { age }, bob: { euros } };
  },
  statistic: (study) => spearman([study.column('age'), study.column('euros')]),
  numbers: ({ coefficients }) => [coefficients[0]?.[1]],
  plain: (columns) => [plain.spearman(at(columns, 'age'), at(columns, 'euros'))],
});

const table = one({
  ...{
    name: 'crosstab',
    ways: both,
    title: `crosstab, ${SIZES.join(' × ')}`,
    rows: 1_000_000,
    errorMax: 1e-3,
  },
  declared: {
    alice: { region: { categories: words(SIZES[0]) } },
    bob: { wave: { categories: words(SIZES[1]) } },
  },
  columns: (rows) => ({
    alice: { region: codes(rows, 12, SIZES[0]) },
    bob: { wave: codes(rows, 13, SIZES[1]) },
  }),
  statistic: (study) => crosstab(study.category('region'), study.category('wave')),
  numbers: ({ counts }) => counts.flat(),
  plain: (columns) => plain.counted(at(columns, 'region'), at(columns, 'wave'), SIZES),
});

const survival = one({
  ...{
    name: 'log-rank',
    ways: both,
    title: `life table and log-rank, ${GRID.length} times`,
    rows: 100_000,
  },
  errorMax: 1e-3,
  declared: {
    alice: { arm: { categories: words(2) } },
    bob: { months: { min: 1, max: 61 }, died: { min: 0, max: 1 } },
  },
  columns: (rows) => {
    const arm = codes(rows, 14, 2);
    return {
      alice: { arm },
      bob: {
        months: column(
          rows,
          15,
          (random, row) => 1 + Math.floor(60 * random ** (1 - 0.02 * (arm[row] ?? 0))),
        ),
        died: column(rows, 16, (random) => Number(random < 0.4)),
      },
    };
  },
  statistic: (study) =>
    logRank(
      verticalLifeTable(study.column('months').values, study.column('died').values.cast('integer'), {
        ...{ grid: GRID, group: study.category('arm') },
      }),
    ),
  numbers: (test) => [test?.statistic],
  plain: (columns) => [
    plain.logRank(at(columns, 'months'), at(columns, 'died'), at(columns, 'arm'), GRID.length),
  ],
});

export const cases: readonly Case<never>[] = [
  ...[
    pearsonAndVif,
    withGaps,
    evaluation,
    groups,
    secretGroups,
    quartiles,
    description,
    twoGroups,
    byRank,
    table,
  ],
  survival,
];
