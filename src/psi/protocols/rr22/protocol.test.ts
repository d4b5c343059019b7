import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { share } from '../../../../test/effort.ts';
import { idBytes, type PlainOptions, runPlain } from '../../../../test/parts/plain-psi.ts';
import { roundChannels } from '../../../../test/parts/round-channels.ts';
import { assertNoThreadLeft } from '../../../../test/parts/threads-left.ts';
import type { Channel } from '../../../contracts/channel.ts';
import { type MemoryChannelOptions, memoryChannels } from '../../../testing/memory-channel.ts';
import { psiCost } from '../../exchange.ts';
import type { PsiMatches } from '../protocol.ts';
import { BUCKETS_AT_ONCE } from './plan.ts';
import { rr22, rr22Of } from './protocol.ts';

const never = new AbortController().signal;

interface Both {
  readonly found: readonly [PsiMatches, PsiMatches];
  readonly sent: readonly { readonly messages: number; readonly bytes: number }[];
}

/** n ids against m ids, of which the last of one list are the first of the other. */
async function both(
  n: number,
  m: number,
  overlap: number,
  bucketRows: number,
  options: PlainOptions & MemoryChannelOptions = {},
): Promise<Both> {
  const { channels, sent } = memoryChannels(2, options);
  const lists = [idBytes(0, n), idBytes(n - overlap, m)] as const;
  const runs = channels.map((channel, rank) =>
    runPlain(channel, rr22Of(bucketRows), lists[rank] ?? new Uint8Array(), options),
  );
  return { found: (await Promise.all(runs)) as [PsiMatches, PsiMatches], sent };
}

function assertFound({ found: [alice, bob] }: Both, n: number, overlap: number): void {
  assert.deepEqual(
    alice.places.map((place) => place - (n - overlap)),
    bob.places,
  );
  assert.deepEqual(
    [...bob.places].sort((a, b) => a - b),
    Array.from({ length: overlap }, (_, i) => i),
  );
}

/** Rows of either list, what both have, rows of a bucket: in turns and not, one bucket and more than are under way. */
const CASES: readonly (readonly [number, number, number, number])[] = [
  [1, 1, 1, 10],
  [1, 900, 1, 100],
  [700, 3, 0, 100],
  [1000, 1000, 400, 1000],
  [1000, 600, 600, 100],
  [600, 1000, 250, 100],
];

describe('rr22 in buckets', () => {
  it('finds what both have, in one order at both, and costs what it declares', async () => {
    for (const [n, m, overlap, bucketRows] of CASES.slice(0, share(CASES.length))) {
      const run = await both(n, m, overlap, bucketRows);
      assertFound(run, n, overlap);
      for (const [rank, own, peer] of [
        [0, n, m],
        [1, m, n],
      ] as const) {
        const { messages, bytes } = psiCost(rr22Of(bucketRows), own, peer, rank);
        assert.deepEqual(
          run.sent[rank],
          { messages, bytes },
          `${n} and ${m} rows in buckets of ${bucketRows}`,
        );
      }
    }
  });

  it('takes no more rounds than it declares, however many buckets there are', async () => {
    for (const [n, m] of [
      [700, 700],
      [100, 700],
    ] as const) {
      const world = roundChannels(never);
      const runs = world.channels.map((channel, rank) =>
        runPlain(channel, rr22Of(100), idBytes(0, rank === 0 ? n : m)),
      );
      const rounds = await world.count(Promise.all(runs));
      const { rounds: declared } = psiCost(rr22Of(100), n, m, 0);
      assert.ok(rounds <= declared, `${rounds} rounds; ${declared} are declared`);
      assert.ok(
        rounds > declared - BUCKETS_AT_ONCE,
        `${declared} rounds are declared, and there are ${rounds}`,
      );
    }
  });

  it('goes through where the line takes one message at a time', async () => {
    assertFound(await both(900, 800, 300, 100, { queueMessages: 1 }), 900, 300);
  });

  it('goes through where one party hears late that its messages have left', async () => {
    // So the peer has ended a bucket, and begun the next one, while this party is still in the old one.
    const { channels } = memoryChannels(2, { queueMessages: 1000 });
    const slow = (channel: Channel): Channel => ({
      ...channel,
      async send(to, message) {
        await channel.send(to, message);
        for (let left = 50; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
      },
    });
    for (const late of [0, 1]) {
      const runs = channels.map((channel, rank) =>
        runPlain(rank === late ? slow(channel) : channel, rr22Of(100), idBytes(rank * 500, 900)),
      );
      const found = (await Promise.all(runs)) as [PsiMatches, PsiMatches];
      assertFound({ found, sent: [] }, 900, 400);
    }
  });

  it('works on threads, tells how far it is, and leaves none of them', async () => {
    const told: number[] = [];
    const onProgress = (done: number, total: number): void => {
      assert.equal(total, 5_500);
      told.push(done);
    };
    assertFound(await both(3_000, 2_500, 1_000, 500, { threads: 2, onProgress }), 3_000, 1_000);
    assert.equal(Math.max(...told), 5_500);
    await assertNoThreadLeft();
  });

  it('ends in every phase with the reason of an abort, and leaves no thread', async () => {
    const { messages } = psiCost(rr22, 300, 300, 0);
    // With the last message a party is through.
    for (let at = 1; at < messages; at++) {
      const stop = new AbortController();
      const reason = new Error(`verdict after ${at} messages`);
      let sent = 0;
      const { channels } = memoryChannels(2, {
        tap(from, _to, bytes) {
          if (from === 0 && ++sent === at) stop.abort(reason);
          return bytes;
        },
      });
      const runs = channels.map((channel) =>
        runPlain(channel, rr22, idBytes(0, 300), { threads: 1, signal: stop.signal }),
      );
      for (const run of await Promise.allSettled(runs))
        assert.equal(run.status === 'rejected' ? run.reason : run, reason);
    }
    await assertNoThreadLeft();
  });
});
