/** The edges of its domain: as many rows as it takes, cells of which next to nothing is expected, empty words. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { near, useStats } from '../../test/parts/stats-world.ts';
import { CHI_ROWS_MAX, chiSquareSecrets } from './chi-square.ts';

const { run } = useStats();
type Counts = readonly (readonly number[])[];

function plainly(counts: Counts) {
  const total = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0);
  const rows = counts.map(total);
  const columns = (counts[0] ?? []).map((_, j) => total(counts.map((row) => row[j] ?? 0)));
  const n = total(rows);
  let [sum, least] = [0, Number.POSITIVE_INFINITY];
  for (const [i, row] of rows.entries())
    for (const [j, column] of columns.entries()) {
      if (row * column === 0) continue;
      const expected = (row * column) / n;
      sum += ((counts[i]?.[j] ?? 0) - expected) ** 2 / expected;
      least = Math.min(least, expected);
    }
  const words = (list: readonly number[]): number => list.filter((one) => one > 0).length - 1;
  return { sum, df: words(rows) * words(columns), isRough: least < 5 };
}

describe('chi-square on shares', () => {
  const many = CHI_ROWS_MAX;
  const cases: Readonly<Record<string, readonly [rows: number, counts: Counts]>> = {
    'all rows, nearly independent': [
      many,
      [
        [262_500, 262_000],
        [261_900, 262_176],
      ],
    ],
    'all rows, one word tells the other': [
      many,
      [
        [many / 2, 0],
        [0, many / 2],
      ],
    ],
    'a single row apart': [
      many,
      [
        [many - 2, 1],
        [1, 0],
      ],
    ],
    'a single row of its own': [
      many,
      [
        [many - 1, 0],
        [0, 1],
      ],
    ],
    'many gaps': [
      many,
      [
        [530, 520],
        [510, 525],
      ],
    ],
    'more gaps than that': [
      many,
      [
        [130, 20],
        [110, 125],
      ],
    ],
    'empty words': [
      1000,
      [
        [0, 0, 0],
        [40, 0, 60],
        [50, 0, 30],
      ],
    ],
    'four rows': [
      4,
      [
        [1, 1],
        [0, 2],
      ],
    ],
    'the least of rows': [
      2,
      [
        [1, 0],
        [0, 1],
      ],
    ],
  };
  for (const protocol of ['rep3', 'semi2k'] as const)
    for (const [name, [rows, counts]] of Object.entries(cases))
      it(`of ${name} (${protocol})`, async () => {
        const plain = plainly(counts);
        const isSparse = name === 'more gaps than that';
        const { sum, df, isRough } = isSparse ? { sum: 0, df: 0, isRough: false } : plain;
        const { result } = await run(protocol, async ({ spu, reveal }) => {
          const flat = Float64Array.from(counts.flat());
          const secret = spu.constant(flat, { dtype: 'integer' }).reshape([counts.length, -1]).clamp(0, rows);
          const { statistic, about } = chiSquareSecrets(secret, rows, 0);
          return [(await reveal(statistic)).data[0], [...(await reveal(about)).data]] as const;
        });
        const [found, about] = result;
        assert.deepEqual(about, [df, Number(isRough)]);
        near(found, sum, (1 + sum) * 2 ** -10);
      });
});
