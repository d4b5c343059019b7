import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { PeerError, PeerLostError } from '../../base/errors.ts';
import type { Clock, Connection, Plane } from '../../contracts/index.ts';
import { fingerprint, type Identity } from '../identity/certificate.ts';
import { identityError, verifyPeer } from '../identity/verify-peer.ts';
import { BareConnection } from './bare-connection.ts';
import { BARE_PROTOCOL, exchangeWords } from './bare-words.ts';
import { GrpcConnection } from './connection.ts';
import type { GrpcLimits } from './limits.ts';
import { planePaths, serverName } from './server-name.ts';
import { decodeMessage, refusedUs, status, statusError } from './status.ts';
import { http2Options, peerPolicy, protocolsOf, provedBy, secureContext } from './tls.ts';
import { isRefusal, listenerRefused, turnAway } from './turn-away.ts';

/** A party as the federation lists it. */
export interface PeerAddress {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** `sha256:` and the base64url SHA-256 of the public key. */
  readonly fingerprint: string;
}

export interface DialOptions {
  readonly peer: PeerAddress;
  readonly plane: Plane;
  /** Shown to the port of the peer (`runLabel`, `passFor`). */
  readonly run?: string | undefined;
  readonly pass?: string | undefined;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly limits: GrpcLimits;
  readonly signal: AbortSignal;
  readonly isHttp2Only?: boolean | undefined;
  /** Makes the TCP connection in this party's place; what it rejects with has the code of the system's error. */
  readonly openSocket?: OpenSocket | undefined;
}

/** @param peer by name */
export type OpenSocket = (peer: string, signal: AbortSignal) => Promise<Socket>;

/**
 * TCP, TLS, identity check, HTTP/2 and call or first words: in this order, under one deadline.
 * @throws {PeerLostError} PRIVITY_PEER_UNREACHABLE, PRIVITY_CONNECTION_BROKEN
 * @throws {PeerError} identity codes, PRIVITY_PEER_REFUSED_US, PRIVITY_PEER_ADDRESS_WRONG, PRIVITY_PROTOCOL_VIOLATION
 */
export async function dialGrpc(
  options: DialOptions,
): Promise<Connection & { readonly closed: Promise<void> }> {
  const { peer, clock, limits, signal } = options;
  const attempt = new AbortController();
  const timer = clock.after(limits.connectTimeoutMs, () =>
    attempt.abort(unreachable(peer, `no answer within ${limits.connectTimeoutMs} ms`)),
  );
  const onAbort = (): void => attempt.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  let socket: TLSSocket | undefined;
  try {
    socket = await openTls(options, attempt.signal);
    const problem = verifyPeer({
      ...provedBy(socket),
      party: peer.name,
      fingerprint: peer.fingerprint,
      nowMs: clock.wallTime(),
    });
    if (problem !== undefined) {
      turnAway(socket, listenerRefused(socket), clock, limits.closeTimeoutMs);
      socket = undefined;
      throw identityError(problem, peer.name);
    }
    const open = socket.alpnProtocol === BARE_PROTOCOL ? openBare : openCall;
    return await open(socket, options, attempt.signal);
  } catch (error) {
    socket?.destroy();
    throw error;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
  }
}

async function openTls(options: DialOptions, attempt: AbortSignal): Promise<TLSSocket> {
  const { peer, plane, run, pass, identity, openSocket } = options;
  const protocols = protocolsOf(plane, options.isHttp2Only);
  const opened = await openSocket?.(peer.name, attempt).catch((error: Error) => {
    throw attempt.aborted ? attempt.reason : dialError(peer, error);
  });
  return new Promise((resolve, reject) => {
    if (attempt.aborted) {
      opened?.destroy();
      return reject(attempt.reason);
    }
    const socket = connectTls({
      ...(opened === undefined ? { host: peer.host, port: peer.port } : { socket: opened }),
      servername: serverName({ plane, party: peer.name, run, pass }),
      ...secureContext(identity),
      ...peerPolicy,
      ALPNProtocols: protocols,
    });
    // For a self-signed certificate Node does not come to ask this; should it ever, hosts do not matter, the pin does.
    const fail = (error: unknown): void => {
      attempt.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(attempt.reason);
    attempt.addEventListener('abort', onAbort, { once: true });
    socket.on('error', (error: Error) => fail(dialError(peer, error)));
    socket.once('close', () => fail(unreachable(peer, 'the connection closed during the TLS handshake')));
    socket.once('secureConnect', () => {
      if (!protocols.includes(socket.alpnProtocol || '')) {
        return fail(wrongAddress(peer, 'what listens there does not speak HTTP/2, so it is not Privity'));
      }
      attempt.removeEventListener('abort', onAbort);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

async function openBare(
  socket: TLSSocket,
  options: DialOptions,
  attempt: AbortSignal,
): Promise<BareConnection> {
  const { peer, plane, clock, limits } = options;
  const onAbort = (): void => void socket.destroy();
  attempt.addEventListener('abort', onAbort, { once: true });
  const word = await exchangeWords(socket);
  attempt.removeEventListener('abort', onAbort);
  if (attempt.aborted) throw attempt.reason;
  if (word === undefined) throw broke(peer, undefined);
  if (word === status.unauthenticated) throw refusedUs(peer.name, fingerprint(options.identity.certPem));
  const why = word === status.unavailable ? 'it takes no connections now' : '';
  const refusal = statusError(word, why, peer.name);
  if (refusal !== undefined) throw refusal;
  return new BareConnection({ peer: peer.name, plane, socket, clock, limits });
}

function openCall(socket: TLSSocket, options: DialOptions, attempt: AbortSignal): Promise<GrpcConnection> {
  const { peer, plane, clock, limits } = options;
  const session = openSession(socket, options);
  session.on('connect', () => session.setLocalWindowSize(limits.connectionWindowBytes));
  return new Promise((resolve, reject) => {
    let broken: Error | undefined;
    session.on('error', (error: Error) => {
      broken = error;
    });
    const stream = session.request(
      {
        ':method': 'POST',
        ':path': planePaths[plane],
        ':authority': serverName({ plane, party: peer.name }),
        'content-type': 'application/grpc+proto',
        te: 'trailers',
        'user-agent': 'privity',
      },
      { endStream: false },
    );
    const fail = (error: Error): void => {
      attempt.removeEventListener('abort', onAbort);
      stream.destroy();
      session.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(attempt.reason as Error);
    const onClose = (): void => fail(broke(peer, broken));
    attempt.addEventListener('abort', onAbort, { once: true });
    if (attempt.aborted) return onAbort();
    session.once('goaway', (code, _last, data) => {
      if (isRefusal(code, data)) fail(refusedUs(peer.name, fingerprint(options.identity.certPem)));
    });
    stream.on('error', (error: Error) => {
      broken = error;
    });
    stream.once('close', onClose);
    stream.once('response', (headers) => {
      const refusal = responseError(headers, peer.name);
      if (refusal !== undefined) return fail(refusal);
      attempt.removeEventListener('abort', onAbort);
      stream.removeListener('close', onClose);
      resolve(new GrpcConnection({ peer: peer.name, plane, stream, session, socket, clock, limits }));
    });
  });
}

function openSession(socket: TLSSocket, options: DialOptions): ClientHttp2Session {
  const session = connectHttp2(`https://${serverName({ plane: options.plane, party: options.peer.name })}`, {
    ...http2Options(options.limits),
    createConnection: () => socket,
  });
  // No party sends these, and Node keeps all that come. Not in the middle of reading (paced-writer.ts).
  session.once('origin', () => setImmediate(() => session.destroy()));
  return session;
}

/** undefined: the peer has taken the call. */
function responseError(headers: object, peer: string): Error | undefined {
  const of = (name: string): string | undefined => (headers as Record<string, string | undefined>)[name];
  const code = of('grpc-status');
  if (code !== undefined) {
    return (
      statusError(Number(code), decodeMessage(of('grpc-message') ?? ''), peer) ??
      new PeerLostError('PRIVITY_CONNECTION_BROKEN', `${peer} ended the call at once`, { party: peer })
    );
  }
  if (String(of(':status')) === '200' && of('content-type')?.startsWith('application/grpc')) return undefined;
  // A proxy in between answers 502 and 503 while the party behind it is away.
  return statusError(status.unavailable, `HTTP status ${of(':status')} instead of a gRPC answer`, peer);
}

function dialError(peer: PeerAddress, error: Error & { code?: string }): Error {
  const code = error.code ?? '';
  if (code === 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME' || code === 'ERR_SSL_SSL/TLS_ALERT_UNRECOGNIZED_NAME') {
    return wrongAddress(peer, `the party that listens there is not ${peer.name}`);
  }
  if (
    /^ERR_SSL_(WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG|UNSUPPORTED_PROTOCOL)$/.test(code)
  ) {
    return wrongAddress(peer, 'what listens there does not speak TLS 1.3, so it is not Privity');
  }
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) {
    return wrongAddress(peer, `the TLS handshake failed (${code})`);
  }
  const meaning = codeMeanings[code];
  const why = code === '' ? 'the connection failed' : meaning === undefined ? code : `${code} (${meaning})`;
  return unreachable(peer, why, error);
}

/** The commonest errors of a connection, in words. */
const codeMeanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there, or a firewall refuses',
  ECONNRESET: 'the connection was broken off there',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'there is no way to that machine',
  ENETUNREACH: 'there is no way to that network',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name service does not answer',
};

const at = (peer: PeerAddress): string => `${peer.name} at ${peer.host}:${peer.port}`;

const unreachable = (peer: PeerAddress, why: string, cause?: Error): PeerLostError =>
  new PeerLostError('PRIVITY_PEER_UNREACHABLE', `cannot reach ${at(peer)}: ${why}`, {
    party: peer.name,
    cause,
  });

const wrongAddress = (peer: PeerAddress, why: string): PeerError =>
  new PeerError(
    'PRIVITY_PEER_ADDRESS_WRONG',
    `cannot talk to ${at(peer)}: ${why}; check host and port in the federation file`,
    { party: peer.name },
  );

const broke = (peer: PeerAddress, cause: Error | undefined): PeerLostError =>
  new PeerLostError(
    'PRIVITY_CONNECTION_BROKEN',
    `the connection with ${at(peer)} broke before the call was taken`,
    {
      party: peer.name,
      cause,
    },
  );
