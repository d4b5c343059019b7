/**
 * A process in which two parties find an intersection, and which then waits to be looked at: nothing secret of it may
 * be in its memory any more (memory-left.ts). Arguments: the protocol, rows of each party, threads, and the message
 * with which it ends; 0: all are sent; `kept`: and both parties keep their ids and a key.
 */
import { systemRandom } from '../../src/base/system.ts';
import type { Channel } from '../../src/contracts/channel.ts';
import type { Random } from '../../src/contracts/random.ts';
import { runPsi } from '../../src/psi/exchange.ts';
import { KEY_TYPES_BYTES } from '../../src/psi/messages.ts';
import { dh } from '../../src/psi/protocols/dh/protocol.ts';
import { rr22Of } from '../../src/psi/protocols/rr22/protocol.ts';
import { memoryChannels } from '../../src/testing/memory-channel.ts';
import { ID_MARK, KEY_MARK, MASK } from './memory-left.ts';

const [name, rowsText, threadsText, end] = process.argv.slice(2);
const rows = Number(rowsText);
const isKept = end === 'kept';
const lastMessage = isKept ? 0 : Number(end);
const protocol = name === 'dh' ? dh : rr22Of(Math.ceil(rows / 4));

/** Marks some words. The mark is in no other memory, not for a moment. */
function mark(words: Uint32Array, from: number, marks: readonly number[]): void {
  for (let at = 0; at < marks.length; at++) words[from + at] = (marks[at] ?? 0) ^ MASK;
}

/** Half of them are the other party's, too. */
function markedIds(from: number): Uint8Array {
  const ids = new Uint32Array(new SharedArrayBuffer(32 * rows));
  for (let row = 0; row < rows; row++) {
    // Ids are digests: their first words are as if they were drawn, and no two are alike.
    ids[8 * row] = Math.imul(from + row, 0x9e3779b1);
    ids[8 * row + 1] = Math.imul(from + row, 0x85ebca6b);
    mark(ids, 8 * row + 2, ID_MARK);
  }
  return new Uint8Array(ids.buffer);
}

const KEY_BYTES = 32;
/** Keys and seeds are marked. */
const marking: Random = {
  bytes(length) {
    if (length !== KEY_BYTES) return systemRandom.bytes(length);
    const key = new Uint8Array(new ArrayBuffer(KEY_BYTES));
    key.set(systemRandom.bytes(KEY_BYTES));
    mark(new Uint32Array(key.buffer), 2, KEY_MARK);
    return key;
  },
};

const stop = new AbortController();
let messages = 0;
const { channels } = memoryChannels(2, {
  signal: stop.signal,
  queueMessages: 1000,
  tap(_from, _to, bytes) {
    if (++messages === lastMessage) stop.abort(new Error('as asked'));
    return bytes;
  },
});
const kept: Uint8Array[] = isKept ? [marking.bytes(KEY_BYTES)] : [];
const runs = channels.map(async (channel: Channel, rank) => {
  const ids = markedIds((rank * rows) / 2);
  if (isKept) kept.push(ids);
  try {
    return await runPsi(channel, [protocol], {
      ids,
      agreement: new Uint8Array(32),
      keyTypes: new Uint8Array(KEY_TYPES_BYTES),
      acceptKeyTypes: () => undefined,
      signal: stop.signal,
      random: marking,
      threads: Number(threadsText),
    });
  } finally {
    if (!isKept) ids.fill(0);
  }
});
const ended = await Promise.allSettled(runs);
const found = ended.map((each) => (each.status === 'fulfilled' ? each.value?.places.length : 'ended'));
process.send?.({ found });
// What is kept is in use until then.
process.on('message', () => process.exit(kept.length));
