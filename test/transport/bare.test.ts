/**
 * Connections of the data plane that have no HTTP/2 around their messages (docs/decisions/0033): who gets them, what is
 * said to whom, and how they end.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { connect, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { systemClock } from '../../src/base/system.ts';
import type { Connection, Plane } from '../../src/contracts/index.ts';
import { BareConnection } from '../../src/transport/grpc/bare-connection.ts';
import { BARE_PROTOCOL } from '../../src/transport/grpc/bare-words.ts';
import { GrpcConnection } from '../../src/transport/grpc/connection.ts';
import { createIdentity, type GrpcLimits, type Identity, serverName } from '../../src/transport/index.ts';
import { join, leave, type TestParty, testParty } from './federation.ts';

const never = new AbortController().signal;
const OK = Buffer.of(0);
const REFUSED = Buffer.of(16);
/** The prefix of a gRPC message. */
const prefix = (flags: number, bytes: number): Buffer => {
  const all = Buffer.alloc(5);
  all.writeUInt8(flags, 0);
  all.writeUInt32BE(bytes, 1);
  return all;
};
const END_MARK = prefix(0x80, 0);

const parties: TestParty[] = [];
afterEach(() => leave(...parties.splice(0)));

/** Alice and bob; what arrives at bob is handed out one by one. */
async function federation({ limits, isOld = false }: { limits?: Partial<GrpcLimits>; isOld?: boolean } = {}) {
  const [alice, bob] = [await testParty('alice'), await testParty('bob')];
  parties.push(alice, bob);
  const listed = [alice.address, bob.address];
  const arrived: Connection[] = [];
  const waiting: ((connection: Connection) => void)[] = [];
  const at = join(alice, listed, limits);
  join(bob, listed, limits, isOld).accept((connection) => {
    const next = waiting.shift();
    if (next === undefined) arrived.push(connection);
    else next(connection);
  });
  const arrival = (): Promise<Connection> => {
    const early = arrived.shift();
    return early === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(early);
  };
  const dialled = async (plane: Plane): Promise<[near: Connection, far: Connection]> => {
    const near = await at.dial('bob', plane, never);
    return [near, await arrival()];
  };
  return { alice, bob, at, arrival, dialled };
}

/** A dialler of another make, at bob. */
async function stranger(bob: TestParty, identity: Identity | undefined): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port: bob.port.port,
    servername: serverName({ plane: 'data', party: 'bob' }),
    rejectUnauthorized: false,
    ...(identity && { cert: identity.certPem, key: identity.keyPem }),
    ALPNProtocols: [BARE_PROTOCOL],
  });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

async function allOf(socket: TLSSocket): Promise<Buffer> {
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  await once(socket, 'close');
  return Buffer.concat(parts);
}

/** Resolves with why it closed. */
const ended = (
  connection: Connection,
  onFrame: (parts: readonly Uint8Array[]) => undefined | Promise<void> = () => undefined,
): Promise<Error | undefined> => new Promise((onClose) => connection.start({ onFrame, onClose }));

const codeOf = (error: Error | undefined): string | undefined =>
  (error as { code?: string } | undefined)?.code;

describe('a connection without HTTP/2', () => {
  test('is of the data plane, where both ends know it', async () => {
    const { dialled } = await federation();
    for (const end of await dialled('data')) assert.ok(end instanceof BareConnection);
    for (const end of await dialled('control')) assert.ok(end instanceof GrpcConnection);
  });

  test('gives way to HTTP/2 where the other end knows nothing else', async () => {
    const { dialled } = await federation({ isOld: true });
    const [near, far] = await dialled('data');
    assert.ok(near instanceof GrpcConnection && far instanceof GrpcConnection);
    const got = new Promise((resolve) => void ended(far, ([part]) => void resolve(String(part))));
    near.send([Buffer.from('passes')]);
    assert.equal(await got, 'passes');
  });
});

describe('the first word', () => {
  test('is the same to everybody who is not a peer, and tells nothing', async () => {
    const { bob, alice } = await federation();
    const strangers = [
      undefined,
      await createIdentity({ party: 'mallory', clock: systemClock }),
      await createIdentity({ party: 'alice', clock: systemClock }),
    ];
    for (const identity of strangers) assert.deepEqual(await allOf(await stranger(bob, identity)), REFUSED);
    assert.equal(bob.refused.length, strangers.length, 'the own log has each');
    const peer = await stranger(bob, alice.identity);
    const [word] = (await once(peer, 'data')) as [Buffer];
    assert.deepEqual(word, OK);
    peer.destroy();
  });

  test('of a party that takes no connections yet lets the dialler come again', async () => {
    const [alice, bob] = [await testParty('alice'), await testParty('bob')];
    parties.push(alice, bob);
    const listed = [alice.address, bob.address];
    const transport = join(bob, listed);
    const dial = () => join(alice, listed).dial('bob', 'data', never);
    await assert.rejects(dial(), { code: 'PRIVITY_CONNECTION_BROKEN', message: /takes no connections now/ });
    transport.accept(() => {});
    assert.ok((await dial()) instanceof BareConnection);
  });

  test('that refuses this party ends the dial for good', async () => {
    const { bob } = await federation();
    const mallory = await testParty('mallory');
    parties.push(mallory);
    const dial = join(mallory, [mallory.address, bob.address]).dial('bob', 'data', never);
    await assert.rejects(dial, { code: 'PRIVITY_PEER_REFUSED_US' });
  });

  test('of a dialler that trusts this party not is in the log', async () => {
    const { bob, alice } = await federation();
    const peer = await stranger(bob, alice.identity);
    peer.end(REFUSED);
    await allOf(peer);
    assert.equal(bob.refused[0]?.code, 'PRIVITY_PEER_REFUSED_US');
  });

  test('to what listens in the place of a peer is that it is refused', async () => {
    const { alice, bob } = await federation();
    const impostor = await createIdentity({ party: 'bob', clock: systemClock });
    const options = { cert: impostor.certPem, key: impostor.keyPem, ALPNProtocols: [BARE_PROTOCOL] };
    const server = createTlsServer({ ...options, requestCert: true, rejectUnauthorized: false });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const heard = once(server, 'secureConnection').then(([socket]) => allOf(socket as TLSSocket));
    const { port } = server.address() as AddressInfo;
    const dial = join(alice, [{ ...bob.address, port }]).dial('bob', 'data', never);
    await assert.rejects(dial, { code: 'PRIVITY_PEER_KEY_UNKNOWN' });
    assert.deepEqual(await heard, REFUSED);
    server.close();
  });

  test('that does not come is not waited for', async () => {
    const { bob, alice } = await federation({ limits: { handshakeTimeoutMs: 50 } });
    assert.deepEqual(await allOf(await stranger(bob, alice.identity)), OK);
  });
});

describe('the end of a connection without HTTP/2', () => {
  /** Alice as somebody has written her, who says what the test wants. */
  async function written(limits?: Partial<GrpcLimits>) {
    const { bob, alice, arrival } = await federation({ ...(limits && { limits }) });
    const peer = await stranger(bob, alice.identity);
    peer.write(OK);
    return { peer, far: await arrival() };
  }

  test('is orderly behind the mark, and a break without it, also between two messages', async () => {
    for (const [last, code] of [
      [END_MARK, undefined],
      [Buffer.alloc(0), 'PRIVITY_CONNECTION_BROKEN'],
      [prefix(0, 100), 'PRIVITY_CONNECTION_BROKEN'],
    ] as const) {
      const { peer, far } = await written();
      const frames: string[] = [];
      const end = ended(far, (parts) => void frames.push(Buffer.concat(parts).toString()));
      peer.end(Buffer.concat([prefix(0, 5), Buffer.from('first'), last]));
      assert.equal(codeOf(await end), code);
      assert.deepEqual(frames, ['first']);
    }
  });

  test('comes at once where a peer sends what is no message', async () => {
    for (const bytes of [prefix(1, 5), prefix(0x80, 1), prefix(0, 0xffffffff)]) {
      const { peer, far } = await written();
      const end = ended(far);
      peer.write(bytes);
      const error = await end;
      assert.equal(codeOf(error), 'PRIVITY_PROTOCOL_VIOLATION');
      assert.match(String(error?.message), /^alice: /);
    }
  });

  test('is known while this party is busy with what came before', { timeout: 20_000 }, async () => {
    const { dialled } = await federation();
    const [near, far] = await dialled('data');
    let end: Promise<Error | undefined> | undefined;
    const busy = new Promise<void>((resolve) => {
      end = ended(far, () => {
        resolve();
        return new Promise<void>(() => undefined);
      });
    });
    for (let i = 0; i < 8; i++) near.send([Buffer.alloc(1_000_000)]);
    await busy;
    near.destroy();
    assert.equal(codeOf(await end), 'PRIVITY_CONNECTION_BROKEN');
  });

  test('waits for who is busy, and all that was sent arrives', async () => {
    const { dialled } = await federation();
    const [near, far] = await dialled('data');
    void ended(near);
    let frames = 0;
    let release: () => void = () => undefined;
    const end = ended(far, () => {
      frames++;
      return frames > 1
        ? undefined
        : new Promise((resolve) => {
            release = resolve;
          });
    });
    for (let i = 0; i < 8; i++) near.send([Buffer.alloc(100_000)]);
    const closed = near.close();
    while (frames === 0) await new Promise(setImmediate);
    release();
    assert.equal(await end, undefined);
    assert.equal(frames, 8);
    await closed;
  });

  test("leaves time for the other end's last messages, and no more than that", {
    timeout: 20_000,
  }, async () => {
    const closeTimeoutMs = 200;
    const { peer, far } = await written({ closeTimeoutMs });
    const from = performance.now();
    peer.resume();
    void ended(far);
    await far.close();
    assert.ok(performance.now() - from >= closeTimeoutMs - 1, 'the peer has not said its mark');

    const next = await written({ closeTimeoutMs: 60_000 });
    void ended(next.far);
    const closed = next.far.close();
    next.peer.end(END_MARK);
    await closed;
  });

  test('comes in time where the network takes nothing more', { timeout: 20_000 }, async () => {
    const { alice, bob } = await federation();
    const raw: Socket[] = [];
    // Between the two, and never reads on.
    const proxy = createServer((socket) => {
      const onward = connectTcp(bob.port.port, '127.0.0.1');
      raw.push(socket, onward);
      for (const end of [socket, onward]) end.on('error', () => {});
      onward.pipe(socket);
      socket.pipe(onward);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    const near = await join(alice, [{ ...bob.address, port }], { closeTimeoutMs: 50 }).dial(
      'bob',
      'data',
      never,
    );
    const end = ended(near);
    raw[0]?.unpipe();
    raw[0]?.pause();
    for (let i = 0; i < 40; i++) near.send([Buffer.alloc(1_000_000)]);
    await near.close();
    assert.equal(await end, undefined);
    for (const socket of raw) socket.destroy();
    proxy.close();
  });
});
