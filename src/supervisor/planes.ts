/**
 * The two planes of a party. The supervisor owns the port and the control links; data connections that arrive at the port go
 * to the program process before TLS has begun.
 */
import { createGrpcTransport, type GrpcTransport, listenPort } from '../transport/index.ts';
import { DEFAULT_BOUNDS } from './bounds.ts';
import { controlLinkLimits, createConnector, type RunName } from './connector.ts';
import { DataDoor } from './data-door.ts';
import type { FederationMember, PartyOptions } from './options.ts';
import type { DataPlane, Planes } from './platform.ts';
import type { ProgramProcess } from './program-process.ts';
import { boundedRefusals } from './refusals.ts';
import { systemLoop } from './system-loop.ts';

/** @throws {EnvironmentError} PRIVITY_PORT_IN_USE @throws {UsageError} this party's own certificate is not what the federation pins */
export async function openPlanes(
  options: PartyOptions,
  warn: (message: string, about?: string) => void,
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
  const door = new DataDoor(federation.length);
  const port = await listenPort({
    host: listen.host,
    port: listen.port,
    party,
    onSocket: ({ plane, socket, head }) => {
      if (plane === 'control') transport.handleSocket(socket, head);
      else door.arrive(socket, head);
    },
  });
  return {
    connect,
    handDataTo: (program) => door.openTo(program),
    async close() {
      door.close();
      await port.close();
      await transport.close();
    },
  };
}

/** The data plane inside the program process. */
export function openDataPlane(
  party: string,
  run: RunName,
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
      run,
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
  warn: (message: string, about?: string) => void,
): GrpcTransport {
  return createGrpcTransport({
    self,
    parties,
    identity,
    clock: systemLoop.clock,
    onRefused: boundedRefusals(systemLoop.clock, warn),
  });
}
