import { invariant, PeerLostError } from '../../base/errors.ts';
import type { Clock, Connection, ConnectionHandlers, Plane, Timer } from '../../contracts/index.ts';
import type { MemoryLimits } from './limits.ts';

export interface PairOptions {
  readonly names: readonly [string, string];
  readonly plane: Plane;
  readonly clock: Clock;
  readonly limits: MemoryLimits;
  readonly delayMs: (from: string, to: string) => number;
  readonly isFrozen: (from: string, to: string) => boolean;
  /** Both ends are closed. */
  readonly onClosed: () => void;
}

/** Two ends that talk to each other. */
export function connectPair(options: PairOptions): readonly [MemoryConnection, MemoryConnection] {
  const [self, peer] = options.names;
  const near = new MemoryConnection(self, peer, options);
  const far = new MemoryConnection(peer, self, options);
  near.join(far);
  far.join(near);
  return [near, far];
}

/** What travels: a frame, or the orderly end behind the last one. */
type Parcel = Uint8Array | 'end';

export class MemoryConnection implements Connection {
  readonly self: string;
  readonly peer: string;
  readonly plane: Plane;
  readonly #options: PairOptions;
  /** The other end; itself until `join`, which `connectPair` calls before anybody else sees it. */
  #far: MemoryConnection = this;
  #handlers: ConnectionHandlers | undefined;
  /** Parcels for this end in order; the first `#arrived` of them have passed their delay. */
  readonly #inbound: Parcel[] = [];
  #arrived = 0;
  #inboundBytes = 0;
  #held = false;
  #isFlowing = false;
  #drainWaiters: (() => void)[] = [];
  #closing: Timer | undefined;
  #isClosed = false;
  #error: Error | undefined;
  readonly #closed: Promise<void>;
  #resolveClosed: () => void = () => {};

  constructor(self: string, peer: string, options: PairOptions) {
    this.self = self;
    this.peer = peer;
    this.plane = options.plane;
    this.#options = options;
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  join(far: MemoryConnection): void {
    this.#far = far;
  }

  start(handlers: ConnectionHandlers): void {
    invariant(this.#handlers === undefined, 'a connection was started twice');
    this.#handlers = handlers;
    if (this.#isClosed) queueMicrotask(() => handlers.onClose(this.#error));
    else this.flow();
  }

  send(parts: readonly Uint8Array[]): boolean {
    const far = this.#far;
    if (this.#isClosed || this.#closing !== undefined) return true;
    far.#receive(new Uint8Array(Buffer.concat(parts)));
    return far.#inboundBytes < this.#options.limits.windowBytes;
  }

  drained(): Promise<void> {
    const isFree = this.#far.#inboundBytes < this.#options.limits.windowBytes;
    if (isFree || this.#isClosed || this.#closing !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  close(): Promise<void> {
    if (!this.#isClosed && this.#closing === undefined) {
      this.#closing = this.#options.clock.after(this.#options.limits.closeTimeoutMs, () => this.destroy());
      this.#release();
      this.#far.#receive('end');
    }
    return this.#closed;
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#finish(undefined);
    const far = this.#far;
    queueMicrotask(() => far.break());
  }

  /** This end is told that the connection broke. */
  break(): void {
    this.#finish(
      this.#closing === undefined
        ? new PeerLostError(
            'PRIVITY_CONNECTION_BROKEN',
            `the ${this.plane} connection with ${this.peer} broke`,
            {
              party: this.peer,
            },
          )
        : undefined,
    );
  }

  /** Lets what has arrived go to the handlers, as far as they take it. */
  flow(): void {
    if (this.#isFlowing) return;
    this.#isFlowing = true;
    queueMicrotask(() => {
      this.#isFlowing = false;
      this.#deliver();
    });
  }

  #receive(parcel: Parcel): void {
    if (this.#isClosed) return;
    this.#inbound.push(parcel);
    if (parcel !== 'end') this.#inboundBytes += parcel.length;
    const delayMs = this.#options.delayMs(this.peer, this.self);
    const arrive = (): void => {
      this.#arrived++;
      this.flow();
    };
    if (delayMs > 0) this.#options.clock.after(delayMs, arrive);
    else arrive();
  }

  #deliver(): void {
    while (!this.#isClosed && !this.#held && this.#arrived > 0 && this.#handlers !== undefined) {
      if (this.#options.isFrozen(this.peer, this.self)) return;
      const parcel = this.#inbound.shift();
      this.#arrived--;
      if (parcel === undefined) return;
      if (parcel === 'end') {
        this.#finish(undefined);
        this.#far.#finish(undefined);
        return;
      }
      this.#inboundBytes -= parcel.length;
      if (this.#inboundBytes * 2 < this.#options.limits.windowBytes) this.#far.#release();
      if (this.#closing === undefined) this.#give(parcel);
    }
  }

  #give(frame: Uint8Array): void {
    const fail = (error: unknown): void => {
      this.#finish(error as Error);
      const far = this.#far;
      queueMicrotask(() => far.break());
    };
    try {
      const pending = this.#handlers?.onFrame([frame]);
      if (pending === undefined) return;
      this.#held = true;
      pending.then(() => {
        this.#held = false;
        this.flow();
      }, fail);
    } catch (error) {
      fail(error);
    }
  }

  #release(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #finish(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    this.#closing?.cancel();
    this.#inbound.length = 0;
    this.#arrived = 0;
    this.#inboundBytes = 0;
    this.#release();
    this.#far.#release();
    if (this.#far.#isClosed) this.#options.onClosed();
    this.#resolveClosed();
    this.#handlers?.onClose(error);
  }
}
