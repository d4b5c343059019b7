import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { okvsFailureBits } from '../okvs/shape.ts';
import { PIECES_MAX, pieceCount } from '../protocols/rr22/messages.ts';
import { ENCODINGS_MAX } from '../protocols/rr22/sizes.ts';
import { planBins } from './plan.ts';
import { binsOf, SHARES_COLUMNS_MAX, SHARES_ROWS_MAX } from './sizes.ts';

const SIZES: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 1_000_000],
  [50_000, 40],
  [1_000_000, 1_000_000],
  [SHARES_ROWS_MAX, 1],
  [SHARES_ROWS_MAX, SHARES_ROWS_MAX],
];

describe('buckets of an intersection into shares', () => {
  it('have messages of no more pieces than a number has room for, whatever the columns', () => {
    for (const [holder, other] of SIZES)
      for (let columns = 0; columns <= SHARES_COLUMNS_MAX; columns++) {
        const { sizes } = planBins(holder, other, columns);
        for (const bytes of [sizes.first, sizes.second, sizes.vector, sizes.hintsBytes])
          assert.ok(pieceCount(bytes) <= PIECES_MAX, `${columns} columns for ${holder} and ${other} rows`);
      }
  });

  it('have words that are the same by chance in one of 2^40 runs, and no longer than 64 bits', () => {
    for (const [holder, other] of SIZES)
      for (const columns of [0, SHARES_COLUMNS_MAX]) {
        const { bits, sizes } = planBins(holder, other, columns);
        const bins = sizes.allBins;
        assert.equal(bins, binsOf(holder), 'whatever the other has');
        assert.ok(bits <= 64 && bits - Math.log2(bins) >= 40, `${bits} bits for ${bins} bins`);
        assert.ok(bits - Math.log2(bins) < 41, 'and no more than it takes');
        assert.ok(bins >= holder);
      }
  });

  it('have hints that fail to be encoded in one of 2^40 runs', () => {
    for (const [holder, other] of SIZES)
      for (const columns of [0, 3, SHARES_COLUMNS_MAX]) {
        const { buckets, sizes, rooms } = planBins(holder, other, columns);
        assert.equal(sizes.hints.rows, 3 * rooms.other);
        const percent = Math.round(100 * (sizes.hints.starts / sizes.hints.rows - 1));
        if (sizes.hints.rows < 1000) continue;
        const all =
          okvsFailureBits(sizes.hints.rows, percent) - Math.log2(buckets * sizes.blocks * ENCODINGS_MAX);
        assert.ok(all >= 40, `2^-${all}`);
      }
  });

  it('are refused for rows or columns that there cannot be', () => {
    for (const [holder, other, columns] of [
      [0, 1, 0],
      [1, 0, 0],
      [SHARES_ROWS_MAX + 1, 1, 0],
      [1, 1, -1],
      [1, 1, SHARES_COLUMNS_MAX + 1],
      [1.5, 1, 0],
    ] as const)
      assert.throws(() => planBins(holder, other, columns), /impossible/);
  });
});
