import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { deferred } from '../../base/deferred.ts';
import { passFor } from '../../transport/index.ts';
import { DataDoor } from './data-door.ts';

const head = new Uint8Array();
const passes = new Map([['pass of bob', 'bob']]);

function socketFrom(remoteAddress: string): Socket {
  const socket = Object.assign(new EventEmitter(), { remoteAddress, destroyed: false }) as unknown as Socket;
  socket.destroy = () => {
    Object.assign(socket, { destroyed: true });
    socket.emit('close');
    return socket;
  };
  return socket;
}

/** A program that takes nothing: it is busy. */
const busy = { sendSocket: () => new Promise<void>(() => undefined) };

describe('the door to a program that is busy', () => {
  it('keeps the place of a peer, however many strangers come from behind its address', () => {
    const door = new DataDoor(2);
    door.openTo(busy, passes);
    door.arrive(socketFrom('192.0.2.1'), head, 'pass of bob');
    const waiting = socketFrom('192.0.2.1');
    door.arrive(waiting, head, 'pass of bob');
    const strangers = Array.from({ length: 100 }, () => socketFrom('192.0.2.1'));
    for (const [i, stranger] of strangers.entries())
      door.arrive(stranger, head, i % 2 === 0 ? '' : 'made up');
    assert.equal(waiting.destroyed, false);
    for (const stranger of strangers) assert.equal(stranger.destroyed, true);
    door.close();
    assert.equal(waiting.destroyed, true);
  });

  it('holds early connections until the run begins, and then turns away those without a pass of it', async () => {
    const door = new DataDoor(2);
    const [stranger, peer] = [socketFrom('192.0.2.1'), socketFrom('192.0.2.1')];
    door.arrive(stranger, head, '');
    door.arrive(peer, head, 'pass of bob');
    assert.equal(stranger.destroyed, false);
    const given = deferred<Socket>();
    door.openTo({ sendSocket: async (socket) => given.resolve(socket) }, passes);
    assert.equal(await given.promise, peer);
    assert.equal(stranger.destroyed, true);
  });

  it('is one that nobody else has a pass for: by run, plane and both parties', () => {
    const run = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
    const all = [
      passFor(run(1), 'data', 'bob', 'alice'),
      passFor(run(2), 'data', 'bob', 'alice'),
      passFor(run(1), 'control', 'bob', 'alice'),
      passFor(run(1), 'data', 'carol', 'alice'),
      passFor(run(1), 'data', 'alice', 'bob'),
    ];
    assert.equal(new Set(all).size, all.length);
    for (const pass of all) assert.match(pass, /^[0-9a-f]{32}$/);
  });
});
