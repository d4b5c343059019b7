import assert from 'node:assert/strict';
import { it, describe as suite } from 'node:test';
import { drawn, near, PROTOCOLS, useStats } from '../../test/parts/stats-world.ts';
import { type Description, describe, horizontal, together, vertical } from './index.ts';

const { run } = useStats();
const random = drawn(7);
const wanted = (values: readonly number[]) => {
  const n = values.length;
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  const power = (k: number): number => values.reduce((sum, x) => sum + (x - mean) ** k, 0) / n;
  return {
    ...{ count: n, mean, variance: (power(2) * n) / (n - 1) },
    ...{ skewness: power(3) / power(2) ** 1.5, kurtosis: power(4) / power(2) ** 2 - 3 },
  };
};

/** Compares with plain arithmetic, within what the docstring says of a column whose r this is. */
function check(found: Description, values: readonly number[], r: number): void {
  const { count, mean, variance, skewness, kurtosis } = wanted(values);
  const deviation = Math.sqrt(variance);
  assert.equal(found.count, count);
  near(found.mean, mean, 2 ** -18 + r * 2 ** -24);
  near(found.variance, variance, r ** 2 * 2 ** -30 + deviation * (2 ** -17 + r * 2 ** -23), 'variance');
  near(found.skewness, skewness, (1 + Math.abs(skewness)) / 1000, 'skewness');
  near(found.kurtosis, kurtosis, (4 + kurtosis) / 1000, 'kurtosis');
}

suite('describe', () => {
  const ages = Array.from({ length: 60 }, (_, i) =>
    i % 7 === 3 ? null : Math.floor(18 + 70 * random() ** 2),
  );
  const euros = Array.from({ length: 60 }, () => 2e5 + 2e4 * (random() + random() - 1) ** 3);
  const small = Array.from({ length: 60 }, () => random() ** 3 / 1000);
  for (const protocol of PROTOCOLS)
    it(`gives what plain arithmetic gives, of large and of small numbers, with gaps left out (${protocol})`, async () => {
      const { result, opened, world } = await run(protocol, async ({ alice, bob, spu, reveal, at }) => {
        const study = await vertical(
          spu,
          { alice: at(alice, { age: ages }), bob: at(bob, { euros, small }) },
          {
            parties: { alice, bob },
            columns: {
              alice: { age: { min: 0, max: 120, gaps: true } },
              bob: { euros: { min: 0, max: 1e6 }, small: { min: 0, max: 0.001 } },
            },
            rows: 60,
          },
        );
        const all = together({
          age: describe(study.column('age'), { extremes: true }),
          euros: describe(study.column('euros'), { extremes: true }),
          small: describe(study.column('small')),
        });
        return { found: await all.reveal(reveal), opens: all.opens.map(({ name }) => name) };
      });
      const { age, euros: spent, small: tiny } = result.found;
      const values = ages.filter((one) => one !== null);
      check(age, values, 120);
      assert.equal(age.gaps, 60 - values.length);
      near([age.min, age.max], [Math.min(...values), Math.max(...values)], 2 ** -18);
      check(spent, euros, 5e5);
      near([spent.min, spent.max], [Math.min(...euros), Math.max(...euros)], 2 ** -18);
      near(tiny.mean, wanted(small).mean, 2 ** -18);
      assert.deepEqual([tiny.min, tiny.max], [null, null]);
      const names = new Set(opened().map(({ name }) => name));
      if (protocol === 'plain') return;
      assert.deepEqual(names, new Set(result.opens));
      // What a report says of assumptions names the column, and not an operation.
      const assumed = world
        .of('alice')
        .host.costs.flatMap(({ assumptions }) => assumptions.map(({ of }) => of));
      assert.deepEqual(
        new Set(assumed),
        new Set(['age', 'euros', 'small'].map((one) => `${one}, standardised`)),
      );
    });

  it('is the same whatever the order of rows, and of rows at other parties', async () => {
    const values = ages.filter((one) => one !== null);
    const { result } = await run('rep3', async ({ alice, bob, spu, reveal, at }) => {
      const columns = { age: { min: 0, max: 120 } };
      const parties = { alice, bob };
      const split = (list: readonly number[], at_: number) => [list.slice(0, at_), list.slice(at_)] as const;
      const described = async ([left, right]: readonly [readonly number[], readonly number[]]) => {
        const tables = { alice: at(alice, { age: left }), bob: at(bob, { age: right }) };
        const rows = { alice: left.length, bob: right.length };
        const all = await horizontal(spu, tables, { parties, columns, rows });
        return await describe(all.column('age')).reveal(reveal);
      };
      return [await described(split(values, 11)), await described(split(values.toReversed(), 30))];
    });
    for (const one of result) check(one, values, 60);
  });

  it('says null of what the values do not have', async () => {
    const { result } = await run('rep3', async ({ alice, spu, reveal, at }) => {
      const none = [null, null, null];
      const table = { alice: at(alice, { none, one: [null, 4, null], same: [5, 5, 5] }) };
      const gaps = { max: 9, gaps: true };
      const columns = { alice: { none: gaps, one: gaps, same: { max: 9 } } };
      const study = await vertical(spu, table, { parties: { alice }, columns, rows: 3 });
      const [a, b, c] = study.columns.map((column) => describe(column, { extremes: true, minimumCount: 0 }));
      assert.ok(a && b && c);
      return await together({ none: a, one: b, same: c }).reveal(reveal);
    });
    const empty = { mean: null, variance: null, deviation: null, skewness: null, kurtosis: null };
    const rest = { ...empty, min: null, max: null };
    assert.deepEqual(result.none, { rows: 3, count: 0, gaps: 3, fewerThan: null, ...rest });
    near(result.one.mean, 4, 2 ** -17);
    assert.deepEqual(
      { ...result.one, mean: null, min: null, max: null },
      { ...result.none, count: 1, gaps: 2 },
    );
    // Of equal values rounding is all that is left, and nobody can tell.
    const { skewness, kurtosis, deviation, variance } = result.same;
    assert.deepEqual([skewness, kurtosis, deviation, variance], [null, null, null, null]);
  });
});
