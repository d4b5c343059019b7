import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Channel } from '../contracts/channel.ts';
import { PsiLine } from './line.ts';
import { encodeMessage } from './messages.ts';

const MESSAGE_BYTES = 1024;
const MESSAGES = 200;

/** A peer that always has one more message. */
const talkative = (receive: () => Promise<Uint8Array>): Channel => ({
  rank: 0,
  size: 2,
  signal: new AbortController().signal,
  binding: undefined,
  send: () => Promise.resolve(),
  receive,
});

const message = async (): Promise<Uint8Array> =>
  encodeMessage({ kind: 'part', part: 16, index: 0, body: new Uint8Array(MESSAGE_BYTES) });

/** Of these, those that something still holds. What the engine counts as memory goes down some time later. */
async function held(things: readonly WeakRef<object>[]): Promise<number> {
  // A WeakRef holds what it refers to until the turn in which it was made is over.
  await new Promise((resolve) => setImmediate(resolve));
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return things.filter((thing) => thing.deref() !== undefined).length;
}

describe('the line to the peer', () => {
  it('holds no message that has been received, however many there are', async () => {
    const messages: WeakRef<object>[] = [];
    const line = new PsiLine(
      talkative(async () => {
        const next = await message();
        messages.push(new WeakRef(next));
        return next;
      }),
    );
    for (let left = MESSAGES; left > 0; left--) await line.receivePart();
    const kept = await held(messages);
    assert.ok(kept < 8, `${kept} of ${MESSAGES}`);
    // The line is used once more, so that it is there until here.
    await line.receivePart();
  });

  it('rejects what waits when it fails, and what comes after that, with the first reason', async () => {
    const line = new PsiLine(talkative(() => new Promise(() => undefined)));
    const [first, second] = [line.receive(), line.until(() => false)];
    const reason = new Error('first');
    line.fail(reason);
    line.fail(new Error('second'));
    for (const wait of [first, second, line.receive(), line.until(() => true)])
      await assert.rejects(wait, reason);
  });
});
