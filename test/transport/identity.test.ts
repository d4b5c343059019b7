/** Every wrong identity, at either end, over real TLS: refused for good, in words that help, and both ends are told. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { PeerError, PeerLostError } from '../../src/base/errors.ts';
import { systemClock } from '../../src/base/system.ts';
import { createIdentity, fingerprint, type PeerAddress } from '../../src/transport/index.ts';
import { join, leave, type TestParty, testParty } from './federation.ts';

const never = new AbortController().signal;
const DAY_MS = 86_400_000;
const shifted = (ms: number) => ({ ...systemClock, wallTime: () => Date.now() + ms });

/** Dials bob as alice and returns how that failed. Lists: what each party believes the other to be. */
async function dialFails(
  alice: TestParty,
  bob: TestParty,
  inAlice: PeerAddress,
  inBob: PeerAddress,
): Promise<Error> {
  const transport = join(alice, [inAlice]);
  join(bob, [inBob]).accept(() => assert.fail('the connection must not come to be'));
  try {
    await transport.dial('bob', 'control', never);
  } catch (error) {
    return error as Error;
  }
  return assert.fail('the dial must fail');
}

function assertRefused(error: Error, code: string, words: RegExp): void {
  assert.ok(error instanceof PeerError, String(error));
  assert.equal(error.code, code);
  assert.equal(error.failure, 'AUTH_FAILED');
  assert.match(error.message, words);
}

/** The far end's log is told by a frame that may still be on its way when the dial has failed. */
async function told(party: TestParty): Promise<PeerError> {
  while (party.refused.length === 0) await new Promise((resolve) => setImmediate(resolve));
  return party.refused[0] ?? assert.fail();
}

describe('identity over mutual TLS', () => {
  test("a dialler refuses a key that is not the listed one, and the other end's log says so", async () => {
    const [alice, bob, other] = await Promise.all(['alice', 'bob', 'bob'].map((name) => testParty(name)));
    if (!alice || !bob || !other) return assert.fail();
    const wrong = { ...bob.address, fingerprint: other.address.fingerprint };
    const error = await dialFails(alice, bob, wrong, alice.address);
    assertRefused(error, 'PRIVITY_PEER_KEY_UNKNOWN', /compare fingerprints/);
    assert.ok(
      error.message.includes(bob.address.fingerprint) && error.message.includes(other.address.fingerprint),
    );
    const log = await told(bob);
    assertRefused(log, 'PRIVITY_PEER_REFUSED_US', /alice refused the identity of this party/);
    assert.ok(!log.message.includes(other.address.fingerprint));
    await leave(alice, bob, other);
  });

  test('an acceptor refuses a key that is not the listed one; why is in its own log', async () => {
    const [alice, bob, other] = await Promise.all(['alice', 'bob', 'alice'].map((name) => testParty(name)));
    if (!alice || !bob || !other) return assert.fail();
    const error = await dialFails(alice, bob, bob.address, {
      ...alice.address,
      fingerprint: other.address.fingerprint,
    });
    assertRefused(error, 'PRIVITY_PEER_REFUSED_US', /bob refused the identity of this party/);
    assertRefused(await told(bob), 'PRIVITY_PEER_KEY_UNKNOWN', /the key presented for alice/);
    await leave(alice, bob, other);
  });

  test('a party that is not in the federation is refused', async () => {
    const [alice, bob, carol] = await Promise.all(['alice', 'bob', 'carol'].map((name) => testParty(name)));
    if (!alice || !bob || !carol) return assert.fail();
    const error = await dialFails(alice, bob, bob.address, carol.address);
    assertRefused(error, 'PRIVITY_PEER_REFUSED_US', /bob refused the identity of this party/);
    assertRefused(await told(bob), 'PRIVITY_PEER_KEY_UNKNOWN', /lists no peer alice/);
    await leave(alice, bob, carol);
  });

  test('expired and not yet valid certificates are refused at both ends', async () => {
    for (const [offset, code, words] of [
      [-3 * DAY_MS, 'PRIVITY_PEER_CERTIFICATE_EXPIRED', /expired at .* renews it with the same key/],
      [3 * DAY_MS, 'PRIVITY_PEER_CERTIFICATE_NOT_YET_VALID', /clock is wrong/],
    ] as const) {
      const identity = await createIdentity({ party: 'bob', days: 1, clock: shifted(offset) });
      const [alice, bob] = await Promise.all([testParty('alice'), testParty('bob', identity)]);
      const transport = join(alice, [bob.address]);
      transport.accept(() => assert.fail('the connection must not come to be'));
      // Its own check would refuse to start; with a clock that agrees with the certificate it goes on.
      const { createGrpcTransport } = await import('../../src/transport/index.ts');
      bob.transport = createGrpcTransport({
        self: 'bob',
        parties: [alice.address],
        identity,
        clock: shifted(offset),
        onRefused: (error) => bob.refused.push(error),
      });
      bob.transport.accept(() => assert.fail('the connection must not come to be'));
      await assert.rejects(transport.dial('bob', 'data', never), (error: Error) => {
        assertRefused(error, code, words);
        return true;
      });
      // Bob's clock is off, too, so that for him alice's certificate is out of date: he is not to dial past it either.
      await assert.rejects(bob.transport.dial('alice', 'data', never), (error) => error instanceof PeerError);
      await leave(alice, bob);
    }
  });

  test('a certificate that names another party is refused, though the key is the listed one', async () => {
    const alice = await testParty('alice');
    const misnamed = await createIdentity({ party: 'rob', clock: systemClock });
    const bob = await testParty('bob', misnamed);
    bob.transport = (await import('../../src/transport/index.ts')).createGrpcTransport({
      self: 'rob',
      parties: [alice.address],
      identity: misnamed,
      clock: systemClock,
    });
    const transport = join(alice, [{ ...bob.address, fingerprint: fingerprint(misnamed.certPem) }]);
    await assert.rejects(transport.dial('bob', 'data', never), (error: Error) => {
      assertRefused(error, 'PRIVITY_PEER_NAME_WRONG', /privity:\/\/party\/bob/);
      return true;
    });
    await leave(alice, bob);
  });

  test('a renewed certificate of the same key is accepted by peers that were told nothing', async () => {
    const [alice, bob] = await Promise.all([testParty('alice'), testParty('bob')]);
    const dialler = join(alice, [bob.address]);
    const acceptor = join(bob, [alice.address]);
    let accepted = 0;
    acceptor.accept(() => void accepted++);
    (await dialler.dial('bob', 'data', never)).destroy();
    for (const [party, transport] of [
      [alice, dialler],
      [bob, acceptor],
    ] as const) {
      transport.renewIdentity(
        await createIdentity({ party: party.name, clock: systemClock, keyPem: party.identity.keyPem }),
      );
    }
    (await dialler.dial('bob', 'data', never)).destroy();
    assert.equal(accepted, 2);
    await leave(alice, bob);
  });

  test('what listens and is not that party is an address error; what does not listen may come yet', async () => {
    const [alice, bob, carol] = await Promise.all(['alice', 'bob', 'carol'].map((name) => testParty(name)));
    if (!alice || !bob || !carol) return assert.fail();
    const plain = createServer((socket) => {
      socket.on('error', () => {});
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    }).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const { port } = plain.address() as { port: number };
    const closed = await testParty('dave');
    await leave(closed);
    const transport = join(alice, [
      { ...bob.address, port },
      { ...carol.address, port: bob.address.port },
      { ...closed.address, name: 'dave' },
    ]);
    await assert.rejects(transport.dial('bob', 'data', never), (error: Error) => {
      assert.ok(error instanceof PeerError && error.code === 'PRIVITY_PEER_ADDRESS_WRONG', String(error));
      assert.match(error.message, /does not speak TLS 1\.3/);
      return true;
    });
    await assert.rejects(transport.dial('carol', 'data', never), (error: Error) => {
      assert.ok(error instanceof PeerError && error.code === 'PRIVITY_PEER_ADDRESS_WRONG', String(error));
      assert.match(error.message, /not carol/);
      return true;
    });
    await assert.rejects(transport.dial('dave', 'data', never), (error: Error) => {
      assert.ok(error instanceof PeerLostError && error.code === 'PRIVITY_PEER_UNREACHABLE', String(error));
      return true;
    });
    plain.close();
    await leave(alice, bob, carol);
  });

  test('a socket that says nothing after its ClientHello is dropped in time', async () => {
    const [alice, bob] = await Promise.all([testParty('alice'), testParty('bob')]);
    const mute = createServer(() => {}).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as { port: number };
    const transport = join(alice, [{ ...bob.address, port }], { connectTimeoutMs: 50 });
    const alive = setInterval(() => {}, 1000);
    await assert.rejects(transport.dial('bob', 'data', never), { code: 'PRIVITY_PEER_UNREACHABLE' });
    clearInterval(alive);
    mute.close();
    await leave(alice, bob);
  });
});
