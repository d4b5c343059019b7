/**
 * What somebody learns that is not who he has to be: the same bytes in every case, at either end, and no HTTP/2
 * session.
 */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { systemClock } from '../../src/base/system.ts';
import {
  createIdentity,
  fingerprint,
  type Identity,
  serverName,
  verifyPeer,
} from '../../src/transport/index.ts';
import { join, leave, testParty } from './federation.ts';

const DAY_MS = 86_400_000;
const yesterday = { ...systemClock, wallTime: () => Date.now() - 3 * DAY_MS };
const make = (party: string, keyPem?: string, days?: number) =>
  createIdentity({ party, clock: days === undefined ? systemClock : yesterday, keyPem, days });

/** The preface, empty SETTINGS, a PING and a call: what an HTTP/2 server would answer in several frames. */
const CALL = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
  Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
]);

async function allOf(socket: TLSSocket): Promise<Buffer> {
  const parts: Buffer[] = [];
  socket.on('error', () => {});
  socket.on('data', (part: Buffer) => parts.push(part));
  await once(socket, 'close');
  return Buffer.concat(parts);
}

describe('a TLS session of before', () => {
  it('does not stand in for the key', async () => {
    const [alice, bob] = [await testParty('alice'), await testParty('bob')];
    join(alice, [alice.address, bob.address]).accept((connection) => connection.destroy());
    const to = {
      host: '127.0.0.1',
      port: alice.port.port,
      servername: serverName({ plane: 'control', party: 'alice' }),
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    };
    const first = connect({ ...to, cert: bob.identity.certPem, key: bob.identity.keyPem });
    first.on('error', () => {});
    const [session] = (await once(first, 'session')) as [Buffer];
    first.destroy();
    // A thief of the session has no key.
    const thief = connect({ ...to, session });
    await once(thief, 'secureConnect');
    assert.equal(thief.isSessionReused(), false);
    assert.match((await allOf(thief)).toString('latin1'), /privity: refused/);
    assert.equal(alice.refused[0]?.code, 'PRIVITY_PEER_CERTIFICATE_MISSING');
    await leave(alice, bob);
  });

  it('is refused by the dialler, too, should a listener have it resumed', async () => {
    const bob = await make('bob');
    const { certPem } = bob;
    const certificate = new X509Certificate(certPem);
    const pinned = { certificate, party: 'bob', fingerprint: fingerprint(certPem), nowMs: Date.now() };
    assert.equal(verifyPeer({ ...pinned, isResumed: false }), undefined);
    assert.equal(verifyPeer({ ...pinned, isResumed: true })?.reason, 'resumed');
  });
});

describe('a stranger that speaks TLS', () => {
  it('is told the same whatever is wrong with it', async () => {
    const [alice, bob, carol] = [await testParty('alice'), await testParty('bob'), await testParty('carol')];
    join(alice, [alice.address, bob.address, carol.address]).accept(() => assert.fail('it came in'));
    const strangers: Record<string, Identity | undefined> = {
      'has no certificate': undefined,
      'is no member': await make('mallory'),
      'has the name of a member and another key': await make('bob'),
      'has the key of a member and another name': await make('rob', bob.identity.keyPem),
      'has a certificate that is out of date': await make('bob', bob.identity.keyPem, 1),
      'has the name of the party itself': await make('alice'),
      'does not speak HTTP/2': bob.identity,
    };
    const answers = new Map<string, string>();
    for (const [what, identity] of Object.entries(strangers)) {
      const socket = connect({
        host: '127.0.0.1',
        port: alice.port.port,
        servername: serverName({ plane: 'control', party: 'alice' }),
        rejectUnauthorized: false,
        ...(identity === undefined ? {} : { cert: identity.certPem, key: identity.keyPem }),
        ...(identity === bob.identity ? {} : { ALPNProtocols: ['h2'] }),
      });
      await once(socket, 'secureConnect');
      socket.write(CALL);
      answers.set(what, (await allOf(socket)).toString('latin1'));
    }
    const [first = ''] = answers.values();
    assert.match(first, /privity: refused/);
    assert.doesNotMatch(first, /sha256|alice|bob|carol|mallory/);
    for (const [what, answer] of answers) assert.equal(answer, first, what);
    assert.equal(alice.refused.length, answers.size, 'the own log has each');
    assert.ok(alice.refused.some(({ message }) => message.includes(bob.address.fingerprint)));
    await leave(alice, bob, carol);
  });

  it('and listens where a peer should be is not told whom it had to be', async () => {
    const [alice, bob] = [await testParty('alice'), await testParty('bob')];
    const impostor = await make('bob');
    const options = { cert: impostor.certPem, key: impostor.keyPem, ALPNProtocols: ['h2'] };
    const server = createServer({ ...options, requestCert: true, rejectUnauthorized: false });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const heard = once(server, 'secureConnection').then(([socket]) => allOf(socket as TLSSocket));
    const { port } = server.address() as AddressInfo;
    const dial = join(alice, [{ ...bob.address, port }]).dial('bob', 'control', new AbortController().signal);
    await assert.rejects(dial, { code: 'PRIVITY_PEER_KEY_UNKNOWN' });
    const told = (await heard).toString('latin1');
    assert.match(told, /privity: refused/);
    for (const pinned of [bob.address.fingerprint, fingerprint(impostor.certPem), 'sha256'])
      assert.ok(!told.includes(pinned), told);
    server.close();
    await leave(alice, bob);
  });
});
