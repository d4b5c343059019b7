import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawn, near, PROTOCOLS, useStats } from '../../test/parts/stats-world.ts';
import { groupBy, secretColumn, secretKey, vertical } from './index.ts';

const { run } = useStats();
const ROWS = 120;

describe('groups by a key that nobody has', () => {
  const random = drawn(5);
  const euros = Array.from({ length: ROWS }, () => Math.floor(500 * random()));
  const age = euros.map((_, row) => (row % 7 === 0 ? null : Math.floor(90 * random())));
  const columns = {
    alice: { code: { min: -3, max: 60 }, euros: { min: 0, max: 500 } },
    bob: { age: { min: 0, max: 90, gaps: true } },
  } as const;

  for (const [groups, protocol] of [
    ...PROTOCOLS.map((protocol) => [7, protocol] as const),
    ...[1, 2, 40].map((count) => [count, 'rep3'] as const),
  ])
    it(`are those of rows with its numbers, and other numbers are in none: ${groups} (${protocol})`, async () => {
      // Some below the first, some beyond the last, and one group of no rows.
      const code = euros.map((_, row) => (row % 11 === 3 ? -3 : Math.floor((groups + 2) * random())));
      const wanted = Array.from({ length: groups }, (_, group) => {
        const own = euros.flatMap((_, row) => (code[row] === group ? [row] : []));
        const sumOf = (values: readonly (number | null)[]): number =>
          own.reduce((sum, row) => sum + (values[row] ?? 0), 0);
        const ages = own.filter((row) => age[row] !== null).length;
        return [own.length, sumOf(euros), ages, sumOf(age)];
      });
      const { result } = await run(protocol, async ({ alice, bob, spu, reveal, at }) => {
        const tables = { alice: at(alice, { code, euros }), bob: at(bob, { age }) };
        const study = await vertical(spu, tables, { parties: { alice, bob }, columns, rows: ROWS });
        const words = Array.from({ length: groups }, (_, group) => `group ${group}`);
        const key = secretKey('key', study.column('code').values.cast('integer'), words);
        const both = [study.column('euros'), study.column('age')];
        return await groupBy(both, key, { minimumCount: 0 }).reveal(reveal);
      });
      const found = result.map(({ rows, columns }) => [
        rows,
        columns.euros?.sum,
        columns.age?.count,
        columns.age?.sum,
      ]);
      near(found, wanted, 2 ** -10);
    });

  it('show nothing of small ones, and no extremes', async () => {
    const { result } = await run('rep3', async ({ alice, spu, reveal, at }) => {
      const code = euros.map((_, row) => Number(row < 4));
      const options = { parties: { alice }, columns: { alice: columns.alice }, rows: ROWS };
      const study = await vertical(spu, { alice: at(alice, { code, euros }) }, options);
      const key = secretKey('key', study.column('code').values.cast('integer'), ['many', 'few']);
      const list = [study.column('euros')];
      assert.throws(() => groupBy(list, key, { extremes: true }), { code: 'PRIVITY_STATS_ARGUMENTS' });
      const short = secretColumn('short', study.column('euros').values.slice(0, 9));
      assert.throws(() => groupBy([short], key), { code: 'PRIVITY_STATS_ARGUMENTS' });
      assert.throws(() => secretKey('key', key.codes.reshape([ROWS, 1]), ['many']), {
        code: 'PRIVITY_STATS_ARGUMENTS',
      });
      return await groupBy(list, key).reveal(reveal);
    });
    assert.deepEqual(
      result.map(({ rows, fewerThan, columns }) => [rows, fewerThan, columns.euros?.sum ?? null]),
      [
        [ROWS - 4, null, euros.slice(4).reduce((sum, one) => sum + one, 0)],
        [null, 10, null],
      ],
    );
  });
});
