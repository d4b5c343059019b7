import { PeerError } from '../../base/errors.ts';
import type {
  Body,
  Clock,
  Connection,
  Link,
  LinkHandlers,
  LinkState,
  Plane,
  Random,
  Timer,
  Transport,
} from '../../contracts/index.ts';
import { Dialler } from './dialler.ts';
import {
  type Chunk,
  decodeFrame,
  encodeAck,
  encodeChunk,
  encodeGoodbye,
  encodeHello,
  encodeNote,
  encodeRefusal,
  type Frame,
  type Hello,
} from './frame.ts';
import { judgeHello, LINK_PROTOCOL_VERSION, runOf, SESSION_BYTES } from './hello.ts';
import { Inbox } from './inbox.ts';
import { LINK_LIMITS, type LinkLimits } from './limits.ts';
import {
  blamed,
  closedError,
  endedByPeer,
  failureIn,
  headerTooLong,
  helloLate,
  limitError,
  refusalError,
  violation,
} from './link-errors.ts';
import { Outbox } from './outbox.ts';
import { sayGoodbye } from './refuse.ts';
import { Sends } from './sends.ts';

export interface LinkOptions {
  readonly transport: Transport;
  readonly peer: string;
  readonly plane: Plane;
  /** The dialer makes the connections, the acceptor is given them by `attach`. Exactly one of each at the two ends. */
  readonly role: 'dialer' | 'acceptor';
  /** Compared with the peer's, as is the binding, which no other run has. Leave out where it is not known yet. */
  readonly runId?: string | undefined;
  readonly binding?: Uint8Array | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly handlers: LinkHandlers;
  readonly limits?: Partial<LinkLimits> | undefined;
}

/** A Link with the two doors that its owner needs. */
export interface ManagedLink extends Link {
  /** Gives the acceptor a connection that the peer dialled; it replaces the one before. */
  attach(connection: Connection): void;
  /** Drops the connection that stands: it may be dead without showing it. The dialer makes another; nothing is lost. */
  renew(): void;
}

/** Begins a conversation with a peer. The dialer starts to dial at once. */
export function createLink(options: LinkOptions): ManagedLink {
  return new PartyLink(options);
}

class PartyLink implements ManagedLink {
  readonly peer: string;
  readonly plane: Plane;
  readonly #options: LinkOptions;
  readonly #limits: LinkLimits;
  readonly #session: Uint8Array;
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  readonly #sends: Sends;
  #state: LinkState = 'connecting';
  #peerSession: Uint8Array | undefined;
  #connection: Connection | undefined;
  /** The peer's hello on this connection has been accepted. */
  #greeted = false;
  /** The connection's queue is full. */
  #blocked = false;
  /** A sink is taking a chunk; outlives the connection that the chunk came by. */
  #giving: Promise<void> | undefined;
  /** Highest sequence number for which an immediate acknowledgement was asked on this connection. */
  #flushAsked = 0;
  /** Undefined for an acceptor, which is given its connections. */
  readonly #dialler: Dialler | undefined;
  #helloTimer: Timer | undefined;
  #ackTimer: Timer | undefined;

  constructor(options: LinkOptions) {
    this.peer = options.peer;
    this.plane = options.plane;
    this.#options = options;
    this.#limits = { ...LINK_LIMITS, ...options.limits };
    this.#session = options.random.bytes(SESSION_BYTES);
    this.#outbox = new Outbox(this.#limits);
    this.#inbox = new Inbox(this.#limits, (header) => options.handlers.onMessage(header));
    this.#sends = new Sends(this.#outbox, () => this.#pump());
    if (options.role === 'acceptor') return;
    this.#dialler = new Dialler({
      ...options,
      limits: this.#limits,
      onConnection: (connection) => this.#use(connection),
      onFailure: (error) => this.#setState(this.#state, error),
      onRefused: (error) => this.#end(error),
    });
    this.#dialler.dial();
  }

  get state(): LinkState {
    return this.#state;
  }

  send(header: Uint8Array, body?: Body, onLeaving?: () => void): Promise<void> {
    if (this.#state === 'closed') return Promise.reject(closedError(this.peer));
    if (header.length > this.#limits.headerBytesMax) {
      return Promise.reject(headerTooLong(header.length, this.#limits.headerBytesMax));
    }
    if (this.#outbox.pendingMessages >= this.#limits.pendingMessagesMax) {
      return Promise.reject(
        limitError(`${this.#limits.pendingMessagesMax} messages to ${this.peer} are pending already`),
      );
    }
    return this.#sends.add(header, body, onLeaving);
  }

  note(payload: Uint8Array): void {
    if (payload.length > this.#limits.noteBytesMax) {
      throw limitError(`a note has ${payload.length} bytes; the limit is ${this.#limits.noteBytesMax}`);
    }
    if (this.#greeted && !this.#blocked) this.#put(encodeNote(payload, this.#inbox.noteAcknowledged()));
  }

  flushed(): Promise<void> {
    if (this.#state === 'closed') return Promise.reject(closedError(this.peer));
    const flushed = this.#outbox.flushed();
    this.#pump();
    return flushed;
  }

  async close(error?: Error): Promise<void> {
    if (this.#state === 'closed') return;
    const connection = this.#connection;
    if (this.#greeted) connection?.send(encodeGoodbye());
    this.#end(error);
    await connection?.close(failureIn(error));
  }

  renew(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    connection.destroy();
    this.#onClosed(connection, undefined);
  }

  attach(connection: Connection): void {
    if (this.#state === 'closed') {
      // Told, so that the peer does not go on dialling.
      return void sayGoodbye(connection, this.#options.handlers.failure?.());
    }
    const old = this.#connection;
    if (old !== undefined) {
      old.destroy();
      this.#onClosed(old, undefined);
    }
    this.#use(connection);
  }

  #use(connection: Connection): void {
    this.#connection = connection;
    this.#greeted = false;
    this.#blocked = false;
    this.#flushAsked = 0;
    this.#helloTimer = this.#options.clock.after(this.#limits.helloTimeoutMs, () => {
      void connection.close('DEADLINE_EXCEEDED');
      this.#onClosed(connection, helloLate(this.peer));
    });
    connection.start({
      onFrame: (parts) => this.#onFrame(connection, parts),
      onClose: (error) => this.#onClosed(connection, error),
      onBytes: () => this.#greeted && this.#connection === connection && this.#options.handlers.onBytes?.(),
    });
    connection.send(
      encodeHello({
        protocol: LINK_PROTOCOL_VERSION,
        party: this.#options.transport.self,
        ...runOf(this.#options),
        session: this.#session,
        resumes: this.#peerSession ?? new Uint8Array(0),
        received: this.#inbox.received,
      }),
    );
  }

  #onClosed(connection: Connection, error: Error | undefined): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#greeted = false;
    this.#helloTimer?.cancel();
    if (error instanceof PeerError) return this.#end(error);
    this.#setState(this.#state === 'up' ? 'down' : this.#state, error);
    this.#dialler?.dialLater();
  }

  #onFrame(connection: Connection, parts: readonly Uint8Array[]): undefined | Promise<void> {
    return this.#guard(() =>
      this.#connection === connection ? this.#handle(connection, decodeFrame(parts)) : undefined,
    );
  }

  /** Errors of a peer end the link with a refusal; errors of this party's handlers end it, too. */
  #guard(work: () => undefined | Promise<void>): undefined | Promise<void> {
    try {
      return work();
    } catch (error) {
      this.#endRefusing(error as Error);
      return undefined;
    }
  }

  #handle(connection: Connection, frame: Frame): undefined | Promise<void> {
    const { body } = frame;
    if (body.kind === 'refusal') {
      const refusal = refusalError(this.peer, body.refusal);
      this.#end(refusal);
      void connection.close(refusal.failure);
      return undefined;
    }
    if (body.kind === 'goodbye') {
      this.#end(endedByPeer(this.peer));
      void connection.close(this.#options.handlers.failure?.());
      return undefined;
    }
    if (!this.#greeted) {
      if (body.kind !== 'hello') throw violation(this.peer, 'anything before its hello');
      this.#onHello(body.hello);
      return undefined;
    }
    if (!this.#outbox.canAcknowledge(frame.acknowledged)) {
      throw violation(this.peer, 'an acknowledgement of what was not sent');
    }
    this.#outbox.acknowledge(frame.acknowledged);
    const pending = this.#handleBody(connection, frame);
    if (frame.acknowledged > 0) this.#pump();
    return pending;
  }

  #handleBody(connection: Connection, frame: Frame): undefined | Promise<void> {
    const { body } = frame;
    switch (body.kind) {
      case 'chunk':
        return this.#give(connection, body.chunk);
      case 'note':
        if (body.payload.length > this.#limits.noteBytesMax) throw violation(this.peer, 'an oversized note');
        this.#options.handlers.onNote?.(body.payload);
        return undefined;
      case 'none':
        // A request comes behind the frames that it asks for, so all of them have been taken by now.
        if (frame.acknowledgeNow) this.#acknowledge();
        return undefined;
      default:
        throw violation(this.peer, 'a second hello');
    }
  }

  #onHello(hello: Hello): void {
    const verdict = judgeHello(
      {
        peer: this.peer,
        self: this.#options.transport.self,
        ...runOf(this.#options),
        session: this.#session,
        peerSession: this.#peerSession,
        acknowledged: this.#outbox.acknowledged,
        sent: this.#outbox.sent,
      },
      hello,
    );
    if (verdict.kind === 'refuse') {
      throw new PeerError(verdict.code, verdict.message, { party: this.peer });
    }
    this.#helloTimer?.cancel();
    this.#peerSession = hello.session;
    this.#outbox.resume(verdict.after);
    this.#greeted = true;
    this.#dialler?.succeeded();
    this.#setState('up');
    this.#pump();
  }

  /** Gives a chunk to its sink; after a reconnection the sink may still be busy with one from the connection before. */
  #give(connection: Connection, chunk: Chunk): undefined | Promise<void> {
    if (this.#giving !== undefined) {
      return this.#giving.then(() =>
        this.#guard(() => (this.#connection === connection ? this.#give(connection, chunk) : undefined)),
      );
    }
    const pending = this.#inbox.accept(chunk);
    if (pending === undefined) {
      this.#onTaken();
      return undefined;
    }
    this.#giving = pending.then(
      () => {
        this.#giving = undefined;
        this.#onTaken();
      },
      (error: unknown) => {
        this.#giving = undefined;
        this.#endRefusing(error as Error);
      },
    );
    return this.#giving;
  }

  #onTaken(): void {
    if (this.#state === 'closed') return;
    if (this.#inbox.unacknowledgedBytes >= this.#limits.ackBytes) {
      this.#acknowledge();
      return;
    }
    this.#ackTimer ??= this.#options.clock.after(this.#limits.ackDelayMs, () => {
      this.#ackTimer = undefined;
      this.#acknowledge();
    });
  }

  /** Later where the queue is full: a peer that reads nothing could ask for any number. The next one tells as much. */
  #acknowledge(): void {
    if (this.#greeted && !this.#blocked && this.#inbox.hasUnacknowledged) {
      this.#put(encodeAck(this.#inbox.noteAcknowledged(), false));
    }
  }

  /** Sends what there is to send, as long as the connection takes it. */
  #pump(): void {
    while (this.#greeted && !this.#blocked) {
      const frame = this.#outbox.next();
      if (frame === undefined) break;
      this.#put(encodeChunk(frame, this.#inbox.noteAcknowledged()));
    }
    if (this.#greeted && this.#outbox.isFlushing && this.#flushAsked < this.#outbox.sent) {
      if (this.#blocked) return;
      this.#flushAsked = this.#outbox.sent;
      this.#put(encodeAck(this.#inbox.noteAcknowledged(), true));
    }
  }

  #put(parts: readonly Uint8Array[]): void {
    const connection = this.#connection;
    if (connection === undefined || connection.send(parts) || this.#blocked) return;
    this.#blocked = true;
    void connection.drained().then(() => {
      if (this.#connection !== connection) return;
      this.#blocked = false;
      this.#pump();
      this.#acknowledge();
    });
  }

  #endRefusing(error: Error): void {
    if (this.#state === 'closed') return;
    const connection = this.#connection;
    const reason = error instanceof PeerError ? blamed(this.peer, error) : error;
    if (reason instanceof PeerError) {
      connection?.send(encodeRefusal({ code: reason.code, message: reason.message }));
    } else if (this.#greeted) connection?.send(encodeGoodbye());
    this.#end(reason);
    void connection?.close(failureIn(reason) ?? 'INTERNAL');
  }

  /** The link is over at this side. The connection, if any, is the caller's to close. */
  #end(error: Error | undefined): void {
    if (this.#state === 'closed') return;
    this.#connection = undefined;
    this.#greeted = false;
    this.#helloTimer?.cancel();
    this.#ackTimer?.cancel();
    const reason = error ?? closedError(this.peer);
    this.#dialler?.stop(reason);
    this.#setState('closed', error);
    this.#outbox.close(reason);
    this.#sends.close(reason);
    this.#inbox.close(reason);
  }

  #setState(state: LinkState, error?: Error): void {
    if (state === this.#state && error === undefined) return;
    this.#state = state;
    this.#options.handlers.onState?.(state, error);
  }
}
