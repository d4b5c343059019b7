import assert from 'node:assert/strict';
import type { ClientHttp2Stream } from 'node:http2';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { PacedWriter, WRITE_BYTES_MAX } from './paced-writer.ts';

/** Takes what it is given; when it has done so, the test says. */
class Taking {
  readonly destroyed = false;
  readonly sizes: number[] = [];
  taken: (() => void) | undefined;

  write(piece: Uint8Array, taken: () => void): void {
    this.sizes.push(piece.length);
    this.taken = taken;
  }
}

function writing(): { stream: Taking; writer: PacedWriter } {
  const stream = new Taking();
  return { stream, writer: new PacedWriter(stream as unknown as ClientHttp2Stream, () => {}) };
}

describe('what is written while the session reads', () => {
  test('goes out at once where it is little, and otherwise when that is over', async () => {
    for (const atOnce of [true, false]) {
      const { stream, writer } = writing();
      const write = (bytes: number): void => {
        const message = new Uint8Array(bytes);
        if (!atOnce || !writer.writeAtOnce(message)) writer.write([message]);
      };
      writer.reads();
      write(4096);
      assert.deepEqual(stream.sizes, [4096]);
      stream.taken?.();
      write(4097);
      assert.deepEqual(stream.sizes, [4096]);
      await turn();
      assert.deepEqual(stream.sizes, [4096, 4097]);
    }
  });

  test('may follow what the network has just taken, behind which the session reads on', async () => {
    const { stream, writer } = writing();
    writer.write([new Uint8Array(5000)]);
    writer.write([new Uint8Array(5001)]);
    stream.taken?.();
    assert.deepEqual(stream.sizes, [5000]);
    await turn();
    assert.deepEqual(stream.sizes, [5000, 5001]);
  });
});

describe('what does not go at once', () => {
  test('follows when the sockets have been polled once, not later', async () => {
    const { stream, writer } = writing();
    writer.write([new Uint8Array(3 * WRITE_BYTES_MAX)]);
    for (let portions = 1; portions < 3; portions++) {
      assert.deepEqual(stream.sizes, Array(portions).fill(WRITE_BYTES_MAX));
      stream.taken?.();
      await turn();
      assert.equal(stream.sizes.length, portions);
      await turn();
    }
    assert.equal(stream.sizes.length, 3);
  });
});
