/** Bounds of a link. Every one can be set per link; the defaults suit parties on a LAN or a WAN of some 100 ms. */
export interface LinkLimits {
  /** Body bytes in one frame. 256 KiB to 1 MiB were measured best: below, headers cost; above, others wait longer. */
  readonly chunkBytes: number;
  /** Bytes sent and not acknowledged. Bounds memory at both ends and, with the round trip, the bandwidth. */
  readonly replayBufferBytesMax: number;
  /**
   * Received bytes after which an acknowledgement goes out at once: a fraction of the replay buffer of the other side.
   */
  readonly ackBytes: number;
  /**
   * Longest that taken bytes stay unacknowledged: long enough for the answer to carry it along, short against a person.
   */
  readonly ackDelayMs: number;
  /** Header of one message. Headers are read whole into memory. */
  readonly headerBytesMax: number;
  /** A note is a heartbeat, not a message. */
  readonly noteBytesMax: number;
  /** Messages whose chunks take turns; the next begins when one of these is complete. */
  readonly activeMessagesMax: number;
  /**
   * Incomplete messages that a peer may have open here. Above what peers use (activeMessagesMax), so only abuse meets
   * it.
   */
  readonly openMessagesMax: number;
  /** Messages given to `send` and not complete. A caller that waits for its sends never comes near. */
  readonly pendingMessagesMax: number;
  /** From a new connection until the peer's hello. */
  readonly helloTimeoutMs: number;
  /** Pause after the first failed dial; doubled for each further one up to the maximum, less a random part of half. */
  readonly backoffMs: number;
  /** Longest pause between dials: how late a peer that comes back is noticed at most. */
  readonly backoffMsMax: number;
}

const MIB = 1024 * 1024;

export const REPLAY_BUFFER_BYTES_MAX = 32 * MIB;
export const CHUNK_BYTES = 512 * 1024;

export const LINK_LIMITS: LinkLimits = {
  chunkBytes: CHUNK_BYTES,
  replayBufferBytesMax: REPLAY_BUFFER_BYTES_MAX,
  ackBytes: 4 * MIB,
  ackDelayMs: 20,
  headerBytesMax: 64 * 1024,
  noteBytesMax: 64 * 1024,
  activeMessagesMax: 256,
  openMessagesMax: 1024,
  pendingMessagesMax: 65_536,
  helloTimeoutMs: 5_000,
  backoffMs: 50,
  backoffMsMax: 1_000,
};

/** What a frame costs the replay buffer beyond its payload: bounds the number of tiny frames kept. */
export const FRAME_OVERHEAD_BYTES = 64;
/** Pieces of a body gathered into one frame; more are left for the next. */
export const FRAME_PARTS_MAX = 64;
/** Longest frame; chunks are far below it. */
export const LINK_FRAME_BYTES_MAX = 16 * MIB;
/** Bytes of a hello or refusal; ours have about 200. */
export const HANDSHAKE_BYTES_MAX = 8 * 1024;
