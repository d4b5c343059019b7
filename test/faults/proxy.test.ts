import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { Path } from './proxy.ts';

/** What is sent by whoever has no ClientHello to send: the proxy takes it for the control plane. */
const CONTROL = ['control' as const];

/** Not `once` of node:events, which rejects when the socket says why. */
const closed = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => {
    socket.once('close', resolve);
  });

describe('the network that tests break', () => {
  let server: Server;
  let path: Path;
  const arrived: Socket[] = [];
  const open: Socket[] = [];

  beforeEach(async () => {
    server = createServer((socket) => {
      arrived.push(socket.on('error', () => undefined));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    path = await Path.open((server.address() as AddressInfo).port, () => 0.5);
  });

  afterEach(() => {
    path.close();
    server.close();
    for (const socket of [...arrived.splice(0), ...open.splice(0)]) socket.destroy();
  });

  async function dial(first = 'x'): Promise<{ near: Socket; far: Socket }> {
    const near = connect({ host: '127.0.0.1', port: path.port }).on('error', () => undefined);
    open.push(near);
    near.write(first);
    const [far] = (await once(server, 'connection')) as [Socket];
    await received(far, first.length);
    return { near, far };
  }

  async function received(socket: Socket, length: number): Promise<string> {
    let text = '';
    while (text.length < length) text += String((await once(socket, 'data'))[0]);
    return text;
  }

  it('forwards both ways, in order', async () => {
    const { near, far } = await dial();
    near.write('one ');
    near.write('two');
    assert.equal(await received(far, 7), 'one two');
    far.write('back');
    assert.equal(await received(near, 4), 'back');
  });

  it('holds one direction, and what was held arrives afterwards', async () => {
    const { near, far } = await dial();
    let heard = '';
    far.on('data', (bytes) => {
      heard += bytes;
    });
    path.set({ held: true }, CONTROL, ['there']);
    near.write('held');
    far.write('passes');
    assert.equal(await received(near, 6), 'passes');
    assert.equal(heard, '');
    path.set({ held: false }, CONTROL, ['there']);
    assert.equal(heard || (await received(far, 4)), 'held');
  });

  it('a connection that ends in a black hole goes on for the other end', async () => {
    const { near, far } = await dial();
    path.set({ held: true });
    let ended = false;
    far.once('close', () => {
      ended = true;
    });
    near.destroy();
    // A second connection is answered later than the news of the first one's end would have been.
    await dialHeld();
    assert.equal(ended, false);
    path.set({ held: false });
    await closed(far);
  });

  async function dialHeld(): Promise<void> {
    const near = connect({ host: '127.0.0.1', port: path.port }).on('error', () => undefined);
    open.push(near);
    near.write('y');
    await once(server, 'connection');
  }

  it('slows down', async () => {
    const { near, far } = await dial();
    path.set({ bytesPerSecond: 10_000 });
    const started = performance.now();
    near.write(Buffer.alloc(1_000));
    await received(far, 1_000);
    assert.ok(performance.now() - started >= 95);
    path.set({ bytesPerSecond: 1e9, delayMs: 50, jitterMs: 100 });
    const again = performance.now();
    near.write('z');
    await received(far, 1);
    // Half of the jitter, by the random numbers given above.
    assert.ok(performance.now() - again >= 95);
  });

  it('resets', async () => {
    const { near, far } = await dial();
    const ends = Promise.all([closed(near), closed(far)]);
    path.reset();
    await ends;
  });

  it('knows the plane by the server name, and counts and refuses by it', async () => {
    const tls = (servername: string): Socket => {
      const socket = connectTls({ host: '127.0.0.1', port: path.port, servername });
      open.push(socket.on('error', () => undefined));
      return socket;
    };
    const counted = path.forwarded('data', 100);
    tls('data.bob.privity');
    await counted;
    path.refusing = ['data'];
    const refused = tls('data.bob.privity');
    await closed(refused);
    tls('control.bob.privity');
    await path.forwarded('control', 100);
  });
});
