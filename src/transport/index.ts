/**
 * How parties reach each other: an identity with a pinned key, a port that sorts callers, connections that speak gRPC
 * over mutual TLS, and links, which survive a broken connection and deliver every message once and in order.
 */
export type { OpenSocket, PeerAddress } from './grpc/dial.ts';
export { GRPC_LIMITS, type GrpcLimits } from './grpc/limits.ts';
export { parseServerName, runLabel, type ServerName, serverName } from './grpc/server-name.ts';
export { createGrpcTransport, type GrpcTransport, type GrpcTransportOptions } from './grpc/transport.ts';
export {
  CERTIFICATE_DAYS,
  CLOCK_SKEW_MS,
  createIdentity,
  fingerprint,
  type Identity,
  type IdentityOptions,
  isFingerprint,
} from './identity/certificate.ts';
export { checkPartyName, isPartyName } from './identity/party-name.ts';
export { createRunIdentity, type RunIdentity } from './identity/run-identity.ts';
export {
  checkOwnIdentity,
  describeProblem,
  type IdentityProblem,
  identityError,
  type PeerCheck,
  verifyPeer,
} from './identity/verify-peer.ts';
export { acceptInto, type LinkAcceptor } from './link/accept.ts';
export { LINK_PROTOCOL_VERSION } from './link/hello.ts';
export { CHUNK_BYTES, LINK_LIMITS, type LinkLimits, REPLAY_BUFFER_BYTES_MAX } from './link/limits.ts';
export { createLink, type LinkOptions, type ManagedLink } from './link/link.ts';
export { closedFor } from './link/link-errors.ts';
export { refuse } from './link/refuse.ts';
export { Crowd } from './port/crowd.ts';
export { drainHead, handOver } from './port/hand-over.ts';
export {
  type ArrivedSocket,
  type ListeningPort,
  type ListenOptions,
  listenPort,
  PORT_LIMITS,
  type PortLimits,
} from './port/listen-port.ts';
export { passFor } from './port/pass.ts';
export { type RunPort, SharedPort, type SharedPortOptions } from './port/shared-port.ts';
