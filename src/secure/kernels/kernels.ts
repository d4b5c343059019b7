/**
 * Local arithmetic on vectors of 64-bit words. Two implementations give the same results: WebAssembly (kernels/,
 * compiled from AssemblyScript) and TypeScript, which serves where WebAssembly is not there, and as the specification
 * that the other is tested against. Results go to `out`, which may be one of the operands except where a comment says
 * so. Lengths agree.
 */

import type { MatrixLayout, MatrixSizes } from '../ring/matrix-dims.ts';
import type { Words } from '../sharing/shares.ts';

/** Pseudorandom words, in order. At most CHUNK_WORDS at a time; the result is valid until the next call. */
export interface WordSource {
  next(count: number): Words;
}

/**
 * Kernels work in pieces of this many words: five operands of it fit into the second-level cache, and calls cost
 * nothing beside it.
 */
export const CHUNK_WORDS = 16_384;

export interface Kernels extends TruncationKernels {
  readonly name: 'wasm' | 'typescript';

  add(out: Words, x: Words, y: Words): void;
  sub(out: Words, x: Words, y: Words): void;
  mul(out: Words, x: Words, y: Words): void;
  xor(out: Words, x: Words, y: Words): void;
  and(out: Words, x: Words, y: Words): void;
  /** out = x·factor + addend, both one word for all. */
  affine(out: Words, x: Words, factor: bigint, addend: bigint): void;
  /** Shifts by 0 … 63; `shiftRight` fills with zeros. */
  shiftLeft(out: Words, x: Words, by: number): void;
  shiftRight(out: Words, x: Words, by: number): void;

  /** out = x·y, or out += x·y. `out` is neither operand. */
  matmul(out: Words, x: Words, y: Words, layout: MatrixLayout, accumulate: boolean): void;
  /** Each matrix with its columns as rows. `out` is not `x`. */
  transpose(out: Words, x: Words, sizes: MatrixSizes): void;

  /** out += source, resp. out -= source, out ^= source. */
  addRandom(out: Words, source: WordSource): void;
  subRandom(out: Words, source: WordSource): void;
  xorRandom(out: Words, source: WordSource): void;

  /** Replicated shares: out = xa·ya + xa·yb + xb·ya + r - s; without sources, not masked. */
  rep3Mul(
    out: Words,
    xa: Words,
    xb: Words,
    ya: Words,
    yb: Words,
    r: WordSource | undefined,
    s: WordSource | undefined,
  ): void;
  /** The same over bits: out = xa&ya ^ xa&yb ^ xb&ya ^ r ^ s. */
  rep3And(out: Words, xa: Words, xb: Words, ya: Words, yb: Words, r: WordSource, s: WordSource): void;

  /**
   * Words to bit planes (see Bits): plane j of `planes` gets bit order[j] of every word; bits behind the last word
   * become 0. `planes` has order.length · planeWords(words.length) words. Default order: 0, 1, … 63.
   */
  toPlanes(planes: Words, words: Words, order?: Uint8Array): void;
  /** The inverse for planes in natural order: out gets bit j from plane j; higher bits are 0. `width` ≤ 64. */
  fromPlanes(out: Words, planes: Words, width: number): void;

  /**
   * The low `width` bits of every word, one after the other without gaps. `packed` has packedWords(x.length, width)
   * words.
   */
  pack(packed: Words, x: Words, width: number): void;
  /** The inverse; higher bits become 0. */
  unpack(out: Words, packed: Words, width: number): void;
}

/**
 * The steps of truncation by `by` bits (src/secure/protocols/rep3/truncate.ts), fused: one pass over memory each.
 * Packed operands have fields of `by` bits.
 */
export interface TruncationKernels {
  /** out = x + addend + r. */
  truncMask(out: Words, x: Words, addend: bigint, r: WordSource): void;
  /** out = r + s - x. */
  truncNegated(out: Words, x: Words, r: WordSource, s: WordSource): void;
  /** With c = own + other: packed = top·(1 - bit 63 of c) - mask, modulo 2^by. `top` and `mask` are packed, too. */
  truncWrap(packed: Words, own: Words, other: Words, top: Words, mask: Words, by: number): void;
  /** With c = own + other: out = (c >> by) + (wrap1 + wrap2)·2^(64-by) - offset; the wraps are packed. */
  truncCommon(
    out: Words,
    own: Words,
    other: Words,
    wrap1: Words,
    wrap2: Words,
    by: number,
    offset: bigint,
  ): void;
  /** out = mask·2^(64-by) - x; the mask is packed. */
  truncEdge(out: Words, x: Words, mask: Words, by: number): void;
  /** second = (r >> by) - first; packed = (bit 63 of r) - top, modulo 2^by; `top` is packed. */
  truncDeal(second: Words, packed: Words, r: Words, first: Words, top: Words, by: number): void;
}

/** Words that `count` fields of `width` bits take. */
export function packedWords(count: number, width: number): number {
  return Math.ceil((count * width) / 64);
}
