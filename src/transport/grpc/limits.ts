import { LINK_FRAME_BYTES_MAX } from '../link/limits.ts';

/** Bounds of the gRPC transport. The figures are of `npm run bench -- transport` and `links`. */
export interface GrpcLimits {
  /** From the start of a dial until the peer has taken the call. Covers name lookup, TCP, TLS and one round trip. */
  readonly connectTimeoutMs: number;
  /** For a socket that arrived: until its TLS handshake is done, and again until its call is there. */
  readonly handshakeTimeoutMs: number;
  /** An orderly close that takes longer is cut short. */
  readonly closeTimeoutMs: number;
  /** Longest gRPC message taken or sent. Links cut bodies into chunks far below this. */
  readonly messageBytesMax: number;
  /**
   * HTTP/2 receive window of a stream: round trip × bandwidth; 32 MiB keep 400 MB/s flowing at 20 ms. Without HTTP/2:
   * read and not taken.
   */
  readonly streamWindowBytes: number;
  /**
   * HTTP/2 receive window of a connection; above the stream's so that a stalled stream does not stall the control
   * frames.
   */
  readonly connectionWindowBytes: number;
  /** Bytes queued in a connection above which `send` asks its caller to wait. Two chunks keep the socket busy. */
  readonly sendQueueBytes: number;
  /** Sockets that may be between accept and a checked identity at one time; the address that has most gives way. */
  readonly handshakesMax: number;
  /** TLS handshakes begun a second with strangers, who show no pass of this run; more of them wait. */
  readonly handshakesPerSecond: number;
}

export const GRPC_LIMITS: GrpcLimits = {
  connectTimeoutMs: 5_000,
  handshakeTimeoutMs: 5_000,
  closeTimeoutMs: 1_000,
  messageBytesMax: LINK_FRAME_BYTES_MAX,
  streamWindowBytes: 32 * 1024 * 1024,
  connectionWindowBytes: 64 * 1024 * 1024,
  sendQueueBytes: 2 * 1024 * 1024,
  handshakesMax: 64,
  // Each costs some 2 ms of a core, so strangers take a tenth of one; a federation of 64 is let in at once, by
  // handshakesMax.
  handshakesPerSecond: 50,
};

/** Largest HTTP/2 DATA frame taken. Node itself sends 16 KiB at most, whatever the other end takes. */
export const FRAME_BYTES_MAX = 64 * 1024;
/** Bytes of request or response headers; ours have about 200. */
export const HEADER_BYTES_MAX = 16 * 1024;
/** Calls on one connection. Links use one; the others leave room for a refusal to be answered. */
export const STREAMS_MAX = 4;
/**
 * Bytes received by a process before their buffers are collected (`collectEvery`): what it holds of them beside what is
 * in use. Half of what the engine would let gather. A collection takes about a millisecond; at 400 MB/s there is one in
 * 40 ms.
 */
export const COLLECT_BYTES = 16 * 1024 * 1024;
/** Characters kept of a text that a peer sent. */
export const PEER_TEXT_MAX = 500;
