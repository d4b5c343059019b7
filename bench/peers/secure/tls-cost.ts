/**
 * What moving a byte costs on a bare socket, with TLS as the data plane has it and without, in processor time of both
 * ends. They are in one process, so nothing is spent on switching between two: a floor. Prints one JSON object.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { systemClock } from '../../../src/base/system.ts';
import { peerPolicy, secureContext } from '../../../src/transport/grpc/tls.ts';
import { createIdentity } from '../../../src/transport/index.ts';

export interface SocketCost {
  /** Seconds of processor time for a byte, of sender and receiver together. */
  readonly tls: number;
  readonly tcp: number;
}

/** A ring product of a million numbers moves so many. */
const BYTES = 24_000_000;
const PIECE = Buffer.alloc(1_000_000, 7);
/** The best counts, as it does of operations. */
const ROUNDS = 12;

const [alice, bob] = await Promise.all(
  ['alice', 'bob'].map((party) => createIdentity({ party, clock: systemClock })),
);
if (alice === undefined || bob === undefined) throw new Error('there are no identities');

const ways = {
  tls: await opened(tls.createServer({ ...secureContext(bob), ...peerPolicy }), 'secureConnection', (port) =>
    tls.connect({ ...secureContext(alice), ...peerPolicy, host: '127.0.0.1', port }),
  ),
  tcp: await opened(createServer(), 'connection', (port) => connect(port, '127.0.0.1')),
};
const best = { tls: Number.POSITIVE_INFINITY, tcp: Number.POSITIVE_INFINITY };
for (let round = 0; round < ROUNDS; round++) {
  for (const way of ['tls', 'tcp'] as const) best[way] = Math.min(best[way], await moved(...ways[way]));
}
console.log(JSON.stringify(best satisfies SocketCost));
process.exit(0);

async function opened(
  server: Server,
  arrival: string,
  dial: (port: number) => Socket,
): Promise<readonly [Socket, Socket]> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const arrived = once(server, arrival);
  const sender = dial((server.address() as AddressInfo).port);
  return [sender, ((await arrived) as [Socket])[0]];
}

async function moved(sender: Socket, receiver: Socket): Promise<number> {
  const before = process.cpuUsage();
  const all = new Promise<void>((resolve) => {
    let left = BYTES;
    const take = (chunk: Uint8Array): void => {
      left -= chunk.length;
      if (left > 0) return;
      receiver.off('data', take);
      resolve();
    };
    receiver.on('data', take);
  });
  for (let given = 0; given < BYTES; given += PIECE.length) {
    await new Promise((resolve) => sender.write(PIECE, resolve));
  }
  await all;
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6 / BYTES;
}
