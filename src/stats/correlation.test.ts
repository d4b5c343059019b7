import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawn, near, PROTOCOLS, useStats } from '../../test/parts/stats-world.ts';
import { correlation, covariance, together, vertical } from './index.ts';

const { run } = useStats();
const random = drawn(3);
const rows = 80;

type Column = readonly (number | null)[];

/** Pairwise complete, as plain arithmetic has it. */
function pair(x: Column, y: Column): { readonly n: number; readonly r: number; readonly covariance: number } {
  const both = x.flatMap((one, i): [number, number][] => {
    const other = y[i];
    return one === null || other === null || other === undefined ? [] : [[one, other]];
  });
  const n = both.length;
  const mean = (at: 0 | 1): number => both.reduce((sum, row) => sum + row[at], 0) / n;
  const [a, b] = [mean(0), mean(1)];
  const sum = (f: (x: number, y: number) => number): number =>
    both.reduce((all, [x, y]) => all + f(x - a, y - b), 0);
  const products = sum((x, y) => x * y);
  return {
    n,
    r: products / Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y)),
    covariance: products / (n - 1),
  };
}

describe('correlation and covariance', () => {
  const age = Array.from({ length: rows }, () => Math.floor(20 + 60 * random()));
  const euros = age.map((one) => 1e4 * (3 + one / 40 + random() ** 2));
  const dose = age.map((one) => (random() < 0.3 ? null : (100 - one) / 1e3 + random() / 50));
  const grade = age.map((_, i) => (i % 5 === 1 ? null : Math.floor(4 * random())));
  const list = [age, euros, dose, grade];
  const declared = {
    alice: { age: { min: 0, max: 120 }, dose: { min: 0, max: 0.2, gaps: true } },
    bob: { euros: { min: 0, max: 2e5 }, grade: { min: 0, max: 3, gaps: true } },
  };
  for (const protocol of PROTOCOLS)
    it(`are those of plain arithmetic over the rows that each two have (${protocol})`, async () => {
      const { result, opened } = await run(protocol, async ({ alice, bob, spu, reveal, at }) => {
        const study = await vertical(
          spu,
          { alice: at(alice, { age, dose }), bob: at(bob, { euros, grade }) },
          { parties: { alice, bob }, columns: declared, rows },
        );
        const names = ['age', 'euros', 'dose', 'grade'] as const;
        const columns = names.map((name) => study.column(name));
        const all = together({
          gaps: correlation(columns),
          whole: correlation(columns.slice(0, 2)),
          covariance: covariance(columns),
        });
        return { ...(await all.reveal(reveal)), opens: all.opens.map(({ name }) => name) };
      });
      for (const [i, x] of list.entries())
        for (const [j, y] of list.entries()) {
          const { n, r, covariance: wanted } = pair(x, y);
          const deviations = Math.sqrt(pair(x, x).covariance * pair(y, y).covariance);
          const where = `${i}, ${j}`;
          near(result.covariance.covariances[i]?.[j], wanted, (deviations * 2 ** -13 * rows) / n, where);
          assert.equal(result.covariance.counts[i]?.[j], n);
          if (i !== j) near(result.gaps.coefficients[i]?.[j], r, (2 ** -14 * rows) / n, where);
        }
      near(result.whole.coefficients[0]?.[1], pair(age, euros).r, 2 ** -14);
      assert.equal(result.whole.counts[0]?.[1], rows);
      const names = new Set(opened().map(({ name }) => name));
      if (protocol !== 'plain') assert.deepEqual(names, new Set(result.opens));
    });

  it('are null of a constant column and of too few rows, and 1 of a column with its double', async () => {
    const few = age.map((one, i) => (i < 2 ? one : null));
    const { result } = await run('rep3', async ({ alice, spu, reveal, at }) => {
      const table = { alice: at(alice, { age, double: age.map((x) => 2 * x), same: age.map(() => 7), few }) };
      const [whole, gaps] = [
        { min: 0, max: 240 },
        { min: 0, max: 120, gaps: true },
      ];
      const columns = { alice: { age: whole, double: whole, same: whole, few: gaps } };
      const study = await vertical(spu, table, { parties: { alice }, columns, rows });
      return await correlation(study.columns).reveal(reveal);
    });
    const [[, double, same, few_]] = result.coefficients as [(number | null)[]];
    near(double, 1, 2 ** -14);
    assert.deepEqual([same, few_], [null, null]);
    // A constant column goes with nothing, and so not with itself; nor does one of too few rows.
    const diagonal = result.coefficients.map((row, i) => row[i]);
    assert.deepEqual(diagonal, [1, 1, null, null]);
    assert.deepEqual(
      result.pValues.map((row, i) => row[i]),
      [0, 0, null, null],
    );
    assert.deepEqual([result.pValues[0]?.[2], result.lower[0]?.[3]], [null, null]);
    assert.ok((result.pValues[0]?.[1] ?? 1) < 1e-12);
  });

  it('have intervals and p-values as R and SciPy give them', async () => {
    const x = [1, 2, 3, 4, 5, 6, 7, 8];
    const y = [2, 1, 4, 3, 7, 5, 6, 9];
    const { result } = await run('plain', async ({ alice, bob, spu, reveal, at }) => {
      const tables = { alice: at(alice, { x }), bob: at(bob, { y }) };
      const columns = { alice: { x: { max: 10 } }, bob: { y: { max: 10 } } };
      const study = await vertical(spu, tables, { parties: { alice, bob }, columns, rows: 8 });
      return await correlation(study.columns, { minimumCount: 0 }).reveal(reveal);
    });
    const { r } = pair(x, y);
    near(result.coefficients[0]?.[1], r, 1e-6);
    // The tail of Student's t with 6 degrees of freedom in closed form.
    const t = r * Math.sqrt(6 / (1 - r * r));
    const u = t / Math.sqrt(6 + t * t);
    const cdf = 0.5 + (u / 2) * (1 + 0.5 * (1 - u * u) + 0.375 * (1 - u * u) ** 2);
    near(result.pValues[0]?.[1], 2 * (1 - cdf), 1e-5);
    const half = 1.959964 / Math.sqrt(5);
    near(result.lower[0]?.[1], Math.tanh(Math.atanh(r) - half), 1e-5);
    near(result.upper[0]?.[1], Math.tanh(Math.atanh(r) + half), 1e-5);
  });
});
