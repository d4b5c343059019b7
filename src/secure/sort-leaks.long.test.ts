/**
 * A sort opens the outcomes of its comparisons. What it may tell by them is the order that the keys have after a
 * shuffle which nobody
 * knows: all orders alike, whatever the keys are, equal ones too, and whatever of the shuffle a member knows. Each
 * order of a few keys has outcomes of its own, which are counted over many sorts and compared with the uniform
 * distribution, and those of other keys (chi-square). A sort without a shuffle is planted, and one that leaves equal
 * keys equal, and found. That the messages are uniform besides is held by secure-leaks.test.ts.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { knownTo } from '../../test/parts/known-randomness.ts';
import { withMethods } from '../../test/parts/protocol-methods.ts';
import { runSecure, type SecureRun } from '../../test/parts/secure-parties.ts';
import { chiSquare } from '../../test/parts/transcripts.ts';
import * as ops from './ops/index.ts';
import type { Protocol } from './protocols/protocol.ts';
import type { ProtocolName } from './protocols/table.ts';
import type { SecretTensor } from './secret.ts';
import type { Evaluator } from './session.ts';
import { gather } from './sharing/linear.ts';

/** How often each outcome came. */
type Counts = Map<string, number>;

/** What a planted defect puts in place of methods of the protocol, in the sort of this number. */
type Defect = (protocol: Protocol, sort: number) => Partial<Protocol>;

interface Sorts {
  readonly keys: readonly number[];
  readonly protocol: ProtocolName;
  readonly size: number;
  readonly setting?: SecureRun;
  readonly defect?: Defect;
}

/** Sorts, and gives the bits that were opened, level after level. */
async function outcomeOf(on: Evaluator, x: SecretTensor, methods: Partial<Protocol>): Promise<string> {
  const opened: string[] = [];
  const listener = withMethods(on, {
    ...methods,
    async openB(fiber, less, to) {
      const words = await on.protocol.openB(fiber, less, to);
      const bitAt = (i: number): bigint => ((words?.[i >> 6] ?? 0n) >> BigInt(i & 63)) & 1n;
      opened.push(Array.from({ length: less.length }, (_, i) => bitAt(i)).join(''));
      return words;
    },
  });
  await ops.sort(listener, x);
  return opened.join(' ');
}

/** Outcomes of so many sorts in one session: of one on its own fiber, of more at once. */
async function session(sorts: Sorts, count: number): Promise<readonly string[]> {
  const { keys, protocol, size, setting, defect } = sorts;
  const [found] = await runSecure(
    protocol,
    size,
    async (on, rank) => {
      const options = { owner: 0, dtype: 'fixed', shape: [keys.length] } as const;
      const x = await ops.share(on, options, rank === 0 ? keys : undefined);
      const sort = (at: Evaluator, index: number) => outcomeOf(at, x, defect?.(at.protocol, index) ?? {});
      if (count === 1) return [await sort(on, 0)];
      return on.all<string[]>(...Array.from({ length: count }, (_, i) => (at: Evaluator) => sort(at, i)));
    },
    setting,
  );
  return found ?? [];
}

async function outcomesOf(sorts: Sorts, sessions: number, inEach: number): Promise<Counts> {
  const counts: Counts = new Map();
  for (let i = 0; i < sessions; i++) {
    for (const outcome of await session(sorts, inEach)) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return counts;
}

/** How far counts are from equal ones. */
function unevenness(counts: Counts, outcomes: number): number {
  assert.ok(counts.size <= outcomes, 'more outcomes than orders');
  return chiSquare([...counts.values(), ...new Array<number>(outcomes - counts.size).fill(0)]);
}

/** How far two samples of as many outcomes are from one distribution. */
function difference(a: Counts, b: Counts): number {
  const outcomes = [...new Set([...a.keys(), ...b.keys()])];
  return outcomes.reduce((sum, outcome) => {
    const [x, y] = [a.get(outcome) ?? 0, b.get(outcome) ?? 0];
    return sum + (x - y) ** 2 / (x + y);
  }, 0);
}

describe('the comparisons that a sort opens', () => {
  const orders = 24;
  /** With 23 degrees of freedom: once in 10^10, from 96 sorts on. */
  const max = 120;
  const inputs = {
    'the other way round': [4, 3, 2, 1],
    'all equal': [5, 5, 5, 5],
    'in order': [1, 2, 3, 4],
    'in order, far apart': [-(2 ** 25), -1, 0, 2 ** 25],
    'two of them equal': [2, 7, 2, 1],
  };
  /** Without a dealer a sort costs ten times as much, and with one four times what it does in rep3. */
  const settings: readonly (readonly [ProtocolName, number, SecureRun, inputs: number, sorts: number])[] = [
    ['rep3', 3, {}, 5, 240],
    ['semi2k', 2, {}, 2, 96],
    ['semi2k', 2, { dealer: true }, 2, 96],
    ['semi2k', 3, { dealer: true }, 2, 96],
  ];

  for (const [protocol, size, setting, count, sorts] of settings) {
    const dealer = setting.dealer === true ? ' and a dealer' : '';
    it(`tell nothing of the keys: ${protocol}, ${size} members${dealer}`, async () => {
      const samples: Counts[] = [];
      for (const [name, keys] of Object.entries(inputs).slice(0, count)) {
        const counts = await outcomesOf({ keys, protocol, size, setting }, 1, sorts);
        const uneven = unevenness(counts, orders);
        assert.ok(uneven < max, `${name}: chi-square ${uneven}`);
        for (const other of samples) {
          const apart = difference(counts, other);
          assert.ok(apart < max, `${name}: chi-square ${apart} of two samples`);
        }
        samples.push(counts);
      }
    });
  }

  const planted = (keys: readonly number[], defect: Defect): Promise<Counts> =>
    outcomesOf({ keys, protocol: 'rep3', size: 3, defect }, 1, 144);

  it('would be found to tell: no shuffle before them', async () => {
    const none: Defect = () => ({ shuffleS: async (_fiber, columns) => columns });
    const [up, down] = [await planted([1, 2, 3, 4], none), await planted([4, 3, 2, 1], none)];
    assert.ok(unevenness(up, orders) > max);
    assert.ok(difference(up, down) > max);
  });

  it('would be found to tell: keys that are only turned, so that each stands everywhere equally often', async () => {
    const turned: Defect = (_protocol, sort) => ({
      shuffleS: async (_fiber, columns) =>
        columns.map((x) =>
          gather(
            x,
            Uint32Array.from({ length: x.length }, (_, i) => (i + sort) % x.length),
          ),
        ),
    });
    const [up, down] = [await planted([1, 2, 3, 4], turned), await planted([4, 3, 2, 1], turned)];
    assert.ok(unevenness(up, orders) > max);
    assert.ok(difference(up, down) > max);
  });

  it('would be found to tell: equal keys that stay equal', async () => {
    // The positions, which make them different, are all that a sort brings in as public.
    const equal: Defect = (protocol) => ({
      publicA: (words) => protocol.publicA(new BigUint64Array(words.length)),
    });
    const [two, all] = [await planted([2, 7, 2, 1], equal), await planted([5, 5, 5, 5], equal)];
    assert.ok(unevenness(two, orders) > max);
    assert.ok(unevenness(all, orders) > max);
    assert.ok(difference(two, all) > max);
  });
});

describe('the comparisons that a sort opens, to members who know their part of the shuffle', () => {
  const orders = 6;
  /** With 5 degrees of freedom: once in 10^10, from 120 sorts on. */
  const max = 66;
  const keys = [1, 2, 3];
  const sessions = 120;

  /** Of sessions in which the permutations that these members know are the same. */

  const outcomes = (protocol: ProtocolName, size: number, known: readonly number[]): Promise<Counts> => {
    const setting = { random: knownTo(...known), dealer: protocol === 'semi2k' };
    return outcomesOf({ keys, protocol, size, setting }, sessions, 1);
  };

  const coalitions = [
    ['rep3', 3, [0]],
    ['rep3', 3, [1]],
    ['rep3', 3, [2]],
    ['semi2k', 2, [0]],
    ['semi2k', 2, [1]],
    ['semi2k', 3, [0, 1]],
    ['semi2k', 3, [1, 2]],
    ['semi2k', 3, [0, 2]],
  ] as const;
  for (const [protocol, size, known] of coalitions) {
    it(`tell nothing: ${protocol}, ${size} members, to ${known.join(' and ')}`, async () => {
      const uneven = unevenness(await outcomes(protocol, size, known), orders);
      assert.ok(uneven < max, `chi-square ${uneven}`);
    });
  }

  it('would be found to tell: to members who know all of it together', async () => {
    assert.ok(unevenness(await outcomes('rep3', 3, [0, 1]), orders) > max);
    assert.ok(unevenness(await outcomes('semi2k', 2, [0, 1]), orders) > max);
  });
});
