import { createServer, type Server } from 'node:net';
import { EnvironmentError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';

/**
 * Ports of throw-away federations come from below the range from which systems take ports for outgoing connections, so
 * that none is taken between the choice and the start.
 */
const PORT_FIRST = 20_000;
const PORT_LAST = 32_000;
/** Tries for each port. With hundreds of listeners on the machine one in fifty tries fails. */
const TRIES_MAX = 200;

const listen = (host: string, port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });

/**
 * Different free ports, one for each party, held until all are found.
 *
 * @param draw a random whole number in [0, below)
 * @throws {EnvironmentError} PRIVITY_PORT_IN_USE if none is free
 */
export async function freePorts(
  host: string,
  wanted: number,
  draw: (below: number) => number,
): Promise<number[]> {
  const servers: Server[] = [];
  const ports: number[] = [];
  try {
    for (let tries = 0; ports.length < wanted; tries += 1) {
      if (tries >= TRIES_MAX + wanted) {
        throw new EnvironmentError(
          'PRIVITY_PORT_IN_USE',
          `no ${wanted} free ports between ${PORT_FIRST} and ${PORT_LAST} on ${host}`,
        );
      }
      const port = PORT_FIRST + draw(PORT_LAST - PORT_FIRST);
      const server = await ignored(listen(host, port), 'the next port is tried');
      if (server === undefined) continue;
      servers.push(server);
      ports.push(port);
    }
    return ports;
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}
