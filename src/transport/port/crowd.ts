import { isIPv6, type Socket } from 'node:net';

/**
 * Sockets of people who have not said yet who they are, or have not proved it: a bounded number. When one comes too
 * many, the oldest from the network that has most of them gives way, so that a crowd at a port displaces itself and not
 * a peer.
 */
export class Crowd {
  readonly #max: number;
  /**
   * In the order in which they came, with the network that each came from: a socket that has closed does not know it
   * any more.
   */
  readonly #networks = new Map<Socket, string>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Until it is taken out or has closed. */
  add(socket: Socket): void {
    this.#networks.set(socket, networkOf(socket.remoteAddress ?? ''));
    socket.once('close', () => this.#networks.delete(socket));
    if (this.#networks.size > this.#max) this.#displace();
  }

  /** It is no stranger any more. */
  take(socket: Socket): void {
    this.#networks.delete(socket);
  }

  destroy(): void {
    for (const socket of this.#networks.keys()) socket.destroy();
    this.#networks.clear();
  }

  #displace(): void {
    const oldest = new Map<string, { readonly socket: Socket; count: number }>();
    for (const [socket, network] of this.#networks) {
      const known = oldest.get(network);
      if (known) known.count++;
      else oldest.set(network, { socket, count: 1 });
    }
    // Of equals the first, which is the one whose socket has waited longest.
    const most = [...oldest.values()].reduce((most, one) => (one.count > most.count ? one : most));
    this.#networks.delete(most.socket);
    most.socket.destroy();
  }
}

/** What one person may be taken to have: an IPv4 address, or the 2^64 addresses of an IPv6 network. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const all = [...groups, ...Array<string>(missing).fill('0'), ...(tail ? tail.split(':') : [])];
  return all.slice(0, 4).join(':');
}
