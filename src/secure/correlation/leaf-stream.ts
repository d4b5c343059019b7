/**
 * The stream of a leaf of a punctured tree: AES-128 under the leaf's seed, of (tag of a fiber, number of the block).
 * Random access, so that concurrent fibers, which may draw in any order, each have a stream of their own without a key
 * of their own.
 * Assumption: AES is a pseudorandom permutation. Distinct inputs are the caller's duty: see BlockCounters.
 */
import { type Cipher, createCipheriv, createHash } from 'node:crypto';
import { invariant } from '../../base/errors.ts';
import type { Fiber } from '../fiber.ts';
import type { DrawObserver } from '../prg.ts';
import { closed } from '../violations.ts';

const BLOCK_BYTES = 16;

/**
 * 96 bits of a digest of the fiber's path, then 32 of the block: two of a million fibers share a tag with probability
 * 2^-57.
 */
const TAG_BYTES = 12;

/** Blocks of 128 OTs that one fiber may use: what 32 bits count. */
const FIBER_BLOCKS_MAX = 2 ** 32;

export class LeafStream {
  #cipher: Cipher | undefined;

  /** The seed is copied into the cipher, and zeroed. */
  constructor(seed: Uint8Array) {
    this.#cipher = createCipheriv('aes-128-ecb', seed, null).setAutoPadding(false);
    seed.fill(0);
  }

  /** The words of the stream at the blocks that {@link BlockCounters} gave. */
  words(blocks: Uint8Array): Uint32Array {
    if (this.#cipher === undefined) throw closed();
    const bytes = this.#cipher.update(blocks);
    invariant(bytes.byteLength === blocks.byteLength, 'AES gave another number of bytes');
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
    return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
  }

  /** Overwrites the key. */
  destroy(): void {
    this.#cipher?.final();
    this.#cipher = undefined;
  }
}

/** A stream of OTs of its own: what is needed of a fiber. */
export type OtStream = Pick<Fiber, 'path' | 'onEnd'>;

interface Counter {
  readonly tag: Uint8Array;
  blocks: number;
  hashes: number;
}

export interface Reservation {
  /** The inputs of the leaf streams. */
  readonly blocks: Uint8Array;
  /** Tweaks of the row hash: the first number, and the fiber. */
  readonly firstHash: number;
  readonly fiberTag: number;
}

/** Gives out every block of every fiber once: it only counts up. */
export class BlockCounters {
  readonly #counters = new Map<OtStream, Counter>();
  readonly #name: string;
  readonly #observe: DrawObserver | undefined;

  constructor(name: string, observe?: DrawObserver) {
    this.#name = name;
    this.#observe = observe;
  }

  /** For `ots` OTs, a multiple of 128, and as many hashes. */
  reserve(fiber: OtStream, ots: number, hashes: number): Reservation {
    const counter = this.#of(fiber);
    const count = ots / 128;
    invariant(Number.isInteger(count) && count > 0, 'OTs are made in multiples of 128');
    invariant(counter.blocks + count <= FIBER_BLOCKS_MAX, 'a fiber has used up its stream of OTs');
    this.#observe?.(`${this.#name}${fiber.path}`, counter.blocks, count);
    const blocks = new Uint8Array(count * BLOCK_BYTES);
    const view = new DataView(blocks.buffer);
    for (let i = 0; i < count; i++) {
      blocks.set(counter.tag, i * BLOCK_BYTES);
      view.setUint32(i * BLOCK_BYTES + TAG_BYTES, counter.blocks + i, true);
    }
    const firstHash = counter.hashes;
    counter.blocks += count;
    counter.hashes += hashes;
    const fiberTag = new DataView(counter.tag.buffer, counter.tag.byteOffset).getUint32(0, true);
    return { blocks, firstHash, fiberTag };
  }

  #of(fiber: OtStream): Counter {
    const found = this.#counters.get(fiber);
    if (found !== undefined) return found;
    const tag = createHash('sha256').update(`privity ot fiber ${fiber.path}`).digest().subarray(0, TAG_BYTES);
    const counter = { tag: new Uint8Array(tag), blocks: 0, hashes: 0 };
    fiber.onEnd(() => this.#counters.delete(fiber));
    this.#counters.set(fiber, counter);
    return counter;
  }
}
