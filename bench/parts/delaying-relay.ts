/**
 * A relay in a process of its own that gives every byte on after a delay, in both directions: the way between two
 * cities. Without a rate it holds as much as such a way does, so that what limits is the sender's window; with one it
 * is a line of so many bytes a second each way, behind a router that queues little.
 *
 *     fork with { port, delayMs, bytesPerSecond? }; answers with { port }
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface RelaySetup {
  /** Where the other end listens, on this machine. */
  readonly port: number;
  /** One way. */
  readonly delayMs: number;
  /** Of each direction; left out: as many as the machine can. */
  readonly bytesPerSecond?: number;
}

/** Ten times what passes in a round trip of 20 ms at 300 MB/s. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;
/** What a router before a line queues: more would be delay, less would leave the line idle between two reads. */
const QUEUED_MS = 50;
/** What a socket is read in: a line that has less room than that would go idle. */
const READ_BYTES = 64 * 1024;

function lane(source: Socket, target: Socket, { delayMs, bytesPerSecond }: RelaySetup): void {
  const heldMax =
    bytesPerSecond === undefined
      ? HELD_BYTES_MAX
      : READ_BYTES + ((delayMs + QUEUED_MS) / 1_000) * bytesPerSecond;
  const onTheWay: { readonly bytes: Buffer; readonly dueAt: number }[] = [];
  let held = 0;
  /** When the line has sent what it was given so far. */
  let freeAt = 0;
  const arrive = (): void => {
    for (let [next] = onTheWay; next !== undefined && next.dueAt <= performance.now(); [next] = onTheWay) {
      onTheWay.shift();
      held -= next.bytes.length;
      if (!target.destroyed) target.write(next.bytes);
    }
    if (held <= heldMax && source.isPaused()) source.resume();
    wait();
  };
  const wait = (): void => {
    const [next] = onTheWay;
    if (next !== undefined) setTimeout(arrive, Math.max(0, next.dueAt - performance.now()));
  };
  source.on('data', (bytes) => {
    held += bytes.length;
    if (held > heldMax) source.pause();
    const sendingMs = bytesPerSecond === undefined ? 0 : (1_000 * bytes.length) / bytesPerSecond;
    freeAt = Math.max(freeAt, performance.now()) + sendingMs;
    // One timer at a time: several of different lengths would not keep the order.
    if (onTheWay.push({ bytes, dueAt: freeAt + delayMs }) === 1) wait();
  });
  source.on('error', () => target.destroy());
  source.on('close', () => setTimeout(() => target.destroy(), freeAt - performance.now() + delayMs));
}

process.once('message', (message) => {
  const setup = message as RelaySetup;
  const server = createServer({ noDelay: true }, (socket) => {
    const onward = connect({ host: '127.0.0.1', port: setup.port, noDelay: true });
    lane(socket, onward, setup);
    lane(onward, socket, setup);
  });
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
});
process.once('disconnect', () => process.exit());
