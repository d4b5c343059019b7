/**
 * What a member receives must look the same whatever the others' inputs are, also to who knows all that the member has
 * drawn. Over sessions with fixed inputs, that are alike to the receiver, the words of a message are counted by some of
 * their bits and compared with the uniform distribution (chi-square), and so is their change from one session to
 * another. Protocols that leak are planted, and found.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { shareOf } from '../../test/effort.ts';
import {
  callWay,
  crossings,
  fittedAt,
  type Inputs,
  operandsOf,
  shareInputs,
  type ValueAt,
  type Way,
  waysOf,
} from '../../test/parts/operation-calls.ts';
import { withMethods } from '../../test/parts/protocol-methods.ts';
import { runSecure, type SecureRun } from '../../test/parts/secure-parties.ts';
import { CHI_SQUARE_MAX, type Nibbles, transcripts } from '../../test/parts/transcripts.ts';
import { catalogue, isLocal } from './ops/catalogue.ts';
import * as ops from './ops/index.ts';
import type { Operation, Sizes } from './ops/operation.ts';
import type { ProtocolName } from './protocols/table.ts';
import type { Evaluator } from './session.ts';
import type { Arith, Words } from './sharing/shares.ts';

const LENGTH = 512;

/** What a member of `rep3` holds of a number. */
type Parts = readonly [Words, Words];

/** The same, extreme inputs in every session: anything but masks would show. */
const fixed: ValueAt = (dtype, operand, position) =>
  (operand + position) % 2 === 0 ? 1 : dtype === 'boolean' ? 0 : 3;

type Call = (on: Evaluator) => Promise<unknown>;

const sizes = (length: number): Sizes => ({
  count: length,
  rows: length,
  axis: 2,
  side: Math.floor(Math.sqrt(length / 2)),
  keys: length,
  groups: 4,
});
/** Sending in a way that the table of costs tells from others. */
const speaks = ({ operation, call, sample }: Way): boolean =>
  sample.what !== undefined && !isLocal(operation, call);
const called =
  (way: Way): Call =>
  async (on) =>
    callWay(on, way, await operandsOf(on, way, fittedAt(way, fixed)));
const given =
  (call: (on: Evaluator, inputs: Inputs) => unknown, length: number): Call =>
  async (on) =>
    call(on, await shareInputs(on, length, fixed));

/** Primitives that no operation uses alone. */
const primitives: Readonly<Record<string, (on: Evaluator, inputs: Inputs) => unknown>> = {
  'exact truncation': ({ protocol, fiber }, { x }) => protocol.truncExactS(fiber, x.shares as Arith, 18),
  'bits and back': async ({ protocol, fiber }, { x }) =>
    protocol.b2a(fiber, await protocol.a2b(fiber, x.shares as Arith, 64)),
};

/** What is tried, with vectors of this length. */
function spoken(length: number, of: readonly Operation[] = catalogue): ReadonlyMap<string, Call> {
  return new Map([
    ...waysOf(sizes(length), of)
      .filter(speaks)
      .map((way) => [way.name, called(way)] as const),
    ...Object.entries({ ...crossings, ...primitives }).map(
      ([name, call]) => [name, given(call, length)] as const,
    ),
  ]);
}

const operationOf = (name: string): string => name.split(':')[0] ?? name;
/**
 * What is opened tells the shares of it that others hold, and may: these are uniform only over the receiver's own, too.
 */
const opens: ReadonlySet<string> = new Set([
  ...catalogue.filter((operation) => operation.opens).map(({ name }) => name),
  ...['reveal', 'checkWithin'],
]);

const settings: readonly (readonly [ProtocolName, number, SecureRun])[] = [
  ['rep3', 3, {}],
  ['semi2k', 2, {}],
  ['semi2k', 2, { dealer: true }],
  ['semi2k', 3, { dealer: true }],
];
for (const [place, [protocol, size, setting]] of settings.entries()) {
  describe(`messages of ${protocol}, ${size} members${setting.dealer === true ? ' and a dealer' : ''}`, () => {
    // Without a dealer there are the messages of oblivious transfer, too, which cost most of the time and are many for
    // every element.
    const length = protocol === 'semi2k' && setting.dealer !== true ? LENGTH / 2 : LENGTH;
    for (const [name, call] of shareOf([...spoken(length)], place)) {
      it(`are uniform in ${name}`, async () => {
        const found = await transcripts(
          protocol,
          size,
          call,
          setting,
          opens.has(operationOf(name)) ? 'fresh' : 'known',
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

describe('the tests of messages', () => {
  const ways = waysOf(sizes(128));
  const names = (of: readonly Way[]): string[] => of.map(({ name }) => name);

  it('leave out no operation that sends something', () => {
    const tried = new Set([...spoken(LENGTH).keys()].map(operationOf));
    const sending = ways.filter(({ operation, call }) => !isLocal(operation, call));
    assert.deepEqual(
      sending.map(({ operation }) => operation.name).filter((name) => !tried.has(name)),
      [],
    );
  });

  it('leave out what sends nothing, as it declares', async () => {
    assert.deepEqual(await sending(ways), names(ways.filter((way) => !isLocal(way.operation, way.call))));
    const and = ways.find(({ name }) => name === 'and') as Way;
    assert.deepEqual(await sending([{ ...and, name: 'not' }]), ['not']);
  });

  it('open nothing but what a job reveals, an order in another, its comparisons, and what is checked', async () => {
    const opened = await opening(ways, crossings);
    assert.deepEqual(opened, [
      ...['checkWithin: openB', 'inverse: openB', 'order: openB', 'permute: openA', 'reveal: openA'],
      ...['reveal: openB', 'solve: openB', 'sort: openB', 'sortBy: openB', 'unpermute: openA'],
    ]);
    assert.deepEqual(new Set(opened.map(operationOf)), opens);
    assert.deepEqual(await opening([], { mul: crossings.reveal as (typeof crossings)[string] }), [
      'mul: openA',
    ]);
  });
});

/** The ways in which something is sent. */
async function sending(of: readonly Way[]): Promise<string[]> {
  const [found] = await runSecure('rep3', 3, async (on) => {
    const names: string[] = [];
    for (const way of of) {
      const operands = await operandsOf(on, way, fittedAt(way, fixed));
      const before = on.session.report().rounds;
      await callWay(on, way, operands);
      if (on.session.report().rounds > before) names.push(way.name);
    }
    return names;
  });
  return found ?? [];
}

/** What is opened, by the names of operations. */
async function opening(of: readonly Way[], others: typeof crossings): Promise<string[]> {
  const [found] = await runSecure('ref', 2, async (on) => {
    const inputs = await shareInputs(on, 64, fixed);
    const seen = new Set<string>();
    const watched = (name: string): Evaluator =>
      withMethods(on, {
        openA(...x) {
          seen.add(`${operationOf(name)}: openA`);
          return on.protocol.openA(...x);
        },
        openB(...x) {
          seen.add(`${operationOf(name)}: openB`);
          return on.protocol.openB(...x);
        },
      });
    for (const way of of) {
      const operands = await operandsOf(on, way, fittedAt(way, fixed));
      await callWay(watched(way.name), way, operands);
    }
    for (const [name, call] of Object.entries(others)) await call(watched(name), inputs);
    return [...seen].toSorted();
  });
  return found ?? [];
}

/** The messages that are not uniform. */
function leaking(found: ReadonlyMap<string, Nibbles>): string[] {
  return [...found].filter(([, nibbles]) => nibbles.worst() > CHI_SQUARE_MAX).map(([message]) => message);
}

describe('messages', () => {
  /** What shows where members tell the one before them what is made of their parts of x and y: all of them, or some. */
  const leaks = async (
    make: (on: Evaluator, x: Parts, y: Parts) => Words,
    { by = [0, 1, 2], randomness = 'known' }: { by?: readonly number[]; randomness?: 'known' | 'fresh' } = {},
  ): Promise<string[]> => {
    const found = await transcripts(
      'rep3',
      3,
      async (on) => {
        const { rank } = on.protocol;
        const { x, y } = await shareInputs(on, LENGTH, fixed);
        const words = make(on, (x.shares as Arith).parts as Parts, (y.shares as Arith).parts as Parts);
        const tells = (from: number, to: number): boolean => by.includes(from) && to === (from + 2) % 3;
        await on.fiber.exchange({
          label: 'leaky',
          outgoing: [0, 1, 2].map((to) => (tells(rank, to) ? [words] : undefined)),
          incoming: [0, 1, 2].map((from) => (tells(from, rank) ? words.byteLength : 0)),
        });
      },
      {},
      randomness,
    );
    return leaking(found);
  };

  it('would be found to leak: a product without its mask', async () => {
    const found = await leaks((on, [xa, xb], [ya, yb]) => {
      const product = new BigUint64Array(LENGTH);
      // Both factors' shares are uniform, but their product has too many even numbers.
      on.kernels.rep3Mul(product, xa, xb, ya, yb, undefined, undefined);
      return product;
    });
    assert.ok(found.includes('message 1 from 0 to 2'), found.join());
  });

  it('would be found to leak: as many bits, each the and of two, without their mask', async () => {
    const found = await leaks((on, [x], [, y]) => {
      const both = new BigUint64Array(LENGTH / 64);
      on.kernels.and(both, x.subarray(0, both.length), y.subarray(0, both.length));
      return both;
    });
    assert.ok(found.length > 0);
  });

  it('would be found to leak: a number under a mask that its receiver knows', async () => {
    // The first member holds x - m beside m, and the third, who is told, m.
    const masked = (_on: Evaluator, [, rest]: Parts): Words => rest;
    assert.deepEqual(await leaks(masked, { by: [0] }), ['change of message 1 from 0 to 2']);
    // To who does not look at what the receiver knows, it is uniform.
    assert.deepEqual(await leaks(masked, { by: [0], randomness: 'fresh' }), []);
  });
});

describe('messages of the order of one member', () => {
  const order = Uint32Array.from({ length: LENGTH }, (_, i) => LENGTH - 1 - i);
  const permuted: Call = async (on) => {
    const { x, y } = await shareInputs(on, LENGTH, fixed);
    const owner = 1;
    const own = on.protocol.rank === owner ? order : undefined;
    return on.protocol.permuteByS(on.fiber, [x.shares as Arith, y.shares as Arith], owner, own);
  };
  for (const [protocol, size, setting] of settings) {
    it(`are uniform: ${protocol}, ${size} members${setting.dealer === true ? ' and a dealer' : ''}`, async () => {
      const found = await transcripts(protocol, size, permuted, setting, 'known');
      const apart = new Set(leaking(found).map((message) => message.replace('change of ', '')));
      // Half of an order is told as positions: that any half comes alike is held by order-leaks.long.test.ts.
      assert.deepEqual(
        [...apart].map((message) => message.replace(/\d+ /, '')),
        protocol === 'rep3' ? ['message from 1 to 0'] : [],
      );
    });
  }
});

describe('messages of an opening', () => {
  /** What shows where twice a number is opened, all shares of which are even. */
  const shown = async (size: number): Promise<string[]> => {
    const found = await transcripts(
      'semi2k',
      size,
      async (on) => {
        const { x } = await shareInputs(on, LENGTH, fixed);
        return ops.reveal(on, await ops.mul(on, x, 2));
      },
      { dealer: true },
    );
    return leaking(found);
  };

  it('do not tell of three members where their shares came from', async () => {
    assert.deepEqual(await shown(3), []);
  });

  it('would be found to tell: of two, who know each other by the result', async () => {
    assert.ok((await shown(2)).includes('message 1 from 0 to 1'));
  });
});

describe('pseudorandom words', () => {
  it('are never drawn twice, and both holders draw the same', async () => {
    const ranks = [0, 1, 2];
    const drawn = ranks.map(() => new Map<string, [from: number, count: number][]>());
    await runSecure(
      'rep3',
      3,
      async (on) => {
        await on.all(...spoken(LENGTH).values());
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
