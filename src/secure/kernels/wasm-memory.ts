/** The memory of the WebAssembly module, and calls of its functions. */
import { invariant } from '../../base/errors.ts';
import type { Words } from '../sharing/shares.ts';
import { CHUNK_WORDS } from './kernels.ts';

type Call = (...args: readonly (number | bigint)[]) => void;

/** Functions of kernels/ring.ts. */
export interface RingModule {
  readonly memory: WebAssembly.Memory;
  readonly [name: string]: unknown;
}

/** Below it: the module's own data (none so far) and the order of planes. */
const HEAP_START = 65_536;
/** Operands of one piece; one word more than a piece, because some kernels touch the word behind the last. */
const SLOT_BYTES = 8 * CHUNK_WORDS + 64;
export const SLOTS = 7;
/** Behind the slots. */
export const MATRICES_AT = HEAP_START + SLOTS * SLOT_BYTES;

export function slot(index: number): number {
  return HEAP_START + index * SLOT_BYTES;
}

export class RingMemory {
  readonly #module: RingModule;
  #heap: Words;

  constructor(module: RingModule) {
    this.#module = module;
    this.#heap = new BigUint64Array(module.memory.buffer);
    this.reserve(MATRICES_AT);
  }

  /** All of it, by words; another view after `reserve`. */
  get heap(): Words {
    return this.#heap;
  }

  reserve(bytes: number): void {
    const { memory } = this.#module;
    const missing = bytes - memory.buffer.byteLength;
    if (missing <= 0) return;
    memory.grow(Math.ceil(missing / 65_536));
    this.#heap = new BigUint64Array(memory.buffer);
    invariant(memory.buffer.byteLength >= bytes, 'memory of the kernels did not grow');
  }

  put(index: number, words: Words): void {
    this.#heap.set(words, slot(index) / 8);
  }

  take(index: number, into: Words): void {
    into.set(this.#heap.subarray(slot(index) / 8, slot(index) / 8 + into.length));
  }

  call(name: string, ...args: readonly (number | bigint)[]): void {
    (this.#module[name] as Call)(...args);
  }
}
