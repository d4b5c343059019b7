/**
 * A network that a test can break: one TCP proxy for each pair of parties, which forwards the encrypted bytes and can
 * stop, slow down or cut them, in either direction and separately for the two planes. It reads nothing but the server
 * name of the ClientHello, which says the plane.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Plane } from '../../src/contracts/index.ts';
import { parseServerName } from '../../src/transport/grpc/server-name.ts';
import { readClientHello } from '../../src/transport/port/client-hello.ts';

/** What happens to the bytes of one direction. */
export interface Traffic {
  /** Nothing is forwarded, and nobody is told: what a cable that was pulled looks like. */
  readonly held: boolean;
  readonly delayMs: number;
  /** On top of the delay, uniform between zero and this. */
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
}

const FREE: Traffic = { held: false, delayMs: 0, jitterMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY };

export type Direction = 'there' | 'back';
const PLANES: readonly Plane[] = ['control', 'data'];
const DIRECTIONS: readonly Direction[] = ['there', 'back'];

/** Bytes that a direction keeps for later before it stops reading: what the buffers of a real path hold. */
const QUEUED_BYTES_MAX = 1024 * 1024;
/** A ClientHello is far smaller; what is longer is no TLS. */
const HELLO_BYTES_MAX = 64 * 1024;

/** One direction of one connection: a queue with a due time for each piece, in order. */
class Lane {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #traffic: () => Traffic;
  readonly #random: () => number;
  readonly #forwarded: (bytes: number) => void;
  readonly #queue: { readonly bytes: Buffer | 'end' | 'broken'; readonly due: number }[] = [];
  #queuedBytes = 0;
  #lastDue = 0;
  #timer: NodeJS.Timeout | undefined;
  #blocked = false;

  constructor(
    source: Socket,
    target: Socket,
    traffic: () => Traffic,
    random: () => number,
    forwarded: (bytes: number) => void,
  ) {
    this.#source = source;
    this.#target = target;
    this.#traffic = traffic;
    this.#random = random;
    this.#forwarded = forwarded;
    source.on('data', (bytes) => this.take(bytes));
    source.on('end', () => this.take('end'));
    source.on('close', () => this.take('broken'));
    target.on('drain', () => {
      this.#blocked = false;
      this.pump();
    });
  }

  take(bytes: Buffer | 'end' | 'broken'): void {
    const { delayMs, jitterMs, bytesPerSecond } = this.#traffic();
    const length = typeof bytes === 'string' ? 0 : bytes.length;
    const earliest = performance.now() + delayMs + this.#random() * jitterMs;
    this.#lastDue = Math.max(this.#lastDue, earliest) + (length / bytesPerSecond) * 1_000;
    this.#queue.push({ bytes, due: this.#lastDue });
    this.#queuedBytes += length;
    if (this.#queuedBytes > QUEUED_BYTES_MAX) this.#source.pause();
    this.pump();
  }

  /** Forwards what is due. Called again whenever anything may have changed. */
  pump(): void {
    clearTimeout(this.#timer);
    while (!this.#traffic().held && !this.#blocked) {
      const head = this.#queue[0];
      if (head === undefined) break;
      const wait = head.due - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.pump(), wait);
        break;
      }
      this.#queue.shift();
      this.#forward(head.bytes);
    }
    if (this.#queuedBytes <= QUEUED_BYTES_MAX && !this.#source.destroyed) this.#source.resume();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#queue.length = 0;
  }

  #forward(bytes: Buffer | 'end' | 'broken'): void {
    if (this.#target.destroyed) return;
    if (bytes === 'end') this.#target.end();
    else if (bytes === 'broken') this.#target.destroy();
    else {
      this.#queuedBytes -= bytes.length;
      this.#blocked = !this.#target.write(bytes);
      this.#forwarded(bytes.length);
    }
  }
}

interface Line {
  readonly plane: Plane;
  readonly sockets: readonly [Socket, Socket];
  readonly lanes: readonly [Lane, Lane];
}

/** The path between two parties. `there` is the direction from the one that dials. */
export class Path {
  readonly #server: Server;
  readonly #target: number;
  readonly #random: () => number;
  readonly #lines = new Set<Line>();
  readonly #arriving = new Set<Socket>();
  readonly #traffic = new Map<string, Traffic>();
  readonly #forwarded = new Map<Plane, number>();
  readonly #counted: { readonly plane: Plane; readonly bytes: number; readonly reached: () => void }[] = [];
  /** Who asks for one of these planes is turned away. */
  refusing: readonly Plane[] = [];

  private constructor(server: Server, target: number, random: () => number) {
    this.#server = server;
    this.#target = target;
    this.#random = random;
    server.on('connection', (socket) => this.#arrived(socket));
  }

  static async open(target: number, random: () => number): Promise<Path> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Path(server, target, random);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Changes what happens from now on, on the given planes and directions (default: all). */
  set(
    change: Partial<Traffic>,
    planes: readonly Plane[] = PLANES,
    directions: readonly Direction[] = DIRECTIONS,
  ): void {
    for (const plane of planes) {
      for (const direction of directions) {
        const key = `${plane} ${direction}`;
        this.#traffic.set(key, { ...FREE, ...this.#traffic.get(key), ...change });
      }
    }
    for (const line of this.#lines) for (const lane of line.lanes) lane.pump();
  }

  /** Resets every connection that stands, on the given planes. */
  reset(planes: readonly Plane[] = PLANES): void {
    for (const line of [...this.#lines]) if (planes.includes(line.plane)) this.#cut(line);
  }

  /** Resolves when so many bytes have been forwarded in all. */
  forwarded(plane: Plane, bytes: number): Promise<void> {
    return new Promise((reached) => {
      this.#counted.push({ plane, bytes, reached });
      this.#count(plane, 0);
    });
  }

  /** How many bytes have been forwarded so far, in both directions. */
  bytes(plane: Plane): number {
    return this.#forwarded.get(plane) ?? 0;
  }

  close(): void {
    this.#server.close();
    this.reset();
    for (const socket of this.#arriving) socket.destroy();
  }

  #arrived(socket: Socket): void {
    socket.on('error', () => undefined);
    this.#arriving.add(socket);
    let head = Buffer.alloc(0);
    const read = (bytes: Buffer): void => {
      head = Buffer.concat([head, bytes]);
      const hello = readClientHello(head);
      if (hello.kind === 'incomplete' && head.length < HELLO_BYTES_MAX) return;
      socket.off('data', read);
      socket.pause();
      this.#arriving.delete(socket);
      const name = hello.kind === 'hello' ? hello.serverName : undefined;
      const plane = parseServerName(name ?? '')?.plane ?? 'control';
      if (this.refusing.includes(plane)) socket.resetAndDestroy();
      else this.#connect(socket, head, plane);
    };
    socket.on('data', read);
    socket.once('close', () => this.#arriving.delete(socket));
  }

  #connect(socket: Socket, head: Buffer, plane: Plane): void {
    const onward = connect({ host: '127.0.0.1', port: this.#target, allowHalfOpen: true, noDelay: true });
    onward.on('error', () => undefined);
    const traffic = (direction: Direction) => () => this.#traffic.get(`${plane} ${direction}`) ?? FREE;
    const count = (bytes: number): void => this.#count(plane, bytes);
    const there = new Lane(socket, onward, traffic('there'), this.#random, count);
    const back = new Lane(onward, socket, traffic('back'), this.#random, count);
    const line: Line = { plane, sockets: [socket, onward], lanes: [there, back] };
    this.#lines.add(line);
    for (const end of line.sockets) {
      end.once('close', () => {
        if (line.sockets.every((other) => other.destroyed)) this.#lines.delete(line);
      });
    }
    there.take(head);
  }

  #cut(line: Line): void {
    this.#lines.delete(line);
    for (const lane of line.lanes) lane.stop();
    for (const socket of line.sockets) socket.resetAndDestroy();
  }

  #count(plane: Plane, bytes: number): void {
    const total = (this.#forwarded.get(plane) ?? 0) + bytes;
    this.#forwarded.set(plane, total);
    for (const waiter of this.#counted) if (waiter.plane === plane && total >= waiter.bytes) waiter.reached();
  }
}

/**
 * The paths between all pairs of some parties, in the order in which the federation lists them: the earlier one dials.
 */
export class Network {
  readonly #paths = new Map<string, Path>();

  /** @param ports where each party listens */
  static async open(ports: Readonly<Record<string, number>>, random: () => number): Promise<Network> {
    const network = new Network();
    const names = Object.keys(ports);
    for (const [i, from] of names.entries())
      for (const to of names.slice(i + 1))
        network.#paths.set(`${from} ${to}`, await Path.open(ports[to] ?? 0, random));
    return network;
  }

  /** The path and the direction in which bytes of `from` travel on it. */
  path(from: string, to: string): { readonly path: Path; readonly direction: Direction } {
    const there = this.#paths.get(`${from} ${to}`);
    const path = there ?? this.#paths.get(`${to} ${from}`);
    if (path === undefined) throw new Error(`no path between ${from} and ${to}`);
    return { path, direction: there ? 'there' : 'back' };
  }

  /** All paths that begin or end at one of the parties; all that there are when none is named. */
  around(parties: readonly string[]): readonly Path[] {
    return [...this.#paths].flatMap(([pair, path]) =>
      parties.length === 0 || pair.split(' ').some((party) => parties.includes(party)) ? [path] : [],
    );
  }

  close(): void {
    for (const path of this.#paths.values()) path.close();
  }
}
