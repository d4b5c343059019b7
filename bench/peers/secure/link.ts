/** A slow link between two parties that speak TCP: a proxy that delays every byte and lets so many through in a second. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface LinkSpeed {
  /** One way. */
  readonly delayMs: number;
  readonly bytesPerSecond: number;
}

/** 100 Mbit/s, and 50 ms from asking to the answer. */
export const WIDE_AREA: LinkSpeed = { delayMs: 25, bytesPerSecond: 12_500_000 };

/** Bytes on the way in one direction before the sender is held up: what such a link, and the buffers at its ends, hold. */
const ON_THE_WAY_BYTES_MAX = 2 * 1024 * 1024;

export class SlowLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** When the direction has passed on everything so far; all connections of the link share it. */
  readonly #free = [0, 0];

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Forwards from a port of its own to this one. */
  static async to(target: number, speed: LinkSpeed): Promise<SlowLink> {
    const server = createServer({ noDelay: true });
    const link = new SlowLink(server);
    server.on('connection', (near) => {
      const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
      link.#pipe(near, far, 0, speed);
      link.#pipe(far, near, 1, speed);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #pipe(from: Socket, to: Socket, direction: 0 | 1, { delayMs, bytesPerSecond }: LinkSpeed): void {
    let onTheWay = 0;
    this.#sockets.add(from);
    from.on('data', (bytes: Buffer) => {
      const now = performance.now();
      const sent = Math.max(now, this.#free[direction] ?? 0) + (bytes.length / bytesPerSecond) * 1_000;
      this.#free[direction] = sent;
      onTheWay += bytes.length;
      if (onTheWay > ON_THE_WAY_BYTES_MAX) from.pause();
      setTimeout(
        () => {
          onTheWay -= bytes.length;
          if (onTheWay <= ON_THE_WAY_BYTES_MAX) from.resume();
          if (!to.destroyed) to.write(bytes);
        },
        sent + delayMs - now,
      );
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      setTimeout(() => to.destroy(), delayMs);
    });
  }
}
