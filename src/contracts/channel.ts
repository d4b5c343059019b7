/**
 * What a protocol (private set intersection, secret sharing) sees of the world: numbered members and ordered messages
 * between each two of them. The same protocol code runs over memory, the simulator and mutual TLS.
 */
export interface Channel {
  /** This party's index in the device, 0 ≤ rank < size. */
  readonly rank: number;
  readonly size: number;
  /** Aborts, with the verdict as reason, when the run or scope that the protocol belongs to ends. */
  readonly signal: AbortSignal;
  /**
   * Sends one message to a member. Messages from one member to another arrive complete, in order, exactly once.
   * Resolves when the link has taken the message over (backpressure), not when it has arrived.
   * The bytes may be referenced until they are acknowledged: do not modify them afterwards.
   */
  send(to: number, bytes: Uint8Array): Promise<void>;
  /** The next message from a member, in the order in which that member sent them. Rejects when the run is aborted. */
  receive(from: number): Promise<Uint8Array>;
}
