/** One end of a link in a process of its own, as a program has it: sends without end, and says what it holds. */
import { systemClock, systemRandom } from '../src/base/system.ts';
import { createGrpcTransport, createLink } from '../src/transport/index.ts';
import type { BenchSetup } from './transport.ts';

export interface SenderSetup extends BenchSetup {
  /** What the other end does with it: counts, or never reads on. */
  readonly kind: 'bulk' | 'stall';
}

const PIECE = Buffer.alloc(1024 * 1024, 1);
const TOLD_MS = 100;

process.once('message', (message) => {
  const { identity, parties, kind } = message as SenderSetup;
  const transport = createGrpcTransport({ self: 'alice', parties, identity, clock: systemClock });
  const link = createLink({
    transport,
    peer: 'bob',
    plane: 'data',
    role: 'dialer',
    clock: systemClock,
    random: systemRandom,
    handlers: { onMessage: () => ({ write: () => undefined, end: () => undefined, abort: () => {} }) },
  });
  let sentBytes = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      // New memory each time, as a program has it: pieces that are kept show.
      yield Buffer.from(PIECE);
      sentBytes += PIECE.length;
    }
  }
  const tell = (): void => void process.send?.({ sentBytes, rss: process.memoryUsage().rss });
  tell();
  void link.send(Buffer.from(kind), endless());
  setInterval(tell, TOLD_MS);
});
process.once('disconnect', () => process.exit());
