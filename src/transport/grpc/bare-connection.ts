import type { TLSSocket } from 'node:tls';
import { InternalError, invariant, PeerError, PeerLostError } from '../../base/errors.ts';
import type { Clock, Connection, ConnectionHandlers, Plane, Timer } from '../../contracts/index.ts';
import { BareWriter } from './bare-writer.ts';
import { onRead } from './connection.ts';
import type { GrpcLimits } from './limits.ts';
import { END_FLAG, MessageReader, PREFIX_BYTES, writePrefix } from './message-reader.ts';

/** Behind the last message of an end. A connection that ends without it has broken. */
const END_MARK = Buffer.of(END_FLAG, 0, 0, 0, 0);

export interface BareConnectionOptions {
  readonly peer: string;
  readonly plane: Plane;
  /** Each end has said that it takes the other (`exchangeWords`). */
  readonly socket: TLSSocket;
  readonly clock: Clock;
  readonly limits: GrpcLimits;
}

/**
 * gRPC messages on TLS, without HTTP/2 around them, which costs a third of the time of receiving. There is one call on
 * a connection, so nothing is left of HTTP/2 but its end, for which there is a mark. Both ends use it.
 */
export class BareConnection implements Connection {
  readonly peer: string;
  readonly plane: Plane;
  readonly #socket: TLSSocket;
  readonly #clock: Clock;
  readonly #limits: GrpcLimits;
  readonly #reader: MessageReader;
  readonly #writer: BareWriter;
  #handlers: ConnectionHandlers | undefined;
  /** A promise of onFrame is pending. */
  #held = false;
  #drainWaiters: (() => void)[] = [];
  /** The peer has said that it ends. */
  #orderly = false;
  #reason: Error | undefined;
  #socketError: Error | undefined;
  #closing: Timer | undefined;
  #destroyed = false;
  #toldClosed = false;
  readonly closed: Promise<void>;

  constructor(options: BareConnectionOptions) {
    const { socket, limits } = options;
    this.peer = options.peer;
    this.plane = options.plane;
    this.#socket = socket;
    this.#clock = options.clock;
    this.#limits = limits;
    this.#reader = new MessageReader(limits.messageBytesMax, () => {
      this.#orderly = true;
    });
    this.#writer = new BareWriter(socket, () => {
      if (this.#writer.queuedBytes * 2 < limits.sendQueueBytes) this.#releaseDrain();
    });
    socket.on('error', (error: Error) => {
      this.#socketError ??= error;
    });
    // Read from the beginning, as far as there is room, so that a break shows while this party is busy.
    socket.on('data', (chunk: Uint8Array) => this.#take(chunk));
    socket.once('end', () => {
      if (!this.#orderly) socket.destroy();
    });
    this.closed = new Promise((resolve) => {
      const finish = (): void => {
        this.#closing?.cancel();
        this.#releaseDrain();
        this.#tellClosed();
        resolve();
      };
      if (socket.closed) finish();
      else socket.once('close', finish);
    });
  }

  start(handlers: ConnectionHandlers): void {
    invariant(this.#handlers === undefined, 'a connection was started twice');
    this.#handlers = handlers;
    if (this.#socket.closed) return void this.closed.then(() => this.#tellClosed());
    this.#deliver();
    this.#goOn();
  }

  send(parts: readonly Uint8Array[]): boolean {
    if (this.#isOver || this.#socket.destroyed) return true;
    let length = 0;
    for (const part of parts) length += part.length;
    if (length > this.#limits.messageBytesMax) {
      throw new InternalError(`a frame of ${length} bytes was given to a connection`);
    }
    const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
    writePrefix(prefix, length);
    this.#writer.write([prefix, ...parts]);
    return this.#writer.queuedBytes < this.#limits.sendQueueBytes;
  }

  drained(): Promise<void> {
    if (this.#writer.queuedBytes < this.#limits.sendQueueBytes || this.#isOver || this.#socket.destroyed) {
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  close(): Promise<void> {
    if (!this.#isOver) {
      this.#closeInTime();
      this.#writer.write([END_MARK]);
      // What still arrives is read and dropped, so that the peer's mark behind it is seen.
      this.#deliver();
      this.#goOn();
    }
    return this.closed;
  }

  destroy(): void {
    this.#destroyed = true;
    this.#socket.destroy();
  }

  /** Either end has ended it: nothing more is delivered or sent. */
  get #isOver(): boolean {
    return this.#destroyed || this.#closing !== undefined || this.#orderly;
  }

  #take(chunk: Uint8Array): void {
    if (this.#orderly) return;
    onRead(chunk.length);
    if (!this.#isOver && !this.#isHeld) this.#handlers?.onBytes?.();
    this.#reader.push(chunk);
    if (!this.#isHeld) this.#deliver();
    else if (this.#reader.unreadBytes > this.#limits.streamWindowBytes) this.#socket.pause();
  }

  /** What has arrived waits. */
  get #isHeld(): boolean {
    return this.#closing === undefined && (this.#held || this.#handlers === undefined);
  }

  #deliver(): void {
    try {
      while (!this.#isHeld && !this.#socket.destroyed) {
        const frame = this.#reader.next();
        if (this.#orderly) return this.#onEndMark();
        if (frame === undefined) return;
        if (this.#closing !== undefined) continue;
        const pending = this.#handlers?.onFrame(frame);
        if (pending !== undefined) this.#hold(pending);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #hold(pending: Promise<void>): void {
    this.#held = true;
    pending.then(
      () => {
        this.#held = false;
        if (this.#isOver) return;
        this.#deliver();
        this.#goOn();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** Reads on where it had stopped. */
  #goOn(): void {
    const isRoom = this.#reader.unreadBytes * 2 < this.#limits.streamWindowBytes;
    if (this.#socket.isPaused() && (isRoom || !this.#isHeld)) this.#socket.resume();
  }

  /** An end that has said its mark reads until it has the other's, so nobody's last messages are lost. */
  #onEndMark(): void {
    if (this.#closing === undefined) {
      this.#closeInTime();
      this.#writer.write([END_MARK]);
    }
    this.#writer.end();
    this.#tellClosed();
  }

  #closeInTime(): void {
    this.#closing = this.#clock.after(this.#limits.closeTimeoutMs, () => this.destroy());
  }

  #fail(error: unknown): void {
    this.#reason ??=
      error instanceof PeerError && error.party === undefined
        ? new PeerError(error.code, `${this.peer}: ${error.message}`, { party: this.peer })
        : (error as Error);
    this.#tellClosed();
    this.destroy();
  }

  #tellClosed(): void {
    if (this.#toldClosed) return;
    this.#toldClosed = this.#handlers !== undefined;
    this.#handlers?.onClose(this.#closeError());
  }

  #releaseDrain(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #closeError(): Error | undefined {
    if (this.#reason !== undefined) return this.#reason;
    if (this.#isOver) return undefined;
    return new PeerLostError(
      'PRIVITY_CONNECTION_BROKEN',
      `the ${this.plane} connection with ${this.peer} broke`,
      { party: this.peer, cause: this.#socketError },
    );
  }
}
