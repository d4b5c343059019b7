import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Sends a raw socket to a child process, where `transport.handleSocket(socket, head)` finishes the connection. The
 * message is whatever `describe` makes of the head: bytes already read, which the child must see first. Resolves when
 * the child has the socket; never, if it ends before. Until then Node keeps whatever else is sent to the child, in a
 * queue without a bound.
 *
 * `behind` is sent after it and means nothing: that it can leave shows that the child has acknowledged the socket.
 *
 * Rejects if the socket is closed by now. It may also close before it is sent; the message then comes without it.
 *
 * Everything that is buffered for the socket is taken into the head in the same turn, so no byte falls between the
 * processes.
 */
export function handOver(
  child: ChildProcess,
  socket: Socket,
  head: Uint8Array,
  describe: (headBase64: string) => object,
  behind: object,
): Promise<void> {
  if (socket.destroyed) return Promise.reject(new Error('the socket to be handed over is closed'));
  const all = drainHead(socket, head);
  return new Promise((resolve, reject) => {
    const sent = (error: Error | null): void => {
      if (error === null) return;
      socket.destroy();
      reject(error);
    };
    child.send(describe(all.toString('base64')), socket, { keepOpen: false }, sent);
    child.send(behind, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** The head with what has arrived on a paused socket since. Takes the bytes off the socket. */
export function drainHead(socket: Socket, head: Uint8Array): Buffer {
  const parts: Uint8Array[] = [head];
  for (let part = socket.read() as Buffer | null; part !== null; part = socket.read() as Buffer | null) {
    parts.push(part);
  }
  return Buffer.concat(parts);
}
