import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import sodium from 'sodium-native';
import { share } from '../../../../test/effort.ts';
import { LOW_ORDER } from '../../../../test/parts/low-order.ts';
import { PeerError } from '../../../base/errors.ts';
import { type Curve, loadCurve, nodeCurve, sodiumCurve } from './curve.ts';
import { createCurveEngine } from './curve-engine.ts';
import { blindIds, CURVE_DST, tagPoints } from './curve-tasks.ts';
import { fromLittleEndian, intoLittleEndian, invertAll, isSquare, mod, p } from './field25519.ts';

const curves: readonly Curve[] = [sodiumCurve(sodium), nodeCurve()];
const scalar = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('field arithmetic', () => {
  it('inverts many at once', () => {
    const element = fc.bigInt({ min: 1n, max: p - 1n });
    fc.assert(
      fc.property(fc.array(element, { maxLength: 20 }), (elements) => {
        const inverses = invertAll(elements);
        assert.ok(elements.every((x, i) => mod(x * (inverses[i] ?? 0n)) === 1n));
      }),
    );
  });

  it('reads what it writes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (x) => {
        const bytes = new Uint8Array(32);
        intoLittleEndian(x, bytes);
        assert.equal(fromLittleEndian(bytes), x);
      }),
    );
    assert.ok(isSquare(4n) && !isSquare(2n));
  });
});

describe('the curve', () => {
  it('is sodium-native where it can be loaded', async () => {
    assert.equal((await loadCurve()).library, 'sodium-native');
  });

  it('gives the same points and products from both libraries', () => {
    fc.assert(
      fc.property(scalar, fc.array(scalar, { minLength: 1, maxLength: 3 }), (key, ids) => {
        const [a, b] = curves.map((curve) => blindIds(curve, key, Buffer.concat(ids)));
        assert.deepEqual(a, b);
        const [s, t] = curves.map((curve) => tagPoints(curve, key, a ?? new Uint8Array(), 11));
        assert.deepEqual(s, t);
      }),
      { numRuns: 30 },
    );
  });

  it('commutes: a·(b·H(x)) = b·(a·H(x))', () => {
    const [curve] = curves;
    assert.ok(curve);
    fc.assert(
      fc.property(scalar, scalar, scalar, (a, b, id) => {
        const viaA = tagPoints(curve, b, blindIds(curve, a, id) ?? id, 16);
        const viaB = tagPoints(curve, a, blindIds(curve, b, id) ?? id, 16);
        assert.deepEqual(viaA, viaB);
      }),
      { numRuns: share(50) },
    );
  });

  it('hashes ids to the curve, never to its twist', () => {
    const [curve] = curves;
    assert.ok(curve);
    const onCurve = (bytes: Uint8Array) => {
      const u = fromLittleEndian(bytes);
      return isSquare(mod(((u + 486662n) * u + 1n) * u));
    };
    const points = curve.encode(randomBytes(32 * 64), 32, CURVE_DST);
    let hashesOnCurve = 0;
    for (let i = 0; i < 64; i++) {
      assert.ok(onCurve(points.subarray(32 * i, 32 * i + 32)));
      if (onCurve(Buffer.concat([randomBytes(31), Buffer.of(0)]))) hashesOnCurve++;
    }
    // The guard bites: plain hashes taken for coordinates would be on the twist about every other time.
    assert.ok(hashesOnCurve < 60);
  });

  for (const curve of curves) {
    it(`refuses points of low order (${curve.library})`, () => {
      const good = curve.encode(randomBytes(32), 32, CURVE_DST);
      for (const point of LOW_ORDER) {
        assert.equal(curve.multiply(randomBytes(32), Buffer.concat([good, point])), undefined);
        assert.equal(tagPoints(curve, randomBytes(32), point, 10), undefined);
      }
    });
  }
});

describe('a library that does not write one result of many', () => {
  /** The call with this number does nothing. */
  const silentAt = (
    name: 'crypto_hash_sha512' | 'crypto_core_ed25519_from_uniform' | 'crypto_scalarmult',
    at: number,
  ) => {
    let calls = 0;
    const call = (...args: readonly Uint8Array[]): void => {
      if (calls++ !== at) (sodium[name] as (...args: readonly Uint8Array[]) => void)(...args);
    };
    return sodiumCurve({ ...sodium, [name]: call });
  };
  const ids = randomBytes(32 * 5);
  const cases = [
    ['crypto_scalarmult', 3],
    ['crypto_core_ed25519_from_uniform', 3],
    ['crypto_hash_sha512', 4],
  ] as const;
  for (const [name, at] of cases) {
    it(`is found out: ${name}`, () => {
      assert.throws(() => blindIds(silentAt(name, at), randomBytes(32), ids), /gave no result/);
      assert.ok(blindIds(silentAt(name, 1000), randomBytes(32), ids));
    });
  }
});

describe('the engine', () => {
  const never = new AbortController().signal;
  const key = () => new Uint8Array(32).fill(7);
  for (const threads of [0, 2]) {
    it(`works, refuses and ends with ${threads} threads`, async () => {
      const [curve] = curves;
      assert.ok(curve);
      const engine = await createCurveEngine(key(), threads, never);
      // A view into a larger buffer: only what is viewed may count.
      const ids = new Uint8Array(randomBytes(32 * 300).buffer, 0, 32 * 200);
      const points = await engine.blind(ids);
      assert.deepEqual(Buffer.from(points), Buffer.from(blindIds(curve, key(), ids) ?? []));
      const tags = await engine.tag(points, 12);
      assert.deepEqual(Buffer.from(tags), Buffer.from(tagPoints(curve, key(), points, 12) ?? []));
      const refused = engine.tag(Buffer.concat(LOW_ORDER.slice(0, 1)), 12);
      await assert.rejects(
        refused,
        (error: unknown) => error instanceof PeerError && error.code === 'PRIVITY_PSI_PROTOCOL',
      );
      await engine.close();
    });
  }

  it('takes the key over, and refuses one that is no key', async () => {
    const mine = key();
    const engine = await createCurveEngine(mine, 0, never);
    assert.ok(mine.every((byte) => byte === 0));
    await engine.close();
    await assert.rejects(createCurveEngine(new Uint8Array(32), 0, never), /not 32 random bytes/);
  });

  it('stops threads in the middle of work', async () => {
    const engine = await createCurveEngine(key(), 1, never);
    await engine.blind(randomBytes(32));
    const long = assert.rejects(engine.blind(randomBytes(32 * 200_000)));
    const started = performance.now();
    await engine.close();
    await long;
    // 200,000 ids would take 10 s.
    assert.ok(performance.now() - started < 3000);
  });
});
