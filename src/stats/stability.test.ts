import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { near, PROTOCOLS, useStats } from '../../test/parts/stats-world.ts';
import { populationStability } from './index.ts';

const { run } = useStats();

/** A row in the middle of bin i for each count. */
const rowsOf = (counts: readonly number[]): number[] =>
  counts.flatMap((count, bin) => Array.from({ length: count }, () => bin));

function plainIndex(before: readonly number[], now: readonly number[]): number {
  const shares = (of: readonly number[]): number[] => {
    const all = of.reduce((sum, one) => sum + one, 0);
    return of.map((one) => Math.max(one, 0.5) / all);
  };
  const [a, b] = [shares(before), shares(now)];
  return a.reduce((sum, share, i) => sum + ((b[i] ?? 0) - share) * Math.log((b[i] ?? 0) / share), 0);
}

const CASES = [
  [
    [10, 20, 30, 40],
    [15, 25, 25, 35],
  ],
  [
    [0, 20, 30],
    [5, 0, 45],
  ],
  [
    [5, 6, 7],
    [10, 12, 14],
  ],
  [
    [4, 0],
    [0, 9],
  ],
] as const;

describe('population stability', () => {
  for (const protocol of PROTOCOLS)
    it(`equals the sum over bins, of public bounds and of indicators (${protocol})`, async () => {
      for (const [before, now] of CASES) {
        const bounds = before.slice(1).map((_, bin) => bin + 0.5);
        const { result, opened } = await run(protocol, async ({ spu, reveal }) => {
          const values = [before, now].map((counts) => spu.constant(rowsOf(counts)));
          const indicators = [before, now].map((counts) => {
            const rows = rowsOf(counts);
            const ones = rows.flatMap((bin) => counts.map((_, i) => Number(i === bin)));
            return spu.constant(ones, { dtype: 'integer', shape: [rows.length, counts.length] });
          });
          const [a, b] = values as [(typeof values)[0], (typeof values)[0]];
          const [c, d] = indicators as [(typeof indicators)[0], (typeof indicators)[0]];
          const options = { bounds, name: 'score' };
          return [
            await populationStability(a, b, options).reveal(reveal),
            await populationStability(c, d, { name: 'score' }).reveal(reveal),
          ];
        });
        const wanted = plainIndex(before, now);
        for (const index of result) near(index, wanted, 2 ** -14 * Math.max(1, wanted / 4));
        if (protocol !== 'plain')
          assert.deepEqual(new Set(opened().map(({ name }) => name)), new Set(['stability of score']));
      }
    });

  it('refuses vectors without bounds, indicators with, and other bins', async () => {
    await run('plain', async ({ spu }) => {
      const vector = spu.constant([1, 2, 3]);
      const indicators = spu.constant([1, 0, 0, 1], { dtype: 'integer', shape: [2, 2] });
      const three = spu.constant([1, 0, 0], { dtype: 'integer', shape: [1, 3] });
      const wrong = { code: 'PRIVITY_STATS_ARGUMENTS' };
      assert.throws(() => populationStability(vector, vector), wrong);
      assert.throws(() => populationStability(vector, vector, { bounds: [2, 1] }), wrong);
      assert.throws(() => populationStability(indicators, indicators, { bounds: [1] }), wrong);
      assert.throws(() => populationStability(indicators, three), wrong);
    });
  });
});
