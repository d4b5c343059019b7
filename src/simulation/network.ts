/**
 * The network of the simulated world: hosts with one address each, and paths between every two of them, one for each
 * direction. What a path is given arrives late, in order, or, while the path is cut, when it is healed, as TCP would
 * have it; unless the connection breaks first.
 */
import { PeerLostError, UsageError } from '../base/errors.ts';
import type { Connection, Plane, Transport } from '../contracts/index.ts';
import { GRPC_LIMITS } from '../transport/index.ts';
import { makeConnections, type SimConnection } from './connection.ts';
import type { EventQueue } from './event-queue.ts';
import type { SimProcess } from './process.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What the paths of a network are like while nothing is wrong. */
export interface NetworkProfile {
  /** One way, at least, in milliseconds. */
  readonly latencyMs: number;
  /** What is added to it at most; drawn anew for each frame. */
  readonly jitterMs: number;
  /** Bytes that a path carries in a millisecond. */
  readonly bytesPerMs: number;
}

/** Parties in one region. */
export const NETWORK_PROFILE: NetworkProfile = { latencyMs: 0.2, jitterMs: 1, bytesPerMs: 100_000 };

/** What the world hears of a frame when it is sent. */
export type FrameListener = (from: string, to: string, plane: Plane, bytes: Uint8Array) => void;

interface Host {
  readonly supervisor: SimProcess;
  readonly acceptors: Map<Plane, (connection: Connection) => void>;
  /** Data connections that wait until there is a program to take them. */
  held: SimConnection[] | null;
  program: SimProcess | null;
}

interface Path {
  extraMs: number;
  cuts: number;
  waiting: (() => void)[];
}

/** Data connections that a supervisor holds for its program, per peer (as src/supervisor/planes/planes.ts). */
const HELD_PER_PEER = 2;

export class SimNetwork {
  readonly queue: EventQueue;
  readonly #random: SeededRandom;
  readonly #profile: NetworkProfile;
  readonly #hosts = new Map<string, Host>();
  readonly #paths = new Map<string, Path>();
  readonly #pairs = new Set<readonly [SimConnection, SimConnection]>();
  onFrame: FrameListener = () => {};

  constructor(queue: EventQueue, random: SeededRandom, profile: NetworkProfile) {
    this.queue = queue;
    this.#random = random;
    this.#profile = profile;
  }

  /** A machine joins the network. Its port belongs to the supervisor. */
  addHost(party: string, supervisor: SimProcess): void {
    this.#hosts.set(party, { supervisor, acceptors: new Map(), held: [], program: null });
  }

  transport(self: string, plane: Plane, process: SimProcess): Transport {
    let isClosed = false;
    return {
      self,
      dial: async (peer, over, signal) => {
        if (isClosed) throw new PeerLostError('PRIVITY_LINK_CLOSED', 'the transport was closed');
        if (!this.#hosts.has(peer) || peer === self)
          throw new UsageError('PRIVITY_PARTY_UNKNOWN', `the federation lists no peer ${peer}`);
        return this.#dial(self, process, peer, over, signal);
      },
      accept: (onConnection) => void this.#hosts.get(self)?.acceptors.set(plane, onConnection),
      close: async () => {
        isClosed = true;
        this.#hosts.get(self)?.acceptors.delete(plane);
        for (const [near, far] of [...this.#pairs]) {
          for (const end of [near, far]) if (end.self === self && end.plane === plane) end.destroy();
        }
      },
    };
  }

  /** From now on data connections go to the program; `hand` carries them to it, in order. */
  handDataTo(party: string, program: SimProcess, hand: (take: () => void) => void): void {
    const host = this.#hosts.get(party);
    if (!host) return;
    const held = host.held ?? [];
    host.program = program;
    host.held = null;
    for (const connection of held) {
      connection.moveTo(program);
      hand(() => this.#handOver(host, connection));
    }
  }

  /** The party's port closes: what waited for its program is told. */
  closePort(party: string): void {
    const host = this.#hosts.get(party);
    for (const connection of host?.held?.splice(0) ?? []) connection.destroy();
  }

  /** Time that a frame takes from one party to another now. */
  delay(from: string, to: string, bytes: number): number {
    const { latencyMs, jitterMs, bytesPerMs } = this.#profile;
    return latencyMs + jitterMs * this.#random.next() + bytes / bytesPerMs + this.#path(from, to).extraMs;
  }

  isCut(from: string, to: string): boolean {
    return this.#path(from, to).cuts > 0;
  }

  /** Calls back when the path is open: at once, or with whatever else waited for it. */
  whenOpen(from: string, to: string, callback: () => void): void {
    const path = this.#path(from, to);
    if (path.cuts === 0) callback();
    else path.waiting.push(callback);
  }

  /** Nothing passes from one party to another until it has been healed as often. */
  cut(from: string, to: string): void {
    this.#path(from, to).cuts++;
  }

  heal(from: string, to: string): void {
    const path = this.#path(from, to);
    if (--path.cuts > 0) return;
    for (const callback of path.waiting.splice(0)) callback();
  }

  slow(from: string, to: string, byMs: number): void {
    this.#path(from, to).extraMs += byMs;
  }

  /** Breaks every connection between two parties: both ends are told, frames on their way are lost. */
  drop(one: string, other: string): void {
    for (const [near, far] of [...this.#pairs]) {
      if (!(near.self === one && near.peer === other) && !(near.self === other && near.peer === one))
        continue;
      near.break();
      far.break();
    }
  }

  /** Ends of connections that a living process has not closed. */
  openEnds(process: SimProcess): number {
    let count = 0;
    for (const [near, far] of this.#pairs)
      for (const end of [near, far]) if (end.owner === process && !end.isClosed) count++;
    return count;
  }

  #path(from: string, to: string): Path {
    const key = `${from} ${to}`;
    const found = this.#paths.get(key);
    if (found) return found;
    const path = { extraMs: 0, cuts: 0, waiting: [] };
    this.#paths.set(key, path);
    return path;
  }

  #dial(
    self: string,
    process: SimProcess,
    peer: string,
    plane: Plane,
    signal: AbortSignal,
  ): Promise<Connection> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (settle: () => void): void => {
        if (isOver) return;
        isOver = true;
        timer.cancel();
        signal.removeEventListener('abort', aborted);
        settle();
      };
      const unreachable = (why: string) => (): void =>
        end(() =>
          reject(
            new PeerLostError('PRIVITY_PEER_UNREACHABLE', `cannot reach ${peer}: ${why}`, { party: peer }),
          ),
        );
      const aborted = (): void => end(() => reject(signal.reason));
      const timer = process.clock.after(GRPC_LIMITS.connectTimeoutMs, unreachable('no answer'));
      signal.addEventListener('abort', aborted, { once: true });
      if (signal.aborted) return aborted();
      const back = (answer: () => void): void =>
        this.whenOpen(peer, self, () => process.receive(this.delay(peer, self, 0), answer));
      this.queue.at(this.queue.now + this.delay(self, peer, 0), null, () =>
        this.whenOpen(self, peer, () => {
          const host = this.#hosts.get(peer);
          if (!host || isOver) return;
          if (!host.supervisor.isAlive) {
            if (!host.supervisor.lostPower) back(unreachable('the connection was refused'));
            return;
          }
          host.supervisor.receive(0, () => {
            if (isOver) return;
            // The port is open as long as the supervisor takes control connections.
            if (!host.acceptors.has('control')) return back(unreachable('the connection was refused'));
            const [near, far] = this.#connect(self, process, peer, host.supervisor, plane);
            this.#arrive(host, far);
            back(() => (isOver ? near.destroy() : end(() => resolve(near))));
          });
        }),
      );
    });
  }

  #connect(
    self: string,
    process: SimProcess,
    peer: string,
    host: SimProcess,
    plane: Plane,
  ): readonly [SimConnection, SimConnection] {
    const pair = makeConnections(this, plane, [self, process], [peer, host], () => this.#pairs.delete(pair));
    const [near, far] = pair;
    this.#pairs.add(pair);
    near.join(far);
    far.join(near);
    return pair;
  }

  #arrive(host: Host, connection: SimConnection): void {
    if (connection.plane === 'control') return host.acceptors.get('control')?.(connection);
    if (host.held === null) return this.#handOver(host, connection);
    if (host.held.length >= HELD_PER_PEER * this.#hosts.size) host.held.shift()?.destroy();
    host.held.push(connection);
  }

  /** A program that has ended, or has not opened its data plane, closes what it is given. */
  #handOver(host: Host, connection: SimConnection): void {
    const accept = host.acceptors.get('data');
    if (!host.program?.isAlive || !accept) return connection.destroy();
    const { program } = host;
    if (connection.owner !== program) connection.moveTo(program);
    program.receive(0, () => accept(connection));
  }
}
