import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../contracts/index.ts';
import { Crowd, networkOf } from './crowd.ts';

export interface HandshakeGateOptions {
  readonly clock: Clock;
  /** TLS handshakes that are begun a second with people who may be strangers. */
  readonly perSecond: number;
  /** How many may be begun at once when there were few before, and how many may wait for their turn. */
  readonly atOnce: number;
  readonly begin: (socket: Socket, head: Uint8Array) => void;
}

/**
 * Lets TLS handshakes begin, so many a second: one costs a signature, and strangers can begin them for nothing. Who
 * comes too soon waits; networks take turns, and of those who wait the oldest of the network that has most gives way.
 */
export class HandshakeGate {
  readonly #options: HandshakeGateOptions;
  readonly #waiting = new Map<Socket, { readonly head: Uint8Array; readonly network: string }>();
  readonly #crowd: Crowd;
  /** When each network that has somebody waiting had its last turn, by number. */
  readonly #turns = new Map<string, number>();
  #turn = 0;
  #left: number;
  #countedAt: number;
  #timer: Timer | undefined;

  constructor(options: HandshakeGateOptions) {
    this.#options = options;
    this.#crowd = new Crowd(options.atOnce);
    this.#left = options.atOnce;
    this.#countedAt = options.clock.now();
  }

  arrive(socket: Socket, head: Uint8Array): void {
    if (this.#waiting.size === 0 && this.#take()) return this.#options.begin(socket, head);
    this.#waiting.set(socket, { head, network: networkOf(socket.remoteAddress ?? '') });
    socket.once('close', () => this.#waiting.delete(socket));
    this.#crowd.add(socket);
    this.#wake();
  }

  close(): void {
    this.#timer?.cancel();
    this.#crowd.destroy();
    this.#waiting.clear();
  }

  #take(): boolean {
    const { clock, perSecond, atOnce } = this.#options;
    const now = clock.now();
    this.#left = Math.min(atOnce, this.#left + ((now - this.#countedAt) * perSecond) / 1000);
    this.#countedAt = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  #wake(): void {
    if (this.#timer !== undefined || this.#waiting.size === 0) return;
    this.#timer = this.#options.clock.after(Math.ceil(1000 / this.#options.perSecond), () => {
      this.#timer = undefined;
      while (this.#waiting.size > 0 && this.#take()) this.#next();
      if (this.#waiting.size === 0) this.#turns.clear();
      this.#wake();
    });
  }

  /** The one that has waited longest, of the network whose last turn is longest ago. */
  #next(): void {
    let chosen: Socket | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [socket, { network }] of this.#waiting) {
      const turn = this.#turns.get(network) ?? 0;
      if (turn < least) [chosen, least] = [socket, turn];
    }
    const found = chosen && this.#waiting.get(chosen);
    if (!chosen || !found) return;
    this.#turns.set(found.network, ++this.#turn);
    this.#waiting.delete(chosen);
    this.#crowd.take(chosen);
    if (!chosen.destroyed) this.#options.begin(chosen, found.head);
  }
}
