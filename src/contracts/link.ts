import type { FailureCode } from '../base/failure-codes.ts';
import type { Plane } from './transport.ts';

/** A message's body: nothing, bytes in pieces, or a stream for what does not fit into memory. */
export type Body = readonly Uint8Array[] | AsyncIterable<Uint8Array>;

/** Where the body of one incoming message goes. */
export interface MessageSink {
  /** The next piece of the body. A pending promise holds the sender back. */
  write(piece: Uint8Array): undefined | Promise<void>;
  /** The message is complete. */
  end(): undefined | Promise<void>;
  /** The message will never be complete: its sender gave up on it, or the link ended. */
  abort(error: Error): void;
}

/** `down`: the connection is broken and dialled again. `closed` is final. */
export type LinkState = 'connecting' | 'up' | 'down' | 'closed';

/** What a link calls. */
export interface LinkHandlers {
  /** A message begins. Messages begin in the order in which they were sent; their bodies may interleave. */
  onMessage(header: Uint8Array): MessageSink;
  /** An unnumbered note arrived (a heartbeat). May have been lost, never late: it is not replayed. */
  onNote?(payload: Uint8Array): void;
  /** `refused` comes with the error and is final: the peer's identity or protocol is wrong. */
  onState?(state: LinkState, error?: Error): void;
  /** Bytes of messages or notes have arrived: the peer is alive, and the way from it is open, however slow it is. */
  onBytes?(): void;
  /**
   * Why this party is about to leave, if it is: asked when the peer says goodbye first, whose call then ends for the
   * same reason.
   */
  failure?(): FailureCode | undefined;
}

/**
 * A conversation with one peer that survives broken connections: nothing is lost, repeated or reordered while both
 * processes live. It never decides that a peer is lost; that is the coordination core's decision, told by `close`.
 */
export interface Link {
  /** The name of the other party. */
  readonly peer: string;
  /** What it carries. */
  readonly plane: Plane;
  /** Whether it can carry something now. */
  readonly state: LinkState;
  /**
   * Sends one message. Large bodies are cut into chunks that share the link fairly with other messages.
   * Resolves when every chunk has been taken over by the link's bounded replay buffer.
   * Bytes may be referenced until acknowledged: do not modify them.
   * `onLeaving` is called once, just before the first of the message is given to a connection.
   */
  send(header: Uint8Array, body?: Body, onLeaving?: () => void): Promise<void>;
  /** Sends a small unnumbered note if the link is up; otherwise drops it. */
  note(payload: Uint8Array): void;
  /** Resolves when the peer has acknowledged everything sent so far; rejects if the link closes first. */
  flushed(): Promise<void>;
  /**
   * Ends the conversation: pending sends reject, sinks are aborted, no reconnection. If `error` stands for a failure,
   * its code is the status with which the transport ends the call.
   */
  close(error?: Error): Promise<void>;
}
