/**
 * The local socket of one process of a party: here the gate passes connections of partners on, and here the node asks
 * after a run. Who may open it is a matter of the folder, which only this user can enter.
 */
import { rm } from 'node:fs/promises';
import { createServer, connect as netConnect, type Socket } from 'node:net';
import { EnvironmentError } from '../../base/errors.ts';
import { systemClock } from '../../base/system.ts';
import type { ArrivedSocket } from '../port/listen-port.ts';
import { type Preface, readPreface } from './preface.ts';

/** From a connection until its line; it is of this machine. */
const PREFACE_MS = 5_000;
/** The system's: `sun_path` of Linux has 108 bytes with its end, that of macOS 104. */
export const SOCKET_PATH_BYTES_MAX = 103;

export interface DoorHandlers {
  /** A partner's connection, as if it had arrived at a port of this process. */
  onSocket(arrived: ArrivedSocket): void;
  /** The node asks. The socket is paused; `head` was read already. */
  onNode?(socket: Socket, head: Buffer): void;
}

export interface Door {
  close(): Promise<void>;
}

/** @throws {EnvironmentError} PRIVITY_NODE_SOCKET */
export async function openDoor(path: string, handlers: DoorHandlers): Promise<Door> {
  checkSocketPath(path);
  await removeStale(path);
  const open = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: false }, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => undefined);
    receive(socket, (said, head) => {
      open.delete(socket);
      if (said.kind === 'node') {
        if (handlers.onNode === undefined) socket.destroy();
        else handlers.onNode(socket, head);
        return;
      }
      const { plane, party, run, pass } = said;
      handlers.onSocket({ plane, party, run, pass, socket, head });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(doorError(path, cause)));
    server.listen({ path }, resolve);
  });
  server.on('error', () => undefined);
  return {
    async close() {
      for (const socket of open) socket.destroy();
      // Its callback waits for connections that were handed on.
      server.close();
      await rm(path, { force: true });
    },
  };
}

function receive(socket: Socket, onSaid: (said: Preface, head: Buffer) => void): void {
  let head = Buffer.alloc(0);
  const settle = (): void => {
    timer.cancel();
    socket.removeListener('data', onData);
    socket.removeListener('close', settle);
    socket.pause();
  };
  const onData = (part: Buffer): void => {
    head = Buffer.concat([head, part]);
    const read = readPreface(head);
    if (read === 'incomplete') return;
    settle();
    if (read === undefined) socket.destroy();
    else onSaid(read.said, head.subarray(read.bytes));
  };
  const timer = systemClock.after(PREFACE_MS, () => socket.destroy());
  socket.once('close', settle);
  socket.on('data', onData);
  socket.resume();
}

/** A connection to the door at `path`; undefined: nobody is there. */
export function knock(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = netConnect({ path });
    const gone = (): void => {
      socket.destroy();
      resolve(undefined);
    };
    socket.once('error', gone);
    socket.once('connect', () => {
      socket.removeListener('error', gone);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** Removes what a process that was killed has left. False: somebody listens there. */
export async function removeLeftDoor(path: string): Promise<boolean> {
  const there = await knock(path);
  there?.destroy();
  if (there === undefined) await rm(path, { force: true });
  return there === undefined;
}

async function removeStale(path: string): Promise<void> {
  if (await removeLeftDoor(path)) return;
  throw new EnvironmentError(
    'PRIVITY_NODE_SOCKET',
    `another process of this party listens at ${path}; stop it first (privity node status)`,
  );
}

/** @throws {EnvironmentError} PRIVITY_NODE_SOCKET */
export function checkSocketPath(path: string): void {
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return;
  throw new EnvironmentError(
    'PRIVITY_NODE_SOCKET',
    `${path} has more than ${SOCKET_PATH_BYTES_MAX} bytes, which is what the system allows for a local socket; set "sockets" in the node file to a folder with a shorter path`,
  );
}

function doorError(path: string, cause: NodeJS.ErrnoException): EnvironmentError {
  const why = cause.code ?? 'unknown reason';
  return new EnvironmentError('PRIVITY_NODE_SOCKET', `cannot listen at the local socket ${path} (${why})`, {
    cause,
  });
}
