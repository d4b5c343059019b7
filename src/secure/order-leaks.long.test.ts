/**
 * What crosses in plain where orders are applied: a secret order after a shuffle, which all members see, and one half
 * of an owner's order, which one member of rep3 is told. Either is a uniformly random permutation, whatever the order
 * is and whatever the one who sees it knows: all orders of a few rows alike, counted over many sessions (chi-square). A
 * shuffle that is none is planted, and one that the members know, and found.
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
import { HEADER_BYTES } from './rounds.ts';
import type { Evaluator } from './session.ts';

const ROWS = 3;
const ORDERS = 6;
/** With 5 degrees of freedom: once in 10^10, from 120 on. */
const MAX = 66;
const SESSIONS = 120;

const apply = { permute: ops.permute, unpermute: ops.unpermute };

type Counts = Map<string, number>;
type Defect = (protocol: Protocol) => Partial<Protocol>;

function unevenness(counts: Counts): number {
  assert.ok(counts.size <= ORDERS, 'more outcomes than orders');
  return chiSquare([...counts.values(), ...new Array<number>(ORDERS - counts.size).fill(0)]);
}

const add = (counts: Counts, outcome: string): unknown => counts.set(outcome, (counts.get(outcome) ?? 0) + 1);

/** What all members see, in so many sessions. */
async function seen(
  name: 'permute' | 'unpermute',
  order: readonly number[],
  [protocol, size, setting]: readonly [ProtocolName, number, SecureRun],
  defect: Defect = () => ({}),
): Promise<Counts> {
  const counts: Counts = new Map();
  for (let session = 0; session < SESSIONS; session++) {
    const [outcome = ''] = await runSecure(
      protocol,
      size,
      async (on, rank) => {
        const share = (dtype: 'integer' | 'fixed', values: readonly number[]) =>
          ops.share(on, { owner: 0, dtype, shape: [ROWS] }, rank === 0 ? values : undefined);
        const [x, secret] = [await share('fixed', [1, 1, 1]), await share('integer', order)];
        let found = '';
        const watched: Evaluator = withMethods(on, {
          ...defect(on.protocol),
          async openA(fiber, shares, to) {
            const words = await on.protocol.openA(fiber, shares, to);
            found = `${words}`;
            return words;
          },
        });
        await apply[name](watched, x, secret);
        return found;
      },
      setting,
    );
    add(counts, outcome);
  }
  return counts;
}

describe('the order that members see where one is applied or undone', () => {
  const coalitions = [
    ['rep3', 3, [0]],
    ['rep3', 3, [1]],
    ['rep3', 3, [2]],
    ['semi2k', 2, [0]],
    ['semi2k', 2, [1]],
    ['semi2k', 3, [0, 2]],
  ] as const;
  for (const [protocol, size, known] of coalitions)
    for (const name of ['permute', 'unpermute'] as const)
      it(`tells nothing of it by ${name}: ${protocol}, ${size} members, to ${known.join(' and ')}`, async () => {
        const setting = { random: knownTo(...known), dealer: protocol === 'semi2k' };
        for (const order of [
          [0, 1, 2],
          [2, 0, 1],
        ]) {
          const uneven = unevenness(await seen(name, order, [protocol, size, setting]));
          assert.ok(uneven < MAX, `chi-square ${uneven}`);
        }
      });

  const rep3 = ['rep3', 3, {}] as const;
  it('would be found to tell: no shuffle before it', async () => {
    const none: Defect = () => ({
      shuffleS: async (_fiber, columns) => columns,
      shuffleKeptS: async (_fiber, columns) => ({ columns, undo: async (_on, moved) => moved }),
    });
    for (const name of ['permute', 'unpermute'] as const)
      assert.ok(unevenness(await seen(name, [2, 0, 1], rep3, none)) > MAX);
  });

  it('would be found to tell: to members who know all of the shuffle together', async () => {
    const setting = { random: knownTo(0, 1) };
    assert.ok(unevenness(await seen('permute', [2, 0, 1], ['rep3', 3, setting])) > MAX);
    assert.ok(
      unevenness(await seen('unpermute', [2, 0, 1], ['semi2k', 2, { ...setting, dealer: true }])) > MAX,
    );
  });
});

/** What an owner tells the member before it, in so many sessions. */
async function told(owner: number, order: readonly number[], known: readonly number[]): Promise<Counts> {
  const counts: Counts = new Map();
  for (let session = 0; session < SESSIONS; session++) {
    let half: string | undefined;
    await runSecure(
      'rep3',
      3,
      async (on, rank) => {
        // Longer than a half of the order, which no other message to this member is as short as.
        const x = await ops.share(
          on,
          { owner, dtype: 'integer', shape: [ROWS, 2] },
          rank === owner ? [1, 1, 1, 1, 1, 1] : undefined,
        );
        await ops.permuteBy(on, x, owner, rank === owner ? Uint32Array.from(order) : undefined);
      },
      {
        random: knownTo(...known),
        tap(from, to, bytes) {
          if (
            from === owner &&
            to === (owner + 2) % 3 &&
            bytes.length === HEADER_BYTES + 16 &&
            half === undefined
          )
            half = `${new Uint32Array(bytes.slice(HEADER_BYTES).buffer).subarray(0, ROWS)}`;
          return bytes;
        },
      },
    );
    assert.ok(half !== undefined);
    add(counts, half);
  }
  return counts;
}

describe('the half of its order that an owner tells a member of rep3', () => {
  for (const owner of [0, 1, 2]) {
    it(`tells nothing of it: member ${owner}`, async () => {
      for (const order of [
        [0, 1, 2],
        [2, 0, 1],
      ]) {
        const uneven = unevenness(await told(owner, order, [(owner + 2) % 3]));
        assert.ok(uneven < MAX, `chi-square ${uneven}`);
      }
    });
  }

  it('would be found to tell: to one who knows the other half', async () => {
    assert.ok(unevenness(await told(0, [2, 0, 1], [1, 2])) > MAX);
  });
});
