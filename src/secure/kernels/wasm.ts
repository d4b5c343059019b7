/**
 * The kernels in WebAssembly. Operands are copied into the module's memory piece by piece, and results out of it:
 * pieces fit into the cache, so that costs little beside the arithmetic, and shares remain ordinary arrays that the
 * garbage collector knows.
 */
import { readFile } from 'node:fs/promises';
import { invariant } from '../../base/errors.ts';
import type { MatrixDims } from '../ring/matrix-dims.ts';
import type { Words } from '../sharing/shares.ts';
import { CHUNK_WORDS, type Kernels, type WordSource } from './kernels.ts';
import type { MatmulThreads } from './matmul-threads.ts';
import type { Multiply } from './shared-matmul.ts';
import { naturalOrder } from './typescript.ts';

type Call = (...args: readonly (number | bigint)[]) => void;
type Elementwise = 'add' | 'sub' | 'mul' | 'xor' | 'and';

/** Functions of kernels/ring.ts. */
interface RingModule {
  readonly memory: WebAssembly.Memory;
  readonly [name: string]: unknown;
}

/** Below it: the module's own data (none so far) and the order of planes. */
const HEAP_START = 65_536;
const ORDER_AT = 1024;
/** Operands of one piece; one word more than a piece, because some kernels touch the word behind the last. */
const SLOT_BYTES = 8 * CHUNK_WORDS + 64;
const SLOTS = 7;
const MATRICES_AT = HEAP_START + SLOTS * SLOT_BYTES;
/**
 * Edge of the blocks into which large matrices are cut: three of them are 24 MiB of memory, and each is used a thousand
 * times.
 */
const BLOCK_EDGE = 1024;
const BLOCK_WORDS = BLOCK_EDGE * BLOCK_EDGE;

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
  readonly #module: RingModule;
  readonly #threads: MatmulThreads | undefined;
  /** This thread's part of a product that is shared. */
  readonly #alone: Multiply = { matmul: (...product) => this.#matmul(...product) };
  #heap: Words;

  constructor(module: RingModule, threads: MatmulThreads | undefined) {
    this.#threads = threads;
    this.#module = module;
    this.#reserve(MATRICES_AT);
    this.#heap = new BigUint64Array(module.memory.buffer);
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
      this.#put(1, x.subarray(from, to));
      this.#call('affine', slot(0), slot(1), factor, addend, to - from);
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
        this.#call('rep3Product', slot(0), slot(1), slot(2), slot(3), slot(4), to - from);
        return;
      }
      this.#put(5, r.next(to - from));
      this.#put(6, s.next(to - from));
      this.#call('rep3Mul', slot(0), slot(1), slot(2), slot(3), slot(4), slot(5), slot(6), to - from);
    });
  }
  rep3And(out: Words, xa: Words, xb: Words, ya: Words, yb: Words, r: WordSource, s: WordSource): void {
    this.#chunks(out, (from, to) => {
      this.#putFour(from, to, xa, xb, ya, yb);
      this.#put(5, r.next(to - from));
      this.#put(6, s.next(to - from));
      this.#call('rep3And', slot(0), slot(1), slot(2), slot(3), slot(4), slot(5), slot(6), to - from);
    });
  }

  matmul(out: Words, x: Words, y: Words, dims: MatrixDims, accumulate: boolean): void {
    const product = accumulate && this.#threads?.takes(dims) ? new BigUint64Array(out.length) : out;
    if (!this.#threads?.matmul(this.#alone, product, x, y, dims)) this.#matmul(out, x, y, dims, accumulate);
    else if (accumulate) this.add(out, out, product);
  }

  #matmul(out: Words, x: Words, y: Words, dims: MatrixDims, accumulate: boolean): void {
    const { batch, rows, inner, columns } = dims;
    if (!accumulate) out.fill(0n);
    for (let b = 0; b < batch; b++) {
      this.#matrix(
        { words: out.subarray(b * rows * columns), stride: columns },
        { words: x.subarray(b * rows * inner), stride: inner },
        { words: y.subarray(b * inner * columns), stride: columns },
        dims,
      );
    }
  }

  toPlanes(planes: Words, words: Words, order: Uint8Array = naturalOrder): void {
    const perPlane = Math.ceil(words.length / 64);
    const width = order.length;
    new Uint8Array(this.#module.memory.buffer).set(order, ORDER_AT);
    for (let from = 0; from < words.length; from += CHUNK_WORDS) {
      const piece = words.subarray(from, from + CHUNK_WORDS);
      const blocks = Math.ceil(piece.length / 64);
      this.#put(1, piece);
      this.#heap.fill(0n, slot(1) / 8 + piece.length, slot(1) / 8 + 64 * blocks);
      if (width === 1) this.#call('collect', slot(0), slot(1), BigInt(order[0] ?? 0), blocks);
      else this.#call('toPlanes', slot(0), slot(1), ORDER_AT, width, blocks);
      for (let plane = 0; plane < width; plane++) {
        const at = slot(0) / 8 + plane * blocks;
        planes.set(this.#heap.subarray(at, at + blocks), plane * perPlane + from / 64);
      }
    }
  }
  fromPlanes(out: Words, planes: Words, width: number): void {
    const perPlane = Math.ceil(out.length / 64);
    this.#chunks(out, (from, to) => {
      const blocks = Math.ceil((to - from) / 64);
      for (let plane = 0; plane < width; plane++) {
        const at = plane * perPlane + from / 64;
        this.#heap.set(planes.subarray(at, at + blocks), slot(1) / 8 + plane * blocks);
      }
      if (width === 1) this.#call('spread', slot(0), slot(1), blocks);
      else this.#call('fromPlanes', slot(0), slot(1), width, blocks);
    });
  }

  pack(packed: Words, x: Words, width: number): void {
    // A piece of 2^14 fields ends at the end of a word.
    for (let from = 0; from < x.length; from += CHUNK_WORDS) {
      const piece = x.subarray(from, from + CHUNK_WORDS);
      this.#put(1, piece);
      this.#call('pack', slot(0), slot(1), BigInt(width), piece.length);
      const words = Math.ceil((piece.length * width) / 64);
      packed.set(this.#heap.subarray(slot(0) / 8, slot(0) / 8 + words), (from * width) / 64);
    }
  }
  unpack(out: Words, packed: Words, width: number): void {
    this.#chunks(out, (from, to) => {
      const at = (from * width) / 64;
      this.#put(1, packed.subarray(at, at + Math.ceil(((to - from) * width) / 64)));
      this.#call('unpack', slot(0), slot(1), BigInt(width), to - from);
    });
  }

  truncMask(out: Words, x: Words, addend: bigint, r: WordSource): void {
    this.#chunks(out, (from, to) => {
      this.#put(1, x.subarray(from, to));
      this.#put(2, r.next(to - from));
      this.#call('truncMask', slot(0), slot(1), slot(2), addend, to - from);
    });
  }
  truncNegated(out: Words, x: Words, r: WordSource, s: WordSource): void {
    this.#chunks(out, (from, to) => {
      this.#put(1, x.subarray(from, to));
      this.#put(2, r.next(to - from));
      this.#put(3, s.next(to - from));
      this.#call('truncNegated', slot(0), slot(1), slot(2), slot(3), to - from);
    });
  }
  truncWrap(packed: Words, own: Words, other: Words, top: Words, mask: Words, by: number): void {
    for (let from = 0; from < own.length; from += CHUNK_WORDS) {
      const to = Math.min(own.length, from + CHUNK_WORDS);
      this.#put(1, own.subarray(from, to));
      this.#put(2, other.subarray(from, to));
      this.#put(3, fields(top, from, to, by));
      this.#put(4, fields(mask, from, to, by));
      this.#call('truncWrap', slot(0), slot(1), slot(2), slot(3), slot(4), BigInt(by), to - from);
      this.#take(0, fields(packed, from, to, by));
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
      this.#put(1, own.subarray(from, to));
      this.#put(2, other.subarray(from, to));
      this.#put(3, fields(wrap1, from, to, by));
      this.#put(4, fields(wrap2, from, to, by));
      this.#call('truncCommon', slot(0), slot(1), slot(2), slot(3), slot(4), BigInt(by), offset, to - from);
    });
  }
  truncEdge(out: Words, x: Words, mask: Words, by: number): void {
    this.#chunks(out, (from, to) => {
      this.#put(1, x.subarray(from, to));
      this.#put(2, fields(mask, from, to, by));
      this.#call('truncEdge', slot(0), slot(1), slot(2), BigInt(by), to - from);
    });
  }
  truncDeal(second: Words, packed: Words, r: Words, first: Words, top: Words, by: number): void {
    this.#chunks(second, (from, to) => {
      this.#put(1, r.subarray(from, to));
      this.#put(2, first.subarray(from, to));
      this.#put(3, fields(top, from, to, by));
      this.#call('truncDeal', slot(0), slot(4), slot(1), slot(2), slot(3), BigInt(by), to - from);
      this.#take(4, fields(packed, from, to, by));
    });
  }

  #elementwise(name: Elementwise, out: Words, x: Words, y: Words): void {
    this.#chunks(out, (from, to) => {
      this.#put(1, x.subarray(from, to));
      this.#put(2, y.subarray(from, to));
      this.#call(name, slot(0), slot(1), slot(2), to - from);
    });
  }

  #shift(name: 'shiftLeft' | 'shiftRight', out: Words, x: Words, by: number): void {
    this.#chunks(out, (from, to) => {
      this.#put(1, x.subarray(from, to));
      this.#call(name, slot(0), slot(1), BigInt(by), to - from);
    });
  }

  #random(name: Elementwise, out: Words, source: WordSource): void {
    this.#chunks(out, (from, to) => {
      this.#put(1, out.subarray(from, to));
      this.#put(2, source.next(to - from));
      this.#call(name, slot(0), slot(1), slot(2), to - from);
    });
  }

  /** Computes each piece in slot 0 and copies it to where it belongs. */
  #chunks(out: Words, work: (from: number, to: number) => void): void {
    for (let from = 0; from < out.length; from += CHUNK_WORDS) {
      const to = Math.min(out.length, from + CHUNK_WORDS);
      work(from, to);
      out.set(this.#heap.subarray(slot(0) / 8, slot(0) / 8 + to - from), from);
    }
  }

  #putFour(from: number, to: number, xa: Words, xb: Words, ya: Words, yb: Words): void {
    this.#put(1, xa.subarray(from, to));
    this.#put(2, xb.subarray(from, to));
    this.#put(3, ya.subarray(from, to));
    this.#put(4, yb.subarray(from, to));
  }

  #put(index: number, words: Words): void {
    this.#heap.set(words, slot(index) / 8);
  }

  #take(index: number, into: Words): void {
    into.set(this.#heap.subarray(slot(index) / 8, slot(index) / 8 + into.length));
  }

  #call(name: string, ...args: readonly (number | bigint)[]): void {
    (this.#module[name] as Call)(...args);
  }

  /** out += x·y, in blocks that fit into the module's memory. */
  #matrix(out: Matrix, x: Matrix, y: Matrix, { rows, inner, columns }: MatrixDims): void {
    const depth = Math.min(inner, BLOCK_EDGE);
    const width = Math.min(columns, BLOCK_EDGE);
    const height = Math.min(rows, Math.floor(BLOCK_WORDS / Math.max(depth, width)));
    const outAt = MATRICES_AT;
    const xAt = outAt + 8 * height * width;
    const yAt = xAt + 8 * height * depth;
    const panelAt = yAt + 8 * depth * width;
    this.#reserve(panelAt + 32 * depth);
    for (let c = 0; c < columns; c += width) {
      const w = Math.min(width, columns - c);
      for (let r = 0; r < rows; r += height) {
        const h = Math.min(height, rows - r);
        this.#load(outAt, out, r, c, h, w);
        for (let k = 0; k < inner; k += depth) {
          const d = Math.min(depth, inner - k);
          this.#load(xAt, x, r, k, h, d);
          this.#load(yAt, y, k, c, d, w);
          this.#call('matmul', outAt, xAt, yAt, panelAt, h, d, w);
        }
        for (let i = 0; i < h; i++) {
          const at = outAt / 8 + i * w;
          out.words.set(this.#heap.subarray(at, at + w), (r + i) * out.stride + c);
        }
      }
    }
  }

  #load(at: number, from: Matrix, row: number, column: number, height: number, width: number): void {
    if (width === from.stride) {
      const start = row * from.stride;
      this.#heap.set(from.words.subarray(start, start + height * width), at / 8);
      return;
    }
    for (let i = 0; i < height; i++) {
      const start = (row + i) * from.stride + column;
      this.#heap.set(from.words.subarray(start, start + width), at / 8 + i * width);
    }
  }

  #reserve(bytes: number): void {
    const { memory } = this.#module;
    const missing = bytes - memory.buffer.byteLength;
    if (missing <= 0) return;
    memory.grow(Math.ceil(missing / 65_536));
    this.#heap = new BigUint64Array(memory.buffer);
    invariant(memory.buffer.byteLength >= bytes, 'memory of the kernels did not grow');
  }
}

interface Matrix {
  readonly words: Words;
  /** Words from one row to the next. */
  readonly stride: number;
}

/** Packed fields [from, to); `from` is a multiple of 64, so they begin with a word. */
function fields(packed: Words, from: number, to: number, width: number): Words {
  return packed.subarray((from * width) / 64, Math.ceil((to * width) / 64));
}

function slot(index: number): number {
  return HEAP_START + index * SLOT_BYTES;
}
