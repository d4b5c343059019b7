/** One-hot of the largest: rows long enough for groups, of any number of elements, ties, and what groups are for. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as ops from '../../src/secure/ops/index.ts';
import { groupSize, oneHotCost } from '../../src/secure/ops/one-hot.ts';
import { tournamentCost } from '../../src/secure/ops/reduce.ts';
import { rep3Costs } from '../../src/secure/protocols/rep3/costs.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { runSecure } from '../parts/secure-parties.ts';

async function marked(rows: number, size: number, values: readonly number[]): Promise<bigint[] | undefined> {
  const [found] = await runSecure('rep3', 3, async (on, rank) => {
    const shape = [rows, size];
    const x = await ops.share(on, { owner: 0, dtype: 'integer', shape }, rank === 0 ? values : undefined);
    const opened = await ops.reveal(on, await ops.argmaxOneHot(on, x, 1));
    return opened && [...opened.words];
  });
  return found;
}

describe('the one-hot of the largest of each row', () => {
  // Rows that groups divide, and that they do not.
  for (const [rows, size] of [
    [40, 144],
    [60, 13],
    [3, 101],
    [2, 100],
  ] as const) {
    it(`is a one where plain arithmetic finds it, of equal ones at the first: ${rows} rows of ${size}`, async () => {
      const random = new SeededRandom(size, 'one-hot');
      const span = size > 100 ? 4 : 1000;
      const values = Array.from({ length: rows * size }, () => random.below(span) - 2);
      const due = values.map((value, i) => {
        const row = values.slice(i - (i % size), i - (i % size) + size);
        return BigInt(value === Math.max(...row) && row.indexOf(value) === i % size);
      });
      assert.deepEqual(await marked(rows, size, values), due);
    });
  }

  it('is the first of all equal ones, and the only one of a single one', async () => {
    assert.deepEqual(await marked(1, 120, new Array<number>(120).fill(7)), [
      1n,
      ...new Array<bigint>(119).fill(0n),
    ]);
    assert.deepEqual(await marked(3, 1, [5, -1, 0]), [1n, 1n, 1n]);
  });

  it('may stand at the end of a row, whose last group lacks elements', async () => {
    const rows = 70;
    const values = Array.from({ length: rows * 13 }, (_, i) => i % 13);
    const found = await marked(rows, 13, values);
    assert.ok(13 % groupSize(rows, 13) !== 0, 'groups do not divide the row');
    assert.deepEqual(
      found,
      values.map((value) => BigInt(value === 12)),
    );
  });
});

describe('groups', () => {
  it('are there where all pairs would be too many, and take few rounds for few comparisons', () => {
    assert.equal(groupSize(1, 91), 91);
    assert.ok(groupSize(1, 92) < 10);
    assert.equal(groupSize(100_000, 8), 8);
    const { rounds, bytes } = oneHotCost(rep3Costs, 57, 144);
    const halving = tournamentCost(rep3Costs, 57, 144, 2);
    assert.equal(rounds, 28);
    assert.equal(halving.rounds, 88);
    assert.ok((bytes[0] ?? 0) < 3.5 * (halving.bytes[0] ?? 0));
  });

  it('are never slower than halving, from three elements on', () => {
    for (const rows of [1, 100, 10_000])
      for (let size = 3; size < 2000; size += 1 + Math.floor(size / 10))
        assert.ok(
          oneHotCost(rep3Costs, rows, size).rounds < tournamentCost(rep3Costs, rows, size, 2).rounds,
          `${rows} rows of ${size}`,
        );
  });
});
