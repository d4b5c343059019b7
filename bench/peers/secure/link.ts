/**
 * A slow link between two parties that speak TCP: a proxy that delays every byte and lets so many through in a second.
 */
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface LinkSpeed {
  /** One way. */
  readonly delayMs: number;
  readonly bytesPerSecond: number;
}

/** 100 Mbit/s, and 50 ms from asking to the answer. */
export const WIDE_AREA: LinkSpeed = { delayMs: 25, bytesPerSecond: 12_500_000 };

/**
 * Bytes on the way in one direction before the sender is held up: what such a link, and the buffers at its ends, hold.
 */
const ON_THE_WAY_BYTES_MAX = 2 * 1024 * 1024;

/** How often the target is looked for. */
const LOOK_INTERVAL_MS = 20;

export class SlowLink {
  readonly port: number;
  readonly #server: Server;
  readonly #looking: NodeJS.Timeout;
  readonly #sockets = new Set<Socket>();
  /** When the direction has passed on everything so far; all connections of the link share it. */
  readonly #free = [0, 0];

  /**
   * Forwards from one port to another, as soon as somebody listens there: whoever dials earlier is refused, as without
   * a link.
   */
  constructor(port: number, target: number, speed: LinkSpeed) {
    this.port = port;
    this.#server = createServer({ noDelay: true });
    this.#server.on('connection', (near) => {
      const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
      this.#pipe(near, far, 0, speed);
      this.#pipe(far, near, 1, speed);
    });
    this.#looking = setInterval(() => {
      if (!isListening(target)) return;
      clearInterval(this.#looking);
      this.#server.listen(port, '127.0.0.1');
    }, LOOK_INTERVAL_MS);
  }

  close(): void {
    clearInterval(this.#looking);
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

/** Without connecting: that would look like a party to whoever listens. */
export function isListening(port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    .some((line) => {
      const [, address = '', , state] = line.trim().split(/\s+/);
      return state === '0A' && address.endsWith(local);
    });
}
