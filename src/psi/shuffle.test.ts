import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Random } from '../contracts/random.ts';
import { randomPermutation, uniformBelow } from './shuffle.ts';

/** Reproducible: blocks of SHA-512 of a counter. */
export function seededRandom(seed: string): Random {
  let counter = 0;
  return {
    bytes(length) {
      const blocks: Buffer[] = [];
      for (let have = 0; have < length; have += 64) {
        blocks.push(createHash('sha512').update(`${seed} ${counter++}`).digest());
      }
      return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
    },
  };
}

/** Pearson's statistic of counts against equal ones. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((a, b) => a + b, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('shuffle', () => {
  it('is a permutation', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.string(), (length, seed) => {
        const sorted = [...randomPermutation(length, seededRandom(seed))].sort((a, b) => a - b);
        assert.deepEqual(
          sorted,
          Array.from({ length }, (_, i) => i),
        );
      }),
    );
  });

  it('makes all permutations of four equally likely', () => {
    const random = seededRandom('permutations');
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const key = randomPermutation(4, random).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    assert.equal(counts.size, 24);
    // 99.99% of uniform samples stay below 56 with 23 degrees of freedom.
    assert.ok(chiSquare([...counts.values()]) < 56);
    // The guard bites: never moving the last element is far outside.
    assert.ok(chiSquare([24_000, ...new Array<number>(23).fill(0)]) > 56);
  });

  it('rejects what would favour small numbers', () => {
    const bound = 3 * 2 ** 30;
    // Without rejection the values from 2^32 - 2^30 on would come out as small numbers; here all of them do at first.
    const view = new DataView(new ArrayBuffer(4096));
    for (let at = 0; at < 4092; at += 4) view.setUint32(at, 2 ** 32 - 1 - at, true);
    view.setUint32(4092, 12345, true);
    const draw = uniformBelow({ bytes: () => new Uint8Array(view.buffer) });
    assert.equal(draw(bound), 12345);
  });
});
