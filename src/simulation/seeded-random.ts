/**
 * Randomness that a seed decides: mulberry32. Good enough to choose schedules and to stand in for the operating
 * system's generator in a simulation; never for secrets. Each purpose draws from a stream of its own, so that taking
 * one fault away leaves the rest alone.
 */
import type { Random } from '../contracts/random.ts';

export class SeededRandom implements Random {
  #state: number;

  /** `seed`: a whole number from 0 to 2^53 - 1. Seed and purpose are mixed into the one word that the generator has. */
  constructor(seed: number, purpose = '') {
    let mixed = (seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x9e3779b1);
    for (let i = 0; i < purpose.length; i++)
      mixed = Math.imul(mixed ^ purpose.charCodeAt(i), 0x01000193) ^ (mixed >>> 13);
    this.#state = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b) >>> 0;
  }

  /** 0 ≤ x < 1, in steps of 2^-32. */
  next(): number {
    return this.#word() / 2 ** 32;
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

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 4) {
      const word = this.#word();
      for (let i = 0; i < 4 && at + i < length; i++) bytes[at + i] = word >>> (8 * i);
    }
    return bytes;
  }

  /** 32 random bits, as an unsigned number. */
  #word(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
}
