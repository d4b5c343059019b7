import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemRandom } from '../../../base/system.ts';
import { drawBlinding } from './blinding.ts';
import { loadCurve } from './curve.ts';
import { blindIds, CURVE_DST, hashIds } from './curve-tasks.ts';

const ids = systemRandom.bytes(32 * 3);

describe('a blind', () => {
  it('is taken off by its inverse, also after another party has multiplied', async () => {
    const curve = await loadCurve();
    const bob = systemRandom.bytes(32);
    const points = curve.encode(ids, 32, CURVE_DST);
    const hidden = blindIds(curve, bob, ids);
    assert.ok(hidden);
    for (let run = 0; run < 20; run++) {
      const { scalar, inverse } = drawBlinding(systemRandom);
      const blinded = blindIds(curve, scalar, ids) ?? assert.fail();
      assert.notDeepEqual(blinded, points);
      assert.deepEqual(curve.multiply(inverse, blinded), points);
      const back = curve.multiply(inverse, curve.multiply(bob, blinded) ?? assert.fail());
      assert.deepEqual(back, hidden);
    }
  });

  it('is of the form that X25519 makes of any, and so is its inverse', () => {
    for (let run = 0; run < 50; run++)
      for (const scalar of Object.values(drawBlinding(systemRandom))) {
        assert.equal((scalar[0] ?? 0) & 7, 0);
        assert.equal((scalar[31] ?? 0) >> 6, 1);
      }
  });

  it('is not drawn for ever', () => {
    let draws = 0;
    const random = {
      bytes(length: number) {
        draws++;
        return new Uint8Array(length);
      },
    };
    assert.throws(() => drawBlinding(random), /no scalar has an inverse/);
    assert.ok(draws <= 256);
  });
});

describe('hashes of rows', () => {
  it('are the same of an own id and of a point that is unblinded, and depend on key and id', async () => {
    const curve = await loadCurve();
    const bob = systemRandom.bytes(32);
    const { scalar, inverse } = drawBlinding(systemRandom);
    const own = hashIds(curve, bob, { ids, points: undefined }) ?? assert.fail();
    const points = curve.multiply(bob, blindIds(curve, scalar, ids) ?? assert.fail());
    assert.deepEqual(hashIds(curve, inverse, { ids, points }), own);
    assert.notDeepEqual(hashIds(curve, scalar, { ids, points }), own);
    const others = ids.toReversed();
    const mixed = hashIds(curve, inverse, { ids: others, points }) ?? assert.fail();
    assert.notDeepEqual(mixed.subarray(0, 64), own.subarray(0, 64));
  });
});
