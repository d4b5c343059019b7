/**
 * A process that stands between two parties and counts what passes: the same for every system, whatever it speaks. What
 * is counted is what the parties give to TCP, so TLS and framing are in it, and the headers of TCP and IP are not.
 *
 *     fork with no arguments; send { ports: [[near, far], ...] }; answers { ready: true }, and to each { count: true }
 *     with { toward: [bytes, ...], back: [bytes, ...] }, one entry for each pair of ports
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { isListening } from '../secure/link.ts';

export interface Ways {
  /** Where the relay listens, and where the party does. */
  readonly ports: readonly (readonly [near: number, far: number])[];
}

export interface Counts {
  /** To the party that listens, and from it. */
  readonly toward: readonly number[];
  readonly back: readonly number[];
}

/** How often the party that should listen is looked for. */
const LOOK_INTERVAL_MS = 20;

const toward: number[] = [];
const back: number[] = [];

function pass(from: Socket, to: Socket, counts: number[], index: number): void {
  from.on('data', (bytes) => {
    counts[index] = (counts[index] ?? 0) + bytes.length;
  });
  from.pipe(to);
  from.on('error', () => to.destroy());
  from.on('close', () => {
    if (!from.readableEnded) to.destroy();
  });
}

/**
 * Listens from the start, and holds who comes too early until the party listens. Refused, brpc would look again only
 * after three seconds, and which party is first is chance. SPU's parties meet before that, since it does not bear being
 * held for long.
 */
async function open(near: number, far: number, index: number): Promise<void> {
  [toward[index], back[index]] = [0, 0];
  const server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    const looking = setInterval(() => {
      if (!socket.destroyed && !isListening(far)) return;
      clearInterval(looking);
      if (socket.destroyed) return;
      const onward = connect({ host: '127.0.0.1', port: far, noDelay: true, allowHalfOpen: true });
      pass(socket, onward, toward, index);
      pass(onward, socket, back, index);
      socket.resume();
    }, LOOK_INTERVAL_MS);
  });
  await once(server.listen(near, '127.0.0.1'), 'listening');
}

process.on('message', async (message: Partial<Ways>) => {
  if (message.ports === undefined) {
    process.send?.({ toward, back } satisfies Counts);
    return;
  }
  await Promise.all(message.ports.map(([near, far], index) => open(near, far, index)));
  process.send?.({ ready: true });
});
process.once('disconnect', () => process.exit());
