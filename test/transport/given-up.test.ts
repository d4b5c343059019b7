/** A connection that is given up while the network takes nothing more of what is being written to it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import type { Connection } from '../../src/contracts/index.ts';
import { join, leave, testParty } from './federation.ts';

const MIB = 1024 * 1024;
/** Far more than the sockets on the way hold. */
const FRAMES = 64;

const handlers = { onFrame: () => undefined, onClose: () => {} };

describe('a connection that is given up', () => {
  const ways: Socket[] = [];
  after(() => {
    for (const socket of ways) socket.destroy();
  });

  for (const gives of ['destroys', 'closes'] as const) {
    test(`has no socket any more when its side ${gives} it, although nothing is taken`, {
      timeout: 20_000,
    }, async () => {
      const [alice, bob] = await Promise.all([testParty('alice'), testParty('bob')]);
      // On the way a relay stands still when it is told to, as a network does that has lost its far end.
      const relay = createServer((near) => {
        const far = connect(bob.port.port, '127.0.0.1');
        for (const socket of [near, far]) socket.on('error', () => {});
        ways.push(near, far);
        near.pipe(far);
        far.pipe(near);
      });
      relay.listen(0, '127.0.0.1');
      await once(relay, 'listening');
      const { port } = relay.address() as AddressInfo;
      const parties = [alice.address, { ...bob.address, port }];
      const limits = { closeTimeoutMs: 200 };
      const accepted = new Promise<Connection>((resolve) => join(bob, parties, limits).accept(resolve));
      const calling = await join(alice, parties, limits).dial('bob', 'data', new AbortController().signal);
      const answering = await accepted;
      calling.start(handlers);
      answering.start(handlers);

      for (const socket of ways) {
        socket.unpipe();
        socket.pause();
      }
      const [socket] = bob.sockets;
      assert.ok(socket);
      const closed = once(socket, 'close');
      for (let i = 0; i < FRAMES; i++) answering.send([new Uint8Array(MIB)]);
      if (gives === 'destroys') answering.destroy();
      else void answering.close();
      await closed;

      relay.close();
      await leave(alice, bob);
    });
  }
});
