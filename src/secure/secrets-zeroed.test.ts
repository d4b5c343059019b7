/** What is random in a session is overwritten when it ends, and when it does not come to begin. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settleSecure } from '../../test/parts/secure-parties.ts';
import { systemRandom } from '../base/system.ts';
import type { Random } from '../contracts/random.ts';
import { Fiber } from './fiber.ts';
import * as ops from './ops/index.ts';
import { Prg, SEED_BYTES, SharedSeed } from './prg.ts';
import { Rep3Seeds } from './protocols/rep3/seeds.ts';
import type { ProtocolName } from './protocols/table.ts';

const settings: readonly (readonly [ProtocolName, number, dealer: boolean])[] = [
  ['ref', 2, false],
  ['rep3', 3, false],
  ['semi2k', 2, false],
  ['semi2k', 2, true],
  ['semi2k', 3, true],
];

/** The operating system's generator, and all that it gave. */
function watched(): { readonly random: Random; readonly given: Uint8Array[] } {
  const given: Uint8Array[] = [];
  return {
    given,
    random: {
      bytes(length) {
        const bytes = systemRandom.bytes(length);
        given.push(bytes);
        return bytes;
      },
    },
  };
}

const left = (given: readonly Uint8Array[]): number =>
  given.filter((bytes) => bytes.some((byte) => byte !== 0)).length;

describe('what members draw from the operating system', () => {
  for (const [protocol, size, dealer] of settings) {
    const name = `${protocol} of ${size}${dealer ? ' and a dealer' : ''}`;
    it(`is zeroed at the end: ${name}`, async () => {
      const { random, given } = watched();
      const outcomes = await settleSecure(
        protocol,
        size,
        async (on, rank) => {
          const x = await ops.share(
            on,
            { owner: 0, dtype: 'fixed', shape: [3] },
            rank === 0 ? [1, 2, 3] : undefined,
          );
          await ops.reveal(on, await ops.lt(on, await ops.mul(on, x, x), 4));
        },
        { dealer, random: () => random },
      );
      assert.ok(outcomes.every(({ status }) => status === 'fulfilled'));
      assert.ok(given.length > size);
      assert.equal(left(given), 0);
    });

    it(`is zeroed wherever opening fails: ${name}`, async () => {
      for (let failing = 1; failing <= 4; failing++) {
        const { random, given } = watched();
        let messages = 0;
        await settleSecure(protocol, size, async () => undefined, {
          dealer,
          random: () => random,
          // Of what member 0 is sent the message with this number is cut.
          tap: (_from, to, bytes) => (to === 0 && ++messages === failing ? bytes.subarray(1) : bytes),
        });
        assert.equal(left(given), 0, `message ${failing}`);
      }
    });
  }
});

describe('seeds', () => {
  it('of rep3 that it has no use for are zeroed at once, the others at the end', () => {
    const seeds = Array.from({ length: 4 }, () => new Uint8Array(SEED_BYTES).fill(7));
    const [a, own, b, common] = seeds as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const made = new Rep3Seeds(1, { with: [a, own, b], common }, undefined);
    assert.equal(left([own, common]), 0);
    assert.equal(left([a, b]), 2);
    made.destroy();
    assert.equal(left(seeds), 0);
  });

  it('give an ended fiber no stream, which would begin again', async () => {
    const idle = {
      exchange: async () => [],
      forked: () => undefined,
      ended: () => undefined,
      fail: () => undefined,
    };
    const root = new Fiber(idle, '', 0, 2, undefined);
    const seed = new SharedSeed(systemRandom.bytes(SEED_BYTES), 'test');
    const drawn: bigint[] = [];
    let ended: Fiber | undefined;
    await root.all([
      async (fiber) => {
        ended = fiber;
        drawn.push(...seed.of(fiber).words(4));
      },
    ]);
    const late = ended as Fiber;
    assert.throws(() => seed.of(late), /after its end/);
    await assert.rejects(late.exchange({ label: 'late', outgoing: [], incoming: [] }), /after its end/);
    await assert.rejects(late.all([async () => undefined]), /after its end/);
    assert.equal(new Set(drawn).size, 4);
    // The parent goes on.
    assert.equal(seed.of(root).words(4).length, 4);
  });

  it('leave no word behind that was made ahead', () => {
    const stream = new Prg(systemRandom.bytes(SEED_BYTES), 'test');
    const given = stream.next(3);
    const block = new BigUint64Array(given.buffer);
    assert.ok(block.length > 3);
    stream.destroy();
    assert.ok(block.every((word) => word === 0n));
    assert.throws(() => stream.next(1));
  });
});
