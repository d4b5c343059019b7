/**
 * Quicksort of shared keys on comparisons that are opened, all segments of a level in one exchange. The keys are in
 * random order.
 *
 * A pivot that is simply the first key of its segment splits it unevenly: 1.39·log2 n comparisons a key instead of log2
 * n. So a large segment begins with a sample: its first s keys, about the root of its size, are compared pair by pair
 * in one level, and then put such that each of the next log2 (s+1) levels finds as its first key the median of the
 * sampled keys that are left there (a balanced search tree, level by level). What is opened are comparisons of keys in
 * random order either way, and depends on nothing else.
 */
import { invariant } from '../../base/errors.ts';
import { release } from '../release.ts';
import type { Evaluator } from '../session.ts';
import { type Arith, arith, type Words } from '../sharing/shares.ts';

/** Segments of fewer keys begin without a sample: it would cost as much as it saves. */
export const SAMPLED_KEYS_MIN = 512;

/** Levels of the balanced tree that is made of a sample of so many keys; the sample has 2^levels - 1. */
export function sampledLevels(keys: number): number {
  return keys < SAMPLED_KEYS_MIN ? 0 : Math.floor(Math.log2(keys) / 2);
}

/**
 * Segments [from, to) of a level, side by side in arrays: a million keys have a quarter as many at once, which as
 * objects would keep the garbage collector busy. `levels`: the first 2^levels - 1 keys are a balanced tree.
 */
class Segments {
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly levels: Uint8Array;
  count = 0;

  /** `keys`: in all of them, of which each has two at least. */
  constructor(keys: number) {
    const room = keys >>> 1;
    this.from = new Uint32Array(room);
    this.to = new Uint32Array(room);
    this.levels = new Uint8Array(room);
  }

  /** Those of fewer than two keys are in order. */
  add(from: number, to: number, levels: number): void {
    if (to - from < 2) return;
    this.from[this.count] = from;
    this.to[this.count] = to;
    this.levels[this.count++] = levels;
  }

  size(segment: number): number {
    return (this.to[segment] as number) - (this.from[segment] as number);
  }

  /** Keys at the head of a segment that are compared pair by pair; 0: all are compared with the first. */
  sample(segment: number): number {
    return (this.levels[segment] as number) > 0 ? 0 : 2 ** sampledLevels(this.size(segment)) - 1;
  }

  comparisons(segment: number): number {
    const sample = this.sample(segment);
    return sample > 0 ? (sample * (sample - 1)) / 2 : this.size(segment) - 1;
  }

  allComparisons(): number {
    let count = 0;
    for (let segment = 0; segment < this.count; segment++) count += this.comparisons(segment);
    return count;
  }
}

/**
 * Positions of the keys in ascending order; no two are equal. Keys are moved along with the order, so that memory is
 * read in order.
 */
export async function orderOf({ protocol, fiber }: Evaluator, keys: Arith): Promise<Uint32Array> {
  const order = new Uint32Array(keys.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  const parts = keys.parts.map((part) => part.slice());
  const partition = new Partition(order, parts);
  let segments = new Segments(keys.length);
  segments.add(0, keys.length, 0);
  while (segments.count > 0) {
    const count = segments.allComparisons();
    const differences = parts.map((part) => differencesOf(part, segments, count));
    const less = await protocol.msbS(fiber, arith(count, differences));
    for (const part of differences) release(part);
    const opened = await protocol.openB(fiber, less);
    invariant(opened !== undefined, 'an opening to all gives a result');
    segments = partition.split(
      segments,
      new Uint32Array(opened.buffer, opened.byteOffset, 2 * opened.length),
    );
  }
  return order;
}

function differencesOf(part: Words, segments: Segments, count: number): Words {
  const out = new BigUint64Array(count);
  let at = 0;
  const against = (pivot: number, from: number, to: number): void => {
    const key = part[pivot] as bigint;
    for (let i = from; i < to; i++) out[at++] = BigInt.asUintN(64, (part[i] as bigint) - key);
  };
  for (let segment = 0; segment < segments.count; segment++) {
    const [from, to] = [segments.from[segment] as number, segments.to[segment] as number];
    const sample = segments.sample(segment);
    for (let i = from; i < from + sample; i++) against(i, i + 1, from + sample);
    if (sample === 0) against(from, from + 1, to);
  }
  return out;
}

/** Moves keys to where the outcomes of their comparisons put them. */
class Partition {
  readonly #order: Uint32Array;
  readonly #parts: readonly Words[];
  readonly #target: Uint32Array;
  readonly #oldOrder: Uint32Array;
  readonly #oldPart: Words;

  constructor(order: Uint32Array, parts: readonly Words[]) {
    this.#order = order;
    this.#parts = parts;
    this.#target = new Uint32Array(order.length);
    this.#oldOrder = new Uint32Array(order.length);
    this.#oldPart = new BigUint64Array(order.length);
  }

  /** `less`: one bit for each comparison, in the order of {@link differencesOf}. Gives the segments that are left. */
  split(segments: Segments, less: Uint32Array): Segments {
    const next = new Segments(this.#order.length);
    let at = 0;
    for (let segment = 0; segment < segments.count; segment++) {
      const [from, to] = [segments.from[segment] as number, segments.to[segment] as number];
      const sample = segments.sample(segment);
      if (sample > 0) {
        this.#plant(from, sample, less, at);
        next.add(from, to, sampledLevels(to - from));
      } else {
        const middle = this.#divide(from, to, less, at);
        const levels = Math.max(0, (segments.levels[segment] as number) - 1);
        next.add(from, middle, levels);
        next.add(middle + 1, to, levels);
      }
      at += segments.comparisons(segment);
    }
    for (const part of this.#parts) this.#move(segments, part, this.#oldPart);
    this.#move(segments, this.#order, this.#oldOrder);
    return next;
  }

  /**
   * Where each key of a segment goes: those less than its first before it, the others behind, and both in their order.
   * Gives where that goes.
   */
  #divide(from: number, to: number, less: Uint32Array, at: number): number {
    const target = this.#target;
    const bitOf = (bit: number): number => ((less[bit >>> 5] as number) >>> (bit & 31)) & 1;
    let middle = from;
    for (let bit = at; bit < at + to - from - 1; bit++) middle += bitOf(bit);
    let low = from;
    let high = middle + 1;
    // Without a branch: which way a key goes is as good as random, and a wrong guess costs more than both ways.
    for (let i = from + 1, bit = at; i < to; i++, bit++) {
      const before = bitOf(bit);
      target[i] = high ^ ((low ^ high) & -before);
      low += before;
      high += 1 - before;
    }
    target[from] = middle;
    return middle;
  }

  /** Where the keys of a sample go: its median first, then the medians of both halves, and so on. */
  #plant(from: number, sample: number, less: Uint32Array, at: number): void {
    const rank = new Uint32Array(sample);
    let bit = at;
    for (let i = 0; i < sample; i++) {
      for (let j = i + 1; j < sample; j++, bit++) {
        const isLess = ((less[bit >>> 5] as number) >>> (bit & 31)) & 1;
        rank[i] = (rank[i] as number) + isLess;
        rank[j] = (rank[j] as number) + 1 - isLess;
      }
    }
    for (let i = 0; i < sample; i++) this.#target[from + i] = from + placeInTree(rank[i] as number, sample);
  }

  /** What moves: a sample within itself, or a whole segment. */
  #move<T extends Words | Uint32Array>(segments: Segments, data: T, old: T): void {
    const target = this.#target;
    for (let segment = 0; segment < segments.count; segment++) {
      const from = segments.from[segment] as number;
      const to = from + (segments.sample(segment) || segments.size(segment));
      if (data instanceof Uint32Array && old instanceof Uint32Array) {
        for (let i = from; i < to; i++) old[i] = data[i] as number;
        for (let i = from; i < to; i++) data[target[i] as number] = old[i] as number;
      } else if (data instanceof BigUint64Array && old instanceof BigUint64Array) {
        for (let i = from; i < to; i++) old[i] = data[i] as bigint;
        for (let i = from; i < to; i++) data[target[i] as number] = old[i] as bigint;
      }
    }
  }
}

/** Of a balanced tree of 2^k - 1 keys, written level by level: where the key of this rank stands. */
function placeInTree(rank: number, size: number): number {
  // Counted from 1, a key lies as high in the tree as its rank has zeros at its end.
  const position = rank + 1;
  const zeros = 31 - Math.clz32(position & -position);
  const levelSize = (size + 1) / 2 ** (zeros + 1);
  return levelSize - 1 + (position >>> (zeros + 1));
}
