/** The inner loops of oblivious transfer in WebAssembly: operands are copied into the module's memory, and results out of it. */
import { readFile } from 'node:fs/promises';
import { invariant } from '../../base/errors.ts';
import { ROW_BITS } from './bit-matrix.ts';
import { PRODUCT_OTS, PRODUCT_WORDS } from './gilboa.ts';
import type { OtKernels } from './ot-kernels.ts';

type Call = (...args: readonly number[]) => void;

/** Functions of kernels/ot.ts. */
interface OtModule {
  readonly memory: WebAssembly.Memory;
  readonly foldTree: Call;
  readonly transposeColumns: Call;
  readonly sendProducts: Call;
  readonly receiveProducts: Call;
}

/** Below it is the module's own data. */
const HEAP_START = 65_536;

/** Undefined where WebAssembly, its vector instructions or the compiled file are not there. */
export async function wasmOtKernels(): Promise<OtKernels | undefined> {
  try {
    const bytes = await readFile(new URL('./ot.wasm', import.meta.url));
    const { instance } = await WebAssembly.instantiate(bytes, {});
    return new WasmOtKernels(instance.exports as unknown as OtModule);
  } catch {
    return undefined;
  }
}

/** Addresses in bytes of operands one after the other, each at a multiple of 16. */
function layout(...words: readonly number[]): { readonly at: readonly number[]; readonly end: number } {
  let end = HEAP_START;
  const at = words.map((count) => {
    const start = end;
    end += Math.ceil(count / 4) * 16;
    return start;
  });
  return { at, end };
}

class WasmOtKernels implements OtKernels {
  readonly name = 'wasm';
  readonly #module: OtModule;
  #heap: Uint32Array;

  constructor(module: OtModule) {
    this.#module = module;
    this.#heap = new Uint32Array(module.memory.buffer);
  }

  foldTree(leaves: readonly (Uint32Array | undefined)[], planes: Uint32Array): Uint32Array {
    const levels = Math.log2(leaves.length) / 2;
    const words = planes.length / (2 * levels);
    invariant(words % 4 === 0 && Number.isInteger(levels), 'a tree of an impossible size');
    const { at, end } = layout(leaves.length * words, planes.length);
    const [leavesAt, planesAt] = at as [number, number];
    this.#reserve(end);
    for (const [index, leaf] of leaves.entries()) {
      const to = leavesAt / 4 + index * words;
      if (leaf === undefined) this.#heap.fill(0, to, to + words);
      else this.#heap.set(leaf, to);
    }
    this.#heap.fill(0, planesAt / 4, planesAt / 4 + planes.length);
    this.#module.foldTree(leavesAt, planesAt, levels, 4 * words);
    planes.set(this.#heap.subarray(planesAt / 4, planesAt / 4 + planes.length));
    return this.#heap.slice(leavesAt / 4, leavesAt / 4 + words);
  }

  transposeColumns(columns: Uint32Array, rows: number): Uint32Array {
    invariant(columns.length === (rows * ROW_BITS) / 32 && rows % 64 === 0, 'a bit matrix has another size');
    return this.#result(columns.length, [columns], (out, from) =>
      this.#module.transposeColumns(out, from as number, rows / 64),
    );
  }

  sendProducts(
    factors: Uint32Array,
    zero: Uint32Array,
    one: Uint32Array,
    corrections: Uint32Array,
  ): Uint32Array {
    const count = factors.length / 2;
    this.#check(count, zero, corrections);
    const { at, end } = layout(factors.length, corrections.length, factors.length, zero.length, one.length);
    const [shares, out, ...operands] = at as [number, number, number, number, number];
    this.#reserve(end);
    for (const [index, words] of [factors, zero, one].entries()) {
      this.#heap.set(words, (operands[index] as number) / 4);
    }
    this.#module.sendProducts(shares, out, ...operands, count);
    corrections.set(this.#heap.subarray(out / 4, out / 4 + corrections.length));
    return this.#heap.slice(shares / 4, shares / 4 + factors.length);
  }

  receiveProducts(choices: Uint32Array, pads: Uint32Array, corrections: Uint32Array): Uint32Array {
    const count = choices.length / 2;
    this.#check(count, pads, corrections);
    return this.#result(choices.length, [choices, pads, corrections], (shares, ...operands) =>
      this.#module.receiveProducts(shares, ...operands, count),
    );
  }

  /** Pads may be of more OTs than there are products for. */
  #check(count: number, pads: Uint32Array, corrections: Uint32Array): void {
    invariant(
      pads.length >= 2 * count * PRODUCT_OTS && corrections.length === count * PRODUCT_WORDS,
      'pads or corrections of another number of products',
    );
  }

  #result(
    words: number,
    operands: readonly Uint32Array[],
    call: (out: number, ...operands: readonly number[]) => void,
  ): Uint32Array {
    const { at, end } = layout(words, ...operands.map(({ length }) => length));
    const [out, ...rest] = at as [number, ...number[]];
    this.#reserve(end);
    for (const [index, operand] of operands.entries()) this.#heap.set(operand, (rest[index] as number) / 4);
    call(out, ...rest);
    return this.#heap.slice(out / 4, out / 4 + words);
  }

  #reserve(end: number): void {
    const { memory } = this.#module;
    const missing = end - memory.buffer.byteLength;
    if (missing <= 0) return;
    memory.grow(Math.ceil(missing / 65_536));
    this.#heap = new Uint32Array(memory.buffer);
  }
}
