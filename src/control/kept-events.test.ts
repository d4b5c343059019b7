import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunEvent } from '../observe/events.ts';
import { KeptEvents } from './kept-events.ts';

const event = (message: string): RunEvent => ({
  event: 'log',
  level: 'info',
  time: '',
  runId: '',
  party: 'a',
  message,
});

async function messagesOf(events: AsyncIterable<RunEvent>): Promise<string[]> {
  const found: string[] = [];
  for await (const one of events) if (one.event === 'log') found.push(one.message);
  return found;
}

describe('events that are kept', () => {
  it('are for every reader, those who come late and those who wait', async () => {
    const events = new KeptEvents();
    const early = [messagesOf(events.read()), messagesOf(events.read())];
    events.add(event('1'));
    await Promise.resolve();
    events.add(event('2'));
    events.end();
    for (const reader of [...early, messagesOf(events.read())]) assert.deepEqual(await reader, ['1', '2']);
  });

  it('are bounded: who is too far behind misses the oldest, and no other', async () => {
    const events = new KeptEvents(3);
    const reader = events.read();
    events.add(event('1'));
    assert.deepEqual((await reader.next()).value, event('1'));
    for (const message of ['2', '3', '4', '5']) events.add(event(message));
    events.end();
    assert.deepEqual(await messagesOf({ [Symbol.asyncIterator]: () => reader }), ['3', '4', '5']);
  });

  it('end with the error', async () => {
    const events = new KeptEvents();
    const reader = messagesOf(events.read());
    events.end(new Error('no run'));
    await assert.rejects(reader, /no run/);
  });
});
