import { constants } from 'node:crypto';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { Plane } from '../../contracts/index.ts';
import type { Identity } from '../identity/certificate.ts';
import { BARE_PROTOCOL } from './bare-words.ts';
import { keyExchange } from './key-exchange.ts';
import type { GrpcLimits } from './limits.ts';
import { FRAME_BYTES_MAX, HEADER_BYTES_MAX, STREAMS_MAX } from './limits.ts';

/** AES-GCM first: with hardware support it is several times as fast as ChaCha20. 128 bits match the P-256 keys. */
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';

/**
 * TLS 1.3 with both certificates. `rejectUnauthorized` is false because no authority signs these certificates: who the
 * other end is, is decided by `verifyPeer` from the pinned key before any frame is sent or read.
 */
export function secureContext(identity: Identity): SecureContextOptions {
  return {
    cert: identity.certPem,
    key: identity.keyPem,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ciphers: CIPHERS,
    ecdhCurve: keyExchange().groups,
    // A ticket would stand in for the key. OpenSSL still sends some, but with a number in them that nobody keeps.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

export const peerPolicy = { requestCert: true, rejectUnauthorized: false };

/** What an end speaks inside TLS, best first, as ALPN has it. Control messages are few, and every proxy shows them. */
export const protocolsOf = (plane: Plane, isHttp2Only = false): string[] =>
  plane === 'data' && !isHttp2Only ? [BARE_PROTOCOL, HTTP2] : [HTTP2];

const HTTP2 = 'h2';

/** HTTP/2 options of either end. */
export function http2Options(limits: GrpcLimits) {
  return {
    settings: {
      enablePush: false,
      initialWindowSize: limits.streamWindowBytes,
      maxFrameSize: FRAME_BYTES_MAX,
      maxConcurrentStreams: STREAMS_MAX,
      maxHeaderListSize: HEADER_BYTES_MAX,
    },
    // Unit: megabytes. Must hold what the windows let in, or Node ends the session while a reader is stalled.
    maxSessionMemory: Math.ceil((2 * limits.connectionWindowBytes) / 1_000_000) + 16,
    maxHeaderListPairs: 64,
  };
}

/**
 * What the other end has proved in the handshake. A resumed session proves that somebody had a ticket, not that he has
 * the key.
 */
export const provedBy = (socket: TLSSocket) => ({
  certificate: socket.getPeerX509Certificate(),
  isResumed: socket.isSessionReused(),
});
