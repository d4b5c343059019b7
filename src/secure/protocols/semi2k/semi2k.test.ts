import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { share } from '../../../../test/effort.ts';
import { runSecure, type SecureRun, settleSecure } from '../../../../test/parts/secure-parties.ts';
import { PrivityError } from '../../../base/errors.ts';
import { systemRandom } from '../../../base/system.ts';
import { memoryChannels } from '../../../testing/memory-channel.ts';
import { createSession, type Evaluator, type Session } from '../../session.ts';
import type { Arith, Words } from '../../sharing/shares.ts';
import { layersOf, route } from './switches.ts';

const settings: readonly (readonly [number, SecureRun])[] = [
  [2, {}],
  [2, { dealer: true }],
  [3, { dealer: true }],
];
const named = ([size, { dealer }]: (typeof settings)[number]): string =>
  `${size} members${dealer === true ? ' and a dealer' : ''}`;

const shared = ({ protocol, fiber }: Evaluator, words: Words): Promise<Arith> =>
  protocol.shareA(fiber, 0, words.length, protocol.rank === 0 ? words : undefined);

/** Everything that takes correlated randomness. */
async function everything(on: Evaluator, x: Arith): Promise<void> {
  const { protocol: p, fiber } = on;
  await p.mulTruncSS(fiber, x, x, 18);
  await p.matmulSS(fiber, x, x, { batch: 1, rows: 1, inner: x.length, columns: 1 });
  await p.truncExactS(fiber, x, 18);
  await p.b2a(fiber, await p.a2b(fiber, x, 64));
  await p.bit2a(fiber, await p.msbS(fiber, x));
  await p.eqzS(fiber, x);
}

describe('truncation of semi2k', () => {
  for (const setting of settings) {
    it(`has no gross error up to the edges of its domain, ${named(setting)}`, async () => {
      const [size, run] = setting;
      const edge = 2n ** 62n - 1n;
      const values = [edge, -edge, edge - 1n, 1n - edge, 0n, 1n, -1n];
      // Where local truncation fails: large values, at which a wrap of the shares is likely.
      const x = BigUint64Array.from({ length: 7000 }, (_, i) => BigInt.asUintN(64, values[i % 7] as bigint));
      for (const by of [1, 18, 40, 62]) {
        const results = await runSecure(
          'semi2k',
          size,
          async (on) => {
            const y = await on.protocol.truncS(on.fiber, await shared(on, x), by);
            return on.protocol.openA(on.fiber, y);
          },
          run,
        );
        for (const result of results) {
          x.forEach((word, i) => {
            const floor = BigInt.asIntN(64, word) >> BigInt(by);
            const exact = BigInt.asUintN(by, word) === 0n;
            const excess = BigInt.asIntN(64, (result?.[i] ?? 0n) - floor);
            if (excess !== 0n && (excess !== 1n || exact)) assert.fail(`element ${i} is off by ${excess}`);
          });
        }
      }
    });
  }
});

describe('randomness of semi2k', () => {
  for (const setting of settings) {
    it(`is never used twice, ${named(setting)}`, async () => {
      const [size, run] = setting;
      const used = new Map<string, number>();
      await runSecure(
        'semi2k',
        size,
        async (on) => {
          const x = await shared(on, BigUint64Array.of(1n, 2n, 3n));
          for (let i = 0; i < 2; i++) {
            await everything(on, x);
            await on.all(
              (at) => everything(at, x),
              (at) => everything(at, x),
            );
          }
        },
        {
          ...run,
          optionsOf: (rank) => ({
            observe(stream, from, count) {
              const key = `${rank} ${stream}`;
              assert.equal(from, used.get(key) ?? 0, `${key} went back or jumped`);
              used.set(key, from + count);
            },
          }),
        },
      );
      assert.ok(used.size > 10);
    });
  }
});

describe('a failure in semi2k', () => {
  for (const setting of settings) {
    it(`in the middle of an operation destroys the randomness of all, ${named(setting)}`, async () => {
      const [size, run] = setting;
      // After so many messages of member 0 it is gone: while starting, while making triples, while multiplying.
      for (const last of [2, 5, 8]) {
        const sessions: Session[] = [];
        let sent = 0;
        const outcomes = await settleSecure(
          'semi2k',
          size,
          async (on) => {
            sessions.push(on.session);
            const x = await shared(on, BigUint64Array.of(5n, 6n));
            for (let i = 0; i < 3; i++) await everything(on, x);
          },
          {
            ...run,
            tap(from, _to, bytes) {
              if (from === 0 && ++sent > last) throw new Error('this member has crashed');
              return bytes;
            },
          },
        );
        for (const outcome of outcomes) assert.equal(outcome.status, 'rejected');
        for (const session of sessions) {
          assert.ok(session.destroyed);
          await assert.rejects(
            session.run(async () => undefined),
            { code: 'PRIVITY_SECURE_CLOSED' },
          );
          session.protocol.destroy();
        }
      }
    });
  }

  it('that comes from outside ends a session that waits', async () => {
    const stop = new AbortController();
    const { channels } = memoryChannels(2, { signal: stop.signal });
    const [channel] = channels;
    assert.ok(channel);
    const opening = createSession('semi2k', channel, systemRandom);
    stop.abort(new Error('the run has ended'));
    await assert.rejects(opening, /the run has ended/);
  });
});

describe('hostile messages to semi2k', () => {
  it('end in a typed error, wherever they come (law)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 25 }),
        fc.constantFrom('short', 'long', 'empty', 'round', 'random'),
        fc.constantFrom(...settings),
        async (position, change, [size, run]) => {
          let seen = 0;
          let changed = false;
          const errors: unknown[] = [];
          const outcomes = await settleSecure(
            'semi2k',
            size,
            async (on) => everything(on, await shared(on, BigUint64Array.of(7n))),
            {
              ...run,
              onDealerError: (error) => errors.push(error),
              tap(from, _to, bytes) {
                if (from !== 1 || seen++ !== position) return bytes;
                changed = true;
                if (change === 'short') return bytes.subarray(0, bytes.byteLength - 1);
                if (change === 'long') return Buffer.concat([bytes, new Uint8Array(1)]);
                if (change === 'empty') return new Uint8Array();
                if (change === 'random') return new Uint8Array(randomBytes(bytes.byteLength));
                return bytes.map((byte, at) => (at === 4 ? byte ^ 1 : byte));
              },
            },
          );
          for (const outcome of outcomes) if (outcome.status === 'rejected') errors.push(outcome.reason);
          if (!changed) return;
          // Others may notice only that the first to notice has stopped.
          const causes = errors.filter(
            (error) =>
              error instanceof PrivityError && ['PROTOCOL_VIOLATION', 'DIVERGENCE'].includes(error.failure),
          );
          assert.ok(causes.length > 0, String(errors));
          // A dealer may hear the last word of members that have succeeded.
          const ended = outcomes.map(({ status }) => status);
          assert.ok(run.dealer === true || !ended.includes('fulfilled'), String(ended));
        },
      ),
      { numRuns: share(40) },
    );
  });
});

describe('networks of switches', () => {
  it('permute as they are routed (law)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 6 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (levels, coins) => {
          const size = 2 ** levels;
          const keys = Array.from({ length: size }, () => coins.next().value as number);
          const permutation = Uint32Array.from({ length: size }, (_, line) => line).sort(
            (a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b,
          );
          const lines = Array.from({ length: size }, (_, line) => line);
          const crossed = route(permutation, levels);
          for (const [index, { lines: first, half }] of layersOf(levels).entries()) {
            for (const [at, line] of first.entries()) {
              if (crossed[index]?.[at] !== 1) continue;
              const upper = lines[line] ?? 0;
              lines[line] = lines[line + half] ?? 0;
              lines[line + half] = upper;
            }
          }
          assert.deepEqual(lines, [...permutation]);
        },
      ),
      { numRuns: share(300) },
    );
  });
});
