import { type AddressInfo, createServer, type Socket } from 'node:net';
import { EnvironmentError } from '../../base/errors.ts';
import { systemClock } from '../../base/system.ts';
import type { Clock, Plane } from '../../contracts/index.ts';
import { parseServerName } from '../grpc/server-name.ts';
import { CLIENT_HELLO_BYTES_MAX, readClientHello } from './client-hello.ts';
import { Crowd } from './crowd.ts';

/** Bounds of the listening port, where strangers knock. */
export interface PortLimits {
  /** From accept until the ClientHello is complete. A ClientHello is one packet, rarely two. */
  readonly helloTimeoutMs: number;
  /** Longest ClientHello. */
  readonly helloBytesMax: number;
  /**
   * Sockets that may be without a complete ClientHello, or be turned away, at one time; the address that has most gives
   * way.
   */
  readonly pendingMax: number;
}

export const PORT_LIMITS: PortLimits = {
  helloTimeoutMs: 5_000,
  helloBytesMax: CLIENT_HELLO_BYTES_MAX,
  pendingMax: 256,
};

/** A socket whose ClientHello has been read, but not consumed: TLS has still to happen. */
export interface ArrivedSocket {
  readonly plane: Plane;
  /** The party that the dialler means to reach. */
  readonly party: string;
  /** The run that the dialler means, if it says so (`runLabel`). */
  readonly run?: string | undefined;
  /** What it shows of the run that it belongs to, if anything (`passFor`). */
  readonly pass?: string | undefined;
  /** Paused. Hand it to `transport.handleSocket(socket, head)`, or to another process with `handOver`. */
  readonly socket: Socket;
  /** What was read from the socket: the receiver must see these bytes first. */
  readonly head: Buffer;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port; the one taken is in the result. */
  readonly port: number;
  /** When given, diallers that ask for another party are turned away. */
  readonly party?: string | undefined;
  readonly onSocket: (arrived: ArrivedSocket) => void;
  readonly clock?: Clock | undefined;
  readonly limits?: Partial<PortLimits> | undefined;
}

export interface ListeningPort {
  readonly host: string;
  readonly port: number;
  /** Stops listening and drops sockets that have not been handed on. Those handed on are not touched. */
  close(): Promise<void>;
}

/**
 * The one port of a party. Tells the planes apart by the server name in the ClientHello, so that a data connection can
 * be handed to the program process before any TLS is spoken.
 * @throws {EnvironmentError} PRIVITY_PORT_IN_USE, PRIVITY_PORT_UNAVAILABLE
 */
export async function listenPort(options: ListenOptions): Promise<ListeningPort> {
  const limits = { ...PORT_LIMITS, ...options.limits };
  const clock = options.clock ?? systemClock;
  const waiting = new Crowd(limits.pendingMax);
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
    waiting.add(socket);
    receiveHello(socket, limits, clock, options, () => waiting.take(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, options)));
    server.listen({ host: options.host, port: options.port, exclusive: true }, resolve);
  });
  // Running out of descriptors shows here; the dialler tries again.
  server.on('error', () => {});
  return {
    host: options.host,
    port: (server.address() as AddressInfo).port,
    close(): Promise<void> {
      waiting.destroy();
      // Not the callback of close(): it waits for sockets that were handed on, which live as long as their runs.
      server.close();
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

function receiveHello(
  socket: Socket,
  limits: PortLimits,
  clock: Clock,
  options: ListenOptions,
  onHello: () => void,
): void {
  const parts: Buffer[] = [];
  let bytes = 0;
  /** Looking again before there are so many is of no use, and would cost a stranger nothing to bring about. */
  let enough = 1;
  const settle = (): void => {
    timer.cancel();
    socket.pause();
    socket.removeListener('data', onData);
    socket.removeListener('close', settle);
  };
  const onData = (part: Buffer): void => {
    parts.push(part);
    bytes += part.length;
    if (bytes < enough) return;
    const head = parts.length === 1 ? part : Buffer.concat(parts);
    const hello = readClientHello(head);
    if (hello.kind === 'incomplete' && hello.bytes <= limits.helloBytesMax) {
      enough = hello.bytes;
      return;
    }
    settle();
    if (hello.kind !== 'hello') return answerPlainly(socket, clock, limits);
    const name = hello.serverName === undefined ? undefined : parseServerName(hello.serverName);
    if (name === undefined || (options.party !== undefined && options.party !== name.party)) {
      return alertUnrecognizedName(socket, clock, limits);
    }
    onHello();
    options.onSocket({ ...name, socket, head });
  };
  const timer = clock.after(limits.helloTimeoutMs, () => socket.destroy());
  socket.on('error', () => {});
  socket.once('close', settle);
  socket.on('data', onData);
  socket.resume();
}

const ANSWER =
  'This is a Privity party. It speaks gRPC over mutual TLS with the other parties of its federation, nothing else.\n';

/** For a person with a browser or curl: HTTP/1.1, whatever was sent. */
function answerPlainly(socket: Socket, clock: Clock, limits: PortLimits): void {
  finish(
    socket,
    `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${ANSWER.length}\r\nConnection: close\r\n\r\n${ANSWER}`,
    clock,
    limits,
  );
}

/** A fatal TLS alert, unrecognized_name (RFC 6066): the dialler's own TLS library reports it. */
function alertUnrecognizedName(socket: Socket, clock: Clock, limits: PortLimits): void {
  finish(socket, Buffer.from([21, 3, 3, 0, 2, 2, 112]), clock, limits);
}

function finish(socket: Socket, last: string | Buffer, clock: Clock, limits: PortLimits): void {
  const timer = clock.after(limits.helloTimeoutMs, () => socket.destroy());
  socket.once('close', () => timer.cancel());
  // What else the stranger sends is read and dropped: closing with unread bytes would reset the answer away.
  socket.resume();
  socket.end(last);
}

function listenError(error: NodeJS.ErrnoException, options: ListenOptions): EnvironmentError {
  const where = `${options.host}:${options.port}`;
  if (error.code === 'EADDRINUSE') {
    return new EnvironmentError(
      'PRIVITY_PORT_IN_USE',
      `${where} is in use by another process; end it, or choose another port in the federation file`,
      { cause: error },
    );
  }
  return new EnvironmentError(
    'PRIVITY_PORT_UNAVAILABLE',
    `cannot listen at ${where} (${error.code ?? 'unknown reason'}); use an address of this machine and a port above 1023`,
    { cause: error },
  );
}
