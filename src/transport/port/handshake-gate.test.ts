import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { HandshakeGate } from './handshake-gate.ts';

/** A gate on a clock that the test turns, and who has been let through. */
function gate(perSecond = 10, atOnce = 4) {
  let now = 0;
  let due: { at: number; callback: () => void } | undefined;
  const begun: string[] = [];
  const clock = {
    now: () => now,
    wallTime: () => now,
    after: (delayMs: number, callback: () => void) => {
      const mine = { at: now + delayMs, callback };
      due = mine;
      return {
        cancel: () => {
          if (due === mine) due = undefined;
        },
      };
    },
  };
  const begin = (socket: Socket): void => void begun.push(socket.remoteAddress ?? '');
  const made = new HandshakeGate({ clock, perSecond, atOnce, begin });
  return {
    begun,
    arrive(remoteAddress: string): Socket {
      const socket = Object.assign(new EventEmitter(), {
        remoteAddress,
        destroyed: false,
      }) as unknown as Socket;
      socket.destroy = () => {
        Object.assign(socket, { destroyed: true });
        socket.emit('close');
        return socket;
      };
      made.arrive(socket, new Uint8Array());
      return socket;
    },
    until(ms: number): void {
      while (due !== undefined && due.at <= ms) {
        const { at, callback } = due;
        now = at;
        due = undefined;
        callback();
      }
      now = ms;
    },
  };
}

describe('the gate before TLS handshakes', () => {
  it('lets so many begin at once, and then so many a second, however many come', () => {
    const { begun, arrive, until } = gate();
    const flood = (): void => {
      for (let i = 0; i < 1000; i++) arrive('192.0.2.1');
    };
    flood();
    assert.equal(begun.length, 4);
    for (let ms = 100; ms <= 2000; ms += 100) {
      until(ms);
      flood();
    }
    assert.ok(begun.length <= 4 + 20 && begun.length >= 4 + 18, String(begun.length));
  });

  it('gives the next turn to an address that has not had one', () => {
    const { begun, arrive, until } = gate();
    for (let i = 0; i < 100; i++) arrive('192.0.2.1');
    until(100);
    for (let i = 0; i < 100; i++) arrive('192.0.2.1');
    const peer = arrive('198.51.100.7');
    until(200);
    assert.equal(begun.at(-1), '198.51.100.7');
    assert.equal(peer.destroyed, false);
  });

  it('holds nobody back who comes at a usual pace, and a bounded number of those that wait', () => {
    const { begun, arrive, until } = gate();
    for (let i = 1; i <= 20; i++) {
      arrive('192.0.2.1');
      assert.equal(begun.length, i);
      until(100 * i);
    }
    const crowd = Array.from({ length: 50 }, () => arrive('192.0.2.1'));
    assert.equal(crowd.filter(({ destroyed }) => !destroyed).length, 8);
  });
});
