/** The inner loops of the silent VOLE in WebAssembly, over the module's own memory. */
import { readFile } from 'node:fs/promises';
import type { Convolution, Doubling, Gathering, VoleKernels } from './vole-kernel-types.ts';

type Call = (...args: readonly number[]) => void;

/** Functions of kernels/vole.ts. */
interface VoleModule {
  readonly memory: WebAssembly.Memory;
  readonly prepare: Call;
  readonly double: Call;
  readonly convolve: Call;
  readonly spread: Call;
  readonly separate: Call;
  readonly convolvePairs: Call;
  readonly gather: Call;
  readonly gatherPairs: Call;
  readonly multiplyAdd: Call;
}

/** Below it are the module's own data. */
const HEAP_START = 65_536;
const PAGE_BYTES = 65_536;

/** Once in a process; memory, which secrets pass through, is each lane's own. */
let compiling: Promise<WebAssembly.Module> | undefined;

/** Undefined where WebAssembly, its vector instructions or the compiled file are not there. */
export async function wasmVoleKernels(): Promise<VoleKernels | undefined> {
  try {
    compiling ??= compile();
    const instance = new WebAssembly.Instance(await compiling, {});
    return new WasmVoleKernels(instance.exports as unknown as VoleModule);
  } catch {
    return undefined;
  }
}

async function compile(): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(await readFile(new URL('./vole.wasm', import.meta.url)));
}

class WasmVoleKernels implements VoleKernels {
  readonly name = 'wasm';
  readonly start = HEAP_START;
  readonly #module: VoleModule;
  #bytes: Uint8Array;

  constructor(module: VoleModule) {
    this.#module = module;
    this.reserve(HEAP_START);
    this.#bytes = new Uint8Array(module.memory.buffer);
    module.prepare();
  }

  reserve(end: number): void {
    const { memory } = this.#module;
    const missing = end - memory.buffer.byteLength;
    if (missing <= 0) return;
    memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.#bytes = new Uint8Array(memory.buffer);
  }

  bytes(): Uint8Array {
    return this.#bytes;
  }

  double({ nodes, perTree, first, count, left, right, sums }: Doubling): void {
    this.#module.double(nodes, Math.log2(perTree), first, count, left, right, sums);
  }

  spread(at: number, count: number): void {
    this.#module.spread(at, count);
  }

  separate(vectors: number, count: number, to: number): void {
    this.#module.separate(vectors, count, to);
  }

  convolve({ vectors, width, first, count, words }: Convolution): void {
    const { convolve, convolvePairs } = this.#module;
    (width === 2 ? convolvePairs : convolve)(vectors, first, count, words);
  }

  gather({ outputs, width, rows, words, perRow, inputs, columns }: Gathering): void {
    const { gather, gatherPairs } = this.#module;
    (width === 2 ? gatherPairs : gather)(outputs, rows, words, perRow, inputs, columns);
  }

  multiplyAdd(targets: number, elements: number, count: number, table: number): void {
    this.#module.multiplyAdd(targets, elements, count, table);
  }
}
