/**
 * The inner loops of the silent VOLE. Two implementations give the same results: WebAssembly (kernels/vole.ts, compiled
 * from AssemblyScript), and this in TypeScript, which serves where WebAssembly is not there and says what is computed.
 */

import { timesX } from './gf128.ts';
import { ELEMENT_BYTES, VOLE_TABLE } from './parameters.ts';
import { type Doubling, EXPANDER_WORDS, type Expansion, type VoleKernels } from './vole-kernel-types.ts';
import { wasmVoleKernels } from './wasm-vole-kernels.ts';

/** The fastest that run here, with memory of their own: one for each lane. */
export async function loadVoleKernels(): Promise<VoleKernels> {
  return (await wasmVoleKernels()) ?? new TypescriptVoleKernels();
}

/** Words of an element. */
const WORDS = ELEMENT_BYTES / 4;

export class TypescriptVoleKernels implements VoleKernels {
  readonly name = 'typescript';
  readonly start = 0;
  #words = new Uint32Array(0);

  reserve(end: number): void {
    if (end <= this.#words.byteLength) return;
    const before = this.#words;
    this.#words = new Uint32Array(Math.ceil(end / ELEMENT_BYTES) * WORDS);
    this.#words.set(before);
    before.fill(0);
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#words.buffer);
  }

  double({ nodes, perTree, first, count, left, right, sums }: Doubling): void {
    for (let node = first + count - 1; node >= first; node--) {
      const sum = sums / 4 + 2 * WORDS * Math.floor(node / perTree);
      for (let word = 0; word < WORDS; word++) {
        const parent = this.#at(nodes / 4 + WORDS * node + word);
        const permuted = WORDS * (node - first) + word;
        const children = [
          parent ^ this.#at(left / 4 + permuted),
          parent ^ this.#at(right / 4 + permuted),
        ] as const;
        for (const side of [0, 1] as const) {
          this.#words[nodes / 4 + WORDS * (2 * node + side) + word] = children[side];
          this.#add(sum + WORDS * side + word, children[side]);
        }
      }
    }
  }

  convolve(at: number, first: number, count: number, words: number): void {
    const width = VOLE_TABLE.convolution;
    for (let j = first; j < first + count; j++) {
      const own = at / 4 + WORDS * j;
      const bits = this.#at(words / 4 + j - first);
      if (j > width) this.#addElement(own, own - WORDS * (width + 1), -1);
      timesX(this.#words, own);
      for (let back = 1; back <= Math.min(width, j); back++) {
        this.#addElement(own, own - WORDS * back, -((bits >>> (back - 1)) & 1));
      }
    }
  }

  expand({ outputs, rows, words, inputs, columns }: Expansion): void {
    const regions = VOLE_TABLE.expanderRegions;
    const region = Math.floor(columns / regions);
    for (let row = 0; row < rows; row++) {
      for (let entry = 0; entry < EXPANDER_WORDS; entry++) {
        const word = this.#at(words / 4 + row * EXPANDER_WORDS + entry);
        const column = entry < regions ? entry * region + scaled(word, region) : scaled(word, columns);
        this.#addElement(outputs / 4 + WORDS * row, inputs / 4 + WORDS * column, -1);
      }
    }
  }

  multiplyAdd(targets: number, elements: number, count: number, table: number): void {
    for (let i = 0; i < count; i++) {
      for (let byte = 0; byte < ELEMENT_BYTES; byte++) {
        const value = (this.#at(elements / 4 + WORDS * i + (byte >> 2)) >>> (8 * (byte & 3))) & 255;
        this.#addElement(targets / 4 + WORDS * i, table / 4 + WORDS * (256 * byte + value), -1);
      }
    }
  }

  #at(word: number): number {
    return this.#words[word] as number;
  }

  #add(word: number, value: number): void {
    this.#words[word] = this.#at(word) ^ value;
  }

  #addElement(to: number, from: number, mask: number): void {
    for (let word = 0; word < WORDS; word++) this.#add(to + word, this.#at(from + word) & mask);
  }
}

/** ⌊word·n / 2^32⌋ in two steps, each exact. */
function scaled(word: number, n: number): number {
  return Math.floor(((word >>> 16) * n + Math.floor(((word & 0xffff) * n) / 2 ** 16)) / 2 ** 16);
}
