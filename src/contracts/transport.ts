import type { FailureCode } from '../base/failure-codes.ts';

/**
 * A transport carries frames between authenticated parties. It may break at any time: resumption, ordering across
 * breaks and messages of any size are the work of the Link above it (src/transport/link/), which is the same for all
 * transports.
 */

/** Control: supervisor to supervisor. Data: program process to program process. */
export type Plane = 'control' | 'data';

export interface ConnectionHandlers {
  /**
   * One frame, complete, in one part or several as they came. While a returned promise is pending no further frame is
   * delivered, and the pipe fills up: that is how backpressure reaches the sender. The bytes are the receiver's to
   * keep.
   */
  onFrame(parts: readonly Uint8Array[]): undefined | Promise<void>;
  /** Bytes have arrived, of frames that may not be complete. Not called by transports that have only whole frames. */
  onBytes?(): void;
  /** Called exactly once. `error` tells why, when it was not an orderly close by either side. */
  onClose(error?: Error): void;
}

/** A breakable, ordered pipe of frames between this party and one authenticated peer. */
export interface Connection {
  readonly peer: string;
  readonly plane: Plane;
  /** Begins delivery. Frames that came before are kept until then. Called once. */
  start(handlers: ConnectionHandlers): void;
  /**
   * Queues one frame given as parts, which are not copied. Returns false when the caller should wait for `drained()`
   * before the next. Frames sent after the close are dropped silently: the link replays what matters.
   */
  send(parts: readonly Uint8Array[]): boolean;
  /** Resolves when the queue has room again, or the connection has closed. */
  drained(): Promise<void>;
  /**
   * Sends what is queued, then closes; destroys what is left after `CLOSE_TIMEOUT_MS`. `failure`: why, for transports
   * that have a status for it; links do not read it, because what they have to know comes in frames.
   */
  close(failure?: FailureCode): Promise<void>;
  /** Closes at once; queued frames are lost. */
  destroy(): void;
}

export interface Transport {
  readonly self: string;
  /**
   * Opens one connection to a peer.
   * @throws {PeerLostError} not reachable now; may be tried again.
   * @throws {PeerError} refused for good (identity, protocol); never tried again.
   */
  dial(peer: string, plane: Plane, signal: AbortSignal): Promise<Connection>;
  /** Where connections dialled by peers arrive. Set once, before the first can arrive. */
  accept(onConnection: (connection: Connection) => void): void;
  /** Destroys all connections and stops accepting. */
  close(): Promise<void>;
}
