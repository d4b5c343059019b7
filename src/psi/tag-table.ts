/** A set of tags in memory, in which each is found again with the place that it had in its list. */
import type { Random } from '../contracts/random.ts';

/** A list of tags: the first at `from`, each `step` bytes after the one before. */
export interface TagList {
  readonly bytes: Uint8Array;
  readonly tagBytes: number;
  readonly step: number;
  readonly from: number;
}

export function tagCount({ bytes, step }: TagList): number {
  return bytes.byteLength / step;
}

const SEEDS = 4;

/** Open addressing, at most half full. Who sends tags cannot choose ones that meet: places depend on secret seeds. */
export class TagTable {
  readonly #list: TagList;
  readonly #seeds: Uint32Array;
  /** Place of a tag and one; 0: none. */
  readonly #slots: Uint32Array;

  constructor(list: TagList, random: Random) {
    let size = 16;
    while (size < 2 * tagCount(list)) size *= 2;
    this.#list = list;
    this.#slots = new Uint32Array(size);
    const seeds = random.bytes(4 * SEEDS);
    this.#seeds = new Uint32Array(SEEDS);
    const view = new DataView(seeds.buffer, seeds.byteOffset);
    for (let i = 0; i < SEEDS; i++) this.#seeds[i] = view.getUint32(4 * i, true) | 1;
  }

  /** Takes the tags from place `first` to before `end` in; false if one of them is there already. */
  add(first: number, end: number): boolean {
    for (let place = first; place < end; place++) {
      const slot = this.#slotOf(this.#list, place);
      if (this.#slots[slot] !== 0) return false;
      this.#slots[slot] = place + 1;
    }
    return true;
  }

  /** Place of the tag that equals the one at `place` of another list; -1: there is none. */
  find(list: TagList, place: number): number {
    return (this.#slots[this.#slotOf(list, place)] ?? 0) - 1;
  }

  /** Where the tag is, or would be. */
  #slotOf(list: TagList, place: number): number {
    const mask = this.#slots.length - 1;
    const at = list.from + place * list.step;
    for (let slot = this.#hash(list.bytes, at) & mask; ; slot = (slot + 1) & mask) {
      const kept = this.#slots[slot] ?? 0;
      if (kept === 0 || this.#equals(kept - 1, list.bytes, at)) return slot;
    }
  }

  #equals(place: number, bytes: Uint8Array, at: number): boolean {
    const { bytes: own, step, from, tagBytes } = this.#list;
    const start = from + place * step;
    for (let i = 0; i < tagBytes; i++) if (own[start + i] !== bytes[at + i]) return false;
    return true;
  }

  #hash(bytes: Uint8Array, at: number): number {
    const [first = 0, second = 0, third = 0, fourth = 0] = this.#seeds;
    let hash = first;
    for (let i = 0; i < this.#list.tagBytes; i++) {
      hash = Math.imul(hash ^ (bytes[at + i] ?? 0), second);
      hash = Math.imul(hash ^ (hash >>> 15), third);
    }
    hash = Math.imul(hash ^ (hash >>> 13), fourth);
    return (hash ^ (hash >>> 16)) >>> 0;
  }
}
