/** A connection of the simulated network: two ends, each in the hands of a process. */
import { invariant, PeerLostError } from '../base/errors.ts';
import type { Connection, ConnectionHandlers, Plane, Timer } from '../contracts/index.ts';
import type { EventQueue } from './event-queue.ts';
import type { SimProcess } from './process.ts';

export const CONNECTION_LIMITS = {
  /** Bytes on their way in one direction above which `send` asks its caller to wait. */
  windowBytes: 2 * 1024 * 1024,
  /** An orderly close that takes longer is cut short. */
  closeTimeoutMs: 1_000,
} as const;

/** What travels: a frame, or the orderly end behind the last one. */
type Parcel = Uint8Array | 'end';

/** What a connection needs of the network that it is in. */
export interface Wire {
  readonly queue: EventQueue;
  onFrame(from: string, to: string, plane: Plane, frame: Uint8Array): void;
  /** Milliseconds from one host to another. */
  delay(from: string, to: string, bytes: number): number;
  whenOpen(from: string, to: string, callback: () => void): void;
}

/** Two ends; each is joined to the other by the holder of the pair. */
export function makeConnections(
  network: Wire,
  plane: Plane,
  [self, process]: readonly [string, SimProcess],
  [peer, host]: readonly [string, SimProcess],
  onClosed: () => void,
): readonly [SimConnection, SimConnection] {
  const near = new SimConnection(network, plane, self, peer, process, onClosed);
  const far = new SimConnection(network, plane, peer, self, host, onClosed);
  return [near, far];
}

export class SimConnection implements Connection {
  readonly self: string;
  readonly peer: string;
  readonly plane: Plane;
  readonly #network: Wire;
  readonly #onClosed: () => void;
  #owner: SimProcess;
  /** The other end; itself until `join`, which comes before anybody else sees it. */
  #far: SimConnection = this;
  #handlers: ConnectionHandlers | undefined;
  readonly #inbound: Parcel[] = [];
  /** Bytes that the other end has sent and this one has not taken. */
  #inFlight = 0;
  #lastArrival = 0;
  #isHeld = false;
  #closing: Timer | undefined;
  #isClosed = false;
  #error: Error | undefined;
  #drainWaiters: (() => void)[] = [];
  #closeWaiters: (() => void)[] = [];

  constructor(
    network: Wire,
    plane: Plane,
    self: string,
    peer: string,
    owner: SimProcess,
    onClosed: () => void,
  ) {
    this.#network = network;
    this.plane = plane;
    this.self = self;
    this.peer = peer;
    this.#onClosed = onClosed;
    this.#owner = owner;
  }

  join(far: SimConnection): void {
    this.#far = far;
    this.#watch(this.#owner);
  }

  get owner(): SimProcess {
    return this.#owner;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Another process takes this end over, with all that has arrived. */
  moveTo(process: SimProcess): void {
    this.#owner = process;
    this.#watch(process);
  }

  start(handlers: ConnectionHandlers): void {
    invariant(this.#handlers === undefined, 'a connection was started twice');
    this.#handlers = handlers;
    if (this.#isClosed) queueMicrotask(() => handlers.onClose(this.#error));
    else if (this.#inbound.length > 0) queueMicrotask(() => this.#deliver());
  }

  send(parts: readonly Uint8Array[]): boolean {
    if (this.#isClosed || this.#closing !== undefined || !this.#owner.isAlive) return true;
    const frame = Buffer.concat(parts);
    this.#network.onFrame(this.self, this.peer, this.plane, frame);
    this.#far.#travel(frame);
    return this.#far.#inFlight < CONNECTION_LIMITS.windowBytes;
  }

  drained(): Promise<void> {
    const isFree = this.#far.#inFlight < CONNECTION_LIMITS.windowBytes;
    if (isFree || this.#isClosed || this.#closing !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  close(): Promise<void> {
    if (!this.#isClosed && this.#closing === undefined) {
      this.#closing = this.#owner.clock.after(CONNECTION_LIMITS.closeTimeoutMs, () => this.destroy());
      this.#release();
      this.#far.#travel('end');
    }
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => this.#closeWaiters.push(resolve));
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#finish(undefined);
    this.#tellFar();
  }

  /** This end is told that the connection broke. */
  break(): void {
    this.#finish(this.#closing === undefined ? this.#broken() : undefined);
  }

  #broken(): PeerLostError {
    return new PeerLostError(
      'PRIVITY_CONNECTION_BROKEN',
      `the ${this.plane} connection with ${this.peer} broke`,
      { party: this.peer },
    );
  }

  #watch(process: SimProcess): void {
    process.whenDead(() => {
      if (this.#owner !== process || this.#isClosed) return;
      // No handler is called: there is nobody left to hear it.
      this.#handlers = undefined;
      this.#finish(undefined);
      if (!process.lostPower) this.#tellFar();
    });
  }

  /** The kernel tells the other end, as soon as anything gets through. */
  #tellFar(): void {
    const far = this.#far;
    this.#network.whenOpen(this.self, this.peer, () =>
      far.#owner.receive(this.#network.delay(this.self, this.peer, 0), () => far.break()),
    );
  }

  /** A parcel of the other end is on its way to this one. */
  #travel(parcel: Parcel): void {
    if (this.#isClosed) return;
    const bytes = parcel === 'end' ? 0 : parcel.length;
    this.#inFlight += bytes;
    const { queue } = this.#network;
    const arrival = Math.max(this.#lastArrival, queue.now + this.#network.delay(this.peer, this.self, bytes));
    this.#lastArrival = arrival;
    queue.at(arrival, null, () => this.#reach(parcel));
  }

  #reach(parcel: Parcel): void {
    this.#network.whenOpen(this.peer, this.self, () => this.#owner.take(() => this.#arrive(parcel)));
  }

  #arrive(parcel: Parcel): void {
    if (this.#isClosed) return;
    this.#inbound.push(parcel);
    this.#deliver();
  }

  #deliver(): void {
    while (!this.#isClosed && !this.#isHeld && this.#handlers !== undefined) {
      const parcel = this.#inbound.shift();
      if (parcel === undefined) return;
      if (parcel === 'end') {
        this.#finish(undefined);
        const far = this.#far;
        far.#owner.receive(this.#network.delay(this.self, this.peer, 0), () => far.#finish(undefined));
        return;
      }
      this.#inFlight -= parcel.length;
      if (this.#inFlight * 2 < CONNECTION_LIMITS.windowBytes) this.#far.#release();
      if (this.#closing === undefined) this.#give(parcel);
    }
  }

  #give(frame: Uint8Array): void {
    const fail = (error: unknown): void => {
      this.#finish(error as Error);
      this.#tellFar();
    };
    try {
      const pending = this.#handlers?.onFrame([frame]);
      if (pending === undefined) return;
      this.#isHeld = true;
      pending.then(() => {
        this.#isHeld = false;
        this.#deliver();
      }, fail);
    } catch (error) {
      fail(error);
    }
  }

  #release(): void {
    if (this.#drainWaiters.length === 0) return;
    for (const resolve of this.#drainWaiters.splice(0)) resolve();
  }

  #finish(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    this.#closing?.cancel();
    this.#inbound.length = 0;
    this.#inFlight = 0;
    this.#release();
    this.#far.#release();
    if (this.#far.#isClosed) this.#onClosed();
    for (const resolve of this.#closeWaiters.splice(0)) resolve();
    this.#handlers?.onClose(error);
  }
}
