/**
 * What crosses between the members of a secure device, counted over many sessions, for tests that it is uniform. A
 * message that depends on anything but masks shows in some of its bits.
 */

import { FRAME_HEADER_BYTES } from '../../src/secure/correlation/dealer-frames.ts';
import type { ProtocolName } from '../../src/secure/protocols/table.ts';
import { HEADER_BYTES } from '../../src/secure/rounds.ts';
import type { Evaluator } from '../../src/secure/session.ts';
import type { Words } from '../../src/secure/sharing/shares.ts';
import { knownTo } from './known-randomness.ts';
import { runSecure, type SecureRun } from './secure-parties.ts';

/**
 * Of nibbles, with 15 degrees of freedom: over this, a uniform source comes once in some 10^10, of 256 of them as of
 * many.
 */
export const CHI_SQUARE_MAX = 85;

/** With each receiver. */
const SESSIONS = 3;

/**
 * Of fewer words, nibbles at all places are counted as one: of less than 256, chi-squares are larger more often than of
 * many.
 */
const WORDS_APART_MIN = 256;

/**
 * Messages with fewer words over all sessions are counted as one: the last ones of a sort, which only some sessions
 * have.
 */
const WORDS_ALONE_MIN = 8;

/** Counts of the 16 values of each of the 16 nibbles of 8-byte words, for one message at one place of the run. */
export class Nibbles {
  /** Of the 256 values of each of the 8 bytes, which are quicker to count. */
  readonly #bytes = new Float64Array(8 * 256);
  #words = 0;

  get words(): number {
    return this.#words;
  }

  add(words: Words): void {
    this.#words += words.length;
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    for (let at = 0; at < bytes.length; at++) {
      const counter = 256 * (at & 7) + (bytes[at] as number);
      this.#bytes[counter] = (this.#bytes[counter] as number) + 1;
    }
  }

  /** Takes in what another has counted. */
  join(other: Nibbles): void {
    this.#words += other.#words;
    other.#bytes.forEach((count, counter) => {
      this.#bytes[counter] = (this.#bytes[counter] as number) + count;
    });
  }

  /** The largest chi-square of all places; of few words, that of all places together. */
  worst(): number {
    if (this.#words < WORDS_APART_MIN) return chiSquare(this.#count(() => 0, 1));
    const places = this.#count((place) => place, 16);
    return Math.max(
      ...Array.from({ length: 16 }, (_, place) => chiSquare(places.subarray(16 * place, 16 * place + 16))),
    );
  }

  /** Counts of nibbles in so many groups, by their place. */
  #count(groupOf: (place: number) => number, groups: number): Float64Array {
    const counts = new Float64Array(16 * groups);
    this.#bytes.forEach((count, counter) => {
      const [byte, value] = [counter >> 8, counter & 255];
      for (const [place, nibble] of [
        [2 * byte, value & 15],
        [2 * byte + 1, value >> 4],
      ] as const) {
        const at = 16 * groupOf(place) + nibble;
        counts[at] = (counts[at] as number) + count;
      }
    });
    return counts;
  }
}

/** Of counts of values that are equally likely. */
export function chiSquare(counts: ArrayLike<number>): number {
  const list = Array.from(counts);
  const due = list.reduce((sum, count) => sum + count, 0) / list.length;
  return list.reduce((sum, count) => sum + (count - due) ** 2 / due, 0);
}

/**
 * What each member received, by sender, receiver and position, over sessions that are alike to it unless the randomness
 * is `fresh`: the words, and how they differ from those of the first session, which is not at all where the receiver
 * knows their mask. What is too short to be told apart counts as one. Without the agreement of the first round; what
 * members ask of a dealer is public, and left out, too.
 */
export async function transcripts(
  protocol: ProtocolName,
  size: number,
  body: (on: Evaluator, rank: number) => Promise<unknown>,
  run: SecureRun = {},
  randomness: 'known' | 'fresh' = 'known',
): Promise<Map<string, Nibbles>> {
  const found = new Map<string, Nibbles>();
  const count = (key: string, words: Words): void => {
    const nibbles = found.get(key) ?? new Nibbles();
    found.set(key, nibbles);
    nibbles.add(words);
  };
  for (let receiver = 0; receiver < size; receiver++) {
    const firsts = new Map<string, Words>();
    for (let session = 0; session < SESSIONS; session++) {
      const positions = new Map<number, number>();
      await runSecure(protocol, size, body, {
        ...run,
        ...(randomness === 'known' ? { random: knownTo(receiver) } : {}),
        tap(from, to, bytes) {
          if (to !== receiver) return bytes;
          const position = positions.get(from) ?? 0;
          positions.set(from, position + 1);
          if (position === 0) return bytes;
          const key = `message ${position} from ${from} to ${to}`;
          const words = new BigUint64Array(
            bytes.slice(from === size ? FRAME_HEADER_BYTES : HEADER_BYTES).buffer,
          );
          count(key, words);
          const first = firsts.get(key);
          if (first === undefined) firsts.set(key, words);
          else if (first.length === words.length) count(`change of ${key}`, differences(words, first));
          return bytes;
        },
      });
    }
  }
  // Each pair's apart: some members send the same to two others, which would count twice.
  for (const [key, nibbles] of [...found]) {
    if (nibbles.words >= WORDS_ALONE_MIN) continue;
    found.delete(key);
    const all = key.replace(/message \d+/, 'short messages');
    const short = found.get(all) ?? new Nibbles();
    short.join(nibbles);
    found.set(all, short);
  }
  return found;
}

function differences(a: Words, b: Words): Words {
  return a.map((word, i) => word ^ (b[i] as bigint));
}
