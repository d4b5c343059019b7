/**
 * What a member receives must look the same whatever the others' inputs are. Over many sessions with fixed inputs, the words of a message
 * are counted by some of their bits and compared with the uniform distribution (chi-square). A protocol that leaks is planted, and found.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runSecure, type SecureProtocol, type SecureRun } from '../testing/secure-parties.ts';
import { CHI_SQUARE_MAX, transcripts } from '../testing/transcripts.ts';
import * as ops from './ops/index.ts';
import type { SecretTensor } from './secret.ts';
import type { Evaluator } from './session.ts';
import type { Arith, Words } from './sharing/shares.ts';

const LENGTH = 512;

const fixed = (value: number) => new Float64Array(LENGTH).fill(value);

/** Two secrets with the same, extreme inputs in every session: anything but masks would show. */
const inputs = async (on: Evaluator, rank: number): Promise<readonly [SecretTensor, SecretTensor]> =>
  on.all(
    (at) => ops.share(at, { owner: 0, dtype: 'fixed', shape: [LENGTH] }, rank === 0 ? fixed(1) : undefined),
    (at) => ops.share(at, { owner: 1, dtype: 'fixed', shape: [LENGTH] }, rank === 1 ? fixed(3) : undefined),
  );

const operations: Readonly<
  Record<string, (on: Evaluator, x: SecretTensor, y: SecretTensor) => Promise<unknown>>
> = {
  share: async () => undefined,
  mul: ops.mul,
  'mul of integers': async ({ protocol, fiber }, x, y) =>
    protocol.mulSS(fiber, x.shares as Arith, y.shares as Arith),
  matmul: (on, x, y) => ops.matmul(on, ops.reshape(on, x, [16, 32]), ops.reshape(on, y, [32, 16])),
  lt: ops.lt,
  eq: ops.eq,
  abs: (on, x) => ops.abs(on, x),
  select: async (on, x, y) => ops.select(on, await ops.lt(on, x, y), x, y),
  'exact truncation': async ({ protocol, fiber }, x) => protocol.truncExactS(fiber, x.shares as Arith, 18),
  'bits and back': async ({ protocol, fiber }, x) =>
    protocol.b2a(fiber, await protocol.a2b(fiber, x.shares as Arith, 64)),
  div: ops.div,
  sqrt: (on, x) => ops.sqrt(on, x),
  log: (on, x) => ops.log(on, x),
  exp: (on, x) => ops.exp(on, x),
  sigmoid: (on, x) => ops.sigmoid(on, x),
  shuffle: (on, x, y) => ops.shuffle(on, x, y),
  max: (on, x, y) => ops.max(on, ops.reshape(on, ops.concat(on, [x, y]), [2, LENGTH]), 0),
  mean: (on, x, y) => ops.mean(on, ops.reshape(on, ops.concat(on, [x, y, x]), [3, LENGTH]), 0),
  and: async (on, x, y) => ops.and(on, await ops.cast(on, x, 'boolean'), await ops.cast(on, y, 'boolean')),
  'groupSum by secret groups': async (on, x, y) => ops.groupSum(on, x, await ops.cast(on, y, 'integer'), 4),
};

const long: ReadonlySet<string> = new Set(['div', 'sqrt', 'log', 'exp', 'sigmoid']);
const settings: readonly (readonly [SecureProtocol, number, SecureRun])[] = [
  ['rep3', 3, {}],
  ['semi2k', 2, {}],
  ['semi2k', 2, { dealer: true }],
  ['semi2k', 3, { dealer: true }],
];
for (const [protocol, size, setting] of settings) {
  describe(`messages of ${protocol}, ${size} members${setting.dealer === true ? ' and a dealer' : ''}`, () => {
    // Without a dealer the same messages cross, and those of oblivious transfer, which the longer operations only repeat.
    const brief = protocol === 'semi2k' && setting.dealer !== true;
    for (const [name, operation] of Object.entries(operations)) {
      if (brief && long.has(name)) continue;
      it(`are uniform in ${name}`, async () => {
        const found = await transcripts(
          protocol,
          size,
          async (on, rank) => operation(on, ...(await inputs(on, rank))),
          setting,
        );
        // semi2k shares without a message: all members draw what they hold.
        assert.equal(found.size === 0, name === 'share' && setting.dealer === true);
        for (const [message, nibbles] of found) {
          const worst = nibbles.worst();
          assert.ok(worst < CHI_SQUARE_MAX, `${message}: chi-square ${worst}`);
        }
      });
    }
  });
}

describe('messages', () => {
  it('would be found to leak: a product without its mask', async () => {
    const found = await transcripts('rep3', 3, async (on, rank) => {
      const [x, y] = await inputs(on, rank);
      const [xa, xb] = (x.shares as Arith).parts as [Words, Words];
      const [ya, yb] = (y.shares as Arith).parts as [Words, Words];
      const product = new BigUint64Array(LENGTH);
      // Both factors' shares are uniform, but their product has too many even numbers.
      on.kernels.rep3Mul(product, xa, xb, ya, yb, undefined, undefined);
      await on.fiber.exchange({
        label: 'leaky',
        outgoing: [0, 1, 2].map((to) => (to === (rank + 2) % 3 ? [product] : undefined)),
        incoming: [0, 1, 2].map((from) => (from === (rank + 1) % 3 ? product.byteLength : 0)),
      });
    });
    const leaks = [...found.values()].filter((nibbles) => nibbles.worst() > CHI_SQUARE_MAX);
    assert.ok(leaks.length > 0, 'the planted leak was not found');
  });

  it('never contain what an owner put in', async () => {
    // As it stands, as a double, and as its half-words in either order.
    const canary = 0x2badcafe;
    const words = BigUint64Array.of(BigInt(canary), BigInt(canary) << 18n);
    const needles = [...words].map((word) => Buffer.from(BigUint64Array.of(word).buffer));
    needles.push(Buffer.from(Float64Array.of(canary).buffer));
    const seen: Uint8Array[] = [];
    const run = async (protocol: SecureProtocol, setting: SecureRun = {}): Promise<boolean> => {
      seen.length = 0;
      await runSecure(
        protocol,
        3,
        async (on, rank) => {
          const options = { owner: 0, dtype: 'integer', shape: [2] } as const;
          const x = await ops.share(on, options, rank === 0 ? [canary, canary] : undefined);
          return ops.eq(on, await ops.mul(on, x, x), x);
        },
        {
          ...setting,
          tap(_from, _to, bytes) {
            seen.push(bytes);
            return bytes;
          },
        },
      );
      return seen.some((bytes) => needles.some((needle) => Buffer.from(bytes).includes(needle)));
    };
    assert.equal(await run('rep3'), false);
    assert.equal(await run('semi2k', { dealer: true }), false);
    // The plaintext twin hides nothing, and is caught.
    assert.equal(await run('ref'), true);
  });
});

describe('pseudorandom words', () => {
  it('are never drawn twice, and both holders draw the same', async () => {
    const ranks = [0, 1, 2];
    const drawn = ranks.map(() => new Map<string, [from: number, count: number][]>());
    await runSecure(
      'rep3',
      3,
      async (on, rank) => {
        const [x, y] = await inputs(on, rank);
        await on.all(...Object.values(operations).map((operation) => (at: Evaluator) => operation(at, x, y)));
      },
      {
        optionsOf: (rank) => ({
          observe(stream, from, count) {
            const list = drawn[rank]?.get(stream) ?? [];
            drawn[rank]?.set(stream, list);
            list.push([from, count]);
          },
        }),
      },
    );
    for (const streams of drawn) {
      for (const [stream, list] of streams) {
        let end = 0;
        for (const [from, count] of list) {
          assert.equal(from, end, `${stream} went back`);
          end = from + count;
        }
      }
    }
    const total = (rank: number, stream: string): number =>
      (drawn[rank]?.get(stream) ?? []).reduce((sum, [, count]) => sum + count, 0);
    for (const rank of ranks) {
      const before = (rank + 2) % 3;
      const streams = [...(drawn[rank]?.keys() ?? [])].filter((stream) => stream.startsWith(`share ${rank}`));
      assert.ok(streams.length > 5, 'concurrent fibers have streams of their own');
      for (const stream of streams) assert.equal(total(before, stream), total(rank, stream), stream);
    }
  });
});
