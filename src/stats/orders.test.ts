import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { near, PROTOCOLS, type StatsContext, useStats } from '../../test/parts/stats-world.ts';
import { readExpected } from '../../test/stats/expected.ts';
import { frequencies, histogram, quantiles, vertical } from './index.ts';

const { run } = useStats();
type Column = readonly (number | null)[];
const expected = readExpected<{
  readonly quantiles: readonly {
    readonly name: string;
    readonly data: Column;
    readonly is: { readonly p: readonly number[]; readonly linear: readonly number[] };
  }[];
}>('tables');

async function columnOf({ alice, spu, at }: StatsContext, x: Column, gaps = x.includes(null)) {
  const columns = { alice: { x: { min: -50, max: 50, gaps } } };
  const study = await vertical(
    spu,
    { alice: at(alice, { x }) },
    { parties: { alice }, columns, rows: x.length },
  );
  return study.column('x');
}

describe('quantiles', () => {
  for (const protocol of PROTOCOLS)
    it(`are those of NumPy, of ties, of gaps and of one value (${protocol})`, async () => {
      for (const { name, data, is } of expected.quantiles) {
        const { result } = await run(protocol, async (context) => {
          const column = await columnOf(context, data);
          return await quantiles(column, is.p, { minimumCount: 0 }).reveal(context.reveal);
        });
        near([...result.values], [...is.linear], 2 ** -17 + 10 * 2 ** -13, name);
        assert.equal(result.count, data.filter((x) => x !== null).length);
      }
    });

  it('are null of a column without values, and of all rows where a column could have gaps and has none', async () => {
    const { result } = await run('rep3', async (context) => {
      const none = await quantiles(await columnOf(context, [null, null]), [0.5], {
        minimumCount: 0,
      }).reveal(context.reveal);
      const all = await quantiles(await columnOf(context, [-3, -1, -2], true), [0, 0.5, 1], {
        minimumCount: 0,
      }).reveal(context.reveal);
      return { none, all };
    });
    assert.deepEqual([result.none.values, result.none.count], [[null], 0]);
    near(result.all.values, [-3, -2, -1], 2 ** -16);
  });
});

describe('a histogram', () => {
  const x = [-50, -10, -10, 0, 0.5, 3, 3, 3, null, 9.99, 10, 50];
  for (const protocol of PROTOCOLS)
    it(`counts between edges, the last one included, and shows no bin of few rows (${protocol})`, async () => {
      const { result, opened } = await run(protocol, async (context) => {
        const column = await columnOf(context, x);
        const all = await histogram(column, { edges: [-10, 0, 3, 10], minimumCount: 0 }).reveal(
          context.reveal,
        );
        const shown = await histogram(column, { edges: [-10, 0, 3, 10], minimumCount: 3 }).reveal(
          context.reveal,
        );
        const whole = await columnOf(context, [1, 2, 3]);
        const plain = await histogram(whole, { edges: [0, 2, 3], minimumCount: 0 }).reveal(context.reveal);
        return [all.counts, shown.counts, plain.counts];
      });
      assert.deepEqual(result, [
        [2, 2, 5],
        [null, null, 5],
        [1, 2],
      ]);
      if (protocol !== 'plain')
        assert.deepEqual(
          new Set(opened().map(({ name }) => name)),
          new Set(['histogram of x', 'histogram of x, of 3 rows or more']),
        );
    });

  it('refuses edges that do not ascend', async () => {
    await run('rep3', async (context) => {
      const column = await columnOf(context, [1]);
      for (const edges of [[1], [2, 2], [1, Number.NaN]])
        assert.throws(() => histogram(column, { edges }), { code: 'PRIVITY_STATS_ARGUMENTS' });
    });
  });
});

describe('frequencies', () => {
  it('count words, and show none that is rare', async () => {
    const words = ['b', 'a', 'b', null, 'b'];
    const { result } = await run('rep3', async ({ alice, spu, at, reveal }) => {
      const columns = { alice: { w: { categories: ['a', 'b', 'c'], gaps: true } } };
      const study = await vertical(
        spu,
        { alice: at(alice, { w: words }) },
        { parties: { alice }, columns, rows: 5 },
      );
      return await frequencies(study.category('w'), { minimumCount: 2 }).reveal(reveal);
    });
    assert.deepEqual(
      result.map(({ count }) => count),
      [null, 3, null],
    );
  });
});
