/**
 * Data connections on their way to the program process. They wait here until it has started, and while it is busy: it
 * is given one at a time, because what is on its way to a process cannot be taken back, and holds up everything else
 * that is said to it.
 */
import type { Socket } from 'node:net';
import { Crowd } from '../../transport/index.ts';

/**
 * Data connections that wait: one for each peer, and one more that replaces it. A peer that dials again has given up on
 * the one before.
 */
const HELD_SOCKETS_PER_PEER = 2;

interface Receiver {
  /** Resolves when it has the socket, or never will. */
  sendSocket(socket: Socket, head: Uint8Array): Promise<void>;
}

/** The name of a peer by what its data connections show at the port (`passFor`). */
export type Passes = ReadonlyMap<string, string>;

interface Held {
  readonly head: Uint8Array;
  readonly pass: string;
}

export class DataDoor {
  /** As long as it is not known who may come. */
  readonly #crowd: Crowd;
  /** Then each peer has places of its own. */
  readonly #crowds = new Map<string, Crowd>();
  readonly #held = new Map<Socket, Held>();
  #passes: Passes | undefined;
  #receiver: Receiver | undefined;
  #isGiving = false;
  #isClosed = false;

  constructor(parties: number) {
    this.#crowd = new Crowd(HELD_SOCKETS_PER_PEER * parties);
  }

  arrive(socket: Socket, head: Uint8Array, pass: string): void {
    const crowd = this.#crowdFor(pass);
    if (this.#isClosed || crowd === undefined) {
      socket.destroy();
      return;
    }
    this.#held.set(socket, { head, pass });
    socket.once('close', () => this.#held.delete(socket));
    crowd.add(socket);
    void this.#give();
  }

  /** The run has begun: those without a pass of it are turned away, also those who have waited. */
  openTo(receiver: Receiver, passes: Passes): void {
    this.#receiver = receiver;
    this.#passes = passes;
    for (const [socket, { pass }] of [...this.#held]) {
      this.#crowd.take(socket);
      const crowd = this.#crowdFor(pass);
      if (crowd === undefined) socket.destroy();
      else crowd.add(socket);
    }
    void this.#give();
  }

  close(): void {
    this.#isClosed = true;
    this.#crowd.destroy();
    for (const crowd of this.#crowds.values()) crowd.destroy();
  }

  /** undefined: there is no place for it. */
  #crowdFor(pass: string): Crowd | undefined {
    if (this.#passes === undefined) return this.#crowd;
    const peer = this.#passes.get(pass);
    if (peer === undefined) return undefined;
    const crowd = this.#crowds.get(peer) ?? new Crowd(HELD_SOCKETS_PER_PEER);
    this.#crowds.set(peer, crowd);
    return crowd;
  }

  async #give(): Promise<void> {
    if (!this.#receiver || this.#isGiving) return;
    this.#isGiving = true;
    for (const [socket, { head, pass }] of this.#held) {
      this.#held.delete(socket);
      this.#crowdFor(pass)?.take(socket);
      if (!socket.destroyed) await this.#receiver.sendSocket(socket, head);
    }
    this.#isGiving = false;
  }
}
