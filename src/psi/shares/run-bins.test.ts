import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shareOf } from '../../../test/effort.ts';
import { type BinsOptions, runSide, someColumns } from '../../../test/parts/bins-parties.ts';
import { idBytes } from '../../../test/parts/plain-psi.ts';
import { roundChannels } from '../../../test/parts/round-channels.ts';
import { assertNoThreadLeft } from '../../../test/parts/threads-left.ts';
import { systemRandom } from '../../base/system.ts';
import type { Channel } from '../../contracts/channel.ts';
import { type MemoryChannelOptions, memoryChannels } from '../../testing/memory-channel.ts';
import { BUCKETS_AT_ONCE } from '../protocols/rr22/plan.ts';
import { type Bins, NO_ROW } from './bins.ts';
import { Lanes } from './lanes.ts';
import { planBins } from './plan.ts';
import { binsCost, binsMemory } from './run-bins.ts';

interface Case {
  readonly holderRows: number;
  readonly otherRows: number;
  /** The last of the holder's ids are the other's first. */
  readonly overlap: number;
  readonly columns: number;
  readonly bucketRows: number;
  readonly holderRank: 0 | 1;
}

const CASES: readonly Case[] = [
  { holderRows: 1, otherRows: 1, overlap: 1, columns: 0, bucketRows: 10, holderRank: 0 },
  { holderRows: 1, otherRows: 1, overlap: 0, columns: 1, bucketRows: 10, holderRank: 1 },
  { holderRows: 1, otherRows: 700, overlap: 1, columns: 2, bucketRows: 1000, holderRank: 0 },
  { holderRows: 130, otherRows: 1400, overlap: 100, columns: 1, bucketRows: 100, holderRank: 0 },
  { holderRows: 900, otherRows: 3, overlap: 3, columns: 1, bucketRows: 200, holderRank: 1 },
  { holderRows: 1500, otherRows: 1500, overlap: 1500, columns: 3, bucketRows: 2000, holderRank: 0 },
  { holderRows: 1000, otherRows: 700, overlap: 0, columns: 2, bucketRows: 300, holderRank: 1 },
  { holderRows: 700, otherRows: 1000, overlap: 313, columns: 5, bucketRows: 150, holderRank: 0 },
];

interface Both {
  readonly holder: Bins;
  readonly other: Bins;
  readonly payload: readonly BigUint64Array[];
}

async function both(
  channels: readonly Channel[],
  { holderRows, otherRows, overlap, columns, bucketRows, holderRank }: Case,
  options: BinsOptions = {},
): Promise<Both> {
  const payload = someColumns(otherRows, columns);
  const sides = [
    runSide(
      channels[holderRank] as Channel,
      { ids: idBytes(0, holderRows), holds: true, peerRows: otherRows, columns },
      { ...options, bucketRows },
    ),
    runSide(
      channels[1 - holderRank] as Channel,
      { ids: idBytes(holderRows - overlap, otherRows), holds: false, peerRows: holderRows, payload },
      { ...options, bucketRows },
    ),
  ] as const;
  // Both have ended before either is asked, so that nothing of them is left.
  await Promise.allSettled(sides);
  const [holder, other] = await Promise.all(sides);
  return { holder, other, payload };
}

/** What both parties have of bins is what their lists say. */
function assertBins({ holder, other, payload }: Both, { holderRows, overlap }: Case): void {
  assert.equal(holder.bins, other.bins);
  assert.equal(holder.bits, other.bits);
  assert.equal(other.rowOf, undefined);
  const seen = new Set<number>();
  for (const [bin, row] of (holder.rowOf ?? new Uint32Array()).entries()) {
    if (row !== NO_ROW) {
      assert.ok(row < holderRows && !seen.has(row), `row ${row} is in one bin`);
      seen.add(row);
    }
    const match = row === NO_ROW ? -1 : row - (holderRows - overlap);
    assert.equal(holder.words[bin] === other.words[bin], match >= 0, `bin ${bin} of row ${row}`);
    for (const [column, words] of payload.entries()) {
      const sum = BigInt.asUintN(
        64,
        (holder.shares[column]?.[bin] ?? 0n) + (other.shares[column]?.[bin] ?? 0n),
      );
      assert.equal(sum === words[match], match >= 0, `column ${column} in bin ${bin}`);
    }
  }
  assert.equal(seen.size, holderRows);
  for (const { words, shares, bins, bits } of [holder, other]) {
    assert.equal(words.length, bins);
    assert.ok(words.every((word) => word < 2n ** BigInt(bits)));
    assert.deepEqual(
      shares.map(({ length }) => length),
      payload.map(() => bins),
    );
  }
}

async function run(one: Case, options: BinsOptions & MemoryChannelOptions = {}) {
  const { channels, sent } = memoryChannels(2, options);
  return { ...(await both(channels, one, options)), sent };
}

const MANY: Case = {
  holderRows: 900,
  otherRows: 800,
  overlap: 300,
  columns: 1,
  bucketRows: 100,
  holderRank: 1,
};

describe('an intersection into shares', () => {
  for (const one of CASES)
    it(`has equal words just where rows match, and shares of columns: ${JSON.stringify(one)}`, async () => {
      const { sent, ...bins } = await run(one);
      assertBins(bins, one);
      const { holderRows, otherRows, columns, bucketRows, holderRank } = one;
      const cost = (own: number, peer: number, holds: boolean) => {
        const { messages, bytes } = binsCost(own, peer, holds, columns, bucketRows);
        return { messages, bytes };
      };
      assert.deepEqual(sent[holderRank], cost(holderRows, otherRows, true));
      assert.deepEqual(sent[1 - holderRank], cost(otherRows, holderRows, false));
    });

  it('takes no more rounds than it declares', async () => {
    const world = roundChannels(new AbortController().signal);
    const { holderRows, otherRows, columns, bucketRows } = MANY;
    const rounds = await world.count(both(world.channels, MANY));
    const { rounds: declared } = binsCost(holderRows, otherRows, true, columns, bucketRows);
    assert.ok(rounds <= declared && rounds > declared - BUCKETS_AT_ONCE, `${rounds} of ${declared} rounds`);
  });

  it('goes through where the line takes one message at a time', async () => {
    assertBins(await run(MANY, { queueMessages: 1 }), MANY);
  });

  it('has no more in memory than it declares', async () => {
    const one: Case = {
      holderRows: 30_000,
      otherRows: 20_000,
      overlap: 1,
      columns: 3,
      bucketRows: 2 ** 18,
      holderRank: 0,
    };
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const tap = (_from: number, _to: number, bytes: Uint8Array): Uint8Array => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      return bytes;
    };
    await run(one, { tap });
    const declared = 2 * binsMemory(30_000, 20_000, 3);
    assert.ok(most > 2 ** 20 && most < declared, `${most} of ${declared} bytes`);
    assert.ok(declared < 100 * most, 'and says something');
  });

  it('works on threads, tells how far it is, and leaves none of them', async () => {
    const told: number[] = [];
    assertBins(await run(MANY, { threads: 2, advance: (ids) => told.push(ids) }), MANY);
    const done = told.reduce((sum, ids) => sum + ids, 0);
    assert.equal(done, 2 * (MANY.holderRows + MANY.otherRows), 'of both parties');
    await assertNoThreadLeft();
  });

  it('ends in every phase with the reason of an abort, and leaves no thread', async () => {
    const one: Case = { ...MANY, holderRows: 150, otherRows: 130, overlap: 20 };
    const { messages } = binsCost(one.holderRows, one.otherRows, true, one.columns, one.bucketRows);
    // With the last message of the holder it has only to wait for hints.
    for (const at of shareOf(Array.from({ length: messages }, (_, index) => index + 1))) {
      const stop = new AbortController();
      const reason = new Error(`verdict after ${at} messages`);
      let sent = 0;
      const { channels } = memoryChannels(2, {
        tap(from, _to, bytes) {
          if (from === one.holderRank && ++sent === at) stop.abort(reason);
          return bytes;
        },
      });
      const { signal } = stop;
      await assert.rejects(both(channels, one, { threads: 1, signal }), reason);
    }
    await assertNoThreadLeft();
  });

  it('leaves nothing in the memory that threads share', () => {
    const plan = planBins(100, 100, 2);
    const lanes = new Lanes(plan, true, systemRandom);
    lanes.place(0, Uint32Array.of(5), Uint32Array.of(7));
    const { words, rowOf } = lanes.bins();
    assert.equal(rowOf?.[7], 5);
    lanes.destroy();
    assert.ok(lanes.words.every((word) => word === 0));
    assert.ok(words.some((word) => word !== 0n) && rowOf?.[7] === 5, 'what was taken stays');
  });
});
