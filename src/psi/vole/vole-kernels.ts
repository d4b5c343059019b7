/**
 * The inner loops of the silent VOLE. Two implementations give the same results: WebAssembly (kernels/vole.ts, compiled
 * from AssemblyScript), and this in TypeScript, which serves where WebAssembly is not there and says what is computed.
 */

import { timesX } from './gf128.ts';
import { ELEMENT_BYTES, VOLE_TABLE } from './parameters.ts';
import type { Convolution, Doubling, Gathering, VoleKernels } from './vole-kernel-types.ts';
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

  spread(at: number, count: number): void {
    for (let element = count - 1; element >= 0; element--) {
      for (let word = 0; word < WORDS; word++) {
        const value = this.#at(at / 4 + WORDS * element + word);
        this.#words[at / 4 + 2 * WORDS * element + word] = value;
        this.#words[at / 4 + 2 * WORDS * element + WORDS + word] = 0;
      }
    }
  }

  separate(vectors: number, count: number, to: number): void {
    for (let word = 0; word < 2 * WORDS * count; word++) {
      const [element, within] = [Math.floor(word / (2 * WORDS)), word % (2 * WORDS)];
      const vector = within < WORDS ? 0 : count;
      this.#words[to / 4 + WORDS * (vector + element) + (within % WORDS)] = this.#at(vectors / 4 + word);
    }
  }

  convolve({ vectors, width, first, count, words }: Convolution): void {
    const distance = VOLE_TABLE.convolution + 1;
    const step = width * WORDS;
    for (let j = first; j < first + count; j++) {
      const bits = this.#at(words / 4 + j - first);
      for (let vector = 0; vector < width; vector++) {
        const own = vectors / 4 + step * j + WORDS * vector;
        if (j >= distance) this.#addElement(own, own - step * distance, -1);
        timesX(this.#words, own);
        for (let back = 1; back < Math.min(distance, j + 1); back++) {
          this.#addElement(own, own - step * back, -((bits >>> (back - 1)) & 1));
        }
      }
    }
  }

  gather({ outputs, width, rows, words, perRow, inputs, columns }: Gathering): void {
    const step = width * WORDS;
    for (let entry = 0; entry < rows * perRow; entry++) {
      const to = outputs / 4 + step * Math.floor(entry / perRow);
      const from = inputs / 4 + step * scaled(this.#at(words / 4 + entry), columns);
      for (let vector = 0; vector < width; vector++) {
        this.#addElement(to + WORDS * vector, from + WORDS * vector, -1);
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
