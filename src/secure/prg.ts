/**
 * Pseudorandom words from a 16-byte seed: AES-128 in counter mode (node:crypto). Two members with the seed get the same
 * words.
 */
import { type Cipher, createCipheriv, createHmac } from 'node:crypto';
import type { Fiber } from './fiber.ts';
import { CHUNK_WORDS, type WordSource } from './kernels/kernels.ts';
import { release } from './release.ts';
import type { Words } from './sharing/shares.ts';
import { closed } from './violations.ts';

export const SEED_BYTES = 16;

/** What a test may watch: stream `stream` gave its words [from, from + count). */
export type DrawObserver = (stream: string, from: number, count: number) => void;

/**
 * Small requests are served from so many words made at once: a call of the cipher costs as much as making a thousand.
 * Twice as many each time, so that a stream of which little is drawn makes little.
 */
const AHEAD_WORDS_FIRST = 512;
const AHEAD_WORDS_MAX = 8192;

const none: Words = new BigUint64Array(0);
const zeros = new Uint8Array(8 * CHUNK_WORDS);
const noIv = new Uint8Array(16);

/** One stream of words. The counter only moves forward, so no word is ever given twice. */
export class Prg implements WordSource {
  readonly #name: string;
  readonly #observe: DrawObserver | undefined;
  #cipher: Cipher | undefined;
  #drawn = 0;
  /** What was generated last, and of it what has not been given yet. */
  #block: Words = none;
  #ahead: Words = none;
  #aheadWords = AHEAD_WORDS_FIRST;

  constructor(seed: Uint8Array, name: string, observe?: DrawObserver) {
    this.#cipher = createCipheriv('aes-128-ctr', seed, noIv);
    this.#name = name;
    this.#observe = observe;
  }

  /** Words that have been given so far. */
  get drawn(): number {
    return this.#drawn;
  }

  next(count: number): Words {
    if (this.#cipher === undefined) throw closed();
    this.#observe?.(this.#name, this.#drawn, count);
    this.#drawn += count;
    if (count > this.#ahead.length) this.#refill(count);
    const words = this.#ahead.subarray(0, count);
    this.#ahead = this.#ahead.subarray(count);
    return words;
  }

  /** Any number of words, in memory of their own. */
  words(count: number): Words {
    const out = new BigUint64Array(count);
    for (let at = 0; at < count; at += CHUNK_WORDS) out.set(this.next(Math.min(CHUNK_WORDS, count - at)), at);
    return out;
  }

  /** Overwrites the key, and what is left of the words. */
  destroy(): void {
    this.#cipher?.final();
    this.#cipher = undefined;
    release(this.#block);
    this.#ahead = none;
    this.#block = none;
  }

  /** Makes at least `count` words be ahead. What the last call gave is no longer valid. */
  #refill(count: number): void {
    const left = this.#ahead;
    const more = this.#generate(Math.max(count - left.length, this.#aheadWords));
    this.#aheadWords = Math.min(2 * this.#aheadWords, AHEAD_WORDS_MAX);
    // Memory of its own, all of it: only then it can be zeroed when it is used up.
    let block = more;
    if (left.length > 0) {
      block = new BigUint64Array(left.length + more.length);
      block.set(left);
      block.set(more, left.length);
      release(more);
    }
    release(this.#block);
    this.#block = block;
    this.#ahead = block;
  }

  /** The next words of the key stream. */
  #generate(count: number): Words {
    const bytes = (this.#cipher as Cipher).update(zeros.subarray(0, 8 * count));
    if (bytes.byteLength === bytes.buffer.byteLength) return new BigUint64Array(bytes.buffer);
    const own = new BigUint64Array(count);
    new Uint8Array(own.buffer).set(bytes);
    bytes.fill(0);
    return own;
  }
}

/** The stream that a fiber has under a seed. */
export function fiberStream(seed: Uint8Array, path: string, name: string, observe?: DrawObserver): Prg {
  const digest = createHmac('sha256', seed).update(`privity fiber ${path}`).digest();
  const stream = new Prg(digest.subarray(0, SEED_BYTES), name, observe);
  digest.fill(0);
  return stream;
}

/**
 * A seed that several members share, from which every fiber draws a stream of its own: concurrent fibers may draw in
 * any order at any member. A stream's key is HMAC-SHA-256 of the fiber's path under the seed; no two fibers share a
 * path.
 */
export class SharedSeed {
  readonly #seed: Uint8Array;
  readonly #name: string;
  readonly #observe: DrawObserver | undefined;
  readonly #streams = new Map<Fiber, Prg>();
  #destroyed = false;

  /** Takes the seed over: it is zeroed by `destroy`. */
  constructor(seed: Uint8Array, name: string, observe?: DrawObserver) {
    this.#seed = seed;
    this.#name = name;
    this.#observe = observe;
  }

  of(fiber: Fiber): Prg {
    if (this.#destroyed) throw closed();
    const found = this.#streams.get(fiber);
    if (found !== undefined) return found;
    fiber.onEnd(() => {
      this.#streams.get(fiber)?.destroy();
      this.#streams.delete(fiber);
    });
    const stream = fiberStream(this.#seed, fiber.path, `${this.#name}${fiber.path}`, this.#observe);
    this.#streams.set(fiber, stream);
    return stream;
  }

  destroy(): void {
    this.#destroyed = true;
    this.#seed.fill(0);
    for (const stream of this.#streams.values()) stream.destroy();
    this.#streams.clear();
  }
}
