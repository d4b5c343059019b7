/** The other end of bench/transport.ts: echoes on ping, counts on bulk; over a raw TLS socket and over a link. */
import { createServer } from 'node:tls';
import { systemClock, systemRandom } from '../src/base/system.ts';
import type { MessageSink } from '../src/contracts/index.ts';
import {
  acceptInto,
  createGrpcTransport,
  createLink,
  listenPort,
  type ManagedLink,
} from '../src/transport/index.ts';
import { GIVEN, give } from './parts/give.ts';
import type { BenchSetup } from './transport.ts';

process.once('message', async (message) => {
  const setup = message as BenchSetup;
  const { identity, parties } = setup;
  const rawPort = await listenRaw(setup);
  const transport = createGrpcTransport({ self: 'bob', parties, identity, clock: systemClock });
  const port = await listenPort({
    host: '127.0.0.1',
    port: 0,
    party: 'bob',
    onSocket: ({ socket, head }) => transport.handleSocket(socket, head),
  });
  const acceptor = acceptInto(transport);
  for (const plane of ['control', 'data'] as const) {
    const link: ManagedLink = createLink({
      transport,
      peer: 'alice',
      plane,
      role: 'acceptor',
      clock: systemClock,
      random: systemRandom,
      handlers: { onMessage: (header) => sinkFor(link, Buffer.from(header).toString()) },
    });
    acceptor.add(link);
  }
  process.send?.({ rawPort, port: port.port });
});
process.once('disconnect', () => process.exit());

/** Kind of message → what happens to it: pings come back, bulk is counted, `give` asks for as much as it says. */
function sinkFor(link: ManagedLink, said: string): MessageSink {
  const [kind = '', count, bytes] = said.split(' ');
  const pieces: Uint8Array[] = [];
  return {
    write: (piece) => {
      if (kind === 'ping') pieces.push(piece);
      // Never: a reader that has stalled.
      return kind === 'stall' ? new Promise<void>(() => undefined) : undefined;
    },
    end: () => {
      if (kind === GIVEN) return undefined;
      if (kind === 'give') void give(link, Number(count), Number(bytes));
      else void link.send(Buffer.from(kind === 'ping' ? 'pong' : 'done'), pieces);
      return undefined;
    },
    abort: () => {},
  };
}

/** Protocol of the raw socket: 4 bytes of size, 4 of count; count 0 echoes for ever, else one byte answers them all. */
function listenRaw(setup: BenchSetup): Promise<number> {
  const server = createServer(
    {
      cert: setup.identity.certPem,
      key: setup.identity.keyPem,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      ciphers: 'TLS_AES_128_GCM_SHA256',
      noDelay: true,
    },
    (socket) => {
      let head: Buffer | undefined;
      let left = 0;
      let size = 0;
      let isEcho = false;
      const parts: Buffer[] = [];
      socket.on('error', () => {});
      socket.on('data', (data: Buffer) => {
        let part = data;
        if (head === undefined) {
          head = part.subarray(0, 8);
          size = head.readUInt32BE(0);
          isEcho = head.readUInt32BE(4) === 0;
          left = isEcho ? size : size * head.readUInt32BE(4);
          part = part.subarray(8);
        }
        left -= part.length;
        if (isEcho) parts.push(part);
        if (left > 0) return;
        if (!isEcho) return void socket.write('.');
        socket.cork();
        for (const piece of parts.splice(0)) socket.write(piece);
        socket.uncork();
        left = size;
      });
    },
  );
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}
