/** One process of large-body.long.test.ts: sends or receives one large body and reports its own memory. */
import type { Socket } from 'node:net';
import { systemClock, systemRandom } from '../../src/base/system.ts';
import type { MessageSink } from '../../src/contracts/index.ts';
import {
  acceptInto,
  createGrpcTransport,
  createLink,
  type GrpcTransport,
} from '../../src/transport/index.ts';
import type { LargeBodyReport, LargeBodySetup } from './large-body.long.test.ts';

const PIECE = Buffer.alloc(1_000_000, 1);
let transport: GrpcTransport | undefined;
let startRssBytes = 0;
let peakRssBytes = 0;
let peakBufferBytes = 0;
let received = 0;

process.on('message', (message: LargeBodySetup | { head: string }, socket: Socket | undefined) => {
  if ('head' in message) {
    if (socket !== undefined) transport?.handleSocket(socket, Buffer.from(message.head, 'base64'));
  } else begin(message);
});
process.once('disconnect', () => process.exit());

function begin(setup: LargeBodySetup): void {
  const { self, identity, parties, sends, bytes } = setup;
  transport = createGrpcTransport({ self, identity, parties, clock: systemClock });
  const report = async (count: number): Promise<void> => {
    measure();
    const message: LargeBodyReport = { bytes: count, startRssBytes, peakRssBytes, peakBufferBytes };
    process.send?.(message);
  };
  const sink: MessageSink = {
    write: (piece) => {
      received += piece.length;
      return undefined;
    },
    end: () => report(received),
    abort: (error) => {
      throw error;
    },
  };
  const link = createLink({
    transport,
    peer: sends ? 'bob' : 'alice',
    plane: 'data',
    role: sends ? 'dialer' : 'acceptor',
    clock: systemClock,
    random: systemRandom,
    handlers: { onMessage: () => sink },
  });
  startRssBytes = process.memoryUsage.rss();
  setInterval(measure, 20).unref();
  if (!sends) return acceptInto(transport).add(link);
  void link
    .send(Buffer.from('large'), body(bytes))
    .then(() => link.flushed())
    .then(() => report(bytes));
}

async function* body(bytes: number): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < bytes; sent += PIECE.length) yield PIECE;
}

function measure(): void {
  const { rss, arrayBuffers } = process.memoryUsage();
  peakRssBytes = Math.max(peakRssBytes, rss);
  peakBufferBytes = Math.max(peakBufferBytes, arrayBuffers);
}
