import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { near, PROTOCOLS, useStats } from '../../test/parts/stats-world.ts';
import { creditNumbers, creditWords } from '../../test/stats/credit.ts';
import { readExpected } from '../../test/stats/expected.ts';
import { type GroupNumbers, type GroupSummary, groupBy, vertical } from './index.ts';

const { run } = useStats();

interface ExpectedGroup {
  readonly key: string;
  readonly rows: number;
  readonly count: number;
  readonly sum: number;
  readonly mean: number;
  readonly var: number;
  readonly min: number;
  readonly max: number;
}
const { credit } = readExpected<{ credit: { groupBy: readonly ExpectedGroup[] } }>('tables');
const hidden = { count: null, sum: null, mean: null, variance: null, min: null, max: null };

describe('groupBy', () => {
  const regions = ['east', 'north', 'west', 'island', 'nowhere'];
  const [income, region] = [creditNumbers('income'), creditWords('region')];
  for (const protocol of PROTOCOLS)
    it(`gives what pandas gives, and of small groups nothing (${protocol})`, async () => {
      const { result, opened } = await run(protocol, async ({ alice, bob, spu, reveal, at }) => {
        const study = await vertical(
          spu,
          { alice: at(alice, { income }), bob: at(bob, { region }) },
          {
            parties: { alice, bob },
            columns: {
              alice: { income: { min: 0, max: 20_000, gaps: true } },
              bob: { region: { categories: regions } },
            },
            rows: region.length,
          },
        );
        const groups = groupBy([study.column('income')], study.category('region'), { extremes: true });
        return { found: await groups.reveal(reveal), opens: groups.opens.map(({ name }) => name) };
      });
      assert.deepEqual(
        result.found.map(({ category }) => category),
        credit.groupBy.map(({ key }) => key),
      );
      for (const [at, wanted] of credit.groupBy.entries()) {
        const { category, rows, fewerThan, columns } = result.found[at] as GroupSummary;
        const found = columns.income as GroupNumbers;
        if (wanted.rows < 10) {
          assert.deepEqual([rows, fewerThan], [null, 10], category);
          assert.deepEqual(found, { ...hidden, fewerThan: 10 }, category);
          continue;
        }
        const { count, sum, mean, var: variance, min, max } = wanted;
        assert.deepEqual(
          [rows, fewerThan, found.count, found.sum],
          [wanted.rows, null, count, sum],
          category,
        );
        near([found.mean, found.min, found.max], [mean, min, max], 2 ** -18, category);
        const within = 20_000 ** 2 * 2 ** -29 + Math.sqrt(variance) * (2 ** -17 + 20_000 * 2 ** -23);
        near(found.variance, variance, within, category);
      }
      const names = new Set(opened().map(({ name }) => name));
      if (protocol !== 'plain') assert.deepEqual(names, new Set(result.opens));
    });

  it('opens nothing of a group below the minimum: -1 in place of its counts, 0 in place of its numbers', async () => {
    const group = ['a', 'a', 'a', 'b', 'b', null, 'c', 'c', 'c'];
    const x = [1, 2, null, 40, 50, 60, 7, 8, 9];
    const y = [5, 5, 5, 6, 6, 6, 7, 7, 7];
    const study = async (minimumCount: number) => {
      const { result, opened } = await run('rep3', async ({ alice, bob, spu, reveal, at }) => {
        const table = await vertical(
          spu,
          { alice: at(alice, { x, y }), bob: at(bob, { group }) },
          {
            parties: { alice, bob },
            columns: {
              alice: { x: { max: 100, gaps: true }, y: { max: 10 } },
              bob: { group: { categories: ['a', 'b', 'c', 'd'], gaps: true } },
            },
            rows: 9,
          },
        );
        const numbers: number[][] = [];
        const watched = (async (secret: never) => {
          const tensor = await reveal(secret);
          numbers.push([...(tensor as { data: Float64Array }).data]);
          return tensor;
        }) as unknown as typeof reveal;
        const groups = groupBy(table.columns, table.category('group'), { minimumCount });
        return { found: await groups.reveal(watched), numbers };
      });
      return { ...result, kinds: new Set(opened().map(({ name }) => name)) };
    };
    const three = await study(3);
    const [counts, sums] = three.numbers as [number[], number[]];
    // Rows, values of x, values of y. Of group a one row has no x: its two are below the minimum.
    assert.deepEqual(counts, [3, -1, 3, -1, -1, -1, 3, 3, 3, -1, -1, -1]);
    assert.deepEqual(sums.slice(6, 12), [0, 0, 0, 0, 0, 0]);
    assert.deepEqual([sums[0], sums[1], sums[2], sums[4]], [0, 15, 0, 0]);
    const [a, b, c, d] = three.found as [GroupSummary, GroupSummary, GroupSummary, GroupSummary];
    assert.deepEqual(a.columns.x, { ...hidden, fewerThan: 3 });
    assert.deepEqual([a.rows, a.columns.y?.mean, b.rows, b.fewerThan, d.fewerThan], [3, 5, null, 3, 3]);
    assert.deepEqual([c.columns.x?.sum, c.columns.y?.sum], [24, 21]);
    near([c.columns.x?.variance], [1], 2 ** -14);
    assert.equal(c.columns.y?.variance, null, 'all values are equal');
    assert.deepEqual(
      three.kinds,
      new Set(['counts', 'sums'].map((key) => `groups by group, of 3 rows or more: ${key}`)),
    );

    const all = await study(0);
    const [, second, , empty] = all.found as GroupSummary[];
    assert.deepEqual([second?.rows, second?.columns.x?.sum, second?.columns.x?.min], [2, 90, null]);
    assert.deepEqual(empty?.columns.x, { ...hidden, count: 0, sum: 0, fewerThan: null });
  });

  it('counts rows of groups without any column, and refuses what does not go together', async () => {
    const { result } = await run('rep3', async ({ alice, spu, reveal, at }) => {
      const tables = { alice: at(alice, { g: ['a', 'b', 'a'], x: [1, 2, 3] }) };
      const columns = { alice: { g: { categories: ['a', 'b'] }, x: { max: 5 } } };
      const table = await vertical(spu, tables, { parties: { alice }, columns, rows: 3 });
      const [x, g] = [table.column('x'), table.category('g')];
      const wrong = { code: 'PRIVITY_STATS_ARGUMENTS' };
      assert.throws(() => groupBy([x, x], g), { ...wrong, message: /two columns are called "x"/ });
      assert.throws(() => groupBy([{ ...x, rows: 4 }], g), { ...wrong, message: /have 4 and 3 rows/ });
      assert.throws(() => groupBy([x], g, { minimumCount: -1 }), wrong);
      return await groupBy([], g, { minimumCount: 2 }).reveal(reveal);
    });
    assert.deepEqual(result, [
      { category: 'a', rows: 2, fewerThan: null, columns: {} },
      { category: 'b', rows: null, fewerThan: 2, columns: {} },
    ]);
  });
});
