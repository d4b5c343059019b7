/**
 * A Transport without a network: a hub that connects named parties within one process. Deterministic: frames move in
 * microtasks, or by the given clock where a delay is set. The holder of the hub switches faults on and off.
 */
import { InternalError, type PeerError, PeerLostError, UsageError } from '../../base/errors.ts';
import type { Clock, Connection, Plane, Transport } from '../../contracts/index.ts';
import { connectPair, type MemoryConnection } from './connection.ts';
import type { MemoryLimits } from './limits.ts';

export const MEMORY_LIMITS: MemoryLimits = { windowBytes: 2 * 1024 * 1024, closeTimeoutMs: 1_000 };

export interface MemoryHubOptions {
  readonly clock: Clock;
  readonly limits?: Partial<MemoryLimits> | undefined;
}

interface Pipe {
  readonly ends: readonly [MemoryConnection, MemoryConnection];
}

export class MemoryHub {
  readonly #clock: Clock;
  readonly #limits: MemoryLimits;
  readonly #acceptors = new Map<string, (connection: Connection) => void>();
  readonly #pipes = new Set<Pipe>();
  readonly #cut = new Set<string>();
  readonly #frozen = new Set<string>();
  readonly #refusals = new Map<string, PeerError>();
  readonly #delays = new Map<string, number>();

  constructor(options: MemoryHubOptions) {
    this.#clock = options.clock;
    this.#limits = { ...MEMORY_LIMITS, ...options.limits };
  }

  /** The transport of one party. Any name will do; a party is reachable from the moment it accepts. */
  transport(self: string): Transport {
    let isClosed = false;
    return {
      self,
      dial: async (peer, plane, signal) => {
        if (isClosed) throw new PeerLostError('PRIVITY_LINK_CLOSED', 'the transport was closed');
        if (peer === self) throw new UsageError('PRIVITY_PARTY_UNKNOWN', `${self} is no peer of itself`);
        return this.#dial(self, peer, plane, signal);
      },
      accept: (onConnection) => {
        if (this.#acceptors.has(self)) throw new InternalError('accept was called twice');
        this.#acceptors.set(self, onConnection);
      },
      close: async () => {
        isClosed = true;
        this.#acceptors.delete(self);
        for (const { ends } of [...this.#pipes]) ends.find((end) => end.self === self)?.destroy();
      },
    };
  }

  /** Breaks every connection between two parties: both ends are told, frames on their way are lost. */
  break(one: string, other: string): void {
    for (const { ends } of [...this.#pipes]) {
      const [first] = ends;
      if (pairKey(first.self, first.peer) === pairKey(one, other)) for (const end of ends) end.break();
    }
  }

  /** Makes two parties unreachable for each other, or reachable again. Connections that stand are broken. */
  cut(one: string, other: string, isCut: boolean): void {
    if (!isCut) this.#cut.delete(pairKey(one, other));
    else {
      this.#cut.add(pairKey(one, other));
      this.break(one, other);
    }
  }

  /** Stops frames from one party to another without telling anyone, or lets them go on: nothing is lost. */
  freeze(from: string, to: string, isFrozen: boolean): void {
    if (isFrozen) this.#frozen.add(wayKey(from, to));
    else this.#frozen.delete(wayKey(from, to));
    for (const { ends } of this.#pipes) for (const end of ends) end.flow();
  }

  /** Refuses dials from one party to another for good, as a wrong certificate would; undefined lifts it. */
  refuse(from: string, to: string, error: PeerError | undefined): void {
    if (error === undefined) this.#refusals.delete(wayKey(from, to));
    else this.#refusals.set(wayKey(from, to), error);
  }

  /** Time that every frame from one party to another takes from now on. */
  delay(from: string, to: string, delayMs: number): void {
    this.#delays.set(wayKey(from, to), delayMs);
  }

  /** Connections that are open now, counted once. */
  get connections(): number {
    return this.#pipes.size;
  }

  async #dial(self: string, peer: string, plane: Plane, signal: AbortSignal): Promise<Connection> {
    await Promise.resolve();
    if (signal.aborted) throw signal.reason;
    const refusal = this.#refusals.get(wayKey(self, peer));
    if (refusal !== undefined) throw refusal;
    const accept = this.#acceptors.get(peer);
    if (accept === undefined || this.#cut.has(pairKey(self, peer))) {
      throw new PeerLostError('PRIVITY_PEER_UNREACHABLE', `cannot reach ${peer}`, { party: peer });
    }
    const ends = connectPair({
      names: [self, peer],
      plane,
      clock: this.#clock,
      limits: this.#limits,
      delayMs: (from, to) => this.#delays.get(wayKey(from, to)) ?? 0,
      isFrozen: (from, to) => this.#frozen.has(wayKey(from, to)),
      onClosed: () => this.#pipes.delete(pipe),
    });
    const pipe: Pipe = { ends };
    this.#pipes.add(pipe);
    accept(ends[1]);
    return ends[0];
  }
}

const wayKey = (from: string, to: string): string => `${from} ${to}`;
const pairKey = (one: string, other: string): string => [one, other].sort().join(' ');
