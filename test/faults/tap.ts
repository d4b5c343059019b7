/**
 * Reads what parties say to each other. Between each pair stands somebody who has the keys of both, so that each end believes
 * that it talks to the other: what passes is the same, byte for byte, but it can be read in between.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import type { Plane } from '../../src/contracts/index.ts';
import { parseServerName } from '../../src/transport/grpc/server-name.ts';

interface Keys {
  readonly key: string;
  readonly cert: string;
}

/** Nobody checks a certificate here: those who are tested do. */
const OPTIONS = { minVersion: 'TLSv1.3', rejectUnauthorized: false, ALPNProtocols: ['h2'] } as const;

export class Tap {
  readonly #servers = new Map<string, Server>();
  readonly #sockets = new Set<TLSSocket>();
  readonly #heard: Record<Plane, Buffer[]> = { control: [], data: [] };

  /** @param ports where each party listens; @param dir where its key and certificate are */
  static async open(ports: Readonly<Record<string, number>>, dir: string): Promise<Tap> {
    const tap = new Tap();
    const names = Object.keys(ports);
    for (const [i, from] of names.entries())
      for (const to of names.slice(i + 1))
        await tap.#listen(keysOf(dir, from), keysOf(dir, to), from, to, ports[to] ?? 0);
    return tap;
  }

  /** Where `from` finds `to`: the earlier one of the two in the federation dials. */
  port(from: string, to: string): number | undefined {
    return (this.#servers.get(`${from} ${to}`)?.address() as AddressInfo | undefined)?.port;
  }

  /** Everything that has passed on a plane, in all directions, as one text of bytes. */
  heard(plane: Plane): string {
    return Buffer.concat(this.#heard[plane]).toString('latin1');
  }

  close(): void {
    for (const server of this.#servers.values()) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #listen(dialler: Keys, listener: Keys, from: string, to: string, port: number): Promise<void> {
    const server = createServer({ ...OPTIONS, ...listener, requestCert: true }, (socket) => {
      const { servername } = socket as TLSSocket & { readonly servername?: string };
      const plane = parseServerName(servername ?? '')?.plane ?? 'control';
      const onward = connect({
        ...OPTIONS,
        ...dialler,
        host: '127.0.0.1',
        port,
        servername: servername ?? '',
      });
      this.#join(socket, onward, plane);
      this.#join(onward, socket, plane);
    });
    this.#servers.set(`${from} ${to}`, server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
  }

  #join(source: TLSSocket, target: TLSSocket, plane: Plane): void {
    this.#sockets.add(source);
    source.on('data', (bytes: Buffer) => {
      this.#heard[plane].push(bytes);
      target.write(bytes);
    });
    source.on('end', () => target.end());
    source.on('error', () => target.destroy());
    source.on('close', () => target.destroy());
  }
}

const keysOf = (dir: string, party: string): Keys => ({
  key: readFileSync(join(dir, `${party}.key.pem`), 'utf8'),
  cert: readFileSync(join(dir, `${party}.cert.pem`), 'utf8'),
});
