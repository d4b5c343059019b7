/**
 * The inner loops of oblivious transfer in WebAssembly: operands are copied into the module's memory, and results out
 * of it.
 */
import { readFile } from 'node:fs/promises';
import { invariant } from '../../base/errors.ts';
import { ROW_BITS } from './bit-matrix.ts';
import { PRODUCT_OTS, PRODUCT_WORDS } from './gilboa.ts';
import type { Columns, HashInput, OtKernels, Permutation } from './ot-kernel-types.ts';

type Call = (...args: readonly number[]) => void;

/** Functions of kernels/ot.ts. */
interface OtModule {
  readonly memory: WebAssembly.Memory;
  readonly foldTree: Call;
  readonly correct: Call;
  readonly add: Call;
  readonly addToRows: Call;
  readonly tweak: Call;
  readonly upperHalves: Call;
  readonly transposeColumns: Call;
  readonly sendProducts: Call;
  readonly receiveProducts: Call;
}

/** Below it is the module's own data. */
const HEAP_START = 65_536;

/** Rows hashed at once: 64 KiB, at which AES runs at its full speed and everything stays in the cache. */
const HASH_ROWS = 4096;

/** Once in a process; memory, which secrets pass through, is each session's own. */
let compiling: Promise<WebAssembly.Module> | undefined;

/** Undefined where WebAssembly, its vector instructions or the compiled file are not there. */
export async function wasmOtKernels(): Promise<OtKernels | undefined> {
  try {
    compiling ??= compile();
    const instance = new WebAssembly.Instance(await compiling, {});
    return new WasmOtKernels(instance.exports as unknown as OtModule);
  } catch {
    return undefined;
  }
}

async function compile(): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(await readFile(new URL('./ot.wasm', import.meta.url)));
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

  columns(count: number, treeBits: number): Columns {
    const words = count / 32;
    const levels = treeBits / 2;
    invariant(words % 4 === 0 && Number.isInteger(levels), 'columns of an impossible size');
    const { at, end } = layout(ROW_BITS * words, Math.max(2 ** treeBits, ROW_BITS) * words, words);
    const [columnsAt, leavesAt, otherAt] = at as [number, number, number];
    this.#reserve(end);
    this.#heap.fill(0, columnsAt / 4, columnsAt / 4 + ROW_BITS * words);
    const planesAt = (tree: number): number => columnsAt + 4 * tree * treeBits * words;
    return {
      fold: (tree, leaves, plus) => {
        for (const [index, leaf] of leaves.entries()) {
          const to = leavesAt / 4 + index * words;
          if (leaf === undefined) this.#heap.fill(0, to, to + words);
          else this.#heap.set(leaf, to);
        }
        this.#module.foldTree(leavesAt, planesAt(tree), levels, 4 * words);
        if (plus !== undefined) {
          this.#heap.set(plus, otherAt / 4);
          this.#module.add(leavesAt, otherAt, 4 * words);
        }
        return this.#heap.slice(leavesAt / 4, leavesAt / 4 + words);
      },
      correct: (tree, correction, leaf) => {
        this.#heap.set(correction, otherAt / 4);
        this.#module.correct(planesAt(tree), otherAt, leaf, treeBits, 4 * words);
      },
      toRows: () => {
        // In the place of the leaves, which are not needed any more.
        this.#module.transposeColumns(leavesAt, columnsAt, count / 64);
        return this.#heap.slice(leavesAt / 4, leavesAt / 4 + ROW_BITS * words);
      },
    };
  }

  hashRows(permute: Permutation, { rows, first, tag, offset }: HashInput): Uint32Array {
    const output = new Uint32Array(rows.length / 2);
    const { at, end } = layout(4, 4 * HASH_ROWS, 4 * HASH_ROWS, 2 * HASH_ROWS);
    const [offsetAt, innerAt, outerAt, outAt] = at as [number, number, number, number];
    this.#reserve(end);
    if (offset !== undefined) this.#heap.set(offset, offsetAt / 4);
    const bytes = new Uint8Array(this.#module.memory.buffer);
    for (let from = 0; from < rows.length; from += 4 * HASH_ROWS) {
      const part = rows.subarray(from, from + 4 * HASH_ROWS);
      const count = part.length / 4;
      this.#heap.set(part, innerAt / 4);
      if (offset !== undefined) this.#module.addToRows(innerAt, offsetAt, count);
      const inner = bytes.subarray(innerAt, innerAt + 16 * count);
      inner.set(permute(inner));
      this.#module.tweak(innerAt, first + from / 4, tag, count);
      bytes.set(permute(inner), outerAt);
      this.#module.upperHalves(outAt, outerAt, innerAt, count);
      output.set(this.#heap.subarray(outAt / 4, outAt / 4 + 2 * count), from / 2);
    }
    return output;
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
