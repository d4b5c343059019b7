import type { DecodeBound } from '../../base/decode-bound.ts';
import { PeerError, PeerLostError, type PrivityError } from '../../base/errors.ts';
import { type FailureCode, failureCodes } from '../../base/failure-codes.ts';
import { HEADER_BYTES_MAX, PEER_TEXT_MAX } from './limits.ts';

/** The google.rpc.Code numbers that the transport itself answers with. */
export const status = {
  ok: 0,
  invalidArgument: 3,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Beside `grpc-status`, which several codes share: the failure for which a call has ended. */
export const FAILURE_TRAILER = 'privity-failure';

/**
 * The trailers of a call that has ended, orderly or for a failure: its status by the table of failure codes, static
 * words only.
 */
export function trailersFor(failure: FailureCode | undefined): Record<string, string> {
  if (failure === undefined) return { 'grpc-status': String(status.ok) };
  const { grpcStatus, summary } = failureCodes[failure];
  return {
    'grpc-status': String(grpcStatus),
    'grpc-message': encodeMessage(`${failure}: ${summary}`),
    [FAILURE_TRAILER]: failure,
  };
}

/**
 * Percent-encoding of `grpc-message` (gRPC over HTTP/2, "Responses"): all but printable ASCII, and the percent sign.
 */
export function encodeMessage(text: string): string {
  return text.replace(/[^\x20-\x24\x26-\x7e]+/g, (run) =>
    Array.from(Buffer.from(run), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** Only the beginning is looked at. */
export const STATUS_TEXT_BOUND: DecodeBound = {
  bytesMax: HEADER_BYTES_MAX,
  memory: { perByte: 64, once: 256 * 1024 },
  steps: { perByte: 2, once: 5_000 },
};

/** The inverse, for text of a peer: bounded, free of control characters, and never throwing. */
export function decodeMessage(encoded: string): string {
  const bytes: number[] = [];
  const source = encoded.slice(0, PEER_TEXT_MAX * 3);
  for (let at = 0; at < source.length; at++) {
    const hex = source[at] === '%' ? /^[0-9a-fA-F]{2}/.exec(source.slice(at + 1, at + 3))?.[0] : undefined;
    if (hex === undefined) bytes.push(source.charCodeAt(at) & 0xff);
    else {
      bytes.push(Number.parseInt(hex, 16));
      at += 2;
    }
  }
  return printable(Buffer.from(bytes).toString('utf8'));
}

/** Text of a peer, made fit for a message: bounded, without control characters. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, PEER_TEXT_MAX);
}

/**
 * This party has been turned away, without a reason: that is in the log of the peer. `own`: the fingerprint to compare
 * with it.
 */
export const refusedUs = (peer: string, own: string): PeerError =>
  new PeerError(
    'PRIVITY_PEER_REFUSED_US',
    `${peer} refused the identity of this party, whose key is ${own}; the log of ${peer} says why`,
    { party: peer },
  );

/** Statuses after which trying again cannot help. */
const final: ReadonlySet<number> = new Set([
  status.invalidArgument,
  status.permissionDenied,
  status.failedPrecondition,
  status.unimplemented,
  status.unauthenticated,
]);

/** What a status that ended a call means to a link. undefined: an orderly end. */
export function statusError(code: number, message: string, peer: string): PrivityError | undefined {
  if (code === status.ok) return undefined;
  const words = message === '' ? `status ${code}` : message;
  if (code === status.unauthenticated || code === status.permissionDenied) {
    return new PeerError('PRIVITY_PEER_REFUSED_US', `${peer} refused this party: ${words}`, { party: peer });
  }
  if (final.has(code)) {
    return new PeerError('PRIVITY_PROTOCOL_VIOLATION', `${peer} does not take the call: ${words}`, {
      party: peer,
    });
  }
  return new PeerLostError('PRIVITY_CONNECTION_BROKEN', `${peer} ended the connection: ${words}`, {
    party: peer,
  });
}
