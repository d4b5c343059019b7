import type { ErrorCode } from '../../base/error-catalogue.ts';
import { PeerError, PeerLostError, PrivityError, UsageError } from '../../base/errors.ts';
import type { FailureCode } from '../../base/failure-codes.ts';
import type { Refusal } from './frame.ts';

/** Codes by which a peer may refuse; any other is taken for a violation. */
const refusalCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'PRIVITY_PROTOCOL_VERSION',
  'PRIVITY_RUN_MISMATCH',
  'PRIVITY_SESSION_LOST',
  'PRIVITY_SUPERVISOR_GONE',
]);
/** Characters kept of what a peer says. */
const PEER_TEXT_MAX = 500;

/** A peer's refusal as an error of this party: a known code, and words without control characters. */
export function refusalError(peer: string, refusal: Refusal): PeerError {
  const code = refusalCodes.has(refusal.code) ? (refusal.code as ErrorCode) : 'PRIVITY_PROTOCOL_VIOLATION';
  const words = refusal.message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, PEER_TEXT_MAX);
  return new PeerError(code, `${peer} refused: ${words}`, { party: peer });
}

export const violation = (peer: string, what: string): PeerError =>
  new PeerError('PRIVITY_PROTOCOL_VIOLATION', `${peer} sent ${what}`, { party: peer });

/** The decoders do not know whose bytes they read; the link does. */
export const blamed = (peer: string, error: PeerError): PeerError =>
  error.party === undefined
    ? new PeerError(error.code, `${peer}: ${error.message}`, { party: peer, cause: error })
    : error;

export const closedError = (peer: string): PeerLostError =>
  new PeerLostError('PRIVITY_LINK_CLOSED', `the link with ${peer} is closed`, { party: peer });

/** Why a link is closed: the peer is lost, or the run has failed. */
export const closedFor = (failure: FailureCode): PeerLostError =>
  new PeerLostError('PRIVITY_LINK_CLOSED', `the link was closed: ${failure}`, { failure });

/** The failure that an error stands for. */
export const failureIn = (error: Error | undefined): FailureCode | undefined =>
  error instanceof PrivityError ? error.failure : undefined;

export const endedByPeer = (peer: string): PeerLostError =>
  new PeerLostError('PRIVITY_LINK_ENDED_BY_PEER', `${peer} ended the conversation`, { party: peer });

export const helloLate = (peer: string): PeerLostError =>
  new PeerLostError('PRIVITY_CONNECTION_BROKEN', `${peer} said no hello in time`, { party: peer });

export const headerTooLong = (bytes: number, max: number): UsageError =>
  limitError(`a message header has ${bytes} bytes; the limit is ${max}`);

export const limitError = (message: string): UsageError => new UsageError('PRIVITY_LINK_LIMIT', message);
