import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { runSecure } from '../../../test/parts/secure-parties.ts';
import { typescriptKernels } from '../kernels/typescript.ts';
import type { Evaluator } from '../session.ts';
import { planeWords, type Words } from '../sharing/shares.ts';
import type { ProtocolName } from './table.ts';

const randomWords = (count: number): Words => {
  const bytes = new Uint8Array(randomBytes(8 * count));
  return new BigUint64Array(bytes.buffer);
};
const edges = BigUint64Array.of(0n, 1n, 2n ** 64n - 1n, 2n ** 63n, 2n ** 63n - 1n, 2n ** 62n, 12345n);
const some = (): Words => BigUint64Array.of(...edges, ...randomWords(130));
/** Signed and below 2^62 in magnitude. */
const small = (): Words => some().map((word) => BigInt.asUintN(64, BigInt.asIntN(63, word)));
const signed = (word: bigint | undefined): bigint => BigInt.asIntN(64, word ?? 0n);

for (const [protocol, size, dealer] of [
  ['ref', 2, false],
  ['ref', 3, false],
  ['rep3', 3, false],
  ['semi2k', 2, false],
  ['semi2k', 2, true],
  ['semi2k', 3, true],
  ['semi2k', 4, true],
  ['semi2k', 5, true],
] as [ProtocolName, number, boolean][]) {
  describe(`primitives of ${protocol} with ${size} members${dealer ? ' and a dealer' : ''}`, () => {
    const both = async <T>(
      x: Words,
      y: Words,
      body: (
        on: Evaluator,
        xs: Awaited<ReturnType<Evaluator['protocol']['shareA']>>,
        ys: typeof xs,
      ) => Promise<T>,
    ): Promise<T[]> =>
      runSecure(
        protocol,
        size,
        async (on, rank) => {
          const [xs, ys] = await on.all(
            (at) => at.protocol.shareA(at.fiber, 0, x.length, rank === 0 ? x : undefined),
            (at) => at.protocol.shareA(at.fiber, 1, y.length, rank === 1 ? y : undefined),
          );
          return body(on, xs, ys);
        },
        { dealer },
      );
    const same = (results: readonly unknown[], want: Words): void => {
      for (const result of results) assert.deepEqual(result, want);
    };
    const bit = (planes: Words | undefined, i: number): number =>
      Number(((planes?.[i >> 6] ?? 0n) >> BigInt(i & 63)) & 1n);

    it('shares, multiplies and opens', async () => {
      const [x, y] = [some(), some()];
      same(
        await both(x, y, async ({ protocol: p, fiber }, xs, ys) =>
          p.openA(fiber, await p.mulSS(fiber, xs, ys)),
        ),
        x.map((word, i) => BigInt.asUintN(64, word * (y[i] ?? 0n))),
      );
    });

    it('truncates with an error below 1, exactly where asked', async () => {
      const x = small();
      for (const by of [1, 7, 18, 36, 61]) {
        const near = await both(x, x, async ({ protocol: p, fiber }, xs) => {
          const trunc = await p.truncS(fiber, xs, by);
          const exact = await p.truncExactS(fiber, xs, by);
          return [await p.openA(fiber, trunc), await p.openA(fiber, exact)];
        });
        for (const [trunc, exact] of near) {
          x.forEach((word, i) => {
            const floor = signed(word) >> BigInt(by);
            assert.equal(signed(exact?.[i]), floor);
            assert.ok([0n, 1n].includes(signed(trunc?.[i]) - floor));
          });
        }
      }
    });

    it('truncates without gross errors up to the edge of the domain', async () => {
      const edge = 2n ** 62n;
      const x = BigUint64Array.from({ length: 20_000 }, (_, i) => {
        const step = BigInt(Math.floor(i / 4)) * (i < 10_000 ? 1n : 230_584_300_921_369n);
        return BigInt.asUintN(64, [edge - 1n - step, step - edge + 1n, step, -step][i % 4] as bigint);
      });
      for (const trunc of await both(x, x, async ({ protocol: p, fiber }, xs) =>
        p.openA(fiber, await p.truncS(fiber, xs, 18)),
      )) {
        x.forEach((word, i) => {
          const error = signed(trunc?.[i]) - (signed(word) >> 18n);
          assert.ok(error === 0n || error === 1n, `element ${i} is off by ${error}`);
        });
      }
    });

    it('converts and compares', async () => {
      const x = some();
      const results = await both(x, x, async ({ protocol: p, fiber }, xs) => {
        const bits = await p.a2b(fiber, xs, 64);
        return {
          bits: await p.openB(fiber, bits),
          back: await p.openA(fiber, await p.b2a(fiber, bits)),
          msb: await p.openB(fiber, await p.msbS(fiber, xs)),
          signs: await p.openA(fiber, await p.bit2a(fiber, await p.msbS(fiber, xs))),
          zero: await p.openB(fiber, await p.eqzS(fiber, xs)),
        };
      });
      for (const { bits, back, msb, signs, zero } of results) {
        assert.deepEqual(back, x);
        x.forEach((word, i) => {
          for (let j = 0; j < 64; j++) {
            const plane = bits?.subarray(j * planeWords(x.length));
            assert.equal(bit(plane, i), Number((word >> BigInt(j)) & 1n));
          }
          assert.equal(bit(msb, i), Number(word >> 63n));
          assert.equal(Number(signs?.[i]), Number(word >> 63n));
          assert.equal(bit(zero, i), word === 0n ? 1 : 0);
        });
      }
    });

    it('multiplies matrices', async () => {
      const dims = { batch: 2, rows: 3, inner: 5, columns: 4 };
      const [x, y] = [randomWords(30), randomWords(40)];
      const want = new BigUint64Array(24);
      for (let b = 0; b < 2; b++)
        for (let i = 0; i < 3; i++)
          for (let j = 0; j < 4; j++)
            for (let k = 0; k < 5; k++)
              want[b * 12 + i * 4 + j] =
                (want[b * 12 + i * 4 + j] ?? 0n) +
                (x[b * 15 + i * 5 + k] ?? 0n) * (y[b * 20 + k * 4 + j] ?? 0n);
      same(
        await both(x, y, async ({ protocol: p, fiber }, xs, ys) =>
          p.openA(fiber, await p.matmulSS(fiber, xs, ys, dims)),
        ),
        want,
      );
      const turned = (words: Words, rows: number, columns: number): Words => {
        const out = new BigUint64Array(words.length);
        typescriptKernels.transpose(out, words, { batch: 2, rows, columns });
        return out;
      };
      for (const [transposeLeft, transposeRight] of [
        [true, false],
        [false, true],
        [true, true],
      ] as const) {
        const [left, right] = [transposeLeft ? turned(x, 3, 5) : x, transposeRight ? turned(y, 5, 4) : y];
        same(
          await both(left, right, async ({ protocol: p, fiber }, xs, ys) =>
            p.openA(fiber, await p.matmulSS(fiber, xs, ys, { ...dims, transposeLeft, transposeRight })),
          ),
          want,
        );
      }
    });

    it('shuffles columns alike, and differently each time', async () => {
      const x = Float64Array.from({ length: 200 }, (_, i) => i);
      const words = BigUint64Array.from(x, (i) => BigInt(i));
      const results = await both(words, words, async ({ protocol: p, fiber }, xs, ys) => {
        const [a, b] = (await p.shuffleS(fiber, [xs, ys])) as [typeof xs, typeof xs];
        return [await p.openA(fiber, a), await p.openA(fiber, b)];
      });
      for (const [a, b] of results) {
        assert.deepEqual(a, b);
        assert.notDeepEqual(a, words);
        assert.deepEqual(a?.toSorted(), words);
        assert.deepEqual(a, results[0]?.[0]);
      }
    });
  });
}
