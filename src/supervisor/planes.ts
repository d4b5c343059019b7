/**
 * The two planes of a party. The supervisor owns the port and the control links; data connections that arrive at the port go
 * to the program process before TLS has begun.
 */
import {
  type ArrivedSocket,
  createGrpcTransport,
  type GrpcTransport,
  listenPort,
} from '../transport/index.ts';
import { DEFAULT_BOUNDS } from './bounds.ts';
import { controlLinkLimits, createConnector } from './connector.ts';
import type { FederationMember, PartyOptions } from './options.ts';
import type { DataPlane, Planes } from './platform.ts';
import type { ProgramProcess } from './program-process.ts';
import { systemLoop } from './system-loop.ts';

/** Data connections that wait for the program process to start: one for each peer, and one more that replaces it. */
const HELD_SOCKETS_PER_PEER = 2;

/** @throws {EnvironmentError} PRIVITY_PORT_IN_USE @throws {UsageError} this party's own certificate is not what the federation pins */
export async function openPlanes(
  options: PartyOptions,
  warn: (message: string) => void,
): Promise<Planes<ProgramProcess>> {
  const { party, federation, identity, listen } = options;
  const transport = openTransport(party, federation, identity, warn);
  const lostAfterMs = options.bounds.lostAfterMs ?? DEFAULT_BOUNDS.lostAfterMs;
  const connect = createConnector({
    transport,
    plane: 'control',
    order: federation.map(({ name }) => name),
    limits: controlLinkLimits(lostAfterMs),
    loop: systemLoop,
  });
  const held: ArrivedSocket[] = [];
  let program: ProgramProcess | undefined;
  const port = await listenPort({
    host: listen.host,
    port: listen.port,
    party,
    onSocket: (arrived) => {
      if (arrived.plane === 'control') transport.handleSocket(arrived.socket, arrived.head);
      else if (program) program.sendSocket(arrived.socket, arrived.head);
      else hold(held, arrived, federation.length);
    },
  });
  return {
    connect,
    handDataTo(next) {
      program = next;
      for (const { socket, head } of held.splice(0)) next.sendSocket(socket, head);
    },
    async close() {
      for (const { socket } of held.splice(0)) socket.destroy();
      await port.close();
      await transport.close();
    },
  };
}

/** The data plane inside the program process. */
export function openDataPlane(
  party: string,
  runId: string,
  federation: readonly FederationMember[],
  identity: PartyOptions['identity'],
  warn: (message: string) => void,
): DataPlane {
  const transport = openTransport(party, federation, identity, warn);
  return {
    connect: createConnector({
      transport,
      plane: 'data',
      order: federation.map(({ name }) => name),
      runId,
      loop: systemLoop,
    }),
    handleSocket: (socket, head) => transport.handleSocket(socket, head),
    close: () => transport.close(),
  };
}

function openTransport(
  self: string,
  parties: readonly FederationMember[],
  identity: PartyOptions['identity'],
  warn: (message: string) => void,
): GrpcTransport {
  return createGrpcTransport({
    self,
    parties,
    identity,
    clock: systemLoop.clock,
    onRefused: (error) => warn(error.message),
  });
}

/** The oldest gives way: whoever dials again has given up on it. */
function hold(held: ArrivedSocket[], arrived: ArrivedSocket, parties: number): void {
  if (held.length >= HELD_SOCKETS_PER_PEER * parties) held.shift()?.socket.destroy();
  held.push(arrived);
}
