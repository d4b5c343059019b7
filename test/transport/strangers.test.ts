/**
 * Strangers who crowd a party's port from an address of their own, and a peer that sends in HTTP/2 what no party sends.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createSecureServer, type ServerHttp2Session } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import type { Connection } from '../../src/contracts/index.ts';
import { clientHello } from '../parts/client-hello.ts';
import { join, testParty } from './federation.ts';

/** Only Linux has it without being told. */
const elsewhere = '127.0.0.2';
const skip = process.platform === 'linux' ? false : 'needs a second address of this machine';

describe('strangers at the port', () => {
  it('that never finish their handshakes do not keep a peer out', { skip }, async () => {
    const [alice, bob] = [await testParty('alice'), await testParty('bob')];
    const addresses = [alice.address, bob.address];
    const handshakesMax = 8;
    // Kept until the end: one that is ended at once may break before its dialler has heard that it stands.
    const taken: Connection[] = [];
    join(alice, addresses, { handshakesMax }).accept((connection) => void taken.push(connection));
    const bobs = join(bob, addresses);
    const strangers: Socket[] = [];
    try {
      const hello = await clientHello('control.alice.privity');
      for (let i = 0; i < handshakesMax; i++) {
        const stranger = connect({ host: '127.0.0.1', port: alice.port.port, localAddress: elsewhere });
        stranger.on('error', () => {});
        strangers.push(stranger);
        stranger.write(hello);
        // What it has been sent shows that its handshake is under way; it does not go on with it.
        await once(stranger, 'data');
      }
      const connection = await bobs.dial('alice', 'control', new AbortController().signal);
      assert.equal(connection.peer, 'alice');
      connection.destroy();
    } finally {
      for (const stranger of [...strangers, ...taken]) stranger.destroy();
      for (const party of [alice, bob]) {
        await party.transport?.close();
        await party.port.close();
      }
    }
  });
});

describe('a peer that sends origins without end', () => {
  it('is disconnected: Node would keep them all', { timeout: 10_000 }, async () => {
    const [alice, bob] = [await testParty('alice'), await testParty('bob')];
    const { certPem: cert, keyPem: key } = bob.identity;
    const sessions: ServerHttp2Session[] = [];
    const server = createSecureServer({ cert, key });
    server.on('session', (session) => sessions.push(session));
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.respond({ 'content-type': 'application/grpc+proto' });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const alices = join(alice, [alice.address, { ...bob.address, port }]);
    let sending: NodeJS.Timeout | undefined;
    try {
      const connection = await alices.dial('bob', 'control', new AbortController().signal);
      let sent = 0;
      sending = setInterval(() => {
        for (const session of sessions) if (!session.destroyed) session.origin(`https://${sent++}.example`);
      }, 5);
      await new Promise<void>((resolve) =>
        connection.start({ onFrame: () => undefined, onClose: () => resolve() }),
      );
    } finally {
      clearInterval(sending);
      for (const session of sessions) session.destroy();
      server.close();
      await alices.close();
      await alice.port.close();
      await bob.port.close();
    }
  });
});
