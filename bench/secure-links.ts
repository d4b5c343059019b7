/**
 * The ways on which members of bench/secure.ts reach each other: the data plane of a program, and bare TCP for
 * comparison.
 */
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { systemClock, systemRandom } from '../src/base/system.ts';
import type { Channel } from '../src/contracts/channel.ts';
import type { TrailEntry } from '../src/coordination/failure.ts';
import { MemberChannel } from '../src/program/data-plane/channel.ts';
import { Exchange } from '../src/program/data-plane/exchange.ts';
import { MAILBOX_BYTES_MAX, MAILBOX_MESSAGES_MAX, Mailbox } from '../src/program/data-plane/mailbox.ts';
import { FileSpillStore } from '../src/program/data-plane/spill.ts';
import {
  acceptInto,
  createGrpcTransport,
  createLink,
  type Identity,
  listenPort,
  type ManagedLink,
  type PeerAddress,
} from '../src/transport/index.ts';

export const members = ['alice', 'bob', 'carol'] as const;
export type Way = 'mtls' | 'tcp';

/** One member's place: its port, and the channel once all ports are known. */
export interface Place {
  readonly port: number;
  connect(ports: readonly number[]): Promise<Channel>;
}

export interface Credentials {
  readonly identity: Identity;
  /** By rank. */
  readonly fingerprints: readonly string[];
}

/** Mutual TLS, gRPC framing, links that resume, mailbox: what a job's device uses, without the job. */
export async function listenLinks(rank: number, { identity, fingerprints }: Credentials): Promise<Place> {
  const self = members[rank] as string;
  let handle: ((socket: Socket, head: Uint8Array) => void) | undefined;
  const { port } = await listenPort({
    host: '127.0.0.1',
    port: 0,
    party: self,
    onSocket: ({ socket, head }) => handle?.(socket, head),
  });
  return {
    port,
    async connect(ports) {
      const parties = members.map((name, at): PeerAddress => {
        return { name, host: '127.0.0.1', port: ports[at] ?? 1, fingerprint: fingerprints[at] ?? '' };
      });
      const transport = createGrpcTransport({ self, parties, identity, clock: systemClock });
      handle = (socket, head) => transport.handleSocket(socket, head);
      const acceptor = acceptInto(transport);
      const exchange = exchangeOf(self);
      for (const peer of members) {
        if (peer === self) continue;
        const role = members.indexOf(peer) < rank ? ('dialer' as const) : ('acceptor' as const);
        const handlers = exchange.handlersFor(peer);
        const link: ManagedLink = createLink({
          ...{ transport, peer, plane: 'data', role, clock: systemClock, random: systemRandom, handlers },
        });
        if (role === 'acceptor') acceptor.add(link);
        exchange.attach(peer, link);
      }
      const channel = new MemberChannel(self, members, exchange, new AbortController().signal);
      exchange.issued(step, channel.expectations());
      channel.open(step);
      return channel;
    },
  };
}

/** The one step of the run, to which all messages belong. */
const step: TrailEntry = {
  ...{ branch: '', position: 0, digest: '0'.repeat(32), stepId: '0' },
  ...{ kind: 'exchange', name: 'benchmark', places: members },
};

function exchangeOf(party: string): Exchange {
  const fail = (error: unknown): never => {
    console.error(error);
    process.exit(1);
  };
  const spill = new FileSpillStore(tmpdir(), 0);
  const limits = { bytesMax: MAILBOX_BYTES_MAX, messagesMax: MAILBOX_MESSAGES_MAX };
  return new Exchange({
    parties: members,
    party,
    clock: systemClock,
    mailbox: new Mailbox(limits, spill, fail),
    whereIs: () => 'future',
    diverged: () => fail(new Error('the benchmark sent what it does not expect')),
    failed: fail,
    linkLost: (_, error) => fail(error),
  });
}

/** Messages behind their length in four bytes. */
class Pipe {
  readonly #socket: Socket;
  readonly #messages: Uint8Array[] = [];
  #wanted: ((bytes: Uint8Array) => void) | undefined;
  #header = Buffer.alloc(4);
  #headerBytes = 0;
  #message: Uint8Array | undefined;
  #filled = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (data: Buffer) => this.#take(data));
  }

  async send(message: Uint8Array | readonly Uint8Array[]): Promise<void> {
    const pieces = message instanceof Uint8Array ? [message] : message;
    const length = Buffer.alloc(4);
    length.writeUInt32LE(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
    this.#socket.cork();
    this.#socket.write(length);
    const room = pieces.map((piece) => this.#socket.write(piece)).at(-1);
    this.#socket.uncork();
    if (!room) await new Promise((resolve) => this.#socket.once('drain', resolve));
  }

  receive(): Promise<Uint8Array> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => {
      this.#wanted = resolve;
    });
  }

  #take(data: Buffer): void {
    let at = 0;
    while (at < data.length) {
      if (this.#message === undefined) {
        const part = data.copy(this.#header, this.#headerBytes, at, at + 4 - this.#headerBytes);
        this.#headerBytes += part;
        at += part;
        if (this.#headerBytes < 4) return;
        this.#message = new Uint8Array(this.#header.readUInt32LE(0));
        this.#headerBytes = 0;
        this.#filled = 0;
      }
      const end = Math.min(data.length, at + this.#message.byteLength - this.#filled);
      this.#message.set(data.subarray(at, end), this.#filled);
      this.#filled += end - at;
      at = end;
      if (this.#filled === this.#message.byteLength) this.#deliver(this.#message);
    }
  }

  #deliver(message: Uint8Array): void {
    this.#message = undefined;
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted === undefined) this.#messages.push(message);
    else wanted(message);
  }
}

/** Those with a higher rank connect, and say who they are in one byte. */
export async function listenTcp(rank: number): Promise<Place> {
  const pipes: Pipe[] = [];
  let complete = (): void => {};
  const joined = (peer: number, socket: Socket): void => {
    pipes[peer] = new Pipe(socket);
    if (Object.keys(pipes).length === members.length - 1) complete();
  };
  const server = createServer((socket) => {
    socket.once('readable', () => joined((socket.read(1) as Buffer)[0] ?? 0, socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    connect: (ports) =>
      new Promise((resolve) => {
        complete = () =>
          resolve({
            rank,
            size: members.length,
            signal: new AbortController().signal,
            send: (to, bytes) => (pipes[to] as Pipe).send(bytes),
            receive: (from) => (pipes[from] as Pipe).receive(),
          });
        for (let peer = 0; peer < rank; peer++) {
          const socket = connect(ports[peer] ?? 0, '127.0.0.1', () => {
            socket.write(Uint8Array.of(rank));
            joined(peer, socket);
          });
        }
      }),
  };
}
