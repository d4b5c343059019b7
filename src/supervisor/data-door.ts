/**
 * Data connections on their way to the program process. They wait here until it has started, and while it is busy: it is given one
 * at a time, because what is on its way to a process cannot be taken back, and holds up everything else that is said to it.
 */
import type { Socket } from 'node:net';
import { Crowd } from '../transport/index.ts';

/** Data connections that wait: one for each peer, and one more that replaces it. Whoever dials again has given up on the one before. */
const HELD_SOCKETS_PER_PEER = 2;

interface Receiver {
  /** Resolves when it has the socket, or never will. */
  sendSocket(socket: Socket, head: Uint8Array): Promise<void>;
}

export class DataDoor {
  readonly #crowd: Crowd;
  readonly #heads = new Map<Socket, Uint8Array>();
  #receiver: Receiver | undefined;
  #isGiving = false;
  #isClosed = false;

  constructor(parties: number) {
    this.#crowd = new Crowd(HELD_SOCKETS_PER_PEER * parties);
  }

  arrive(socket: Socket, head: Uint8Array): void {
    if (this.#isClosed) {
      socket.destroy();
      return;
    }
    this.#heads.set(socket, head);
    socket.once('close', () => this.#heads.delete(socket));
    this.#crowd.add(socket);
    void this.#give();
  }

  openTo(receiver: Receiver): void {
    this.#receiver = receiver;
    void this.#give();
  }

  close(): void {
    this.#isClosed = true;
    this.#crowd.destroy();
  }

  async #give(): Promise<void> {
    if (!this.#receiver || this.#isGiving) return;
    this.#isGiving = true;
    for (const [socket, head] of this.#heads) {
      this.#heads.delete(socket);
      this.#crowd.take(socket);
      if (!socket.destroyed) await this.#receiver.sendSocket(socket, head);
    }
    this.#isGiving = false;
  }
}
