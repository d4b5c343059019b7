import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { idBytes, runPlain } from '../../../../test/parts/plain-psi.ts';
import type { Channel } from '../../../contracts/channel.ts';
import { memoryChannels } from '../../../testing/memory-channel.ts';
import { HEADER_BYTES } from '../../messages.ts';
import { DueMessage, PIECE_BYTES, parts } from './messages.ts';
import { BUCKET_ROWS, BUCKETS_AT_ONCE, planBuckets } from './plan.ts';
import { rr22 } from './protocol.ts';
import { sizesOf } from './sizes.ts';

const MIB = 1024 * 1024;
const HELLO = 1;
const FAILED = new Error('the peer has failed');

describe('a peer of rr22 that says it has many rows', () => {
  it('makes no room at this party that it does not fill', async () => {
    const stop = new AbortController();
    const { channels } = memoryChannels(2, {
      signal: stop.signal,
      tap(from, _to, bytes) {
        if (from === 1 && bytes[4] === HELLO)
          new DataView(bytes.buffer, bytes.byteOffset).setUint32(HEADER_BYTES, 2 ** 24, true);
        return bytes;
      },
    });
    const [atAlice, atBob] = channels as [Channel, Channel];
    const before = process.memoryUsage().arrayBuffers;
    let [most, sent] = [0, 0];
    const watched: Channel = {
      ...atAlice,
      send(to, message) {
        sent++;
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        return atAlice.send(to, message);
      },
    };
    // He has 40 rows in one bucket; alice begins with three of 64, whose tags would be 150 MiB.
    const runs = [
      runPlain(watched, rr22, idBytes(0, 40)),
      runPlain(atBob, rr22, idBytes(0, 40)).catch((error: unknown) => {
        setImmediate(() => stop.abort(FAILED));
        throw error;
      }),
    ];
    const ends = await Promise.allSettled(runs);
    assert.ok(ends.every(({ status }) => status === 'rejected'));
    assert.ok(sent > 4, 'the setup is over');
    assert.ok(most < 48 * MIB, `${most} bytes`);
  });

  it('has to send a whole piece before there is room for a message of several', (t) => {
    const due = new DueMessage('vector', 20 * PIECE_BYTES);
    const piece = (bytes: number) =>
      ({ kind: 'part', part: parts.vector, index: 0, body: new Uint8Array(bytes) }) as const;
    const [short, full] = [piece(PIECE_BYTES - 1), piece(PIECE_BYTES)];
    const made = t.mock.method(globalThis, 'Uint8Array').mock;
    assert.throws(() => due.take(short), { code: 'PRIVITY_PSI_PROTOCOL' });
    assert.equal(made.callCount(), 0);
    due.take(full);
    assert.deepEqual(
      made.calls.map((call) => (call.arguments as unknown[])[0]),
      [20 * PIECE_BYTES],
    );
  });

  it('has to fill the room for the first pieces of a long message before it is doubled', (t) => {
    const pieces = 50;
    const due = new DueMessage('hints', pieces * PIECE_BYTES);
    const body = new Uint8Array(PIECE_BYTES);
    const made = t.mock.method(globalThis, 'Uint8Array').mock;
    for (let index = 0; index < pieces; index++) {
      body[0] = index;
      assert.equal(due.body, undefined);
      due.take({ kind: 'part', part: parts.hints, index, body });
    }
    assert.deepEqual(
      made.calls.map((call) => ((call.arguments as unknown[])[0] as number) / PIECE_BYTES),
      [20, 40, pieces],
    );
    for (let piece = 0; piece < pieces; piece++) assert.equal(due.body?.[piece * PIECE_BYTES], piece);
    assert.equal(due.body?.byteLength, pieces * PIECE_BYTES);
  });

  it('may be ahead by few corrections, and have few messages under way', () => {
    const { first, vector } = sizesOf(planBuckets([2 ** 25, 2 ** 25], undefined, BUCKET_ROWS), 0, 16);
    assert.ok(BUCKETS_AT_ONCE * first < MIB, 'what is early');
    assert.ok(BUCKETS_AT_ONCE * vector < 16 * MIB, 'what is due');
  });
});
