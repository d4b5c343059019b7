/** Parties with real certificates, ports and transports, for tests in one process. */
import type { Socket } from 'node:net';
import type { PeerError } from '../../src/base/errors.ts';
import { systemClock } from '../../src/base/system.ts';
import {
  createGrpcTransport,
  createIdentity,
  fingerprint,
  type GrpcLimits,
  type GrpcTransport,
  type Identity,
  type ListeningPort,
  listenPort,
  type PeerAddress,
} from '../../src/transport/index.ts';

export interface TestParty {
  readonly name: string;
  readonly identity: Identity;
  readonly port: ListeningPort;
  readonly address: PeerAddress;
  readonly sockets: Set<Socket>;
  /** Refusals that this party's log was told. */
  readonly refused: PeerError[];
  transport: GrpcTransport | undefined;
}

export async function testParty(name: string, identity?: Identity): Promise<TestParty> {
  const own = identity ?? (await createIdentity({ party: name, clock: systemClock }));
  const sockets = new Set<Socket>();
  const port = await listenPort({
    host: '127.0.0.1',
    port: 0,
    party: name,
    onSocket: ({ socket, head }) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      party.transport?.handleSocket(socket, head);
    },
  });
  const address = { name, host: '127.0.0.1', port: port.port, fingerprint: fingerprint(own.certPem) };
  const party: TestParty = { name, identity: own, port, address, sockets, refused: [], transport: undefined };
  return party;
}

/** Gives a party its transport, with the federation as that party lists it. */
export function join(
  party: TestParty,
  parties: readonly PeerAddress[],
  limits?: Partial<GrpcLimits>,
  isHttp2Only?: boolean,
): GrpcTransport {
  const transport = createGrpcTransport({
    self: party.name,
    parties,
    identity: party.identity,
    clock: systemClock,
    limits,
    isHttp2Only,
    onRefused: (error) => party.refused.push(error),
  });
  party.transport = transport;
  return transport;
}

export async function leave(...parties: readonly TestParty[]): Promise<void> {
  for (const party of parties) {
    await party.transport?.close();
    await party.port.close();
  }
}
