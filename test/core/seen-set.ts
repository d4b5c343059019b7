/**
 * A set of states, each kept as 64 bits of its hash: 8 bytes a state instead of the state. Two states with one hash
 * would be taken for one, so a search could miss a state: with n states by chance n² / 2^65, for ten million below 1 in
 * 300,000.
 */

/** Slots are at most this full: longer probes cost more than the memory saves. */
const LOAD_MAX = 0.6;
/** 2^28 slots are 2 GiB: 160 million states. */
const SLOTS_LOG2_MAX = 28;

export class SeenSet {
  #low: Uint32Array;
  #high: Uint32Array;
  #mask: number;
  #size = 0;

  constructor(slotsLog2 = 16) {
    this.#low = new Uint32Array(2 ** slotsLog2);
    this.#high = new Uint32Array(2 ** slotsLog2);
    this.#mask = 2 ** slotsLog2 - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether the hash was not there before. Both halves zero stands for an empty slot, so that hash becomes another. */
  add(low: number, high: number): boolean {
    if (this.#size >= (this.#mask + 1) * LOAD_MAX) this.#grow();
    if (!this.#insert(low >>> 0 || 1, high >>> 0)) return false;
    this.#size += 1;
    return true;
  }

  /** All hashes, low and high in turn: what another thread needs to count the union. */
  hashes(): Uint32Array {
    const all = new Uint32Array(2 * this.#size);
    let at = 0;
    for (let slot = 0; slot <= this.#mask; slot++) {
      if (this.#low[slot] === 0) continue;
      all[at++] = this.#low[slot] ?? 0;
      all[at++] = this.#high[slot] ?? 0;
    }
    return all;
  }

  addAll(hashes: Uint32Array): void {
    for (let i = 0; i < hashes.length; i += 2) this.add(hashes[i] ?? 0, hashes[i + 1] ?? 0);
  }

  #insert(low: number, high: number): boolean {
    const [lows, highs, mask] = [this.#low, this.#high, this.#mask];
    for (let slot = (low ^ Math.imul(high, 0x9e3779b1)) & mask; ; slot = (slot + 1) & mask) {
      const there = lows[slot];
      if (there === 0) {
        lows[slot] = low;
        highs[slot] = high;
        return true;
      }
      if (there === low && highs[slot] === high) return false;
    }
  }

  #grow(): void {
    const slotsLog2 = Math.log2(this.#mask + 1) + 1;
    if (slotsLog2 > SLOTS_LOG2_MAX) throw new RangeError(`more than ${this.#size} states`);
    const [lows, highs] = [this.#low, this.#high];
    this.#low = new Uint32Array(2 ** slotsLog2);
    this.#high = new Uint32Array(2 ** slotsLog2);
    this.#mask = 2 ** slotsLog2 - 1;
    for (let slot = 0; slot < lows.length; slot++) {
      const low = lows[slot] ?? 0;
      if (low !== 0) this.#insert(low, highs[slot] ?? 0);
    }
  }
}

/** 64 bits of a vector of whole numbers, in `out[0]` and `out[1]`. */
export function hashInto(out: Uint32Array, words: Int32Array, from: number, length: number): void {
  let a = 0x9e3779b9;
  let b = 0x7f4a7c15;
  for (let i = 0; i < length; i++) {
    const word = words[from + i] ?? 0;
    a = Math.imul(a ^ word, 0x85ebca6b);
    a ^= a >>> 15;
    b = Math.imul(b + word, 0xc2b2ae35) + a;
    b ^= b >>> 13;
  }
  a = Math.imul(a ^ (b >>> 16), 0x27d4eb2f);
  b = Math.imul(b ^ (a >>> 15), 0x165667b1);
  out[0] = a ^ (a >>> 16);
  out[1] = b ^ (b >>> 14);
}
