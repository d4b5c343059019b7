/**
 * Connections that a sandboxed program needs: it asks, its supervisor dials the address that the federation lists, and
 * hands the socket over.
 */
import { connect, type Socket } from 'node:net';
import { reasonOf } from '../../base/system-error.ts';
import type { FromProgram, ToProgram } from './ipc.ts';
import type { FederationMember } from './options.ts';

type Dial = Extract<FromProgram, { type: 'dial' }>;
type Answer = Extract<ToProgram, { type: 'dialled' | 'notDialled' }>;

/** In the supervisor. One dial a peer at a time: a program that asks again has given up on the one before. */
export class DialsForProgram {
  readonly #members: readonly FederationMember[];
  readonly #answer: (message: Answer, socket?: Socket) => void;
  readonly #underWay = new Map<string, Socket>();

  constructor(members: readonly FederationMember[], answer: (message: Answer, socket?: Socket) => void) {
    this.#members = members;
    this.#answer = answer;
  }

  dial({ id, peer }: Dial): void {
    const member = this.#members.find(({ name }) => name === peer);
    if (member === undefined) return this.#answer({ type: 'notDialled', id, reason: 'no such party' });
    this.#underWay.get(peer)?.destroy();
    const socket = connect({ host: member.host, port: member.port, noDelay: true });
    this.#underWay.set(peer, socket);
    const over = (): void => {
      socket.removeListener('error', failed);
      if (this.#underWay.get(peer) === socket) this.#underWay.delete(peer);
    };
    const failed = (error: Error): void => {
      over();
      this.#answer({ type: 'notDialled', id, reason: reasonOf(error) });
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      over();
      socket.on('error', () => undefined);
      socket.pause();
      this.#answer({ type: 'dialled', id }, socket);
    });
  }

  close(): void {
    for (const socket of this.#underWay.values()) socket.destroy();
    this.#underWay.clear();
  }
}

/** In the program. */
export class DialsOfProgram {
  readonly #send: (message: FromProgram) => void;
  readonly #waiting = new Map<number, { resolve(socket: Socket): void; reject(error: Error): void }>();
  #count = 0;

  constructor(send: (message: FromProgram) => void) {
    this.#send = send;
  }

  /** Rejects with what the dialler of the transport understands: an error with the code of the system's. */
  open(peer: string, signal: AbortSignal): Promise<Socket> {
    const id = ++this.#count;
    return new Promise<Socket>((resolve, reject) => {
      const gone = (): void => reject(signal.reason);
      signal.addEventListener('abort', gone, { once: true });
      this.#waiting.set(id, { resolve, reject });
      this.#send({ type: 'dial', id, peer });
    }).finally(() => this.#waiting.delete(id));
  }

  take(message: Answer, socket: Socket | undefined): void {
    const waiting = this.#waiting.get(message.id);
    if (message.type === 'dialled' && socket !== undefined && waiting !== undefined)
      return waiting.resolve(socket);
    socket?.destroy();
    const code = message.type === 'notDialled' ? message.reason : 'ECONNRESET';
    waiting?.reject(Object.assign(new Error(code), { code }));
  }
}
