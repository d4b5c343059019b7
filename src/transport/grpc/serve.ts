import type { X509Certificate } from 'node:crypto';
import {
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { PeerError } from '../../base/errors.ts';
import type { Clock, Connection, Plane } from '../../contracts/index.ts';
import { fingerprint, type Identity } from '../identity/certificate.ts';
import { claimedParty, identityError, verifyPeer } from '../identity/verify-peer.ts';
import { Crowd } from '../port/crowd.ts';
import { HandshakeGate } from '../port/handshake-gate.ts';
import { BareConnection } from './bare-connection.ts';
import { BARE_PROTOCOL, exchangeWords } from './bare-words.ts';
import { GrpcConnection } from './connection.ts';
import type { PeerAddress } from './dial.ts';
import type { GrpcLimits } from './limits.ts';
import { parseServerName, planeOfPath } from './server-name.ts';
import { encodeMessage, refusedUs, status } from './status.ts';
import { http2Options, peerPolicy, protocolsOf, provedBy, secureContext } from './tls.ts';
import { diallerRefused, isRefusal, turnAway } from './turn-away.ts';

export interface ServeOptions {
  readonly self: string;
  readonly parties: ReadonlyMap<string, PeerAddress>;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly limits: GrpcLimits;
  readonly isHttp2Only: boolean | undefined;
  /** A call of an authenticated peer arrived. */
  readonly onConnection: (connection: Connection) => void;
  readonly isAccepting: () => boolean;
  readonly onRefused: (error: PeerError) => void;
}

/** What a peer's call is answered with: that it is taken, or why not. */
type Admission = { readonly plane: Plane } | { readonly code: number; readonly message: string };

/** Sessions of one peer that may be without a call: one, and one more that replaces it. */
const SESSIONS_WAITING_MAX = 2;

/**
 * The accepting end: a TLS server without a port, fed with sockets that somebody else accepted. Who the other end is,
 * is decided when the TLS handshake is done; only then, and only for peers, is there an HTTP/2 session.
 */
export class GrpcServer {
  readonly #options: ServeOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  /** Sockets whose call is not there yet. */
  readonly #pending = new Map<string, Socket>();
  readonly #strangers: Crowd;
  readonly #gate: HandshakeGate;
  /** Of each peer those that have proved who they are, and wait for their call. */
  readonly #waiting = new Map<string, Crowd>();

  constructor(options: ServeOptions) {
    this.#options = options;
    const { handshakesMax, handshakesPerSecond } = options.limits;
    this.#strangers = new Crowd(handshakesMax);
    this.#gate = new HandshakeGate({
      clock: options.clock,
      perSecond: handshakesPerSecond,
      atOnce: handshakesMax,
      begin: (socket, head) => {
        this.#strangers.add(socket);
        this.#shake(socket, head);
      },
    });
    this.#server = createServer({
      ...secureContext(options.identity),
      ...peerPolicy,
      ALPNProtocols: protocolsOf('data', options.isHttp2Only),
      honorCipherOrder: true,
      handshakeTimeout: options.limits.handshakeTimeoutMs,
    });
    this.#server.on('secureConnection', (socket) => this.#onSecure(socket));
    // Nobody keeps sessions, so none is resumed. But where somebody hears of them, Node makes room for 16 KiB before it
    // takes the ClientHello, and for as much in each read from then on; else for as much as that has, in every second.
    this.#server.on('newSession', (_id, _session, done) => done());
    this.#server.on('tlsClientError', (_, socket) => socket.destroy());
  }

  /**
   * Takes over an accepted socket of which `head` has been read already. Who is expected is no stranger, and does not
   * wait.
   */
  handleSocket(socket: Socket, head: Uint8Array, isExpected: boolean): void {
    const { clock, limits } = this.#options;
    socket.on('error', () => {});
    this.#sockets.add(socket);
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
    if (isExpected) this.#shake(socket, head);
    else this.#gate.arrive(socket, head);
  }

  #shake(socket: Socket, head: Uint8Array): void {
    socket.setNoDelay(true);
    if (head.length > 0) socket.unshift(head);
    this.#server.emit('connection', socket);
  }

  renewIdentity(identity: Identity): void {
    this.#server.setSecureContext(secureContext(identity));
  }

  close(): void {
    this.#gate.close();
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  #onSecure(socket: TLSSocket): void {
    socket.on('error', () => {});
    const { clock, limits, onRefused } = this.#options;
    const identified = this.#identify(socket);
    if (!('peer' in identified)) {
      onRefused(identified.error);
      return turnAway(socket, diallerRefused(socket), clock, limits.closeTimeoutMs);
    }
    const { peer } = identified;
    const from = remoteEnd(socket);
    const raw = this.#pending.get(from);
    if (raw) {
      this.#strangers.take(raw);
      this.#crowdOf(peer).add(raw);
    }
    if (socket.alpnProtocol === BARE_PROTOCOL) return void this.#onBare(socket, peer);
    const session = performServerHandshake(socket, http2Options(limits));
    this.#onSession(session, peer);
  }

  #crowdOf(peer: string): Crowd {
    const crowd = this.#waiting.get(peer) ?? new Crowd(SESSIONS_WAITING_MAX);
    this.#waiting.set(peer, crowd);
    return crowd;
  }

  #onSession(session: ServerHttp2Session, peer: string): void {
    this.#sessions.add(session);
    session.once('close', () => this.#sessions.delete(session));
    session.on('error', () => {});
    session.on('stream', (stream, headers) => this.#onStream(stream, headers, session, peer));
    session.setLocalWindowSize(this.#options.limits.connectionWindowBytes);
    // A peer that does not trust this party says so in its goodbye; it is told in this party's log.
    session.on('goaway', (code, _last, data) => {
      if (isRefusal(code, data)) this.#onRefusal(peer);
    });
  }

  #onRefusal(peer: string): void {
    this.#options.onRefused(refusedUs(peer, fingerprint(this.#options.identity.certPem)));
  }

  /** A connection without HTTP/2: the server name says what a call would. */
  async #onBare(socket: TLSSocket, peer: string): Promise<void> {
    const { clock, limits, onConnection } = this.#options;
    const asked = this.#admit(socket);
    if ('code' in asked) return turnAway(socket, Buffer.of(asked.code), clock, limits.closeTimeoutMs);
    const word = await exchangeWords(socket);
    if (word === status.unauthenticated) this.#onRefusal(peer);
    if (word !== status.ok) return void socket.destroy();
    this.#settle(socket, peer);
    onConnection(new BareConnection({ peer, plane: asked.plane, socket, clock, limits }));
  }

  /** The call is there. @returns the socket that carries it */
  #settle(end: Pick<Socket, 'remoteAddress' | 'remotePort'>, peer: string): Socket | undefined {
    const from = remoteEnd(end);
    const socket = this.#pending.get(from);
    this.#pending.delete(from);
    if (socket) this.#waiting.get(peer)?.take(socket);
    return socket;
  }

  #onStream(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    session: ServerHttp2Session,
    peer: string,
  ): void {
    stream.on('error', () => {});
    const httpStatus = httpProblem(headers);
    if (httpStatus !== undefined) {
      stream.respond({ ':status': httpStatus }, { endStream: true });
      this.#retire(session);
      return;
    }
    const admission =
      callProblem(headers) ?? this.#admit(session.socket as TLSSocket, planeOfPath(headers[':path']));
    if ('code' in admission) {
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc+proto',
          'grpc-status': String(admission.code),
          'grpc-message': encodeMessage(admission.message),
        },
        { endStream: true },
      );
      this.#retire(session);
      return;
    }
    const socket = this.#settle(session.socket, peer);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
    const { clock, limits } = this.#options;
    const { plane } = admission;
    this.#options.onConnection(new GrpcConnection({ peer, plane, stream, session, socket, clock, limits }));
  }

  #retire(session: ServerHttp2Session): void {
    const timer = this.#options.clock.after(this.#options.limits.closeTimeoutMs, () => session.destroy());
    session.close(() => timer.cancel());
  }

  /** @param called where a call says it, too */
  #admit(socket: TLSSocket, called?: Plane): Admission {
    const asked = parseServerName(String(socket.servername ?? ''));
    const plane = called ?? asked?.plane;
    if (plane === undefined || asked?.plane !== plane || asked.party !== this.#options.self) {
      return {
        code: status.invalidArgument,
        message: `the TLS server name must be ${plane ?? 'data'}.${this.#options.self}.privity for this call`,
      };
    }
    if (!this.#options.isAccepting()) {
      return { code: status.unavailable, message: `${this.#options.self} takes no connections now` };
    }
    return { plane };
  }

  /**
   * Who the other end is, by the key that it proved to hold in the TLS handshake; what is wrong is for this party's log
   * only.
   */
  #identify(socket: TLSSocket): { readonly peer: string } | { readonly error: PeerError } {
    const proved = provedBy(socket);
    const { certificate } = proved;
    const claimed = certificate && claimedParty(certificate);
    const listed = claimed === undefined ? undefined : this.#options.parties.get(claimed);
    if (certificate !== undefined && (listed === undefined || claimed === this.#options.self)) {
      const why =
        claimed === undefined
          ? 'its certificate names no party; make one with `privity keygen`'
          : `the federation of ${this.#options.self} lists no peer ${claimed}`;
      const code = claimed === undefined ? 'PRIVITY_PEER_NAME_WRONG' : 'PRIVITY_PEER_KEY_UNKNOWN';
      const listing = [...this.#options.parties.keys()].join(', ');
      const words = `a dialler was refused: ${why}; it presented the key ${keyText(certificate)}; listed are ${listing}`;
      return { error: new PeerError(code, words, { party: claimed }) };
    }
    const who = claimed ?? 'the dialler';
    const problem = verifyPeer({
      ...proved,
      party: who,
      fingerprint: listed?.fingerprint ?? '',
      nowMs: this.#options.clock.wallTime(),
    });
    if (problem !== undefined || claimed === undefined)
      return { error: identityError(problem ?? { reason: 'no-certificate' }, who) };
    if (!socket.alpnProtocol) {
      const words = `a dialler with the key of ${claimed} was refused: it does not speak HTTP/2`;
      return { error: new PeerError('PRIVITY_PROTOCOL_VIOLATION', words, { party: claimed }) };
    }
    return { peer: claimed };
  }
}

/** Public, as all fingerprints are: a party that was refused by mistake is recognised by it. */
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

/** Why no party takes this call. */
function callProblem(headers: IncomingHttpHeaders): Admission | undefined {
  if (planeOfPath(headers[':path']) === undefined) {
    return {
      code: status.unimplemented,
      message: 'this port serves privity.v1.Link/Control and /Data only',
    };
  }
  const encoding = headers['grpc-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    return { code: status.unimplemented, message: 'messages must not be compressed' };
  return undefined;
}

/** The HTTP status for a request that is not a gRPC call. */
function httpProblem(headers: IncomingHttpHeaders): number | undefined {
  if (headers[':method'] !== 'POST') return 405;
  const type = headers['content-type'] ?? '';
  return /^application\/grpc(\+proto)?(;|$)/.test(type) ? undefined : 415;
}
