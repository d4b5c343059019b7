/** What the bins of a run hold, while they come: in memory that threads share. */
import type { Random } from '../../contracts/random.ts';
import { seededRandom } from '../protocols/rr22/seeded-random.ts';
import { SEED_BYTES } from '../protocols/rr22/sizes.ts';
import { type Bins, NO_ROW } from './bins.ts';
import type { BinsPlan } from './plan.ts';

/** Words of 32 bits that are drawn at once: 1 MiB. */
const WORDS_AT_ONCE = 2 ** 18;

/**
 * The word that tells a match, and each column: for each bin two words of 32 bits, low first, lane after lane. All 64
 * bits are drawn, also those of a word that do not count: a bit that both know would tell the holder, which sees the
 * other's word only where a row matches, that one does. At the holder, what is drawn stays in bins without a row.
 */
export class Lanes {
  readonly words: Uint32Array;
  readonly #plan: BinsPlan;
  readonly #rowOf: Uint32Array | undefined;

  constructor(plan: BinsPlan, holds: boolean, random: Random) {
    const { allBins, columns } = plan.sizes;
    this.#plan = plan;
    this.words = new Uint32Array(new SharedArrayBuffer(8 * (1 + columns) * allBins));
    this.#rowOf = holds ? new Uint32Array(allBins).fill(NO_ROW) : undefined;
    const seed = random.bytes(SEED_BYTES);
    const stream = seededRandom(seed, 'lanes');
    seed.fill(0);
    for (let at = 0; at < this.words.length; at += WORDS_AT_ONCE) {
      const part = this.words.subarray(at, at + WORDS_AT_ONCE);
      const drawn = stream.bytes(part.byteLength);
      part.set(new Uint32Array(drawn.buffer));
      drawn.fill(0);
    }
  }

  /** Which rows are in the bins of a region: for each row its bin there. */
  place(region: number, rows: Uint32Array, binOf: Uint32Array): void {
    const first = region * this.#plan.bins;
    for (let at = 0; this.#rowOf !== undefined && at < rows.length; at++)
      this.#rowOf[first + (binOf[at] ?? 0)] = rows[at] ?? 0;
  }

  /** In memory of their own. */
  bins(): Bins {
    const { bits, sizes } = this.#plan;
    const { allBins, columns } = sizes;
    const lane = (at: number): BigUint64Array =>
      new BigUint64Array(this.words.buffer, 8 * at * allBins, allBins).slice();
    const words = lane(0);
    const halves = new Uint32Array(words.buffer);
    // All of the lowest 32 bits count, as no word has fewer than 40.
    const mask = 2 ** (bits - 32) - 1;
    for (let high = 1; high < halves.length; high += 2) halves[high] = (halves[high] ?? 0) & mask;
    const shares = Array.from({ length: columns }, (_, column) => lane(1 + column));
    const rowOf = this.#rowOf;
    return { bins: allBins, bits, words, shares, ...(rowOf && { rowOf: rowOf.slice() }) };
  }

  destroy(): void {
    this.words.fill(0);
    this.#rowOf?.fill(0);
  }
}
