/**
 * How a connection without HTTP/2 begins (docs/decisions/0033): TLS agrees on `BARE_PROTOCOL`, the server name says
 * which plane of whom is meant, and each end says one word, a gRPC status, about the other. `ok` from both, and gRPC
 * messages follow.
 */
import type { TLSSocket } from 'node:tls';
import { status } from './status.ts';

/** As ALPN names it. A peer that does not know it chooses HTTP/2. */
export const BARE_PROTOCOL = 'privity-data/1';

/** Said to who is not the one that it has to be, whatever is wrong; to either end. */
export const BARE_REFUSED = Buffer.of(status.unauthenticated);

/**
 * Says that this end takes the other, and reads what that says. Both happen at once, so it takes half a round trip.
 *
 * @returns the word of the other end; undefined: the connection ended before
 */
export function exchangeWords(socket: TLSSocket): Promise<number | undefined> {
  return new Promise((resolve) => {
    const read = (): void => {
      const word = socket.read(1) as Buffer | null;
      if (word === null) return;
      done(word[0]);
    };
    const closed = (): void => done(undefined);
    const done = (word: number | undefined): void => {
      socket.off('readable', read).off('end', closed).off('close', closed);
      resolve(word);
    };
    socket.on('readable', read).on('end', closed).on('close', closed);
    socket.write(Buffer.of(status.ok));
    if (socket.destroyed) closed();
  });
}
