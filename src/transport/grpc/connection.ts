import type { ClientHttp2Stream, Http2Session, ServerHttp2Stream } from 'node:http2';
import { collectEvery } from '../../base/collect.ts';
import { InternalError, invariant, PeerError, PeerLostError, PrivityError } from '../../base/errors.ts';
import { type FailureCode, isFailureCode } from '../../base/failure-codes.ts';
import type { Clock, Connection, ConnectionHandlers, Plane, Timer } from '../../contracts/index.ts';
import { COLLECT_BYTES, type GrpcLimits } from './limits.ts';
import { MessageReader, PREFIX_BYTES, writePrefix } from './message-reader.ts';
import { COPY_BYTES_MAX, PacedWriter } from './paced-writer.ts';
import { decodeMessage, FAILURE_TRAILER, statusError, trailersFor } from './status.ts';

export interface GrpcConnectionOptions {
  readonly peer: string;
  readonly plane: Plane;
  readonly stream: ClientHttp2Stream | ServerHttp2Stream;
  readonly session: Http2Session;
  /** What the session runs on. */
  readonly socket: { destroy(): unknown } | undefined;
  readonly clock: Clock;
  readonly limits: GrpcLimits;
}

/** All connections of a process make garbage of one heap. */
export const onRead = collectEvery(COLLECT_BYTES);

/** One bidirectional gRPC stream with the HTTP/2 session that carries it and nothing else. Both ends use it. */
export class GrpcConnection implements Connection {
  readonly peer: string;
  readonly plane: Plane;
  readonly #stream: ClientHttp2Stream | ServerHttp2Stream;
  readonly #session: Http2Session;
  readonly #socket: { destroy(): unknown } | undefined;
  readonly #clock: Clock;
  readonly #limits: GrpcLimits;
  readonly #reader: MessageReader;
  readonly #writer: PacedWriter;
  #handlers: ConnectionHandlers | undefined;
  /** A promise of onFrame is pending: the stream is paused. */
  #held = false;
  #drainWaiters: (() => void)[] = [];
  #orderly = false;
  /** Why the connection closes, where this is known before it does. */
  #reason: Error | undefined;
  #sessionError: Error | undefined;
  #closing: Timer | undefined;
  #destroyed = false;
  /** For which failure this side ends the call; its status, if this side is the one that has one to send. */
  #failure: FailureCode | undefined;
  #toldClosed = false;
  /** Resolves when either end has closed the stream. */
  readonly closed: Promise<void>;

  constructor(options: GrpcConnectionOptions) {
    this.peer = options.peer;
    this.plane = options.plane;
    this.#stream = options.stream;
    this.#session = options.session;
    this.#socket = options.socket;
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#reader = new MessageReader(options.limits.messageBytesMax);
    const stream = options.stream;
    this.#writer = new PacedWriter(stream, () => {
      if (this.#writer.queuedBytes * 2 < options.limits.sendQueueBytes) this.#releaseDrain();
    });
    // A client learns from the trailers that the end is an orderly one; a server from the end of the stream itself.
    const isClient = !('respond' in stream);
    stream.on('error', (error: Error) => {
      this.#sessionError ??= error;
    });
    options.session.on('error', (error: Error) => {
      this.#sessionError ??= error;
    });
    stream.on('end', () => {
      if (!isClient) this.#orderly = true;
      if (this.#reader.inMessage && !stream.aborted && !this.#isOver) {
        this.#reason ??= violation(this.peer, 'the stream ended within a message');
        this.#failure ??= 'PROTOCOL_VIOLATION';
      }
      this.#writer.end();
    });
    if ('respond' in stream) {
      stream.once('wantTrailers', () => stream.sendTrailers(trailersFor(this.#failure)));
    } else {
      stream.on('trailers', (headers: Record<string, unknown>) => {
        const code = Number(headers['grpc-status'] ?? Number.NaN);
        if (Number.isNaN(code)) return;
        this.#orderly = true;
        // Another Privity: its frames have said what a link has to know, and who is to blame is for the parties to
        // agree on.
        if (isFailureCode(headers[FAILURE_TRAILER])) return;
        this.#reason ??= statusError(code, decodeMessage(String(headers['grpc-message'] ?? '')), this.peer);
      });
    }
    this.closed = new Promise((resolve) => {
      stream.once('close', () => {
        this.#finish();
        resolve();
      });
    });
  }

  start(handlers: ConnectionHandlers): void {
    invariant(this.#handlers === undefined, 'a connection was started twice');
    this.#handlers = handlers;
    if (this.#stream.closed && this.#stream.destroyed) {
      void this.closed.then(() => handlers.onClose(this.#closeError()));
      return;
    }
    this.#stream.on('data', (chunk: Uint8Array) => {
      if (this.#isOver) return;
      this.#writer.reads();
      onRead(chunk.length);
      this.#handlers?.onBytes?.();
      this.#reader.push(chunk);
      this.#deliver();
    });
  }

  send(parts: readonly Uint8Array[]): boolean {
    const stream = this.#stream;
    if (this.#isOver || stream.writableEnded || stream.destroyed) return true;
    let length = 0;
    for (const part of parts) length += part.length;
    if (length > this.#limits.messageBytesMax) {
      throw new InternalError(`a frame of ${length} bytes was given to a connection`);
    }
    if (length <= COPY_BYTES_MAX) {
      const message = joined(parts, length);
      if (!this.#writer.writeAtOnce(message)) this.#writer.write([message]);
    } else {
      const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
      writePrefix(prefix, length);
      this.#writer.write([prefix, ...parts]);
    }
    return this.#writer.queuedBytes < this.#limits.sendQueueBytes;
  }

  drained(): Promise<void> {
    if (this.#writer.queuedBytes < this.#limits.sendQueueBytes || this.#isOver || this.#stream.destroyed) {
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  close(failure?: FailureCode): Promise<void> {
    if (!this.#isOver) {
      this.#failure ??= failure;
      this.#closing = this.#clock.after(this.#limits.closeTimeoutMs, () => this.destroy());
      // What still arrives is read and dropped, so that the peer's end of stream behind it is seen.
      this.#stream.removeAllListeners('data');
      this.#stream.resume();
      this.#writer.end();
    }
    return this.closed;
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#stream.destroy();
    this.#destroySession();
  }

  /** A session whose write the network does not take waits for it even when it is destroyed, and keeps its socket. */
  #destroySession(): void {
    const timer = this.#clock.after(this.#limits.closeTimeoutMs, () => this.#socket?.destroy());
    this.#session.once('close', () => timer.cancel());
    this.#session.destroy();
  }

  /** This side has ended it: nothing more is delivered or sent. */
  get #isOver(): boolean {
    return this.#destroyed || this.#closing !== undefined;
  }

  #deliver(): void {
    if (this.#held) return;
    try {
      while (!this.#isOver) {
        const frame = this.#reader.next();
        if (frame === undefined) return;
        const pending = this.#handlers?.onFrame(frame);
        if (pending !== undefined) {
          this.#hold(pending);
          return;
        }
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #hold(pending: Promise<void>): void {
    this.#held = true;
    this.#stream.pause();
    pending.then(
      () => {
        this.#held = false;
        if (this.#isOver) return;
        this.#deliver();
        if (!this.#held) this.#stream.resume();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    this.#reason ??=
      error instanceof PeerError && error.party === undefined
        ? new PeerError(error.code, `${this.peer}: ${error.message}`, { party: this.peer })
        : (error as Error);
    // At once; the peer, if this side is the one that has a status to send, hears it meanwhile.
    this.#tellClosed();
    if ('respond' in this.#stream)
      void this.close(error instanceof PrivityError ? error.failure : 'INTERNAL');
    else this.destroy();
  }

  #tellClosed(): void {
    if (this.#toldClosed) return;
    this.#toldClosed = this.#handlers !== undefined;
    this.#handlers?.onClose(this.#closeError());
  }

  #releaseDrain(): void {
    const waiters = this.#drainWaiters;
    if (waiters.length === 0) return;
    this.#drainWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #finish(): void {
    if (this.#stream.aborted || this.#stream.rstCode !== 0) this.#orderly = false;
    this.#closing?.cancel();
    this.#releaseDrain();
    if (this.#session.destroyed) return this.#tellClosed();
    // The session has no other use. Its goodbye needs the peer's answer, so it has a bound too.
    const timer = this.#clock.after(this.#limits.closeTimeoutMs, () => this.#destroySession());
    this.#session.close(() => timer.cancel());
    this.#tellClosed();
  }

  #closeError(): Error | undefined {
    if (this.#reason !== undefined) return this.#reason;
    if (this.#orderly || this.#isOver) return undefined;
    return new PeerLostError(
      'PRIVITY_CONNECTION_BROKEN',
      `the ${this.plane} connection with ${this.peer} broke`,
      { party: this.peer, cause: this.#sessionError },
    );
  }
}

function joined(parts: readonly Uint8Array[], length: number): Buffer {
  const all = Buffer.allocUnsafe(PREFIX_BYTES + length);
  writePrefix(all, length);
  let at = PREFIX_BYTES;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const violation = (peer: string, what: string): PeerError =>
  new PeerError('PRIVITY_PROTOCOL_VIOLATION', `${peer}: ${what}`, { party: peer });
