/**
 * A relay in a process of its own that gives every byte on after a delay, in both directions: the way between two
 * cities. It holds as much as such a way does, so that what limits is the sender's window.
 *
 *     fork with { port, delayMs }; answers with { port }
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface RelaySetup {
  /** Where the other end listens, on this machine. */
  readonly port: number;
  /** One way. */
  readonly delayMs: number;
}

/** Ten times what passes in a round trip of 20 ms at 300 MB/s. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;

function lane(source: Socket, target: Socket, delayMs: number): void {
  let held = 0;
  source.on('data', (bytes) => {
    held += bytes.length;
    if (held > HELD_BYTES_MAX) source.pause();
    setTimeout(() => {
      held -= bytes.length;
      if (held <= HELD_BYTES_MAX) source.resume();
      if (!target.destroyed) target.write(bytes);
    }, delayMs);
  });
  source.on('error', () => target.destroy());
  source.on('close', () => setTimeout(() => target.destroy(), delayMs));
}

process.once('message', (message) => {
  const { port, delayMs } = message as RelaySetup;
  const server = createServer({ noDelay: true }, (socket) => {
    const onward = connect({ host: '127.0.0.1', port, noDelay: true });
    lane(socket, onward, delayMs);
    lane(onward, socket, delayMs);
  });
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
});
process.once('disconnect', () => process.exit());
