import type { X509Certificate } from 'node:crypto';
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { PeerError } from '../../base/errors.ts';
import { type FailureCode, failureCodes } from '../../base/failure-codes.ts';
import type { Clock, Connection, Plane } from '../../contracts/index.ts';
import { fingerprint, type Identity } from '../identity/certificate.ts';
import { claimedParty, describeProblem, identityError, verifyPeer } from '../identity/verify-peer.ts';
import { Crowd } from '../port/crowd.ts';
import { GrpcConnection } from './connection.ts';
import { type PeerAddress, REFUSAL_PREFIX } from './dial.ts';
import type { GrpcLimits } from './limits.ts';
import { parseServerName, planeOfPath } from './server-name.ts';
import { encodeMessage, FAILURE_TRAILER, printable, status } from './status.ts';
import { certificateOf, http2Options, peerPolicy, secureContext } from './tls.ts';

export interface ServeOptions {
  readonly self: string;
  readonly parties: ReadonlyMap<string, PeerAddress>;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly limits: GrpcLimits;
  /** A call of an authenticated peer arrived. */
  readonly onConnection: (connection: Connection) => void;
  readonly isAccepting: () => boolean;
  readonly onRefused: (error: PeerError) => void;
}

type Admission =
  | { readonly peer: string; readonly plane: Plane }
  | { readonly code: number; readonly message: string; readonly failure?: FailureCode };

/** The accepting end: an HTTP/2 server without a port, fed with sockets that somebody else accepted. */
export class GrpcServer {
  readonly #options: ServeOptions;
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  /** Sockets whose identity has not been checked yet. */
  readonly #pending = new Map<string, Socket>();
  readonly #strangers: Crowd;

  constructor(options: ServeOptions) {
    this.#options = options;
    this.#strangers = new Crowd(options.limits.handshakesMax);
    this.#server = createSecureServer({
      ...secureContext(options.identity),
      ...peerPolicy,
      ...http2Options(options.limits),
      honorCipherOrder: true,
      handshakeTimeout: options.limits.handshakeTimeoutMs,
      allowHTTP1: false,
    });
    this.#server.on('session', (session) => this.#onSession(session));
    this.#server.on('stream', (stream, headers) => this.#onStream(stream, headers));
    this.#server.on('unknownProtocol', (socket) => socket.destroy());
    this.#server.on('sessionError', () => {});
    this.#server.on('tlsClientError', (_, socket: TLSSocket) => socket.destroy());
  }

  /** Takes over an accepted socket of which `head` has been read already. */
  handleSocket(socket: Socket, head: Uint8Array): void {
    const { clock, limits } = this.#options;
    socket.on('error', () => {});
    this.#sockets.add(socket);
    this.#strangers.add(socket);
    const from = remoteEnd(socket);
    this.#pending.set(from, socket);
    // Twice the handshake timeout: the TLS handshake has its own, the rest is for the call.
    const timer = clock.after(2 * limits.handshakeTimeoutMs, () => {
      if (this.#pending.get(from) === socket) socket.destroy();
    });
    socket.once('close', () => {
      timer.cancel();
      this.#sockets.delete(socket);
      if (this.#pending.get(from) === socket) this.#pending.delete(from);
    });
    socket.setNoDelay(true);
    if (head.length > 0) socket.unshift(head);
    this.#server.emit('connection', socket);
  }

  renewIdentity(identity: Identity): void {
    this.#server.setSecureContext(secureContext(identity));
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  #onSession(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.once('close', () => this.#sessions.delete(session));
    session.on('error', () => {});
    session.setLocalWindowSize(this.#options.limits.connectionWindowBytes);
    session.on('goaway', (_code, _last, data) => this.#onGoaway(session, data));
  }

  /** A dialler that does not trust this party says so in its goodbye; it is told to whoever reads this party's log. */
  #onGoaway(session: ServerHttp2Session, data: Uint8Array | undefined): void {
    const text = data === undefined ? '' : printable(Buffer.from(data.subarray(0, 4096)).toString('utf8'));
    if (!text.startsWith(REFUSAL_PREFIX)) return;
    const problem = this.#identify(session);
    const who = 'peer' in problem ? problem.peer : 'an unknown dialler';
    this.#options.onRefused(
      new PeerError(
        'PRIVITY_PEER_REFUSED_US',
        `${who} refused this party: ${text.slice(REFUSAL_PREFIX.length)}`,
        {
          party: 'peer' in problem ? problem.peer : undefined,
        },
      ),
    );
  }

  #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => {});
    const { session } = stream;
    if (session === undefined) return;
    const httpStatus = httpProblem(headers);
    if (httpStatus !== undefined) {
      stream.respond({ ':status': httpStatus }, { endStream: true });
      this.#retire(session as ServerHttp2Session);
      return;
    }
    const admission = this.#admit(session as ServerHttp2Session, headers);
    if ('code' in admission) {
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc+proto',
          'grpc-status': String(admission.code),
          'grpc-message': encodeMessage(admission.message),
          ...(admission.failure === undefined ? {} : { [FAILURE_TRAILER]: admission.failure }),
        },
        { endStream: true },
      );
      this.#retire(session as ServerHttp2Session);
      return;
    }
    const from = remoteEnd(session.socket);
    const socket = this.#pending.get(from);
    this.#pending.delete(from);
    if (socket) this.#strangers.take(socket);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
    const { clock, limits } = this.#options;
    this.#options.onConnection(new GrpcConnection({ ...admission, stream, session, socket, clock, limits }));
  }

  #retire(session: ServerHttp2Session): void {
    const timer = this.#options.clock.after(this.#options.limits.closeTimeoutMs, () => session.destroy());
    session.close(() => timer.cancel());
  }

  #admit(session: ServerHttp2Session, headers: IncomingHttpHeaders): Admission {
    const plane = planeOfPath(headers[':path']);
    if (plane === undefined) {
      return {
        code: status.unimplemented,
        message: 'this port serves privity.v1.Link/Control and /Data only',
      };
    }
    const encoding = headers['grpc-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      return { code: status.unimplemented, message: 'messages must not be compressed' };
    }
    const identified = this.#identify(session);
    if (!('peer' in identified)) {
      this.#options.onRefused(identified.error);
      const { failure } = identified.error;
      return { code: failureCodes[failure].grpcStatus, message: identified.message, failure };
    }
    const asked = parseServerName(String((session.socket as TLSSocket).servername ?? ''));
    if (asked?.plane !== plane || asked.party !== this.#options.self) {
      return {
        code: status.invalidArgument,
        message: `the TLS server name must be ${plane}.${this.#options.self}.privity for this call`,
      };
    }
    if (!this.#options.isAccepting()) {
      return { code: status.unavailable, message: `${this.#options.self} takes no connections now` };
    }
    return { peer: identified.peer, plane };
  }

  /** Who the other end of a session is, by the key that it proved to hold in the TLS handshake. */
  #identify(
    session: ServerHttp2Session,
  ): { readonly peer: string } | { readonly error: PeerError; readonly message: string } {
    const certificate = certificateOf(session.socket as TLSSocket);
    const claimed = certificate && claimedParty(certificate);
    const listed = claimed === undefined ? undefined : this.#options.parties.get(claimed);
    if (certificate !== undefined && (listed === undefined || claimed === this.#options.self)) {
      const message =
        claimed === undefined
          ? 'the certificate names no party; make one with `privity keygen`'
          : `the federation of ${this.#options.self} lists no peer ${claimed}`;
      const code = claimed === undefined ? 'PRIVITY_PEER_NAME_WRONG' : 'PRIVITY_PEER_KEY_UNKNOWN';
      const listing = [...this.#options.parties.keys()].join(', ');
      const words = `a dialler was refused: ${message}; it presented the key ${keyText(certificate)}; listed are ${listing}`;
      return { error: new PeerError(code, words, { party: claimed }), message };
    }
    const problem = verifyPeer({
      certificate,
      party: claimed ?? 'the dialler',
      fingerprint: listed?.fingerprint ?? '',
      nowMs: this.#options.clock.wallTime(),
    });
    if (problem === undefined && claimed !== undefined) return { peer: claimed };
    const found = problem ?? { reason: 'no-certificate' as const };
    const who = claimed ?? 'the dialler';
    return { error: identityError(found, who), message: describeProblem(found, who) };
  }
}

/** Public, as all fingerprints are: whoever was refused by mistake is recognised by it. */
function keyText(certificate: X509Certificate): string {
  try {
    return fingerprint(certificate);
  } catch {
    return 'that cannot be read';
  }
}

/** Names a connection by the dialler's end, which the raw socket and the TLS socket around it have in common. */
const remoteEnd = (socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): string =>
  `${socket.remoteAddress} ${socket.remotePort}`;

/** The HTTP status for a request that is not a gRPC call. */
function httpProblem(headers: IncomingHttpHeaders): number | undefined {
  if (headers[':method'] !== 'POST') return 405;
  const type = headers['content-type'] ?? '';
  return /^application\/grpc(\+proto)?(;|$)/.test(type) ? undefined : 415;
}
