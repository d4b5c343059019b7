/**
 * The two planes of a party. The supervisor owns the port and the control links; data connections that arrive at the
 * port go to the program process before TLS has begun.
 */
import type { Plane } from '../../contracts/index.ts';
import {
  createGrpcTransport,
  type GrpcTransport,
  type GrpcTransportOptions,
  listenPort,
  type OpenSocket,
  passFor,
  type RunPort,
} from '../../transport/index.ts';
import type { ProgramProcess } from '../machine/program-process.ts';
import { systemLoop } from '../machine/system-loop.ts';
import { DEFAULT_BOUNDS } from '../seam/bounds.ts';
import type { FederationMember, PartyOptions, RunName } from '../seam/options.ts';
import type { DataPlane, Planes } from '../seam/platform.ts';
import { controlLinkLimits, createConnector } from './connector.ts';
import { DataDoor, type Passes } from './data-door.ts';
import { boundedRefusals } from './refusals.ts';

/**
 * @throws {EnvironmentError} PRIVITY_PORT_IN_USE @throws {UsageError} this party's own certificate is not what the
 *   federation pins
 */
export async function openPlanes(
  options: PartyOptions,
  warn: (message: string, about?: string) => void,
): Promise<Planes<ProgramProcess>> {
  const { party, federation, identity, listen, runId } = options;
  const transport = openTransport({ self: party, parties: federation, identity, runId }, warn);
  const openPort: RunPort =
    options.port ?? ((onSocket) => listenPort({ host: listen.host, port: listen.port, party, onSocket }));
  const lostAfterMs = options.bounds.lostAfterMs ?? DEFAULT_BOUNDS.lostAfterMs;
  const connect = createConnector({
    transport,
    plane: 'control',
    order: federation.map(({ name }) => name),
    limits: controlLinkLimits(lostAfterMs),
    loop: systemLoop,
  });
  const door = new DataDoor(federation.length);
  let expected: Passes = new Map();
  const port = await openPort(({ plane, socket, head, pass = '' }) => {
    if (plane === 'control') transport.handleSocket(socket, head, expected.has(pass));
    else door.arrive(socket, head, pass);
  });
  return {
    connect,
    handDataTo: (program, run) => {
      const binding = Buffer.from(run.binding, 'hex');
      transport.show((peer, plane) => passFor(binding, plane, party, peer));
      expected = passesTo(party, federation, binding, 'control');
      door.openTo(program, passesTo(party, federation, binding, 'data'));
    },
    async close() {
      door.close();
      await port.close();
      await transport.close();
    },
  };
}

/** The peers that may dial this party on a plane, by their pass. */
function passesTo(
  self: string,
  federation: readonly FederationMember[],
  binding: Uint8Array,
  plane: Plane,
): Passes {
  return new Map(federation.map(({ name }) => [passFor(binding, plane, name, self), name]));
}

/** The data plane inside the program process. */
export function openDataPlane(
  party: string,
  run: RunName,
  federation: readonly FederationMember[],
  identity: PartyOptions['identity'],
  warn: (message: string) => void,
  openSocket?: OpenSocket,
): DataPlane {
  const transport = openTransport(
    { self: party, parties: federation, identity, runId: run.runId, openSocket },
    warn,
  );
  const binding = Buffer.from(run.binding, 'hex');
  transport.show((peer, plane) => passFor(binding, plane, party, peer));
  return {
    connect: createConnector({
      transport,
      plane: 'data',
      order: federation.map(({ name }) => name),
      run,
      loop: systemLoop,
    }),
    // The supervisor hands on the sockets that have shown their pass.
    handleSocket: (socket, head) => transport.handleSocket(socket, head, true),
    close: () => transport.close(),
  };
}

function openTransport(
  given: Pick<GrpcTransportOptions, 'self' | 'parties' | 'identity' | 'runId' | 'openSocket'>,
  warn: (message: string, about?: string) => void,
): GrpcTransport {
  return createGrpcTransport({
    ...given,
    clock: systemLoop.clock,
    onRefused: boundedRefusals(systemLoop.clock, warn),
  });
}
