/**
 * What a sort opens is an order only as long as keys lie near enough for their differences to have a sign. Beyond, the
 * outcomes of its comparisons go round in circles, which no order does, and so tell something of the keys. Here a sort
 * compares every pair of its keys, the circles of three among the outcomes are counted, and the bound, which refuses
 * such keys in the call, is held to where they begin.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withMethods } from '../../test/parts/protocol-methods.ts';
import { runSecure, settleSecure } from '../../test/parts/secure-parties.ts';
import { OutOfDomain } from './bounds/domain.ts';
import { type Interval, interval, intervalOf } from './bounds/interval.ts';
import { operationNamed } from './ops/catalogue.ts';
import * as ops from './ops/index.ts';
import { SAMPLED_KEYS_MIN, sampledLevels } from './ops/quicksort.ts';
import { keySpanMax } from './ops/sort.ts';
import type { SecretTensor } from './secret.ts';
import type { Evaluator } from './session.ts';
import { type Arith, arith } from './sharing/shares.ts';

/** So many keys begin with a sample, whose keys are compared pair by pair. */
const KEYS = SAMPLED_KEYS_MIN;
const SAMPLE = 2 ** sampledLevels(KEYS) - 1;
const SORTS = 6;

/** Keys as words, of which half lie at each end, or anywhere between. */
function keysOver({ min, max }: Interval, kind: 'ends' | 'between'): bigint[] {
  const span = max - min;
  return Array.from({ length: KEYS }, (_, i) =>
    kind === 'ends' ? (i % 2 === 0 ? min : max) : min + (span * BigInt((i * 7919) % KEYS)) / BigInt(KEYS - 1),
  );
}

function secretOf(on: Evaluator, keys: readonly bigint[]): SecretTensor {
  const words = BigUint64Array.from(keys, (key) => BigInt.asUintN(64, key));
  return {
    kind: 'secret',
    session: on.session,
    dtype: 'integer',
    shape: [KEYS],
    shares: on.protocol.publicA(words),
  };
}

/** Circles of three in the outcomes of the first level, in which the sampled keys are compared pair by pair. */
async function circles(keys: readonly bigint[]): Promise<number> {
  const [found = 0] = await runSecure('ref', 2, async (on) => {
    let count = 0;
    for (let sort = 0; sort < SORTS; sort++) {
      const levels: ((i: number, j: number) => boolean)[] = [];
      const watched = withMethods(on, {
        async openB(fiber, less, to) {
          const words = await on.protocol.openB(fiber, less, to);
          levels.push(outcomesOf(words ?? new BigUint64Array()));
          return words;
        },
      });
      await ops.sort(watched, secretOf(on, keys));
      const [first] = levels;
      assert.ok(first);
      count += circlesIn(first);
    }
    return count;
  });
  return found;
}

/** Whether sampled key j is below sampled key i, of i < j. */
function outcomesOf(words: BigUint64Array): (i: number, j: number) => boolean {
  const place = (i: number, j: number): number => i * SAMPLE - (i * (i + 1)) / 2 + j - i - 1;
  return (i, j) => (((words[place(i, j) >> 6] ?? 0n) >> BigInt(place(i, j) & 63)) & 1n) === 1n;
}

function circlesIn(below: (i: number, j: number) => boolean): number {
  let count = 0;
  for (let i = 0; i < SAMPLE; i++)
    for (let j = i + 1; j < SAMPLE; j++)
      for (let k = j + 1; k < SAMPLE; k++)
        if (below(i, j) === below(j, k) && below(i, j) !== below(i, k)) count++;
  return count;
}

const refused = (bound: Interval): boolean => {
  try {
    const operand = { bound, dtype: 'integer', shape: [KEYS] } as const;
    operationNamed('sort').bounds.bound({ operands: [operand], params: [], shape: [KEYS], fracBits: 18 });
    return false;
  } catch (error) {
    assert.ok(error instanceof OutOfDomain);
    return true;
  }
};

describe('what a sort opens', () => {
  const span = keySpanMax(KEYS);
  const spans: Readonly<Record<string, Interval>> = {
    'from 0 on': interval(0n, span),
    'around 0': interval(-span / 2n, span - span / 2n),
    'far from 0': interval(2n ** 62n - span, 2n ** 62n),
  };
  for (const [where, bound] of Object.entries(spans)) {
    it(`is an order up to the bound, ${where}, and keys within it are let through`, async () => {
      assert.equal(refused(bound), false);
      for (const kind of ['ends', 'between'] as const) assert.equal(await circles(keysOver(bound, kind)), 0);
    });

    it(`could be none just beyond the bound, ${where}, and is refused`, () => {
      assert.equal(refused({ ...bound, max: bound.max + 1n }), true);
    });
  }

  it('is an order of equal keys', async () => {
    assert.equal(await circles(new Array<bigint>(KEYS).fill(5n)), 0);
  });

  it('would be found to be none: just beyond the bound, and far beyond', async () => {
    // Two keys that lie one more apart have differences without a sign, of which some positions make circles.
    const beyond = interval(0n, span + 1n);
    assert.ok((await circles(keysOver(beyond, 'ends'))) > 0, 'circles of two keys and their positions');
    const far = interval(-(2n ** 62n), 2n ** 62n);
    assert.ok((await circles(keysOver(far, 'between'))) > 100);
    assert.ok(refused(beyond) && refused(far));
  });

  it('is nothing where keys were only assumed to be near, and are not', async () => {
    const assumed = interval(0n, span);
    for (const wrong of [span + 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 62n]) {
      const opened: Arith[] = [];
      const outcomes = await settleSecure('rep3', 3, async (on) => {
        const keys = [...keysOver(assumed, 'between').slice(1), wrong];
        const watched = withMethods(on, {
          msbS(fiber, x) {
            opened.push(arith(x.length, []));
            return on.protocol.msbS(fiber, x);
          },
        });
        await ops.checkWithin(watched, secretOf(on, keys), assumed);
        await ops.sort(watched, secretOf(on, keys));
      });
      // Who finds it first ends the run of the others.
      const reasons = outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason);
      assert.ok(reasons.every(Boolean));
      assert.ok(reasons.some((reason) => reason.code === 'PRIVITY_SECURE_ASSUMPTION'));
      // Both ends of each key, at three members, and no comparison of two.
      assert.deepEqual(
        opened.map(({ length }) => length),
        [2 * KEYS, 2 * KEYS, 2 * KEYS],
      );
    }
    const [fine] = await settleSecure('rep3', 3, (on) =>
      ops.checkWithin(on, secretOf(on, keysOver(assumed, 'ends')), assumed),
    );
    assert.equal(fine?.status, 'fulfilled');
    assert.deepEqual(intervalOf(...(keysOver(assumed, 'ends') as [bigint, ...bigint[]])), assumed);
  });
});
