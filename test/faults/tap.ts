/**
 * Reads what parties say to each other. Between each pair stands somebody who has the keys of both, so that each end
 * believes that it talks to the other: what passes is the same, byte for byte, but it can be read in between. Only the
 * keys of their programs, which nobody else has, are exchanged for some of its own where the parties tell each other of
 * them.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createSecureContext, createServer, type Server, type TLSSocket } from 'node:tls';
import type { Plane } from '../../src/contracts/index.ts';
import { BARE_PROTOCOL } from '../../src/transport/grpc/bare-words.ts';
import { parseServerName } from '../../src/transport/grpc/server-name.ts';
import { createRunIdentity } from '../../src/transport/index.ts';

interface Keys {
  readonly key: string;
  readonly cert: string;
}

/** What a party is known by on each plane, as far as its peers see. */
interface Faces {
  readonly keys: Readonly<Record<Plane, Keys>>;
  /** Of the key on the data plane. */
  readonly fingerprint: string;
}

const FINGERPRINT = /sha256:[\w-]{43}/;
const planeOf = (servername: string): Plane => parseServerName(servername)?.plane ?? 'control';

/** Nobody checks a certificate here: those who are tested do. */
const OPTIONS = { minVersion: 'TLSv1.3', rejectUnauthorized: false } as const;

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
        await tap.#listen(facesOf(dir, from), facesOf(dir, to), from, to, ports[to] ?? 0);
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

  async #listen(dialler: Faces, listener: Faces, from: string, to: string, port: number): Promise<void> {
    const options = {
      ...OPTIONS,
      ALPNProtocols: [BARE_PROTOCOL, 'h2'],
      requestCert: true,
      SNICallback: (
        name: string,
        answer: (error: null, context: ReturnType<typeof createSecureContext>) => void,
      ) => answer(null, createSecureContext(listener.keys[planeOf(name)])),
    };
    const server = createServer(options, (socket) => {
      const { servername = '', alpnProtocol: agreed } = socket as TLSSocket & {
        readonly servername?: string;
      };
      const plane = planeOf(servername);
      const onward = connect({
        ...OPTIONS,
        ALPNProtocols: [agreed || 'h2'],
        ...dialler.keys[plane],
        host: '127.0.0.1',
        port,
        servername,
      });
      this.#join(socket, onward, plane, dialler);
      this.#join(onward, socket, plane, listener);
    });
    this.#servers.set(`${from} ${to}`, server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
  }

  #join(source: TLSSocket, target: TLSSocket, plane: Plane, { fingerprint }: Faces): void {
    this.#sockets.add(source);
    source.on('data', (bytes: Buffer) => {
      this.#heard[plane].push(bytes);
      const text =
        plane === 'control' ? bytes.toString('latin1').replace(FINGERPRINT, fingerprint) : undefined;
      target.write(text === undefined ? bytes : Buffer.from(text, 'latin1'));
    });
    source.on('end', () => target.end());
    source.on('error', () => target.destroy());
    source.on('close', () => target.destroy());
  }
}

function facesOf(dir: string, party: string): Faces {
  const keyPem = readFileSync(join(dir, `${party}.key.pem`), 'utf8');
  const certPem = readFileSync(join(dir, `${party}.cert.pem`), 'utf8');
  const { fingerprint, ...program } = createRunIdentity({ keyPem, certPem });
  const data = { key: program.keyPem, cert: program.certPem };
  return { keys: { control: { key: keyPem, cert: certPem }, data }, fingerprint };
}
