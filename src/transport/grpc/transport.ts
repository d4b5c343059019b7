import type { Socket } from 'node:net';
import { InternalError, type PeerError, PeerLostError, UsageError } from '../../base/errors.ts';
import type { Clock, Connection, Plane, Transport } from '../../contracts/index.ts';
import type { Identity } from '../identity/certificate.ts';
import { checkOwnIdentity } from '../identity/verify-peer.ts';
import { dialGrpc, type OpenSocket, type PeerAddress } from './dial.ts';
import { GRPC_LIMITS, type GrpcLimits } from './limits.ts';
import { GrpcServer } from './serve.ts';
import { runLabel } from './server-name.ts';

export interface GrpcTransportOptions {
  readonly self: string;
  /** The federation; may contain this party itself, whose own certificate is then checked against it. */
  readonly parties: readonly PeerAddress[];
  readonly identity: Identity;
  readonly clock: Clock;
  readonly limits?: Partial<GrpcLimits> | undefined;
  /** Of the run that this transport is for, if it is known beforehand: what it shows at ports that many runs share. */
  readonly runId?: string | undefined;
  /** Speaks HTTP/2 on the data plane, too, as parties of other make do. */
  readonly isHttp2Only?: boolean | undefined;
  /** For a process that has no network of its own. */
  readonly openSocket?: OpenSocket | undefined;
  /**
   * A connection was refused by this end or by the dialler because of somebody's identity. For the log: anybody who can
   * reach the port can cause it, so it must never end a run.
   */
  readonly onRefused?: ((error: PeerError) => void) | undefined;
}

/** A Transport over gRPC and mutual TLS that owns no port: accepted sockets are handed to it. */
export interface GrpcTransport extends Transport {
  /** Takes over a raw accepted socket; `head` are the bytes that were read from it already. */
  /** `isExpected`: it has shown the pass of a peer, and does not wait behind strangers. */
  handleSocket(socket: Socket, head: Uint8Array, isExpected?: boolean): void;
  /** What this party shows when it dials, from now on. */
  show(passTo: (peer: string, plane: Plane) => string): void;
  /** Uses another certificate (of the same key) for connections from now on; those that stand are kept. */
  renewIdentity(identity: Identity): void;
}

/**
 * @throws {UsageError} PRIVITY_IDENTITY_INVALID, PRIVITY_IDENTITY_OUT_OF_DATE, PRIVITY_IDENTITY_MISMATCH: this party's
 *   own certificate would be refused
 */
export function createGrpcTransport(options: GrpcTransportOptions): GrpcTransport {
  const { self, clock } = options;
  const limits = { ...GRPC_LIMITS, ...options.limits };
  const parties = new Map(options.parties.map((party) => [party.name, party]));
  const checkOwn = (identity: Identity): void =>
    checkOwnIdentity(identity, self, parties.get(self)?.fingerprint, clock.wallTime());
  checkOwn(options.identity);

  const run = options.runId === undefined ? undefined : runLabel(options.runId);
  let passTo: ((peer: string, plane: Plane) => string) | undefined;
  let identity = options.identity;
  let onConnection: ((connection: Connection) => void) | undefined;
  const open = new Set<Connection>();
  const closing = new AbortController();

  const server = new GrpcServer({
    self,
    parties,
    identity,
    clock,
    limits,
    isHttp2Only: options.isHttp2Only,
    isAccepting: () => onConnection !== undefined && !closing.signal.aborted,
    onConnection: (connection) => {
      if (onConnection === undefined) connection.destroy();
      else onConnection(connection);
    },
    onRefused: (error) => options.onRefused?.(error),
  });

  return {
    self,
    async dial(name: string, plane: Plane, signal: AbortSignal): Promise<Connection> {
      const peer = parties.get(name);
      if (peer === undefined || name === self) {
        throw new UsageError('PRIVITY_PARTY_UNKNOWN', `the federation lists no peer ${name}`);
      }
      if (closing.signal.aborted) throw closing.signal.reason;
      const both = AbortSignal.any([signal, closing.signal]);
      const pass = passTo?.(name, plane);
      const connection = await dialGrpc({
        peer,
        plane,
        run,
        pass,
        identity,
        clock,
        limits,
        signal: both,
        openSocket: options.openSocket,
        isHttp2Only: options.isHttp2Only,
      });
      if (both.aborted) {
        connection.destroy();
        throw both.reason;
      }
      open.add(connection);
      void connection.closed.then(() => open.delete(connection));
      return connection;
    },
    accept(handler): void {
      if (onConnection !== undefined) throw new InternalError('accept was called twice');
      onConnection = handler;
    },
    handleSocket(socket, head, isExpected = false): void {
      if (closing.signal.aborted) socket.destroy();
      else server.handleSocket(socket, head, isExpected);
    },
    show(next): void {
      passTo = next;
    },
    renewIdentity(next): void {
      checkOwn(next);
      identity = next;
      server.renewIdentity(next);
    },
    async close(): Promise<void> {
      closing.abort(new PeerLostError('PRIVITY_LINK_CLOSED', 'the transport was closed'));
      for (const connection of open) connection.destroy();
      server.close();
    },
  };
}
