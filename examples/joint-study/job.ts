import { job, psi, readTable, secure, z } from 'privity';
import {
  correlation,
  crosstab,
  describe,
  histogram,
  mannWhitney,
  quantiles,
  spearman,
  together,
  vertical,
} from 'privity/stats';

const holder = z.object({ table: z.string() });

/**
 * A bank, alice, knows age, income and region of its customers; a shop, bob, what they order and how often they pay
 * late. They describe the customers whom both have. Nobody sees a row of the other; carol, who has no data, computes
 * with them. All learn the figures below, and of groups of fewer than ten customers not even how many they are.
 */
export default job(
  { parties: ['alice', 'bob', 'carol'], settings: { alice: holder, bob: holder } },
  async ({ alice, bob, carol, reveal }) => {
    const atAlice = alice.run('load table', ({ settings }) => readTable(settings.table));
    const atBob = bob.run('load table', ({ settings }) =>
      readTable(settings.table, { types: { wave: 'VARCHAR' } }),
    );
    const spu = secure([alice, bob, carol], { protocol: 'rep3' });
    const study = await vertical(spu, psi({ on: 'customer_id' }, atAlice, atBob), {
      parties: { alice, bob },
      columns: {
        alice: {
          age: { min: 0, max: 120 },
          income: { min: 0, max: 20_000, gaps: true },
          region: { categories: ['east', 'island', 'north', 'west'] },
        },
        bob: {
          orders: { min: 0, max: 50, gaps: true },
          late: { min: 0, max: 50 },
          wave: { categories: ['0', '1'] },
        },
      },
      rows: reveal,
    });
    const [age, income, orders, late] = [
      study.column('age'),
      study.column('income'),
      study.column('orders'),
      study.column('late'),
    ];
    const figures = together({
      age: describe(age),
      income: describe(income),
      orders: describe(orders),
      incomes: quantiles(income, [0.25, 0.5, 0.75]),
      pearson: correlation([age, income, orders, late]),
      ranks: spearman([income, orders]),
      incomeByWave: mannWhitney(income, study.category('wave')),
      regionByWave: crosstab(study.category('region'), study.category('wave')),
      ages: histogram(age, { edges: [18, 30, 40, 50, 60, 100] }),
    });
    return await figures.reveal(reveal);
  },
);
