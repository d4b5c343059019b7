/**
 * What crosses between the members of a secure device, counted over many sessions, for tests that it is uniform. A message that depends on
 * anything but masks shows in some of its bits.
 */
import { FRAME_HEADER_BYTES } from '../secure/correlation/dealer-frames.ts';
import { HEADER_BYTES } from '../secure/rounds.ts';
import type { Evaluator } from '../secure/session.ts';
import type { Words } from '../secure/sharing/shares.ts';
import { runSecure, type SecureProtocol, type SecureRun } from './secure-parties.ts';

/** Nibbles of a message, each with 15 degrees of freedom: over this, a uniform source comes once in 10^9. */
export const CHI_SQUARE_MAX = 71;

const SESSIONS = 6;

/** Counts of the 16 values of each of the 16 nibbles of 8-byte words, for one message at one place of the run. */
export class Nibbles {
  readonly #counts = Array.from({ length: 16 }, () => new Float64Array(16));

  add(words: Words): void {
    for (const word of words) {
      for (let place = 0; place < 16; place++) {
        const counts = this.#counts[place] as Float64Array;
        const value = Number((word >> BigInt(4 * place)) & 15n);
        counts[value] = (counts[value] as number) + 1;
      }
    }
  }

  /** The largest chi-square of all places. */
  worst(): number {
    return Math.max(
      ...this.#counts.map((counts) => {
        const total = counts.reduce((sum, count) => sum + count, 0);
        return counts.reduce((sum, count) => sum + (count - total / 16) ** 2 / (total / 16), 0);
      }),
    );
  }
}

/**
 * What each member received, by sender, receiver and position, over all sessions; without the agreement of the first round. What members
 * ask of a dealer is public, and left out.
 */
export async function transcripts(
  protocol: SecureProtocol,
  size: number,
  body: (on: Evaluator, rank: number) => Promise<unknown>,
  run: SecureRun = {},
): Promise<Map<string, Nibbles>> {
  const found = new Map<string, Nibbles>();
  for (let session = 0; session < SESSIONS; session++) {
    const positions = new Map<string, number>();
    await runSecure(protocol, size, body, {
      ...run,
      tap(from, to, bytes) {
        const pair = `${from} to ${to}`;
        const position = positions.get(pair) ?? 0;
        positions.set(pair, position + 1);
        if (position === 0 || to === size) return bytes;
        const key = `message ${position} from ${pair}`;
        const nibbles = found.get(key) ?? new Nibbles();
        found.set(key, nibbles);
        const header = from === size ? FRAME_HEADER_BYTES : HEADER_BYTES;
        nibbles.add(new BigUint64Array(bytes.slice(header).buffer));
        return bytes;
      },
    });
  }
  return found;
}
