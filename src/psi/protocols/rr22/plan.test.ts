import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BUCKET_ROWS, planBuckets, roomFor } from './plan.ts';

/** log2 of the chance that more than `room` of `rows` ids fall into one of `buckets` buckets: exact, by summing. */
function overflowBits(rows: number, buckets: number, room: number): number {
  const [inside, outside] = [Math.log2(1 / buckets), Math.log2(1 - 1 / buckets)];
  let log = rows * outside;
  let tail = 0;
  for (let count = 0; count <= rows; count++) {
    if (count > room) tail += 2 ** (log + 200);
    log += Math.log2((rows - count) / (count + 1)) + inside - outside;
  }
  return Math.log2(tail) - 200;
}

describe('buckets', () => {
  it('have room for both lists but for a chance below 2^-40 in a run', () => {
    for (const [rows, buckets] of [
      [100, 4],
      [1_000, 2],
      [5_000, 300],
      [200_000, 16],
    ] as const) {
      const room = roomFor(rows, buckets);
      const bits = overflowBits(rows, buckets, room) + Math.log2(2 * buckets);
      assert.ok(bits < -40, `${rows} rows in ${buckets}: 2^${bits}`);
      // The sum itself sees room that is too small.
      assert.ok(overflowBits(rows, buckets, Math.ceil(rows / buckets)) > -10);
    }
  });

  it('cost a few percent where they are large, and nothing where there is one', () => {
    assert.equal(roomFor(BUCKET_ROWS, 1), BUCKET_ROWS);
    assert.ok(roomFor(10_000_000, 39) < 1.02 * (10_000_000 / 39));
  });

  it('take turns where both lists are about as long, else the shorter one is the encoded one', () => {
    const turns = planBuckets([1000, 900], undefined, 300);
    assert.deepEqual([turns.buckets, [0, 1, 2, 3].map(turns.receiver)], [4, [0, 1, 0, 1]]);
    assert.deepEqual([...turns.receivers], [0, 1]);
    const uneven = planBuckets([100, 1000], undefined, 300);
    assert.deepEqual([[...uneven.receivers], uneven.receiver(1)], [[0], 0]);
    assert.deepEqual([...planBuckets([1000, 100], undefined, 300).receivers], [1]);
    assert.deepEqual([...planBuckets([1000, 900], 1, 300).receivers], [1]);
    assert.deepEqual(
      [planBuckets([10, 10], undefined, 300).buckets, planBuckets([10, 10], undefined, 300).receiver(0)],
      [1, 0],
    );
  });
});
