/**
 * The flow of messages by itself: exclusive-or stands for the curve, so that long lists and hostile timing cost
 * nothing.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { share } from '../../../../test/effort.ts';
import { roundChannels } from '../../../../test/parts/round-channels.ts';
import { systemRandom } from '../../../base/system.ts';
import type { Channel } from '../../../contracts/channel.ts';
import { memoryChannels } from '../../../testing/memory-channel.ts';
import { psiCost, runPsi } from '../../exchange.ts';
import { matchTags, type PsiTags } from '../../match.ts';
import { KEY_TYPES_BYTES } from '../../messages.ts';
import type { PsiMatches, PsiProtocol } from '../protocol.ts';
import { CHUNK_IDS, WINDOW_CHUNKS } from './messages.ts';
import { dh, type PointEngine, runDh } from './protocol.ts';

/**
 * Commutes as the curve does, hides nothing. `turns` says how long each piece of work takes, in turns of the event
 * loop.
 */
function plainEngine(
  mask: number,
  depth: number,
  turns: () => number,
): PointEngine & { busy: number; busyMax: number } {
  const engine = {
    depth,
    busy: 0,
    busyMax: 0,
    blind: (ids: Uint8Array) => engine.work(ids, 32, 32),
    async tag(points: Uint8Array, tagBytes: number) {
      const tags = await engine.work(points, 32, tagBytes);
      const both = new Uint8Array(2 * tags.byteLength);
      for (const [i, byte] of tags.entries()) {
        const at = 2 * i - (i % tagBytes);
        both[at] = byte;
        both[at + tagBytes] = byte ^ 0x80;
      }
      return both;
    },
    close: () => Promise.resolve(),
    async work(input: Uint8Array, pieceBytes: number, keepBytes: number): Promise<Uint8Array> {
      engine.busyMax = Math.max(engine.busyMax, ++engine.busy);
      for (let turn = turns(); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
      engine.busy--;
      const count = input.byteLength / pieceBytes;
      const output = new Uint8Array(count * keepBytes);
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < keepBytes; j++)
          output[i * keepBytes + j] = (input[i * pieceBytes + j] ?? 0) ^ mask;
      }
      return output;
    },
  };
  return engine;
}

/** Ids as 32 bytes whose last one is small, as a canonical point's is. */
function idBytes(ids: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(32 * ids.length);
  for (const [i, id] of ids.entries()) new DataView(bytes.buffer).setUint32(32 * i, id, true);
  return bytes;
}

interface Found extends PsiMatches {
  readonly tags: PsiTags;
}

/** One rank's tags of the peer's ids, which have two each. */
function tagsOf({ peer, tagBytes }: PsiTags, rank: number): Uint8Array {
  return peer.filter((_, at) => Math.floor(at / tagBytes) % 2 === rank);
}

async function run(
  channel: Channel | undefined,
  engine: PointEngine,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<Found> {
  assert.ok(channel);
  const seen: PsiTags[] = [];
  const protocol: PsiProtocol = {
    ...dh,
    async run(line, setting) {
      const tags = await runDh(line, setting, engine);
      seen.push(tags);
      return matchTags(tags, setting.random, setting.signal);
    },
  };
  const found = await runPsi(channel, [protocol], {
    ids: idBytes(ids),
    agreement: new Uint8Array(32),
    keyTypes: new Uint8Array(KEY_TYPES_BYTES),
    acceptKeyTypes: () => undefined,
    signal,
    random: systemRandom,
    threads: 0,
  });
  assert.ok(found);
  return { ...found, tags: seen[0] as PsiTags };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const never = new AbortController().signal;

describe('the exchange', () => {
  it('goes through lists of any length with any timing, backpressure and number of threads (law)', async () => {
    const side = fc.record({
      rows: fc.integer({ min: 1, max: 6 * CHUNK_IDS }),
      depth: fc.integer({ min: 1, max: 5 }),
      slow: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(
        side,
        side,
        fc.integer({ min: 1, max: 3 }),
        fc.nat(),
        async (a, b, queueMessages, seed) => {
          let state = seed;
          // A small generator, so that a failing case repeats.
          const turns = (slow: number) => () => {
            state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
            return (state >>> 16) % (slow + 1);
          };
          const { channels } = memoryChannels(2, { queueMessages });
          const overlap = Math.min(a.rows, b.rows) >> 1;
          const [atAlice, atBob] = await Promise.all([
            run(channels[0], plainEngine(1, a.depth, turns(a.slow)), range(0, a.rows), never),
            run(
              channels[1],
              plainEngine(2, b.depth, turns(b.slow)),
              range(a.rows - overlap, a.rows - overlap + b.rows),
              never,
            ),
          ]);
          assert.equal(atAlice.places.length, overlap);
          assert.equal(atBob.places.length, overlap);
          assert.deepEqual(atAlice.tags.own, tagsOf(atBob.tags, 1));
          assert.deepEqual(tagsOf(atAlice.tags, 0), atBob.tags.own);
        },
      ),
      { numRuns: share(40) },
    );
  });

  it('goes on after a full window, never has more under way, and keeps threads busy', async () => {
    const chunks = 2 * WINDOW_CHUNKS + 3;
    const underWay = [0, 0];
    let underWayMax = 0;
    const { channels } = memoryChannels(2, {
      queueMessages: 1,
      tap(from, to, bytes) {
        if (bytes[4] === 2) underWay[from] = (underWay[from] ?? 0) + 1;
        underWayMax = Math.max(underWayMax, ...underWay);
        if (bytes[4] === 3) underWay[to] = (underWay[to] ?? 0) - 1;
        return bytes;
      },
    });
    const engine = plainEngine(2, 3, () => 2);
    const [atAlice] = await Promise.all([
      run(
        channels[0],
        plainEngine(1, 8, () => 0),
        range(0, chunks * CHUNK_IDS),
        never,
      ),
      run(channels[1], engine, range(0, 10), never),
    ]);
    assert.equal(atAlice.places.length, 10);
    assert.ok(underWayMax <= WINDOW_CHUNKS);
    assert.ok(underWayMax >= 8, 'the window is used');
    assert.ok(engine.busyMax >= 3, 'as many pieces of work as the engine can take');
  });

  it('takes two rounds a window, as it declares', async () => {
    const rows = [(WINDOW_CHUNKS + 1) * CHUNK_IDS, 10] as const;
    const world = roundChannels(never);
    const runs = rows.map((count, rank) =>
      run(
        world.channels[rank],
        plainEngine(1 + rank, 8, () => 0),
        range(0, count),
        never,
      ),
    );
    assert.equal(await world.count(Promise.all(runs)), psiCost(dh, ...rows, 0).rounds);
    assert.equal(psiCost(dh, ...rows, 0).rounds, 3 + 2 * 2);
  });

  it('ends with the error of a thread that fails, at once', async () => {
    const { channels } = memoryChannels(2);
    const broken: PointEngine = {
      ...plainEngine(1, 2, () => 0),
      blind: () => Promise.reject(new Error('thread died')),
    };
    const stop = new AbortController();
    const other = run(
      channels[1],
      plainEngine(2, 2, () => 0),
      range(0, 10),
      stop.signal,
    );
    other.catch(() => undefined);
    await assert.rejects(run(channels[0], broken, range(0, 10), never), /thread died/);
    stop.abort(new Error('told by the runtime'));
    await assert.rejects(other, /told by the runtime/);
  });

  it('does not begin when it is aborted already', async () => {
    const { channels, sent } = memoryChannels(2);
    const aborted = AbortSignal.abort(new Error('too late'));
    await assert.rejects(
      run(
        channels[0],
        plainEngine(1, 1, () => 0),
        [1],
        aborted,
      ),
      /too late/,
    );
    assert.ok((sent[0]?.messages ?? 9) <= 1);
  });
});
