import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { idBytes, runPlainKeyed } from '../../../../test/parts/plain-psi.ts';
import { assertNoThreadLeft } from '../../../../test/parts/threads-left.ts';
import { PrivityError } from '../../../base/errors.ts';
import { systemRandom } from '../../../base/system.ts';
import { type MemoryChannelOptions, memoryChannels } from '../../../testing/memory-channel.ts';
import type { PsiKeysFound } from '../../exchange.ts';
import { onLine } from '../../line.ts';
import { encodeMessage, PART_HEADER_BYTES } from '../../messages.ts';
import { CHUNK_IDS, POINTS, PRODUCTS, SLOTS, WINDOW_CHUNKS } from './messages.ts';
import { dh } from './protocol.ts';

const never = new AbortController().signal;
const RECEIVER = 0;
const told = [
  { receives: true, peerReceives: false },
  { receives: false, peerReceives: true },
] as const;

/** Party 0 receives. What each has found, or its error. */
async function both(
  rows: readonly [number, number],
  options: MemoryChannelOptions & { readonly threads?: number } = {},
): Promise<readonly (PsiKeysFound | Error)[]> {
  const stop = new AbortController();
  const { channels } = memoryChannels(2, { signal: stop.signal, ...options });
  const runs = channels.map((channel, rank) =>
    runPlainKeyed(channel, dh, idBytes(0, rows[rank as 0 | 1]), {
      told: told[rank as 0 | 1],
      threads: options.threads ?? 0,
      signal: options.signal ?? stop.signal,
    }).catch((error: unknown) => {
      setImmediate(() => stop.abort(new Error('the other party failed')));
      return error as Error;
    }),
  );
  return Promise.all(runs);
}

describe('a peer of dh that deviates where rows have keys', () => {
  const spoil = (kind: number, change: (bytes: Uint8Array) => Uint8Array): MemoryChannelOptions => ({
    tap: (_from, _to, bytes) => (bytes[4] === kind ? change(new Uint8Array(bytes)) : bytes),
  });
  const edit = (at: number, value: number) => (bytes: Uint8Array) => {
    bytes[at] = value;
    return bytes;
  };
  const fill = (value: number) => (bytes: Uint8Array) =>
    bytes.fill(value, PART_HEADER_BYTES, PART_HEADER_BYTES + 32);
  const cut = (bytes: Uint8Array) => bytes.subarray(0, -1);
  const repeat = (bytes: Uint8Array) => {
    const half = (bytes.byteLength - PART_HEADER_BYTES) / 2;
    bytes.copyWithin(PART_HEADER_BYTES + half, PART_HEADER_BYTES, PART_HEADER_BYTES + half);
    return bytes;
  };

  const cases: readonly (readonly [string, MemoryChannelOptions, 0 | 1, string])[] = [
    ['points of low order', spoil(POINTS, fill(0)), 1, 'PRIVITY_PSI_PROTOCOL'],
    ['points that are not canonical', spoil(POINTS, fill(0xff)), 1, 'PRIVITY_PSI_PROTOCOL'],
    ['too few points', spoil(POINTS, cut), 1, 'PRIVITY_PSI_PROTOCOL'],
    ['points of another chunk', spoil(POINTS, edit(8, 1)), 1, 'PRIVITY_PSI_PROTOCOL'],
    ['a message of no kind in place of points', spoil(POINTS, edit(4, 9)), 1, 'PRIVITY_PSI_PROTOCOL'],
    ['products of low order', spoil(PRODUCTS, fill(0)), 0, 'PRIVITY_PSI_PROTOCOL'],
    ['products that are not canonical', spoil(PRODUCTS, fill(0xff)), 0, 'PRIVITY_PSI_PROTOCOL'],
    ['too few products', spoil(PRODUCTS, cut), 0, 'PRIVITY_PSI_PROTOCOL'],
    ['products that are not due', spoil(PRODUCTS, edit(8, 1)), 0, 'PRIVITY_PSI_PROTOCOL'],
    ['too few tags', spoil(SLOTS, cut), 0, 'PRIVITY_PSI_PROTOCOL'],
    ['tags of another chunk', spoil(SLOTS, edit(8, 1)), 0, 'PRIVITY_PSI_PROTOCOL'],
    ['a message of no kind in place of tags', spoil(SLOTS, edit(4, 9)), 0, 'PRIVITY_PSI_PROTOCOL'],
    ['tags twice', spoil(SLOTS, repeat), 0, 'PRIVITY_PSI_CHECK'],
    ['a product twice', spoil(PRODUCTS, repeat), 0, 'no match'],
  ];
  for (const [what, options, side, code] of cases)
    it(`sends ${what}`, async () => {
      const ends = await both([40, 40], options);
      const end = ends[side];
      if (code === 'no match') {
        // The id is part of what is hashed: a product of another one makes no tag of it.
        assert.ok(end !== undefined && !(end instanceof Error));
        assert.equal(end.places.length, 20);
      } else {
        assert.ok(end instanceof PrivityError, String(end));
        assert.equal(end.code, code, end.message);
      }
    });

  it('sends more points than the window allows', async () => {
    const rows = (WINDOW_CHUNKS + 8) * CHUNK_IDS;
    const { channels } = memoryChannels(2, { queueMessages: 1 });
    const [atReceiver, atSender] = channels;
    assert.ok(atReceiver && atSender);
    // Nothing is taken from the sender, so no credit for more points has left it.
    const body = new Uint8Array(CHUNK_IDS * 32).fill(9);
    const flood = async (): Promise<void> => {
      for (let index = 0; index < WINDOW_CHUNKS + 8; index++)
        await atReceiver.send(1, encodeMessage({ kind: 'part', part: POINTS, index, body }));
    };
    void flood().catch(() => undefined);
    const run = onLine(atSender, never, (line) =>
      dh.keyed.run(line, {
        ...{ ids: idBytes(0, 10), ownRows: 10, peerRows: rows, tagBytes: 12, agreement: new Uint8Array(32) },
        ...{ ...told[1], random: systemRandom, threads: 0, signal: never, advance: () => undefined },
      }),
    );
    await assert.rejects(run, {
      code: 'PRIVITY_PSI_PROTOCOL',
      message: /more points than the window allows/,
    });
  });

  it('sends no more points than the window allows, however slow the sender of rows is', async () => {
    let [ahead, most] = [0, 0];
    const rows = (WINDOW_CHUNKS + 8) * CHUNK_IDS;
    const ends = await both([rows, 10], {
      threads: 2,
      tap(_from, _to, bytes) {
        if (bytes[4] === POINTS) most = Math.max(most, ++ahead);
        if (bytes[4] === PRODUCTS) ahead--;
        return bytes;
      },
    });
    assert.ok(
      ends.every((end) => !(end instanceof Error)),
      String(ends),
    );
    assert.ok(most <= WINDOW_CHUNKS, `${most} chunks`);
    await assertNoThreadLeft();
  });
});

describe('dh where rows have keys', () => {
  it('sends the party without a result nothing that depends on it', async () => {
    const seen: number[][] = [];
    for (const from of [0, 300, 600]) {
      const frames: Uint8Array[] = [];
      const { channels } = memoryChannels(2, {
        tap(sender, _to, bytes) {
          if (sender === RECEIVER) frames.push(bytes);
          return bytes;
        },
      });
      const lists = [idBytes(0, 600), idBytes(from, 600)] as const;
      const ends = await Promise.all(
        channels.map((channel, rank) =>
          runPlainKeyed(channel, dh, lists[rank as 0 | 1], { told: told[rank as 0 | 1] }),
        ),
      );
      assert.equal(ends[RECEIVER]?.places.length, 600 - from);
      seen.push(frames.map(({ byteLength }) => byteLength));
    }
    assert.deepEqual(seen[1], seen[0]);
    assert.deepEqual(seen[2], seen[0]);
  });

  it('ends with the reason of an abort, and leaves no thread', async () => {
    const stop = new AbortController();
    const reason = new Error('verdict');
    const ends = await both([5_000, 5_000], {
      threads: 1,
      signal: stop.signal,
      tap(_from, _to, bytes) {
        if (bytes[4] === PRODUCTS) stop.abort(reason);
        return bytes;
      },
    });
    assert.deepEqual(ends, [reason, reason]);
    await assertNoThreadLeft();
  });
});
