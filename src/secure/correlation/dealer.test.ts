import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { share } from '../../../test/effort.ts';
import { runSecure } from '../../../test/parts/secure-parties.ts';
import { PrivityError } from '../../base/errors.ts';
import { systemRandom } from '../../base/system.ts';
import { type MemoryChannelOptions, memoryChannels } from '../../testing/memory-channel.ts';
import type { Fiber } from '../fiber.ts';
import { typescriptKernels } from '../kernels/typescript.ts';
import { checkDealer } from '../protocols/table.ts';
import { Rounds } from '../rounds.ts';
import { productLength } from '../sharing/linear.ts';
import type { Words } from '../sharing/shares.ts';
import { type DealerReport, serveDealer } from './dealer.ts';
import { FRAME_HEADER_BYTES, frame, orderBody, readMemberMessage } from './dealer-frames.ts';
import { linkToDealer, openDealerSource } from './dealer-source.ts';
import {
  correctionWords,
  MATMUL_PRODUCTS_MAX,
  ORDER_WORDS_MAX,
  type Order,
  type RecipeKind,
  recipeKinds,
  recipeOf,
} from './recipes.ts';
import type { CorrelationSource, GroupSource, PairSource } from './source.ts';

interface Dealt<T> {
  readonly values: readonly T[];
  readonly dealer: DealerReport;
  readonly bytes: readonly number[];
}

/** Members 0 … size-1 and a dealer, whose rank is `size`, or another. The first error stops all and is thrown. */
async function deal<T>(
  size: number,
  body: (source: CorrelationSource, fiber: Fiber) => Promise<T>,
  { dealer = size, ...options }: MemoryChannelOptions & { dealer?: number } = {},
): Promise<Dealt<T>> {
  const stop = new AbortController();
  const { channels, sent } = memoryChannels(size + 1, { ...options, signal: stop.signal });
  let first: unknown;
  const guarded = async <R>(work: () => Promise<R>): Promise<R> => {
    try {
      return await work();
    } catch (error) {
      first ??= error;
      stop.abort(new Error('another member failed'));
      throw error;
    }
  };
  const serving = guarded(async () => {
    const channel = channels[dealer];
    assert.ok(channel);
    return serveDealer(channel, systemRandom, typescriptKernels);
  });
  const members = channels
    .filter((_, rank) => rank !== dealer)
    .map((channel) =>
      guarded(async () => {
        const link = linkToDealer(channel, dealer);
        const source = await openDealerSource(link);
        try {
          return await body(source, new Rounds(link.members).root);
        } finally {
          source.destroy();
        }
      }),
    );
  const outcomes = await Promise.allSettled([serving, ...members]);
  if (outcomes.some(({ status }) => status === 'rejected')) throw first;
  return { values: await Promise.all(members), dealer: await serving, bytes: sent.map(({ bytes }) => bytes) };
}

const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const sum = (shares: readonly (Words | undefined)[]): Words =>
  shares.reduce<Words>(
    (total, share) => total.map((word, i) => u64(word + (share?.[i] ?? 0n))),
    new BigUint64Array(shares[0]?.length ?? 0),
  );
const xor = (shares: readonly (Words | undefined)[]): Words =>
  shares.reduce<Words>(
    (total, share) => total.map((word, i) => word ^ (share?.[i] ?? 0n)),
    new BigUint64Array(shares[0]?.length ?? 0),
  );
const bitOf = (plane: Words, i: number): bigint => ((plane[i >> 6] ?? 0n) >> BigInt(i & 63)) & 1n;
const group = (source: CorrelationSource): GroupSource => {
  assert.equal(source.kind, 'group');
  return source as GroupSource;
};

describe('a dealer', () => {
  for (const size of [2, 3, 5]) {
    it(`deals triples to ${size} members`, async () => {
      const dims = { batch: 2, rows: 3, inner: 4, columns: 5 };
      const { values } = await deal(size, async (source, fiber) => ({
        mul: await source.mulTriples(fiber, 70),
        and: await source.bitTriples(fiber, 9),
        matmul: await source.matmulTriple(fiber, dims),
      }));
      const total = (kind: 'mul' | 'and' | 'matmul', put: typeof sum) => ({
        a: put(values.map((value) => value[kind].a)),
        b: put(values.map((value) => value[kind].b)),
        c: put(values.map((value) => value[kind].c)),
      });
      const mul = total('mul', sum);
      assert.deepEqual(
        mul.c,
        mul.a.map((word, i) => u64(word * (mul.b[i] ?? 0n))),
      );
      assert.equal(new Set([...mul.a, ...mul.b, ...mul.c]).size, 210);
      const and = total('and', xor);
      assert.deepEqual(
        and.c,
        and.a.map((word, i) => word & (and.b[i] ?? 0n)),
      );
      const matmul = total('matmul', sum);
      const want = new BigUint64Array(productLength(dims));
      typescriptKernels.matmul(want, matmul.a, matmul.b, dims, false);
      assert.deepEqual(matmul.c, want);
    });
  }

  it('deals what two members need', async () => {
    const { values } = await deal(2, (source, fiber) => (source as PairSource).bitProducts(fiber, 130));
    sum(values.map(({ products }) => products)).forEach((product, i) => {
      const [first, second] = values.map(({ bits }) => bitOf(bits, i));
      assert.equal(product, (first ?? 0n) & (second ?? 0n));
    });
  });

  it('deals crosses of bits to two members', async () => {
    const { values } = await deal(2, (source, fiber) => (source as PairSource).bitCrosses(fiber, 5));
    const [first, second] = values.map(({ bits }) => bits);
    assert.deepEqual(
      xor(values.map(({ products }) => products)),
      first?.map((word, i) => word & (second?.[i] ?? 0n)),
    );
  });

  it('deals what more members need', async () => {
    const { values } = await deal(3, async (source, fiber) => ({
      masks: await group(source).bitMasks(fiber, 65),
      plain: await group(source).truncationMasks(fiber, 65, 18, false),
      exact: await group(source).truncationMasks(fiber, 65, 18, true),
      double: await group(source).doubleBits(fiber, 65),
    }));
    assert.deepEqual(
      sum(values.map(({ masks }) => masks.numbers)),
      xor(values.map(({ masks }) => masks.bits)),
    );
    for (const kind of ['plain', 'exact'] as const) {
      const r = sum(values.map((value) => value[kind].numbers));
      assert.deepEqual(
        sum(values.map((value) => value[kind].shifted)),
        r.map((word) => BigInt.asUintN(63, word) >> 18n),
      );
      assert.deepEqual(
        sum(values.map((value) => value[kind].top)),
        r.map((word) => word >> 63n),
      );
      if (kind === 'exact') assert.deepEqual(xor(values.map(({ exact }) => exact.bits)), r);
    }
    const bits = xor(values.map(({ double }) => double.bits));
    const numbers = sum(values.map(({ double }) => double.numbers));
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => bitOf(bits, i)),
    );
  });

  it('may have any rank', async () => {
    for (const dealer of [0, 1, 2]) {
      const { values } = await deal(2, (source, fiber) => source.mulTriples(fiber, 5), { dealer });
      const [a, b, c] = (['a', 'b', 'c'] as const).map((part) => sum(values.map((value) => value[part])));
      assert.deepEqual(
        c,
        a?.map((word, i) => u64(word * (b?.[i] ?? 0n))),
      );
    }
  });

  it('deals to fibers that run at once, and in any order of calls (law)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 }),
        async (counts) => {
          const { values } = await deal(3, (source, fiber) =>
            fiber.all(
              counts.map((count) => async (own: Fiber) => {
                const first = source.mulTriples(own, count);
                const second = source.mulTriples(own, count);
                return [await first, await second] as const;
              }),
            ),
          );
          const seen = new Set<bigint>();
          for (const [index] of counts.entries()) {
            for (const which of [0, 1] as const) {
              const [a, b, c] = (['a', 'b', 'c'] as const).map((part) =>
                sum(values.map((value) => value[index]?.[which][part])),
              );
              assert.deepEqual(
                c,
                a?.map((word, i) => u64(word * (b?.[i] ?? 0n))),
              );
              for (const word of a ?? []) seen.add(word);
            }
          }
          assert.equal(seen.size, 2 * counts.reduce((all, count) => all + count, 0));
        },
      ),
      { numRuns: 10 },
    );
  });

  it('cuts long orders', async () => {
    const count = (1 << 17) + 100;
    const { values } = await deal(2, (source, fiber) => source.mulTriples(fiber, count));
    const [a, b, c] = (['a', 'b', 'c'] as const).map((part) => sum(values.map((value) => value[part])));
    assert.equal(c?.length, count);
    assert.deepEqual(
      c,
      a?.map((word, i) => u64(word * (b?.[i] ?? 0n))),
    );
  });

  it('sends what it declares, to the last member alone', async () => {
    const orders: readonly (readonly [
      Order,
      (source: GroupSource, fiber: Fiber) => Promise<unknown>,
      words: number,
    ])[] = [
      [{ kind: 'mul', sizes: [100] }, (source, fiber) => source.mulTriples(fiber, 100), 100],
      [{ kind: 'and', sizes: [7] }, (source, fiber) => source.bitTriples(fiber, 7), 7],
      [
        { kind: 'matmul', sizes: [1, 3, 4, 5] },
        (source, fiber) => source.matmulTriple(fiber, { batch: 1, rows: 3, inner: 4, columns: 5 }),
        15,
      ],
      [{ kind: 'bitMasks', sizes: [9] }, (source, fiber) => source.bitMasks(fiber, 9), 9],
      [
        { kind: 'truncation', sizes: [9, 18, 1] },
        (source, fiber) => source.truncationMasks(fiber, 9, 18, false),
        18,
      ],
      [
        { kind: 'truncation', sizes: [9, 18, 2] },
        (source, fiber) => source.truncationMasks(fiber, 9, 18, true),
        27,
      ],
      [{ kind: 'doubleBits', sizes: [65] }, (source, fiber) => source.doubleBits(fiber, 65), 65],
    ];
    for (const [order, call, words] of orders) {
      const recipe = recipeOf(order);
      assert.ok(recipe);
      assert.equal(correctionWords(recipe), words);
      const to: number[] = [];
      const { dealer } = await deal(3, (source, fiber) => call(group(source), fiber), {
        tap(from, receiver, bytes) {
          if (from === 3 && bytes[4] === 3) to.push(receiver);
          return bytes;
        },
      });
      const seeds = 3 * (FRAME_HEADER_BYTES + 16);
      assert.equal(dealer.bytesSent, seeds + recipe.dependent.length * FRAME_HEADER_BYTES + 8 * words);
      assert.deepEqual(new Set(to), new Set([2]));
    }
  });

  it('is refused after the end of the session', async () => {
    const { values } = await deal(3, async (source, fiber) => {
      source.destroy();
      source.destroy();
      await assert.rejects(source.mulTriples(fiber, 1), { code: 'PRIVITY_SECURE_CLOSED' });
      await assert.rejects(group(source).bitMasks(fiber, 1), { code: 'PRIVITY_SECURE_CLOSED' });
      return 'refused';
    });
    assert.deepEqual(values, ['refused', 'refused', 'refused']);
  });
});

describe('rules between a dealer and its members', () => {
  const fails = async (options: MemoryChannelOptions): Promise<void> => {
    const error = await deal(3, (source, fiber) => source.mulTriples(fiber, 4), options).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof PrivityError, String(error));
    assert.equal(error.code, 'PRIVITY_DEALER_PROTOCOL');
    assert.equal(error.failure, 'PROTOCOL_VIOLATION');
  };
  const edit = (at: number, value: number) => (bytes: Uint8Array) => {
    bytes[at] = value;
    return bytes;
  };
  const SEED = 1;
  const ORDER = 2;
  const CORRECTION = 3;
  const spoil = (kind: number, change: (bytes: Uint8Array) => Uint8Array): MemoryChannelOptions => ({
    tap: (_from, _to, bytes) => (bytes[0] === 0x44 && bytes[4] === kind ? change(bytes) : bytes),
  });
  const cases: readonly (readonly [string, MemoryChannelOptions])[] = [
    ['another protocol', spoil(SEED, edit(0, 0x51))],
    ['another version', spoil(SEED, edit(3, 2))],
    ['reserved bytes', spoil(ORDER, edit(6, 1))],
    ['a seed that is too short', spoil(SEED, (bytes) => bytes.subarray(0, 30))],
    ['a seed instead of a correction', spoil(CORRECTION, edit(4, SEED))],
    ['a correction that is too short', spoil(CORRECTION, (bytes) => bytes.subarray(0, bytes.byteLength - 8))],
    [
      'a correction that is too long',
      spoil(CORRECTION, (bytes) => Buffer.concat([bytes, new Uint8Array(8)])),
    ],
    ['a correction of another order', spoil(CORRECTION, edit(8, 1))],
    ['a correction of another part', spoil(CORRECTION, edit(12, 1))],
    ['an order out of order', spoil(ORDER, edit(8, 1))],
    ['an order of an unknown kind', spoil(ORDER, edit(FRAME_HEADER_BYTES, 99))],
    ['an order for another place of a stream', spoil(ORDER, edit(FRAME_HEADER_BYTES + 24, 1))],
    ['an order of no size', spoil(ORDER, edit(FRAME_HEADER_BYTES + 4, 0))],
    ['an order of too large a size', spoil(ORDER, edit(FRAME_HEADER_BYTES + 7, 0xff))],
    ['an order that is cut short', spoil(ORDER, (bytes) => bytes.subarray(0, 20))],
    ['an order with a path that is none', spoil(ORDER, (bytes) => Buffer.concat([bytes, Buffer.from('x')]))],
    [
      'an order with an endless path',
      spoil(ORDER, (bytes) => Buffer.concat([bytes, Buffer.alloc(5000, '/')])),
    ],
  ];
  for (const [what, options] of cases) it(what, () => fails(options));

  it('an order of another than the last member', async () => {
    const { channels } = memoryChannels(3);
    const [first, , dealer] = channels;
    assert.ok(first && dealer);
    const serving = serveDealer(dealer, systemRandom, typescriptKernels);
    await first.send(2, frame('order', 0, 0, orderBody({ kind: 'mul', sizes: [1] }, { path: '', drawn: 0 })));
    await assert.rejects(serving, { code: 'PRIVITY_DEALER_PROTOCOL' });
  });

  it('an order for an operation that has ended, whose stream would begin again', async () => {
    const { channels } = memoryChannels(3);
    const [, last, dealer] = channels;
    assert.ok(last && dealer);
    const serving = assert.rejects(serveDealer(dealer, systemRandom, typescriptKernels), {
      code: 'PRIVITY_DEALER_PROTOCOL',
      message: /has ended/,
    });
    const order = (kind: 'mul' | 'and', number: number, path: string) =>
      last.send(2, frame('order', number, 0, orderBody({ kind, sizes: [1] }, { path, drawn: 0 })));
    await order('mul', 0, '/0.0');
    await last.send(2, frame('release', 0, 0, Buffer.from('/0.0')));
    await order('and', 1, '/0.0');
    await serving;
  });

  it('random messages: a typed error, or a message (law)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.integer({ min: 0, max: 6 }), (noise, kind) => {
        const bytes =
          kind === 0 ? noise : Buffer.concat([Buffer.from([0x44, 0x45, 0x41, 1, kind, 0, 0, 0]), noise]);
        try {
          readMemberMessage(bytes);
        } catch (error) {
          assert.ok(error instanceof PrivityError);
        }
      }),
      { numRuns: share(2000) },
    );
  });

  it('an order costs a dealer a bounded amount of memory and work', () => {
    const words = (kind: RecipeKind, sizes: readonly number[]): number => {
      const recipe = recipeOf({ kind, sizes });
      return [...(recipe?.random ?? []), ...(recipe?.dependent ?? [])].reduce(
        (sum, part) => sum + part.words,
        0,
      );
    };
    for (const kind of recipeKinds.filter((each) => each !== 'matmul')) {
      const rest = kind === 'truncation' ? [62, 2] : [];
      assert.ok(words(kind, [ORDER_WORDS_MAX, ...rest]) > 0, kind);
      assert.ok(words(kind, [ORDER_WORDS_MAX, ...rest]) <= 4 * ORDER_WORDS_MAX, kind);
      assert.equal(recipeOf({ kind, sizes: [ORDER_WORDS_MAX + 1, ...rest] }), undefined, kind);
    }
    assert.equal(recipeOf({ kind: 'truncation', sizes: [1, 63, 1] }), undefined);
    const side = 2 ** 13;
    assert.equal(recipeOf({ kind: 'matmul', sizes: [1, side, side, side] }), undefined);
    assert.ok(side ** 3 > MATMUL_PRODUCTS_MAX);
    assert.ok(recipeOf({ kind: 'matmul', sizes: [1, side, side, side / 2] }));
  });

  it('impossible orders have no recipe', () => {
    for (const kind of recipeKinds) {
      for (const sizes of [[], [0], [-1], [1.5], [1, 1], [2 ** 31], [2 ** 16, 2 ** 16, 2 ** 16, 2 ** 16]]) {
        const made = recipeOf({ kind, sizes });
        assert.ok(made === undefined || sizes.every((size) => size >= 1 && Number.isInteger(size)));
      }
      assert.equal(recipeOf({ kind, sizes: [0, 0, 0, 0] }), undefined);
    }
  });
});

describe('who may be a dealer', () => {
  const refused = (work: () => unknown) =>
    assert.throws(work, { name: 'UsageError', code: 'PRIVITY_SECURE_DEALER' });

  it('is said at the call', () => {
    checkDealer('semi2k', ['alice', 'bob'], undefined);
    checkDealer('semi2k', ['alice', 'bob', 'carol'], 'dave');
    checkDealer('rep3', ['alice', 'bob', 'carol'], undefined);
    refused(() => checkDealer('semi2k', ['alice', 'bob', 'carol'], 'carol'));
    refused(() => checkDealer('semi2k', ['alice', 'bob', 'carol'], undefined));
    refused(() => checkDealer('rep3', ['alice', 'bob', 'carol'], 'dave'));
  });

  it('is checked when a device is opened', async () => {
    const nothing = async () => undefined;
    const opened = (protocol: 'rep3' | 'semi2k', size: number, dealer?: number) =>
      runSecure(protocol, size, nothing, dealer === undefined ? {} : { options: { dealer } });
    const code = { code: 'PRIVITY_SECURE_DEALER' };
    await assert.rejects(opened('semi2k', 3), code);
    await assert.rejects(opened('rep3', 4, 3), code);
    await assert.rejects(opened('semi2k', 3, 3), code);
    await assert.rejects(opened('semi2k', 3, -1), code);
    await assert.rejects(opened('semi2k', 3, 0), code);
    await assert.rejects(opened('semi2k', 7, 6), { code: 'PRIVITY_SECURE_PARTIES' });
  });
});
