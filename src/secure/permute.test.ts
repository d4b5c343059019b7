/** Secret orders: applied, undone, an owner's own, and what is none. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { runSecure, type SecureRun, settleSecure } from '../../test/parts/secure-parties.ts';
import { DataError } from '../base/errors.ts';
import { OutOfDomain } from './bounds/domain.ts';
import { interval } from './bounds/interval.ts';
import { operationNamed } from './ops/catalogue.ts';
import * as ops from './ops/index.ts';
import { permuteByCost } from './ops/permute.ts';
import type { ProtocolName } from './protocols/table.ts';
import { decode } from './ring/fixed-point.ts';
import { HEADER_BYTES } from './rounds.ts';
import type { SecretTensor } from './secret.ts';
import type { Evaluator } from './session.ts';
import { MemberError } from './violations.ts';

const settings: readonly (readonly [ProtocolName, number, SecureRun])[] = [
  ['ref', 2, {}],
  ['rep3', 3, {}],
  ['semi2k', 2, { dealer: true }],
  ['semi2k', 3, { dealer: true }],
  ['semi2k', 2, {}],
];

/** A power of two and others, and the smallest. */
const LENGTHS = [1, 2, 3, 8, 13];
const WIDTH = 3;

/** One of many orders of so many rows, another one for each `turn`. */
function shuffled(length: number, turn: number): number[] {
  const digest = createHash('shake256', { outputLength: 4 * length })
    .update(`${length} ${turn}`)
    .digest();
  const drawn = new Uint32Array(new Uint8Array(digest).buffer);
  return Array.from(drawn.keys()).sort((a, b) => (drawn[a] ?? 0) - (drawn[b] ?? 0));
}

const integers = (
  on: Evaluator,
  values: readonly number[],
  shape: readonly number[],
): Promise<SecretTensor> =>
  ops.share(on, { owner: 1, dtype: 'integer', shape }, on.protocol.rank === 1 ? values : undefined);

async function opened(on: Evaluator, x: SecretTensor): Promise<number[]> {
  const result = await ops.reveal(on, x);
  assert.ok(result);
  return [...decode(result.words, result.dtype, on.fracBits)];
}

const rowOf = (values: readonly number[], row = 0): readonly number[] =>
  values.slice(WIDTH * row, WIDTH * (row + 1));

for (const [protocol, size, setting] of settings) {
  const dealer = setting.dealer === true ? ' and a dealer' : '';
  describe(`orders of ${protocol}, ${size} members${dealer}`, () => {
    for (const length of LENGTHS) {
      it(`are applied, undone, and put one behind the other: ${length} rows`, async () => {
        const [order, then] = [shuffled(length, 0), shuffled(length, 1)];
        const values = Array.from({ length: WIDTH * length }, (_, i) => 7 * i - 50);
        await runSecure(
          protocol,
          size,
          async (on) => {
            const x = await integers(on, values, [length, WIDTH]);
            const [first, second] = [await integers(on, order, [length]), await integers(on, then, [length])];
            const applied = await ops.permute(on, x, first);
            assert.deepEqual(
              await opened(on, applied),
              order.flatMap((row) => rowOf(values, row)),
            );
            assert.deepEqual(await opened(on, await ops.unpermute(on, applied, first)), values);
            const both = await ops.permute(on, x, await ops.permute(on, first, second));
            assert.deepEqual(
              await opened(on, both),
              await opened(on, await ops.permute(on, applied, second)),
            );
          },
          setting,
        );
      });

      it(`of one member are applied, for their declared cost: ${length} rows`, async () => {
        const values = Array.from({ length: WIDTH * length }, (_, i) => 7 * i - 50);
        const orders = Array.from({ length: size }, (_, owner) => shuffled(length, owner));
        await runSecure(
          protocol,
          size,
          async (on, rank) => {
            const x = await integers(on, values, [length, WIDTH]);
            for (const [owner, order] of orders.entries()) {
              const before = on.session.report();
              const own = rank === owner ? Uint32Array.from(order) : undefined;
              const applied = await ops.permuteBy(on, x, owner, own);
              const after = on.session.report();
              const declared = permuteByCost(on.protocol.costs, owner, x.shape);
              assert.deepEqual(
                { rounds: after.rounds - before.rounds, bytes: after.bytesSent - before.bytesSent },
                { rounds: declared.rounds, bytes: declared.bytes[rank] },
              );
              assert.deepEqual(
                await opened(on, applied),
                order.flatMap((row) => rowOf(values, row)),
              );
            }
          },
          setting,
        );
      });
    }

    for (const [what, positions] of Object.entries({
      'one of them twice': [0, 1, 1, 3],
      'one beyond the last': [0, 1, 2, 4],
      'one below 0': [0, 1, 2, -1],
      'one far beyond': [0, 1, 2, 2 ** 32 + 3],
    })) {
      it(`are refused at every member alike where they are none: ${what}`, async () => {
        for (const apply of [ops.permute, ops.unpermute]) {
          const errors = await runSecure(
            protocol,
            size,
            async (on): Promise<unknown> => {
              const [x, order] = [await integers(on, [5, 6, 7, 8], [4]), await integers(on, positions, [4])];
              return apply(on, x, order).catch((error: unknown) => error);
            },
            setting,
          );
          for (const error of errors) {
            assert.ok(error instanceof DataError);
            assert.equal(error.code, 'PRIVITY_SECURE_ORDER');
          }
        }
      });
    }
  });
}

describe('an order', () => {
  const bound = (name: string, min: bigint, max: bigint): unknown => {
    const x = { bound: interval(-5n, 5n), dtype: 'fixed', shape: [4, 2] } as const;
    const order = { bound: interval(min, max), dtype: 'integer', shape: [4] } as const;
    return operationNamed(name).bounds.bound({
      operands: [x, order],
      params: [],
      shape: [4, 2],
      fracBits: 18,
    });
  };
  for (const name of ['permute', 'unpermute']) {
    it(`is refused in the call where it may be none: ${name}`, () => {
      assert.deepEqual(bound(name, 0n, 3n), interval(-5n, 5n));
      assert.throws(() => bound(name, 0n, 4n), OutOfDomain);
      assert.throws(() => bound(name, -1n, 3n), OutOfDomain);
    });
  }

  it('of keys is what sorts them, equal ones in their order, and undone gives ranks', async () => {
    const keys = [3, 1, 2, 1, 3, 3];
    await runSecure('rep3', 3, async (on) => {
      const x = await integers(on, keys, [keys.length]);
      for (const [descending, want, ranks] of [
        [false, [1, 3, 2, 0, 4, 5], [3, 0, 2, 1, 4, 5]],
        [true, [0, 4, 5, 2, 1, 3], [0, 4, 3, 5, 1, 2]],
      ] as const) {
        const { run } = operationNamed('order');
        const given = { x, others: [], rest: [], params: [{ descending }], shape: x.shape };
        const order = await run(on, given);
        assert.deepEqual(await opened(on, order), want);
        const places = on.protocol.publicA(BigUint64Array.from(keys, (_, i) => BigInt(i)));
        const numbered = { ...order, shares: places };
        assert.deepEqual(await opened(on, await ops.unpermute(on, numbered, order)), ranks);
      }
    });
  });

  it('is ascending or descending, and nothing else', () => {
    for (const name of ['sort', 'order']) {
      const { result } = operationNamed(name);
      const x = { shape: [4], dtype: 'fixed' } as const;
      for (const options of [undefined, {}, { descending: false }, { descending: true }])
        assert.deepEqual(result([x], [options], name).shape, [4]);
      for (const options of [true, 'descending', null, { descending: 1 }, { ascending: true }])
        assert.throws(() => result([x], [options], name), /descending/);
    }
  });
});

describe('what an owner of rep3 tells of its order', () => {
  /** The second message of the owner to the member before it: seeds come first. */
  const tampered = (owner: number, change: (half: Uint32Array) => void): SecureRun => {
    let armed = false;
    return {
      tap(from, to, bytes) {
        // Headers aside, 4 positions are 2 words: no other message to this member has as few.
        if (from !== owner || to !== (owner + 2) % 3 || bytes.length !== HEADER_BYTES + 16 || armed)
          return bytes;
        armed = true;
        const copy = bytes.slice();
        change(new Uint32Array(copy.buffer, HEADER_BYTES, 4));
        return copy;
      },
    };
  };
  const run = (setting: SecureRun) =>
    settleSecure(
      'rep3',
      3,
      async (on, rank) => {
        const x = on.protocol.publicA(BigUint64Array.of(1n, 2n, 3n, 4n));
        return on.protocol.permuteByS(on.fiber, [x], 0, rank === 0 ? Uint32Array.of(3, 1, 0, 2) : undefined);
      },
      setting,
    );

  it('is refused where it is no order, and the owner named', async () => {
    for (const change of [
      (half: Uint32Array) => half.fill(0),
      (half: Uint32Array) => {
        half[3] = 4;
      },
    ]) {
      const outcomes = await run(tampered(0, change));
      const told = outcomes[2] as PromiseRejectedResult;
      assert.equal(told.status, 'rejected');
      assert.ok(told.reason instanceof MemberError);
      assert.deepEqual([told.reason.member, told.reason.code], [0, 'PRIVITY_SECURE_PROTOCOL']);
    }
    const untouched = await run(tampered(0, () => {}));
    assert.ok(untouched.every(({ status }) => status === 'fulfilled'));
  });
});
