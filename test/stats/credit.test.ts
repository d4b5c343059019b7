/** Statistics of 3,000 loans that two parties have, on shares, beside what Python gives of the whole table. */
import assert from 'node:assert/strict';
import { after, before, it, describe as suite } from 'node:test';
import { fileURLToPath } from 'node:url';
import { closeDatabase } from '../../src/data/index.ts';
import { job, readTable, secure } from '../../src/index.ts';
import {
  correlation,
  covariance,
  crosstab,
  describe,
  groupBy,
  histogram,
  mannWhitney,
  partialCorrelation,
  quantiles,
  spearman,
  together,
  twoProportions,
  varianceInflation,
  vertical,
  welchTest,
} from '../../src/stats/index.ts';
import { World } from '../parts/program-world.ts';
import { near } from '../parts/stats-world.ts';
import { readExpected } from './expected.ts';

const file = fileURLToPath(new URL('../../../test/stats/data/credit.csv', import.meta.url));
const NAMES = ['age', 'income', 'limit', 'used', 'orders', 'late'] as const;

interface Credit {
  readonly describe: Readonly<
    Record<string, Readonly<Record<'count' | 'mean' | 'deviation' | 'skewness' | 'kurtosis', number>>>
  >;
  readonly quantiles: {
    readonly income: { readonly p: readonly number[]; readonly linear: readonly number[] };
  };
  readonly histogram: {
    readonly income: { readonly edges: readonly number[]; readonly counts: readonly number[] };
  };
  readonly matrices: {
    readonly rows: number;
    readonly partial: readonly (readonly number[])[];
    readonly vif: readonly number[];
  };
  readonly pairs: readonly {
    readonly x: string;
    readonly y: string;
    readonly is: {
      readonly n: number;
      readonly covariance: number;
      readonly pearson: { readonly r: number; readonly p: number; readonly interval95: readonly number[] };
      readonly spearman: { readonly r: number };
    };
  }[];
  readonly incomeByDefault: {
    readonly difference: number;
    readonly welch: { readonly t: number; readonly df: number };
    readonly mannWhitney: { readonly u: number; readonly p: number };
  };
  readonly groupBy: readonly {
    readonly key: string;
    readonly count: number;
    readonly sum: number;
    readonly mean: number;
    readonly var: number;
  }[];
  readonly defaultByWave: { readonly z: number; readonly p: number; readonly wald95: readonly number[] };
}
const { credit } = readExpected<{ readonly credit: Credit }>('tables');

const study = job({ parties: ['alice', 'bob', 'carol'] }, async ({ alice, bob, carol, reveal }) => {
  const spu = secure([alice, bob, carol], { protocol: 'rep3' });
  const load = () => readTable(file, { types: { default: 'VARCHAR', wave: 'VARCHAR' } });
  const tables = { alice: alice.run('load', load), bob: bob.run('load', load) };
  const table = await vertical(spu, tables, {
    parties: { alice, bob },
    columns: {
      alice: {
        age: { min: 0, max: 120 },
        income: { min: 0, max: 20_000, gaps: true },
        limit: { min: 0, max: 100_000 },
        region: { categories: ['east', 'island', 'north', 'west'] },
      },
      bob: {
        used: { min: 0, max: 1 },
        orders: { min: 0, max: 50, gaps: true },
        late: { min: 0, max: 50 },
        wave: { categories: ['1', '0'] },
        default: { categories: ['1', '0'] },
      },
    },
    rows: reveal,
  });
  const [age, income, limit, used, orders, late] = NAMES.map((name) => table.column(name));
  assert.ok(age && income && limit && used && orders && late);
  const all = together({
    age: describe(age),
    income: describe(income),
    limit: describe(limit),
    used: describe(used),
    orders: describe(orders),
    pearson: correlation([income, orders]),
    covariance: covariance([income, orders]),
    inflation: varianceInflation([age, income, limit, used, orders, late]),
    partial: partialCorrelation([age, income, limit, used, orders, late]),
    late: correlation([late, used]),
    spearman: spearman([income, orders]),
    quantiles: quantiles(income, credit.quantiles.income.p),
    histogram: histogram(income, { edges: credit.histogram.income.edges }),
    welch: welchTest(income, table.category('default')),
    mannWhitney: mannWhitney(income, table.category('default')),
    regions: groupBy([income], table.category('region')),
    proportions: twoProportions(table.category('default'), table.category('wave')),
    crosstab: crosstab(table.category('region'), table.category('default')),
  });
  return { opens: all.opens.map(({ name }) => name), ...(await all.reveal(reveal)) };
});

suite('statistics of loans', () => {
  let world: World;
  let found: Record<string, unknown>;
  before(async () => {
    world = await World.create(study);
    found = (await world.results()).alice as Record<string, unknown>;
  });
  after(async () => {
    await world.close();
    await closeDatabase();
  });

  it('describe columns as pandas does, with gaps, of incomes and of shares of one', () => {
    const { describe: wanted } = credit;
    for (const name of ['age', 'income', 'limit', 'used', 'orders']) {
      const { count, mean, deviation, skewness, kurtosis } = wanted[name] as Credit['describe'][string];
      const is = found[name] as Credit['describe'][string];
      assert.equal(is.count, count, name);
      near(is.mean, mean, Math.abs(mean) * 1e-5, `${name} mean`);
      near(is.deviation, deviation, deviation * 1e-4, `${name} deviation`);
      near(is.skewness, skewness, (1 + Math.abs(skewness)) * 1e-3, `${name} skewness`);
      near(is.kurtosis, kurtosis, (4 + kurtosis) * 1e-3, `${name} kurtosis`);
    }
  });

  it('correlate columns as SciPy does, over the rows that both have', () => {
    const wanted = (x: string, y: string) => {
      const one = credit.pairs.find((pair) => pair.x === x && pair.y === y);
      assert.ok(one);
      return one.is;
    };
    const of = (name: string, key: string): number =>
      (found[name] as Record<string, number[][]>)[key]?.[0]?.[1] ?? 9;
    const { n, covariance: products, pearson, spearman: ranks } = wanted('income', 'orders');
    assert.equal(of('pearson', 'counts'), n);
    near(of('pearson', 'coefficients'), pearson.r, 2 ** -14);
    near(of('pearson', 'pValues'), pearson.p, 0.001);
    near([of('pearson', 'lower'), of('pearson', 'upper')], [...pearson.interval95], 2 ** -13);
    near(of('covariance', 'covariances'), products, 2 ** -13 * 1318 * 2.25);
    near(of('spearman', 'coefficients'), ranks.r, 2 ** -14);
    const late = wanted('late', 'used');
    near(of('late', 'coefficients'), late.pearson.r, 2 ** -14);
  });

  it('adjust columns for each other as statsmodels does, over the rows that have all', () => {
    const { matrices } = credit;
    const inflation = found.inflation as { readonly count: number; readonly factors: readonly number[] };
    const partial = found.partial as { readonly coefficients: readonly (readonly number[])[] };
    assert.equal(inflation.count, matrices.rows);
    near([...inflation.factors], [...matrices.vif], 4 * 2 ** -13);
    for (const [row, list] of matrices.partial.entries())
      for (const [column, wanted] of list.entries())
        if (row !== column) near(partial.coefficients[row]?.[column], wanted, 2 * 2 ** -13);
  });

  it('order, count and compare rows as NumPy and SciPy do', () => {
    const { quantiles: wanted, histogram: bins, incomeByDefault, groupBy: groups, defaultByWave } = credit;
    const is = found as unknown as {
      readonly quantiles: { readonly values: readonly number[] };
      readonly histogram: { readonly counts: readonly (number | null)[] };
      readonly welch: Readonly<Record<'t' | 'df' | 'difference', number>>;
      readonly mannWhitney: Readonly<Record<'u' | 'pValue', number>>;
      readonly regions: readonly {
        readonly category: string;
        readonly columns: {
          readonly income: {
            readonly count: number | null;
            readonly mean: number;
            readonly variance: number;
          };
        };
      }[];
      readonly proportions: {
        readonly z: number;
        readonly pValue: number;
        readonly interval: readonly number[];
      };
      readonly crosstab: { readonly counts: readonly (readonly (number | null)[])[] };
    };
    near([...is.quantiles.values], [...wanted.income.linear], 0.01);
    assert.deepEqual(is.histogram.counts, bins.income.counts);
    const { t, df } = incomeByDefault.welch;
    near([is.welch.difference, is.welch.t], [incomeByDefault.difference, t], 0.01);
    near(is.welch.df, df, df / 1000);
    near(
      [is.mannWhitney.u, is.mannWhitney.pValue],
      [incomeByDefault.mannWhitney.u, incomeByDefault.mannWhitney.p],
      1e-9,
    );
    for (const { category, columns } of is.regions) {
      const { count, mean, variance } = columns.income;
      const group = groups.find(({ key }) => key === category);
      assert.ok(group, category);
      // One region has four rows: it is not shown.
      assert.equal(count, group.count < 10 ? null : group.count);
      if (count !== null) near([mean, variance], [group.mean, group.var], group.var * 1e-4);
    }
    near([is.proportions.z, is.proportions.pValue], [defaultByWave.z, defaultByWave.p], 1e-9);
    near([...is.proportions.interval], [...defaultByWave.wald95], 1e-9);
    assert.ok(is.crosstab.counts.flat().includes(null));
  });

  it('open what they say, and the number of rows', () => {
    const opened = ['alice', 'bob', 'carol'].flatMap((party) =>
      world
        .of(party)
        .host.disclosures.filter(({ kind }) => kind === 'reveal')
        .map(({ name }) => name),
    );
    const opens = found.opens as unknown as readonly string[];
    assert.deepEqual(new Set(opened), new Set([...opens, 'rows of alice']));
  });
});
