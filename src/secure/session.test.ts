import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runSecure, settleSecure } from '../../test/parts/secure-parties.ts';
import type { ErrorCode } from '../base/error-catalogue.ts';
import { PrivityError } from '../base/errors.ts';
import { systemRandom } from '../base/system.ts';
import { memoryChannels } from '../testing/memory-channel.ts';
import { typescriptKernels } from './kernels/typescript.ts';
import * as ops from './ops/index.ts';
import type { ProtocolName } from './protocols/table.ts';
import { decode } from './ring/fixed-point.ts';
import { publicTensor } from './ring/tensor.ts';
import { HEADER_BYTES, MESSAGE_BYTES_MAX } from './rounds.ts';
import type { SecretTensor } from './secret.ts';
import { createSession, type Evaluator, type Session } from './session.ts';
import { type Arith, type Bits, bits } from './sharing/shares.ts';
import { MemberError } from './violations.ts';

const vector = (on: Evaluator, rank: number, values: readonly number[], owner = 0): Promise<SecretTensor> =>
  ops.share(on, { owner, dtype: 'fixed', shape: [values.length] }, rank === owner ? values : undefined);

const opened = async (on: Evaluator, x: SecretTensor): Promise<number[]> => {
  const result = await ops.reveal(on, x);
  assert.ok(result);
  return [...decode(result.words, result.dtype, on.fracBits)];
};

const hasCode = (code: ErrorCode) => (error: unknown) => {
  assert.ok(error instanceof PrivityError, String(error));
  assert.equal(error.code, code, error.message);
  return true;
};

describe('rounds', () => {
  it('are shared by operations that run at once', async () => {
    await runSecure('rep3', 3, async (on, rank) => {
      const x = await vector(on, rank, [1, -2]);
      const before = on.session.report();
      await on.all(
        (at) => ops.lt(at, x, 0),
        (at) => ops.lt(at, 0, x),
        (at) => ops.mul(at, x, x),
      );
      const after = on.session.report();
      assert.equal(after.rounds - before.rounds, 8);
      assert.equal(after.byOperation.lt?.exchanges, 16);
      assert.equal(after.byOperation.mul?.exchanges, 2);
      assert.ok(after.messagesSent - before.messagesSent <= 8 + 1);
      const parts = Object.values(after.byOperation).reduce((sum, { bytesSent }) => sum + bytesSent, 0);
      assert.equal(parts, after.bytesSent);
    });
  });

  it('work when fibers are nested, end early, and do nothing', async () => {
    const results = await runSecure('rep3', 3, async (on, rank) => {
      const x = await vector(on, rank, [3]);
      const [a, b] = await on.all(
        async (at) => {
          const [squared] = await at.all(
            (inner) => ops.mul(inner, x, x),
            async () => undefined,
          );
          return ops.mul(at, squared, x);
        },
        (at) => ops.mul(at, x, 2),
      );
      return [...(await opened(on, a)), ...(await opened(on, b))];
    });
    for (const [cube, double] of results) {
      assert.ok(Math.abs((cube ?? 0) - 27) < 2 ** -14);
      assert.equal(double, 6);
    }
  });

  it('are cut into messages of bounded size', async () => {
    let largest = 0;
    const length = MESSAGE_BYTES_MAX / 8 + 5;
    await runSecure(
      'rep3',
      3,
      async ({ protocol, fiber }) => {
        const words = new BigUint64Array(length).map((_, i) => BigInt(i));
        const x = await protocol.shareA(fiber, 0, length, protocol.rank === 0 ? words : undefined);
        assert.deepEqual(await protocol.openA(fiber, x), words);
      },
      {
        tap(_from, _to, bytes) {
          largest = Math.max(largest, bytes.byteLength);
          return bytes;
        },
      },
    );
    assert.equal(largest, MESSAGE_BYTES_MAX + HEADER_BYTES);
  });
});

const settings: readonly (readonly [ProtocolName, number, dealer: boolean])[] = [
  ['rep3', 3, false],
  ['semi2k', 2, false],
  ['semi2k', 2, true],
  ['semi2k', 3, true],
];
const words = (protocol: string, size: number, dealer: boolean): string =>
  `${protocol} of ${size}${dealer ? ' and a dealer' : ''}`;

describe('messages that do not fit', () => {
  const changes: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
    'another protocol': (bytes) => bytes.with(0, 0x58),
    'another version': (bytes) => bytes.with(3, 9),
    'another round': (bytes) => bytes.with(4, 77),
    'another operation': (bytes) => bytes.with(8, (bytes[8] ?? 0) ^ 1),
    'another part': (bytes) => bytes.with(12, 1),
    'another announced size': (bytes) => bytes.with(16, (bytes[16] ?? 0) ^ 8),
    'a byte less': (bytes) => bytes.subarray(0, -1),
    'a byte more': (bytes) => Uint8Array.of(...bytes, 0),
    nothing: () => new Uint8Array(0),
  };
  for (const [protocol, size, dealer] of settings) {
    for (const [name, change] of Object.entries(changes)) {
      it(`are a violation by their sender: ${name}, in ${words(protocol, size, dealer)}`, async () => {
        let messages = 0;
        const outcomes = await settleSecure(
          protocol,
          size,
          async (on, rank) => {
            const x = await vector(on, rank, [1, 2, 3]);
            return opened(on, await ops.mul(on, x, x));
          },
          {
            dealer,
            // The first message after the agreement that member 1 gets from member 0.
            tap: (from, to, bytes) => (from === 0 && to === 1 && ++messages === 2 ? change(bytes) : bytes),
          },
        );
        const [, receiver] = outcomes;
        assert.equal(receiver?.status, 'rejected');
        assert.ok(receiver.reason instanceof MemberError);
        hasCode('PRIVITY_SECURE_PROTOCOL')(receiver.reason);
        assert.equal(receiver.reason.failure, 'PROTOCOL_VIOLATION');
        assert.equal(receiver.reason.member, 0);
        assert.ok(outcomes.every(({ status }) => status === 'rejected'));
      });
    }
  }

  it('stop members whose programs differ', async () => {
    const outcomes = await settleSecure('rep3', 3, async (on, rank) => {
      const x = await vector(on, rank, [1, 2]);
      return rank === 0 ? ops.mul(on, x, x) : ops.eq(on, x, x);
    });
    const codes = outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason);
    assert.ok(
      codes.some((error) => error instanceof PrivityError && error.code === 'PRIVITY_SECURE_PROTOCOL'),
    );
  });
});

describe('a session', () => {
  it('does not open where members want different things', async () => {
    const outcomes = await settleSecure('rep3', 3, async () => undefined, {
      optionsOf: (rank) => ({ fracBits: rank === 2 ? 16 : 18 }),
    });
    const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    assert.ok(
      reasons.some((error) => error instanceof PrivityError && error.code === 'PRIVITY_SECURE_MISMATCH'),
    );
  });

  it('takes the parties and options that it is made for', async () => {
    const open = (size: number, name: ProtocolName, options = {}) => {
      const [channel] = memoryChannels(size).channels;
      assert.ok(channel);
      return createSession(name, channel, systemRandom, options);
    };
    await assert.rejects(open(2, 'rep3'), hasCode('PRIVITY_SECURE_PARTIES'));
    await assert.rejects(open(4, 'rep3'), hasCode('PRIVITY_SECURE_PARTIES'));
    await assert.rejects(open(3, 'rep3', { fracbits: 18 }), hasCode('PRIVITY_SECURE_OPTIONS'));
    for (const fracBits of [0, 25, 1.5, Number.NaN]) {
      await assert.rejects(open(3, 'rep3', { fracBits }), hasCode('PRIVITY_SECURE_OPTIONS'));
    }
    for (const threads of [-1, 1.5, Number.NaN]) {
      await assert.rejects(open(3, 'rep3', { threads }), hasCode('PRIVITY_SECURE_OPTIONS'));
    }
    await assert.rejects(open(3, 'toString' as 'ref'), hasCode('PRIVITY_SECURE_OPTIONS'));
    await assert.rejects(open(1, 'semi2k'), hasCode('PRIVITY_SECURE_PARTIES'));
    await assert.rejects(open(3, 'semi2k'), hasCode('PRIVITY_SECURE_DEALER'));
    await assert.rejects(open(7, 'semi2k', { dealer: 6 }), hasCode('PRIVITY_SECURE_PARTIES'));
    await assert.rejects(open(4, 'rep3', { dealer: 3 }), hasCode('PRIVITY_SECURE_DEALER'));
    await assert.rejects(open(3, 'semi2k', { dealer: 0 }), hasCode('PRIVITY_SECURE_DEALER'));
  });

  it('gives the same results with either kernels, also mixed', async () => {
    const [first, second] = await Promise.all(
      [() => ({}), (rank: number) => (rank === 1 ? { kernels: typescriptKernels } : {})].map((optionsOf) =>
        runSecure(
          'rep3',
          3,
          async (on, rank) => {
            const x = await vector(on, rank, [0.5, -3, 100]);
            return [
              ...(await opened(on, await ops.lt(on, x, 1))),
              ...(await opened(on, await ops.abs(on, x))),
            ];
          },
          { optionsOf },
        ),
      ),
    );
    assert.deepEqual(first, second);
    assert.deepEqual(first?.[0], [1, 1, 0, 0.5, 3, 100]);
  });

  for (const [protocol, size, dealer] of settings) {
    it(`is destroyed by a failure, with all that is random in it: ${words(protocol, size, dealer)}`, async () => {
      const sessions: Session[] = [];
      const kept: SecretTensor[] = [];
      const outcomes = await settleSecure(
        protocol,
        size,
        async (on, rank) => {
          sessions[rank] = on.session;
          kept[rank] = await vector(on, rank, [1]);
          await ops.mul(on, kept[rank], kept[rank]);
          if (rank === 1) throw new Error('own reasons');
          return ops.lt(on, kept[rank], 0);
        },
        { dealer },
      );
      assert.ok(outcomes.every(({ status }) => status === 'rejected'));
      for (const [rank, session] of sessions.entries()) {
        assert.ok(session.destroyed);
        await assert.rejects(
          session.run(async () => undefined),
          hasCode('PRIVITY_SECURE_CLOSED'),
        );
        const x = kept[rank]?.shares as Arith;
        const bit: Bits = bits(
          1,
          1,
          x.parts.map(() => new BigUint64Array(1)),
        );
        const { protocol: p } = session;
        const fiber = strayFiber(session);
        const drawing: Readonly<Record<string, () => Promise<unknown>>> = {
          randomA: () => p.randomA(fiber, 1),
          randomB: () => p.randomB(fiber, 1, 1),
          mulSS: () => p.mulSS(fiber, x, x),
          mulTruncSS: () => p.mulTruncSS(fiber, x, x, 18),
          andSS: () => p.andSS(fiber, [[bit, bit]]),
          truncS: () => p.truncS(fiber, x, 18),
          shuffleS: () =>
            p.shuffleS(fiber, [{ ...x, length: 2, parts: x.parts.map(() => new BigUint64Array(2)) }]),
        };
        for (const [name, draw] of Object.entries(drawing))
          await assert.rejects(
            async () => draw(),
            (error) => {
              assert.ok(error instanceof PrivityError, `member ${rank}, ${name}: ${error}`);
              return hasCode('PRIVITY_SECURE_CLOSED')(error);
            },
          );
      }
    });
  }

  it('ends with the reason of the abort', async () => {
    const stop = new AbortController();
    const { channels } = memoryChannels(3, { signal: stop.signal });
    const opening = channels.map((channel) => createSession('rep3', channel, systemRandom));
    const sessions = await Promise.all(opening);
    // Member 2 does not take part: the others wait, until they are told.
    const waiting = sessions
      .slice(0, 2)
      .map((session, rank) => session.run(async (on) => opened(on, await vector(on, rank, [1]))));
    stop.abort(new Error('verdict'));
    for (const run of waiting) await assert.rejects(run, /verdict/);
    assert.ok(sessions.every(({ destroyed }) => destroyed));
  });
});

/** Any fiber will do to ask for randomness that must not be there. It cannot speak. */
function strayFiber({ protocol }: Session): Parameters<typeof protocol.randomA>[0] {
  const fiber = {
    path: '',
    rank: protocol.rank,
    size: protocol.size,
    exchange: () => Promise.reject(new Error('a session that has ended speaks')),
    all: (parts: readonly ((on: unknown) => unknown)[]) => Promise.all(parts.map((part) => part(fiber))),
    onEnd: () => {},
  };
  return fiber as unknown as Parameters<typeof protocol.randomA>[0];
}

describe('bad input', () => {
  const fails = async (
    code: ErrorCode,
    body: (on: Evaluator, rank: number) => Promise<unknown>,
    part = '',
  ): Promise<void> => {
    const outcomes = await settleSecure('ref', 2, body);
    const first = outcomes
      .map((outcome) => (outcome.status === 'rejected' ? outcome.reason : undefined))
      .find((error) => error instanceof PrivityError);
    hasCode(code)(first);
    assert.ok(String(first).includes(part), String(first));
  };
  const shared =
    (values: readonly number[], shape: readonly number[], dtype: 'fixed' | 'integer' | 'boolean' = 'fixed') =>
    (at: Evaluator, rank: number) =>
      ops.share(at, { owner: 0, dtype, shape }, rank === 0 ? values : undefined);

  it('is found where it is shared, and named by position, not by value', async () => {
    await fails(
      'PRIVITY_SECURE_DOMAIN',
      shared([1, 2, Number.NaN, 4], [2, 2]),
      'row 2, column 1 is not a number',
    );
    await fails('PRIVITY_SECURE_DOMAIN', shared([1, -Infinity], [2]), 'row 2 is infinite');
    await fails('PRIVITY_SECURE_DOMAIN', shared([2 ** 26], [1]), 'row 1 is outside the domain');
    await fails('PRIVITY_SECURE_DOMAIN', shared([1.5], [1], 'integer'), 'not a whole number');
    await fails('PRIVITY_SECURE_DOMAIN', shared([2 ** 53], [1], 'integer'), 'outside the domain');
    await fails('PRIVITY_SECURE_DOMAIN', shared([2], [1], 'boolean'), '0 or 1');
    await fails('PRIVITY_SECURE_DOMAIN', shared([-1], [1], 'boolean'), '0 or 1');
    await fails('PRIVITY_SECURE_DOMAIN', shared([5e8], []), 'the only position');
    const error = await runSecure('ref', 2, shared([31_415_926_535], [1])).catch((reason: unknown) => reason);
    assert.ok(error instanceof Error && !error.message.includes('31415926535'));
  });

  it('of wrong shape or none is found at the call', async () => {
    await fails('PRIVITY_TENSOR_EMPTY', shared([], [0, 3]));
    await fails('PRIVITY_SHAPE_MISMATCH', shared([1, 2, 3], [2]));
    await fails('PRIVITY_SHAPE_MISMATCH', shared([1], [-1]));
    await fails('PRIVITY_SECURE_LIMIT', shared([1], [2 ** 14, 2 ** 14]));
    const pair =
      (run: (at: Evaluator, x: SecretTensor, y: SecretTensor) => Promise<unknown> | unknown) =>
      async (at: Evaluator, rank: number) => {
        const x = await shared([1, 2, 3, 4, 5, 6], [2, 3])(at, rank);
        const y = await shared([1, 2], [2])(at, rank);
        return run(at, x, y);
      };
    await fails('PRIVITY_SHAPE_MISMATCH', pair(ops.add), '[2,3] and [2]');
    await fails('PRIVITY_SHAPE_MISMATCH', pair(ops.matmul), 'matmul: [2,3] and [2] have no matrix product');
    await fails(
      'PRIVITY_SHAPE_MISMATCH',
      pair((at, x) => ops.matmul(at, x, x, 'exact', { transposeLeft: true, transposeRight: true })),
      'matmul: [2,3] with transposeLeft and [2,3] with transposeRight have no matrix product',
    );
    await fails(
      'PRIVITY_SHAPE_MISMATCH',
      pair((at, x) => ops.sum(at, x, 2)),
    );
    await fails(
      'PRIVITY_SHAPE_MISMATCH',
      pair((at, x) => ops.slice(at, x, 1, 5)),
    );
    await fails(
      'PRIVITY_TENSOR_EMPTY',
      pair((at, x) => ops.slice(at, x, 1, 1)),
    );
    await fails(
      'PRIVITY_SHAPE_MISMATCH',
      pair((at, x) => ops.reshape(at, x, [5])),
    );
    await fails(
      'PRIVITY_SHAPE_MISMATCH',
      pair((at, x) => ops.gather(at, x, [3])),
    );
    await fails(
      'PRIVITY_SHAPE_MISMATCH',
      pair((at, x) => ops.transpose(at, x, [0, 0])),
    );
    await fails(
      'PRIVITY_SHAPE_MISMATCH',
      pair((at, x, y) => ops.concat(at, [x, y])),
    );
  });

  it('of the wrong type, or of another device, is found at the call', async () => {
    await fails('PRIVITY_SECURE_DTYPE', async (at, rank) => {
      const x = await shared([1], [1])(at, rank);
      return ops.and(at, x, x);
    });
    await fails('PRIVITY_SECURE_DTYPE', async (at, rank) => {
      const x = await shared([1], [1], 'boolean')(at, rank);
      return ops.add(at, x, x);
    });
    await fails('PRIVITY_SECURE_DTYPE', async (at, rank) =>
      ops.add(at, await shared([1], [1])(at, rank), await shared([1], [1], 'integer')(at, rank)),
    );
    await fails('PRIVITY_SECURE_DTYPE', async (at, rank) =>
      ops.add(at, await shared([1], [1])(at, rank), publicTensor([1], { fracBits: 12 })),
    );
    const strangers = await runSecure('ref', 2, (at, rank) => shared([1], [1])(at, rank));
    await fails('PRIVITY_DEVICE_MISMATCH', async (at, rank) => ops.neg(at, strangers[rank] as SecretTensor));
  });
});
