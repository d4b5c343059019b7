import type { Socket } from 'node:net';
import { systemClock } from '../../src/base/system.ts';
import {
  createGrpcTransport,
  createIdentity,
  fingerprint,
  GRPC_LIMITS,
  type GrpcTransport,
  type ListeningPort,
  listenPort,
} from '../../src/transport/index.ts';
import { type TransportPair, transportSuite } from './transport-suite.ts';

async function open(isHttp2Only: boolean): Promise<TransportPair> {
  const clock = systemClock;
  const names = ['alice', 'bob', 'mallory'];
  const identities = await Promise.all(names.map((party) => createIdentity({ party, clock })));
  const transports: GrpcTransport[] = [];
  const sockets = new Set<Socket>();
  const ports: ListeningPort[] = await Promise.all(
    names.map((party, index) =>
      listenPort({
        host: '127.0.0.1',
        port: 0,
        party,
        onSocket: ({ socket, head }) => {
          sockets.add(socket);
          socket.once('close', () => sockets.delete(socket));
          transports[index]?.handleSocket(socket, head);
        },
      }),
    ),
  );
  const listed = names.map((name, index) => ({
    name,
    host: '127.0.0.1',
    port: ports[index]?.port ?? 0,
    fingerprint: fingerprint(identities[index]?.certPem ?? ''),
  }));
  for (const [index, self] of names.entries()) {
    const identity = identities[index];
    if (identity === undefined) throw new Error('an identity for each');
    // Only mallory's own list has mallory in it.
    const parties = self === 'mallory' ? listed : listed.slice(0, 2);
    // Who is dialled speaks both, so the dialler decides.
    transports.push(
      createGrpcTransport({ self, parties, identity, clock, isHttp2Only: isHttp2Only && self !== 'bob' }),
    );
  }
  const [alice, bob, mallory] = transports;
  if (alice === undefined || bob === undefined || mallory === undefined) throw new Error('three transports');
  return {
    alice,
    bob,
    mallory,
    breakConnections: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    // The receiver's window, the sender's queue, one frame over each, and the kernel's socket buffers.
    inFlightBytesMax: GRPC_LIMITS.streamWindowBytes + GRPC_LIMITS.sendQueueBytes + 2_000_000 + 12_000_000,
    close: async () => {
      for (const transport of transports) await transport.close();
      for (const port of ports) await port.close();
    },
  };
}

transportSuite('grpc, bare where it can be', () => open(false));
transportSuite('grpc over HTTP/2', () => open(true));
