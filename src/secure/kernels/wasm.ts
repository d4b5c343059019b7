/**
 * The kernels in WebAssembly. Operands are copied into the module's memory piece by piece, and results out of it:
 * pieces fit into the cache, so that costs little beside the arithmetic, and shares remain ordinary arrays that the
 * garbage collector knows.
 */
import { readFile } from 'node:fs/promises';
import type { MatrixLayout, MatrixSizes } from '../ring/matrix-dims.ts';
import type { Words } from '../sharing/shares.ts';
import { CHUNK_WORDS, type Kernels, type WordSource } from './kernels.ts';
import type { MatmulThreads } from './matmul-threads.ts';
import { naturalOrder, typescriptKernels } from './typescript.ts';
import { WasmMatrices } from './wasm-matrices.ts';
import { RingMemory, type RingModule, slot } from './wasm-memory.ts';

/** Where the order of planes stands: below all operands. */
const ORDER_AT = 1024;

/** So few words are computed where they are, which costs less than to bring them into the module. */
const SMALL_WORDS = 32;

type Elementwise = 'add' | 'sub' | 'mul' | 'xor' | 'and';

/**
 * With `threads`, products that are worth it are shared with those.
 * Undefined where WebAssembly, its vector instructions or the compiled file are not there.
 */
export async function wasmKernels(threads?: MatmulThreads): Promise<Kernels | undefined> {
  try {
    const bytes = await readFile(new URL('./ring.wasm', import.meta.url));
    const { instance } = await WebAssembly.instantiate(bytes, {});
    return new WasmKernels(instance.exports as unknown as RingModule, threads);
  } catch {
    return undefined;
  }
}

class WasmKernels implements Kernels {
  readonly name = 'wasm';
  readonly #memory: RingMemory;
  readonly #threads: MatmulThreads | undefined;
  /** Products of this thread alone. */
  readonly #matrices: WasmMatrices;

  constructor(module: RingModule, threads: MatmulThreads | undefined) {
    this.#threads = threads;
    this.#memory = new RingMemory(module);
    this.#matrices = new WasmMatrices(this.#memory);
  }

  add(out: Words, x: Words, y: Words): void {
    this.#elementwise('add', out, x, y);
  }
  sub(out: Words, x: Words, y: Words): void {
    this.#elementwise('sub', out, x, y);
  }
  mul(out: Words, x: Words, y: Words): void {
    this.#elementwise('mul', out, x, y);
  }
  xor(out: Words, x: Words, y: Words): void {
    this.#elementwise('xor', out, x, y);
  }
  and(out: Words, x: Words, y: Words): void {
    this.#elementwise('and', out, x, y);
  }

  affine(out: Words, x: Words, factor: bigint, addend: bigint): void {
    this.#chunks(out, (from, to) => {
      this.#memory.put(1, x.subarray(from, to));
      this.#memory.call('affine', slot(0), slot(1), factor, addend, to - from);
    });
  }
  shiftLeft(out: Words, x: Words, by: number): void {
    this.#shift('shiftLeft', out, x, by);
  }
  shiftRight(out: Words, x: Words, by: number): void {
    this.#shift('shiftRight', out, x, by);
  }

  addRandom(out: Words, source: WordSource): void {
    this.#random('add', out, source);
  }
  subRandom(out: Words, source: WordSource): void {
    this.#random('sub', out, source);
  }
  xorRandom(out: Words, source: WordSource): void {
    this.#random('xor', out, source);
  }

  rep3Mul(
    out: Words,
    xa: Words,
    xb: Words,
    ya: Words,
    yb: Words,
    r: WordSource | undefined,
    s: WordSource | undefined,
  ): void {
    this.#chunks(out, (from, to) => {
      this.#putFour(from, to, xa, xb, ya, yb);
      if (r === undefined || s === undefined) {
        this.#memory.call('rep3Product', slot(0), slot(1), slot(2), slot(3), slot(4), to - from);
        return;
      }
      this.#memory.put(5, r.next(to - from));
      this.#memory.put(6, s.next(to - from));
      this.#memory.call('rep3Mul', slot(0), slot(1), slot(2), slot(3), slot(4), slot(5), slot(6), to - from);
    });
  }
  rep3And(out: Words, xa: Words, xb: Words, ya: Words, yb: Words, r: WordSource, s: WordSource): void {
    this.#chunks(out, (from, to) => {
      this.#putFour(from, to, xa, xb, ya, yb);
      this.#memory.put(5, r.next(to - from));
      this.#memory.put(6, s.next(to - from));
      this.#memory.call('rep3And', slot(0), slot(1), slot(2), slot(3), slot(4), slot(5), slot(6), to - from);
    });
  }

  matmul(out: Words, x: Words, y: Words, layout: MatrixLayout, accumulate: boolean): void {
    const product = accumulate && this.#threads?.takes(layout) ? new BigUint64Array(out.length) : out;
    if (!this.#threads?.matmul(this.#matrices, product, x, y, layout))
      this.#matrices.matmul(out, x, y, layout, accumulate);
    else if (accumulate) this.add(out, out, product);
  }
  transpose(out: Words, x: Words, sizes: MatrixSizes): void {
    this.#matrices.transpose(out, x, sizes);
  }

  toPlanes(planes: Words, words: Words, order: Uint8Array = naturalOrder): void {
    const perPlane = Math.ceil(words.length / 64);
    const width = order.length;
    new Uint8Array(this.#memory.heap.buffer).set(order, ORDER_AT);
    for (let from = 0; from < words.length; from += CHUNK_WORDS) {
      const piece = words.subarray(from, from + CHUNK_WORDS);
      const blocks = Math.ceil(piece.length / 64);
      this.#memory.put(1, piece);
      this.#memory.heap.fill(0n, slot(1) / 8 + piece.length, slot(1) / 8 + 64 * blocks);
      if (width === 1) this.#memory.call('collect', slot(0), slot(1), BigInt(order[0] ?? 0), blocks);
      else this.#memory.call('toPlanes', slot(0), slot(1), ORDER_AT, width, blocks);
      for (let plane = 0; plane < width; plane++) {
        const at = slot(0) / 8 + plane * blocks;
        planes.set(this.#memory.heap.subarray(at, at + blocks), plane * perPlane + from / 64);
      }
    }
  }
  fromPlanes(out: Words, planes: Words, width: number): void {
    const perPlane = Math.ceil(out.length / 64);
    this.#chunks(out, (from, to) => {
      const blocks = Math.ceil((to - from) / 64);
      for (let plane = 0; plane < width; plane++) {
        const at = plane * perPlane + from / 64;
        this.#memory.heap.set(planes.subarray(at, at + blocks), slot(1) / 8 + plane * blocks);
      }
      if (width === 1) this.#memory.call('spread', slot(0), slot(1), blocks);
      else this.#memory.call('fromPlanes', slot(0), slot(1), width, blocks);
    });
  }

  pack(packed: Words, x: Words, width: number): void {
    // A piece of 2^14 fields ends at the end of a word.
    for (let from = 0; from < x.length; from += CHUNK_WORDS) {
      const piece = x.subarray(from, from + CHUNK_WORDS);
      this.#memory.put(1, piece);
      this.#memory.call('pack', slot(0), slot(1), BigInt(width), piece.length);
      const words = Math.ceil((piece.length * width) / 64);
      packed.set(this.#memory.heap.subarray(slot(0) / 8, slot(0) / 8 + words), (from * width) / 64);
    }
  }
  unpack(out: Words, packed: Words, width: number): void {
    this.#chunks(out, (from, to) => {
      const at = (from * width) / 64;
      this.#memory.put(1, packed.subarray(at, at + Math.ceil(((to - from) * width) / 64)));
      this.#memory.call('unpack', slot(0), slot(1), BigInt(width), to - from);
    });
  }

  truncMask(out: Words, x: Words, addend: bigint, r: WordSource): void {
    this.#chunks(out, (from, to) => {
      this.#memory.put(1, x.subarray(from, to));
      this.#memory.put(2, r.next(to - from));
      this.#memory.call('truncMask', slot(0), slot(1), slot(2), addend, to - from);
    });
  }
  truncNegated(out: Words, x: Words, r: WordSource, s: WordSource): void {
    this.#chunks(out, (from, to) => {
      this.#memory.put(1, x.subarray(from, to));
      this.#memory.put(2, r.next(to - from));
      this.#memory.put(3, s.next(to - from));
      this.#memory.call('truncNegated', slot(0), slot(1), slot(2), slot(3), to - from);
    });
  }
  truncWrap(packed: Words, own: Words, other: Words, top: Words, mask: Words, by: number): void {
    for (let from = 0; from < own.length; from += CHUNK_WORDS) {
      const to = Math.min(own.length, from + CHUNK_WORDS);
      this.#memory.put(1, own.subarray(from, to));
      this.#memory.put(2, other.subarray(from, to));
      this.#memory.put(3, fields(top, from, to, by));
      this.#memory.put(4, fields(mask, from, to, by));
      this.#memory.call('truncWrap', slot(0), slot(1), slot(2), slot(3), slot(4), BigInt(by), to - from);
      this.#memory.take(0, fields(packed, from, to, by));
    }
  }
  truncCommon(
    out: Words,
    own: Words,
    other: Words,
    wrap1: Words,
    wrap2: Words,
    by: number,
    offset: bigint,
  ): void {
    this.#chunks(out, (from, to) => {
      this.#memory.put(1, own.subarray(from, to));
      this.#memory.put(2, other.subarray(from, to));
      this.#memory.put(3, fields(wrap1, from, to, by));
      this.#memory.put(4, fields(wrap2, from, to, by));
      this.#memory.call(
        'truncCommon',
        slot(0),
        slot(1),
        slot(2),
        slot(3),
        slot(4),
        BigInt(by),
        offset,
        to - from,
      );
    });
  }
  truncEdge(out: Words, x: Words, mask: Words, by: number): void {
    this.#chunks(out, (from, to) => {
      this.#memory.put(1, x.subarray(from, to));
      this.#memory.put(2, fields(mask, from, to, by));
      this.#memory.call('truncEdge', slot(0), slot(1), slot(2), BigInt(by), to - from);
    });
  }
  truncDeal(second: Words, packed: Words, r: Words, first: Words, top: Words, by: number): void {
    this.#chunks(second, (from, to) => {
      this.#memory.put(1, r.subarray(from, to));
      this.#memory.put(2, first.subarray(from, to));
      this.#memory.put(3, fields(top, from, to, by));
      this.#memory.call('truncDeal', slot(0), slot(4), slot(1), slot(2), slot(3), BigInt(by), to - from);
      this.#memory.take(4, fields(packed, from, to, by));
    });
  }

  #elementwise(name: Elementwise, out: Words, x: Words, y: Words): void {
    if (out.length <= SMALL_WORDS) {
      typescriptKernels[name](out, x, y);
      return;
    }
    this.#chunks(out, (from, to) => {
      this.#memory.put(1, x.subarray(from, to));
      this.#memory.put(2, y.subarray(from, to));
      this.#memory.call(name, slot(0), slot(1), slot(2), to - from);
    });
  }

  #shift(name: 'shiftLeft' | 'shiftRight', out: Words, x: Words, by: number): void {
    this.#chunks(out, (from, to) => {
      this.#memory.put(1, x.subarray(from, to));
      this.#memory.call(name, slot(0), slot(1), BigInt(by), to - from);
    });
  }

  #random(name: Elementwise, out: Words, source: WordSource): void {
    this.#chunks(out, (from, to) => {
      this.#memory.put(1, out.subarray(from, to));
      this.#memory.put(2, source.next(to - from));
      this.#memory.call(name, slot(0), slot(1), slot(2), to - from);
    });
  }

  /** Computes each piece in slot 0 and copies it to where it belongs. */
  #chunks(out: Words, work: (from: number, to: number) => void): void {
    for (let from = 0; from < out.length; from += CHUNK_WORDS) {
      const to = Math.min(out.length, from + CHUNK_WORDS);
      work(from, to);
      out.set(this.#memory.heap.subarray(slot(0) / 8, slot(0) / 8 + to - from), from);
    }
  }

  #putFour(from: number, to: number, xa: Words, xb: Words, ya: Words, yb: Words): void {
    this.#memory.put(1, xa.subarray(from, to));
    this.#memory.put(2, xb.subarray(from, to));
    this.#memory.put(3, ya.subarray(from, to));
    this.#memory.put(4, yb.subarray(from, to));
  }
}

/** Packed fields [from, to); `from` is a multiple of 64, so they begin with a word. */
function fields(packed: Words, from: number, to: number, width: number): Words {
  return packed.subarray((from * width) / 64, Math.ceil((to * width) / 64));
}
