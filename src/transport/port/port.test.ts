import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { share } from '../../../test/effort.ts';
import { clientHello } from '../../../test/parts/client-hello.ts';
import { EnvironmentError } from '../../base/errors.ts';
import { systemClock } from '../../base/system.ts';
import { readClientHello } from './client-hello.ts';
import { networkOf } from './crowd.ts';
import { handOver } from './hand-over.ts';
import { type ArrivedSocket, type ListenOptions, listenPort } from './listen-port.ts';

const host = '127.0.0.1';

async function open(options: Partial<ListenOptions> = {}) {
  let resolve: (arrived: ArrivedSocket) => void = () => {};
  const arrived = new Promise<ArrivedSocket>((settle) => {
    resolve = settle;
  });
  const listening = await listenPort({ host, port: 0, onSocket: resolve, ...options });
  return { port: listening.port, arrived, close: () => listening.close() };
}

async function answerTo(bytes: string | Buffer, options: Partial<ListenOptions> = {}): Promise<Buffer> {
  const { port, close } = await open(options);
  const socket = connect({ host, port });
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  socket.end(bytes);
  await once(socket, 'close');
  await close();
  return Buffer.concat(parts);
}

describe('ClientHello', () => {
  test('gives its server name, in one piece, in many records, and not before it is complete', async () => {
    const hello = await clientHello('data.alice.privity');
    assert.deepEqual(readClientHello(hello), { kind: 'hello', serverName: 'data.alice.privity' });
    for (let length = 0; length < hello.length; length++) {
      assert.equal(readClientHello(hello.subarray(0, length)).kind, 'incomplete', `${length} bytes`);
    }
    const body = hello.subarray(5);
    const records = [body.subarray(0, 3), body.subarray(3, 100), body.subarray(100)].map((part) =>
      Buffer.concat([Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part]),
    );
    assert.deepEqual(readClientHello(Buffer.concat(records)), {
      kind: 'hello',
      serverName: 'data.alice.privity',
    });
    assert.deepEqual(readClientHello(Buffer.concat([hello, Buffer.from('more')])).kind, 'hello');
  });

  test('of any other form is refused or has no name; no bytes make the reader throw', async () => {
    for (const text of ['GET / HTTP/1.1\r\n\r\n', 'PRI * HTTP/2.0\r\n', '\u0000\u0000', 'SSH-2.0-x']) {
      assert.deepEqual(readClientHello(Buffer.from(text)), { kind: 'not-tls' }, text);
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void readClientHello(bytes)));
    const hello = await clientHello('control.bob.privity');
    fc.assert(
      fc.property(fc.nat(hello.length - 1), fc.nat(255), (at, value) => {
        const mutated = Buffer.from(hello);
        mutated[at] = value;
        const result = readClientHello(mutated);
        assert.ok(['hello', 'not-tls', 'incomplete'].includes(result.kind));
      }),
      { numRuns: share(2000) },
    );
  });
});

describe('a socket that is handed to another process', () => {
  test('is not sent when it is closed: a message without it would come', async () => {
    const { port, arrived, close } = await open();
    connect({ host, port })
      .on('error', () => {})
      .write(await clientHello('data.alice.privity'));
    const { socket, head } = await arrived;
    socket.destroy();
    const child = { send: () => assert.fail('sent') } as unknown as ChildProcess;
    await assert.rejects(
      handOver(child, socket, head, () => ({}), {}),
      /is closed/,
    );
    await close();
  });
});

describe('the network of an address', () => {
  test('is an IPv4 address, or the first half of an IPv6 address', () => {
    assert.equal(networkOf('192.0.2.7'), '192.0.2.7');
    assert.equal(networkOf('::ffff:192.0.2.7'), '::ffff:192.0.2.7');
    assert.equal(networkOf('2001:db8::7'), '2001:db8:0:0');
    assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2');
    assert.equal(networkOf('::1'), '0:0:0:0');
    assert.equal(networkOf('fe80::'), 'fe80:0:0:0');
  });
});

describe('the port of a party', () => {
  test('tells planes apart before TLS and loses no byte', async () => {
    for (const plane of ['control', 'data'] as const) {
      const { port, arrived, close } = await open({ party: 'alice' });
      const dialler = connectTls({
        host,
        port,
        servername: `${plane}.alice.privity`,
        rejectUnauthorized: false,
      });
      dialler.on('error', () => {});
      const socket = await arrived;
      assert.equal(socket.plane, plane);
      assert.equal(socket.party, 'alice');
      assert.equal(readClientHello(socket.head).kind, 'hello');
      assert.equal(socket.socket.isPaused(), true);
      socket.socket.destroy();
      dialler.destroy();
      await close();
    }
  });

  test('answers HTTP and garbage in plain words', async () => {
    for (const bytes of [
      'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      Buffer.alloc(50_000, 7),
    ]) {
      const answer = (await answerTo(bytes)).toString();
      assert.match(answer, /^HTTP\/1\.1 400 /);
      assert.match(answer, /This is a Privity party/);
    }
  });

  test('turns away who asks for another party, with a TLS alert that names the reason', async () => {
    const hello = await clientHello('data.alice.privity');
    assert.deepEqual(await answerTo(hello, { party: 'bob' }), Buffer.from([21, 3, 3, 0, 2, 2, 112]));
    assert.deepEqual(
      await answerTo(await clientHello('data.alice.privity'), { party: 'bob' }),
      Buffer.from([21, 3, 3, 0, 2, 2, 112]),
    );
  });

  test('drops who says nothing in time, too much, or crowds', async () => {
    let expire: () => void = () => {};
    const clock = {
      ...systemClock,
      after: (_delay: number, callback: () => void) => {
        expire = callback;
        return { cancel: () => {} };
      },
    };
    const silent = await open({ clock });
    const socket = connect({ host, port: silent.port });
    await once(socket, 'connect');
    socket.write(Buffer.from([22, 3, 1]));
    // Not `once` of node:events, which rejects on a reset: as such the end comes when the bytes were not read by then.
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    const timer = setInterval(() => expire(), 5);
    await closed;
    clearInterval(timer);
    await silent.close();

    // A ClientHello that never ends: records that promise more handshake bytes than are allowed.
    const endless = Buffer.concat([
      Buffer.from([22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff]),
      Buffer.alloc(20_000),
    ]);
    assert.match((await answerTo(endless)).toString(), /^HTTP\/1\.1 400 /);

    const crowded = await open({ limits: { pendingMax: 2 } });
    const sockets: Socket[] = [];
    const firstClosed = new Promise<void>((resolve) => {
      for (let i = 0; i < 3; i++) {
        const each = connect({ host, port: crowded.port });
        each.on('error', () => {});
        each.once('close', () => resolve());
        sockets.push(each);
      }
    });
    await firstClosed;
    await crowded.close();
    for (const each of sockets) each.destroy();
  });

  const timeout = 10_000;
  test('bounds those whom it answers in plain words, too, if they do not go away', { timeout }, async () => {
    const { port, close } = await open({ limits: { pendingMax: 2, helloTimeoutMs: 60_000 } });
    const sockets = [0, 1, 2].map(() => connect({ host, port, allowHalfOpen: true }));
    const displaced = sockets.map((socket) => {
      socket.on('error', () => {});
      socket.resume().write('GET / HTTP/1.1\r\n\r\n');
      return new Promise((resolve) => socket.once('close', resolve));
    });
    // They have been answered, and go on talking: the one that has been displaced finds nobody there.
    const talking = setInterval(() => {
      for (const socket of sockets) if (!socket.destroyed) socket.write('x');
    }, 5);
    await Promise.race(displaced);
    clearInterval(talking);
    await close();
    for (const socket of sockets) socket.destroy();
  });

  const skip = process.platform === 'linux' ? false : 'needs a second address of this machine';
  test('makes a crowd from one address give way, not who came from another', { skip, timeout }, async () => {
    const { port, arrived, close } = await open({ limits: { pendingMax: 3 } });
    const hello = await clientHello('data.alice.privity');
    const peer = connect({ host, port });
    peer.on('error', () => {});
    await once(peer, 'connect');
    const crowd = Array.from({ length: 4 }, () => connect({ host, port, localAddress: '127.0.0.2' }));
    await Promise.race(
      crowd.map((socket) =>
        once(
          socket.on('error', () => {}),
          'close',
        ),
      ),
    );
    peer.write(hello);
    const { socket } = await arrived;
    assert.equal(socket.remoteAddress, host);
    for (const each of [socket, peer, ...crowd]) each.destroy();
    await close();
  });

  test('that is taken, or not to be had, is a typed error', async () => {
    const first = await open();
    const isTyped = (code: string) => (error: unknown) =>
      error instanceof EnvironmentError && error.code === code && error.failure === 'SETUP_FAILED';
    await assert.rejects(open({ port: first.port }), isTyped('PRIVITY_PORT_IN_USE'));
    await assert.rejects(open({ host: '192.0.2.1' }), isTyped('PRIVITY_PORT_UNAVAILABLE'));
    await first.close();
    // Free again at once.
    await (await open({ port: first.port })).close();
  });
});
