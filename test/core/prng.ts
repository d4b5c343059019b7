/** Random numbers that a seed decides. Each purpose draws from its own stream, so that taking one fault away leaves the rest alone. */
export class Prng {
  #state: number;

  /** sfc-like mixing of seed and purpose into one word; mulberry32 from there. */
  constructor(seed: number, purpose = '') {
    let mixed = (seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x9e3779b1);
    for (let i = 0; i < purpose.length; i++)
      mixed = Math.imul(mixed ^ purpose.charCodeAt(i), 0x01000193) ^ (mixed >>> 13);
    this.#state = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b) >>> 0;
  }

  /** At least 0, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
}
