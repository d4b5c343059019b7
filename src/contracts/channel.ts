/**
 * What a protocol (private set intersection, secret sharing) sees of the world: numbered members and ordered messages
 * between each two of them. The same protocol code runs over memory, the simulator and mutual TLS.
 */
export interface Channel {
  /** This party's index in the device, from 0. */
  readonly rank: number;
  /** How many members there are. */
  readonly size: number;
  /**
   * Stands for this step of this run: the same at all members, and in no other run, whatever its name. Protocols mix it
   * into what they agree on and derive, so that messages of another run do not fit. A channel outside of runs has none.
   */
  readonly binding?: Uint8Array | undefined;
  /** Aborts, with the verdict as reason, when the run or scope that the protocol belongs to ends. */
  readonly signal: AbortSignal;
  /**
   * Sends one message to a member, given as a whole or in pieces. Messages from one member to another arrive complete,
   * in order, exactly once. Resolves when the link has taken the message over (backpressure), not when it has arrived.
   * The bytes may be referenced until they are acknowledged: do not modify them afterwards.
   */
  send(to: number, message: Uint8Array | readonly Uint8Array[]): Promise<void>;
  /** The next message from a member, in the order in which that member sent them. Rejects when the run is aborted. */
  receive(from: number): Promise<Uint8Array>;
  /**
   * The same in pieces, as they came: for a receiver that copies them to where they belong anyway. Cut anywhere, at any
   * address; not to be modified. A channel without it has no cheaper way than `receive`.
   */
  receivePieces?(from: number): Promise<readonly Uint8Array[]>;
}
