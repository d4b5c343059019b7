/**
 * What a secret-sharing protocol over Z_2^64 has to do. Everything linear is in src/secure/sharing/ for all protocols
 * alike and needs no message; here is what depends on the protocol. Names end in the visibility of the operands, as in
 * SPU: S secret, P public.
 *
 * Rules for implementations: every member calls every method in the same order on the same fibers; each method makes
 * the same number of exchanges at every member; what is sent is uniform given the receiver's input and output; results
 * carry fresh randomness wherever a message was needed. Shares are never modified. Vectors are never empty.
 */

import type { Random } from '../../contracts/random.ts';
import type { DealerLink } from '../correlation/dealer-source.ts';
import type { Cost } from '../cost.ts';
import type { Fiber } from '../fiber.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { DrawObserver } from '../prg.ts';
import type { MatrixDims, MatrixLayout } from '../ring/matrix-dims.ts';
import type { Arith, Bits, Words } from '../sharing/shares.ts';

export type BitsPair = readonly [Bits, Bits];

export interface Protocol {
  /** Its key in the table of protocols. */
  readonly name: string;
  readonly rank: number;
  readonly size: number;
  readonly costs: ProtocolCosts;
  readonly kernels: Kernels;

  // ── Into and out of shares ──
  /** Shares a vector of its owner; `words` is given there and only there. */
  shareA(fiber: Fiber, owner: number, length: number, words: Words | undefined): Promise<Arith>;
  /** The same for bit planes. */
  shareB(
    fiber: Fiber,
    owner: number,
    length: number,
    width: number,
    planes: Words | undefined,
  ): Promise<Bits>;
  /** A vector that every member has, in the form of shares. Local; not fresh. */
  publicA(words: Words): Arith;
  publicB(length: number, width: number, planes: Words): Bits;
  /**
   * Opens to all, or to one member: the others get undefined then. May find that members do not agree on what is
   * opened.
   * @throws {PeerError} PRIVITY_SECURE_CHECK
   */
  openA(fiber: Fiber, x: Arith, to?: number): Promise<Words | undefined>;
  openB(fiber: Fiber, x: Bits, to?: number): Promise<Words | undefined>;

  // ── Arithmetic ──
  mulSS(fiber: Fiber, x: Arith, y: Arith): Promise<Arith>;
  matmulSS(fiber: Fiber, x: Arith, y: Arith, layout: MatrixLayout): Promise<Arith>;
  /**
   * round(x·y / 2^bits), off by less than 1, for |x·y| < 2^62 read as a signed product. Cheaper than mulSS, then
   * truncS.
   */
  mulTruncSS(fiber: Fiber, x: Arith, y: Arith, bits: number): Promise<Arith>;
  matmulTruncSS(fiber: Fiber, x: Arith, y: Arith, layout: MatrixLayout, bits: number): Promise<Arith>;
  /** x / 2^bits, off by less than 1 (never grossly), for |x| < 2^62 read as signed. 1 ≤ bits ≤ 62. */
  truncS(fiber: Fiber, x: Arith, bits: number): Promise<Arith>;
  /** floor(x / 2^bits), exactly, on the same domain. */
  truncExactS(fiber: Fiber, x: Arith, bits: number): Promise<Arith>;

  // ── Bits ──
  /** Bitwise and of each pair, all in one round. All operands have one length; the two of a pair have one width. */
  andSS(fiber: Fiber, pairs: readonly BitsPair[]): Promise<readonly Bits[]>;
  /**
   * All results of one `andSS`, and every part of them, are needed no more: what has not been sent gives its memory
   * back. Never more than a hint; a protocol without it leaves them to the garbage collector.
   */
  spendAnds?(results: readonly Bits[]): void;
  /** The lowest `width` bits of the ring elements, 1 … 64. */
  a2b(fiber: Fiber, x: Arith, width: number): Promise<Bits>;
  /** The numbers 0 … 2^width - 1, width ≤ 64, as ring elements. */
  b2a(fiber: Fiber, x: Bits): Promise<Arith>;
  /** Bits of width 1 as 0 or 1 in the ring. */
  bit2a(fiber: Fiber, x: Bits): Promise<Arith>;
  /** The highest bit: 1 where the element, read as signed, is negative. */
  msbS(fiber: Fiber, x: Arith): Promise<Bits>;
  /** 1 where the element is zero. */
  eqzS(fiber: Fiber, x: Arith): Promise<Bits>;

  // ── Randomness ──
  /** Uniform ring elements, resp. bits, that no member knows. */
  randomA(fiber: Fiber, length: number): Promise<Arith>;
  randomB(fiber: Fiber, length: number, width: number): Promise<Bits>;
  /** Applies one uniformly random permutation, which no member knows, to all columns alike (equal lengths). */
  shuffleS(fiber: Fiber, columns: readonly Arith[]): Promise<readonly Arith[]>;

  /** The same, and the way back from there. */
  shuffleKeptS(fiber: Fiber, columns: readonly Arith[]): Promise<KeptShuffle>;
  /**
   * All columns alike in the order of one member, of which no other learns anything: row i of the result is row
   * order[i]. `order` is a permutation, given at its owner and only there.
   */
  permuteByS(
    fiber: Fiber,
    columns: readonly Arith[],
    owner: number,
    order: Uint32Array | undefined,
  ): Promise<readonly Arith[]>;

  /** Forgets every seed. Every later call is refused. */
  destroy(): void;
}

export interface KeptShuffle {
  readonly columns: readonly Arith[];
  /**
   * Puts the rows of any columns of the same length back to where those of the shuffled ones came from, for what a
   * shuffle costs. Once: the permutation is forgotten then.
   */
  undo(fiber: Fiber, columns: readonly Arith[]): Promise<readonly Arith[]>;
}

/** One function for each primitive: what a call costs for `length` elements, for this number of members. */
export interface ProtocolCosts {
  shareA(owner: number, length: number): Cost;
  shareB(owner: number, length: number, width: number): Cost;
  openA(length: number, to?: number): Cost;
  openB(length: number, width: number, to?: number): Cost;
  /**
   * Whether `from` tells what is opened to `to` alone; if not, others do, and it sends nothing, or a hash of what they
   * send.
   */
  tells(from: number, to: number): boolean;
  mulSS(length: number): Cost;
  matmulSS(dims: MatrixDims): Cost;
  mulTruncSS(length: number, bits: number): Cost;
  matmulTruncSS(dims: MatrixDims, bits: number): Cost;
  truncS(length: number, bits: number): Cost;
  truncExactS(length: number, bits: number): Cost;
  /** `width`: of all pairs together. */
  andSS(length: number, width: number): Cost;
  a2b(length: number, width: number): Cost;
  b2a(length: number, width: number): Cost;
  bit2a(length: number): Cost;
  msbS(length: number): Cost;
  eqzS(length: number): Cost;
  randomA(length: number): Cost;
  randomB(length: number, width: number): Cost;
  /** One way. */
  shuffleS(length: number, columns: number): Cost;
  permuteByS(owner: number, length: number, columns: number): Cost;
}

/** What a protocol is opened with. */
export interface ProtocolSetting {
  readonly fiber: Fiber;
  readonly random: Random;
  readonly kernels: Kernels;
  /** Must be the same at all members; protocols compare it in their first round. */
  readonly agreement: string;
  /** Of the channel: the same at all members, and in no other run. */
  readonly binding: Uint8Array;
  readonly observe: DrawObserver | undefined;
  readonly dealer: DealerLink | undefined;
}
