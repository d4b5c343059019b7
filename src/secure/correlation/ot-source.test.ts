import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { shareOf } from '../../../test/effort.ts';
import { type FiberRun, runFibers } from '../../../test/parts/correlation-parties.ts';
import { PrivityError } from '../../base/errors.ts';
import { systemRandom } from '../../base/system.ts';
import type { MemoryChannelOptions } from '../../testing/memory-channel.ts';
import type { Fiber } from '../fiber.ts';
import { typescriptKernels } from '../kernels/typescript.ts';
import type { MatrixDims } from '../ring/matrix-dims.ts';
import { productLength } from '../sharing/linear.ts';
import { planeWords, type Words } from '../sharing/shares.ts';
import type { TreeBits } from './ot-extension.ts';
import { openOtSource } from './ot-source.ts';
import type { PairSource, SourceCosts, Triples } from './source.ts';

interface PairRun extends MemoryChannelOptions {
  readonly treeBits?: TreeBits;
  readonly observe?: (rank: number, stream: string, from: number, count: number) => void;
}

/** Opens the source at both members and runs `body`; gives values and the traffic of `body` alone. */
async function withSource<T>(
  body: (source: PairSource, fiber: Fiber) => Promise<T>,
  { treeBits = 4, observe, ...channel }: PairRun = {},
): Promise<(FiberRun<T> & { readonly costs: SourceCosts })[]> {
  const runs = await runFibers(
    2,
    async (fiber) => {
      const source = await openOtSource({
        fiber,
        random: systemRandom,
        kernels: typescriptKernels,
        treeBits,
        observe: observe && ((stream, from, count) => observe(fiber.rank, stream, from, count)),
      });
      try {
        return { value: await fiber.as('body', () => body(source, fiber)), costs: source.costs };
      } finally {
        source.destroy();
      }
    },
    channel,
  );
  return runs.map(({ value, report }) => ({ ...value, report }));
}

const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const sum = (x: Words, y: Words): Words => x.map((word, i) => u64(word + (y[i] ?? 0n)));
const xor = (x: Words, y: Words): Words => x.map((word, i) => word ^ (y[i] ?? 0n));
const combined = (runs: readonly FiberRun<Triples>[], put: typeof sum): Triples => {
  const [first, second] = runs.map(({ value }) => value);
  assert.ok(first && second);
  return { a: put(first.a, second.a), b: put(first.b, second.b), c: put(first.c, second.c) };
};

describe('correlated randomness by oblivious transfer', () => {
  for (const treeBits of shareOf([2, 4, 8] as const, 1)) {
    it(`multiplication triples multiply, with trees of ${treeBits} bits`, async () => {
      const { a, b, c } = combined(
        await withSource((source, fiber) => source.mulTriples(fiber, 70), { treeBits }),
        sum,
      );
      assert.deepEqual(
        c,
        a.map((word, i) => u64(word * (b[i] ?? 0n))),
      );
      assert.equal(new Set([...a, ...b, ...c]).size, 210);
    });
  }

  it('any number of triples, in several calls (law)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 3 }),
        async (counts) => {
          const runs = await withSource(async (source, fiber) => {
            const all: Triples[] = [];
            for (const count of counts) all.push(await source.mulTriples(fiber, count));
            return all;
          });
          for (const [index, count] of counts.entries()) {
            const { a, b, c } = combined(
              runs.map((run) => ({ ...run, value: run.value[index] as Triples })),
              sum,
            );
            assert.equal(c.length, count);
            assert.deepEqual(
              c,
              a.map((word, i) => u64(word * (b[i] ?? 0n))),
            );
          }
        },
      ),
      { numRuns: 5 },
    );
  });

  it('bit triples multiply', async () => {
    const { a, b, c } = combined(await withSource((source, fiber) => source.bitTriples(fiber, 1100)), xor);
    assert.deepEqual(
      c,
      a.map((word, i) => word & (b[i] ?? 0n)),
    );
    // Of 70,400 bits each, half are one; the deviation is 133.
    for (const [bits, expected] of [
      [a, 35_200],
      [b, 35_200],
      [c, 17_600],
    ] as const) {
      const ones = [...bits].reduce((count, word) => count + word.toString(2).replaceAll('0', '').length, 0);
      assert.ok(Math.abs(ones - expected) < 800);
    }
  });

  it('products of bits that the members know', async () => {
    for (const count of [1, 63, 64, 65, 200]) {
      const runs = await withSource((source, fiber) => source.bitProducts(fiber, count));
      const [first, second] = runs.map(({ value }) => value);
      assert.ok(first && second);
      assert.equal(first.products.length, count);
      assert.equal(first.bits.length, planeWords(count));
      sum(first.products, second.products).forEach((product, i) => {
        const both = (first.bits[i >> 6] ?? 0n) & (second.bits[i >> 6] ?? 0n);
        assert.equal(product, (both >> BigInt(i & 63)) & 1n);
      });
    }
  });

  it('crosses of bits that the members know', async () => {
    const runs = await withSource((source, fiber) => source.bitCrosses(fiber, 5));
    const [first, second] = runs.map(({ value }) => value);
    assert.ok(first && second);
    assert.equal(first.bits.length, 5);
    assert.deepEqual(
      xor(first.products, second.products),
      first.bits.map((word, i) => word & (second.bits[i] ?? 0n)),
    );
  });

  const shapes: readonly MatrixDims[] = [
    { batch: 1, rows: 1, inner: 1, columns: 1 },
    { batch: 2, rows: 3, inner: 5, columns: 4 },
    { batch: 2, rows: 4, inner: 3, columns: 6 },
    { batch: 1, rows: 40, inner: 30, columns: 1 },
    { batch: 1, rows: 1, inner: 40, columns: 30 },
  ];
  it('triples of matrices multiply', async () => {
    for (const dims of shapes) {
      const { a, b, c } = combined(
        await withSource((source, fiber) => source.matmulTriple(fiber, dims)),
        sum,
      );
      const want = new BigUint64Array(productLength(dims));
      typescriptKernels.matmul(want, a, b, dims, false);
      assert.deepEqual(c, want);
    }
  });

  it('fibers that run at once have randomness of their own', async () => {
    const runs = await withSource((source, fiber) =>
      fiber.all([
        (one) => source.mulTriples(one, 4),
        (other) => source.mulTriples(other, 4),
        (third) => source.mulTriples(third, 4),
      ]),
    );
    const seen = new Set<bigint>();
    for (let index = 0; index < 3; index++) {
      const { a, b, c } = combined(
        runs.map((run) => ({ ...run, value: run.value[index] as Triples })),
        sum,
      );
      assert.deepEqual(
        c,
        a.map((word, i) => u64(word * (b[i] ?? 0n))),
      );
      for (const word of [...a, ...b]) seen.add(word);
    }
    assert.equal(seen.size, 24);
  });

  it('costs what it declares', async () => {
    const calls: readonly (readonly [
      (source: PairSource, fiber: Fiber) => Promise<unknown>,
      (costs: SourceCosts) => object,
    ])[] = [
      [(source, fiber) => source.mulTriples(fiber, 1), (costs) => costs.mulTriples(1)],
      [(source, fiber) => source.mulTriples(fiber, 2049), (costs) => costs.mulTriples(2049)],
      [(source, fiber) => source.bitTriples(fiber, 1), (costs) => costs.bitTriples(1)],
      [(source, fiber) => source.bitTriples(fiber, 2051), (costs) => costs.bitTriples(2051)],
      [(source, fiber) => source.bitProducts(fiber, 130), (costs) => costs.bitProducts(130)],
      [(source, fiber) => source.bitCrosses(fiber, 2051), (costs) => costs.bitCrosses(2051)],
      ...shapes.map((dims): (typeof calls)[number] => [
        (source, fiber) => source.matmulTriple(fiber, dims),
        (costs) => costs.matmulTriple(dims),
      ]),
    ];
    for (const [call, declared] of calls) {
      const runs = await withSource(call);
      const { byOperation } = runs[0]?.report ?? {};
      const measured = {
        rounds: byOperation?.body?.exchanges,
        bytes: runs.map(({ report }) => report.byOperation.body?.bytesSent),
      };
      assert.deepEqual(measured, runs[0] && declared(runs[0].costs));
    }
  });

  it('1024 triples cost 508 bytes each by each member, 1024 words of bit triples 248', async () => {
    const [run] = await withSource(async () => undefined);
    assert.deepEqual(run?.costs.mulTriples(1024), { rounds: 2, bytes: [1024 * 508, 1024 * 508] });
    assert.deepEqual(run?.costs.bitTriples(1024), { rounds: 1, bytes: [1024 * 248, 1024 * 248] });
  });

  it('no position of any stream is used twice', async () => {
    const used = new Map<string, number>();
    await withSource(
      async (source, fiber) => {
        for (let i = 0; i < 3; i++) {
          await source.mulTriples(fiber, 3);
          await source.bitTriples(fiber, 1);
          await fiber.all<unknown>([
            (one) => source.bitProducts(one, 5),
            (other) => source.mulTriples(other, 2),
          ]);
        }
      },
      {
        observe: (rank, stream, from, count) => {
          const key = `${rank} ${stream}`;
          assert.equal(from, used.get(key) ?? 0, 'a stream went back or jumped');
          used.set(key, from + count);
        },
      },
    );
    assert.ok(used.size >= 20);
  });

  it('is refused after its end', async () => {
    const [first] = await runFibers(2, async (fiber) => {
      const source = await openOtSource({ fiber, random: systemRandom, kernels: typescriptKernels });
      source.destroy();
      source.destroy();
      const attempts = [
        () => source.mulTriples(fiber, 2),
        () => source.bitTriples(fiber, 2),
        () => source.bitProducts(fiber, 2),
        () => source.matmulTriple(fiber, { batch: 1, rows: 1, inner: 2, columns: 1 }),
      ];
      for (const attempt of attempts) await assert.rejects(attempt, { code: 'PRIVITY_SECURE_CLOSED' });
      return attempts.length;
    });
    assert.equal(first?.value, 4);
  });
});

describe('a peer that breaks the rules of oblivious transfer', () => {
  /**
   * What member 1 sends in a round is changed on its way to member 0. Rounds: opening, answer, trees, extension,
   * corrections.
   */
  const fails = async (round: number, change: (bytes: Uint8Array) => Uint8Array): Promise<void> => {
    let seen = 0;
    const error = await withSource((source, fiber) => source.mulTriples(fiber, 4), {
      tap: (from, _to, bytes) => (from === 1 && seen++ === round ? change(bytes) : bytes),
    }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof PrivityError, String(error));
    assert.equal(error.code, 'PRIVITY_SECURE_PROTOCOL');
    assert.equal(error.failure, 'PROTOCOL_VIOLATION');
  };
  const HEADER = 24;
  const point = (hex: string) => (bytes: Uint8Array) => {
    bytes.set(Buffer.from(hex, 'hex'), HEADER);
    return bytes;
  };
  const invalid: readonly (readonly [string, string])[] = [
    ['zeros', '00'.repeat(32)],
    ['the neutral element', `01${'00'.repeat(31)}`],
    ['a point of order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['a coordinate that is not reduced', `ee${'ff'.repeat(30)}7f`],
    ['no point of the curve', `02${'00'.repeat(31)}`],
  ];
  for (const [what, hex] of invalid) {
    it(`${what} as opening, or as answer`, async () => {
      await fails(0, point(hex));
      await fails(1, point(hex));
    });
  }
  it('messages cut short or too long, in every round', async () => {
    for (let round = 0; round < 5; round++) {
      await fails(round, (bytes) => bytes.subarray(0, bytes.byteLength - 8));
      await fails(round, (bytes) => Buffer.concat([bytes, new Uint8Array(8)]));
      await fails(round, () => new Uint8Array());
    }
  });
});
