/**
 * Correlated randomness: what semi2k consumes. Everything is made when it is asked for, in the fiber that asks, and
 * belongs to that fiber
 * alone: nothing is kept in stock, so nothing can be given twice, and what a failed scope had is gone with it.
 *
 * All vectors are fresh memory of the caller's. Words of bits are planes as in Bits; sums are over Z_2^64, or exclusive
 * or for bits.
 */
import type { Cost } from '../cost.ts';
import type { Fiber } from '../fiber.ts';
import type { MatrixDims } from '../ring/matrix-dims.ts';
import type { Words } from '../sharing/shares.ts';

/** Shares of random a and b, and of their product. */
export interface Triples {
  readonly a: Words;
  readonly b: Words;
  readonly c: Words;
}

/**
 * Two members: each has a random bit of its own an element, in a plane, and a share in the ring of the product of both.
 */
export interface BitProducts {
  readonly bits: Words;
  readonly products: Words;
}

/** The same with shares, by exclusive or, of the products as bits; both in planes. */
export interface BitCrosses {
  readonly bits: Words;
  readonly products: Words;
}

/** More than two members: shares of random numbers, and of each one's 64 bits, as words. */
export interface BitMasks {
  readonly numbers: Words;
  readonly bits: Words;
}

/**
 * More than two members: shares of random r, of (r mod 2^63) >> by, of the highest bit of r, and, if wanted, of the 64
 * bits of r.
 */
export interface TruncationMasks {
  readonly numbers: Words;
  readonly shifted: Words;
  readonly top: Words;
  readonly bits: Words | undefined;
}

/** More than two members: shares of random bits as bits, in a plane, and as 0 or 1 in the ring. */
export interface DoubleBits {
  readonly bits: Words;
  readonly numbers: Words;
}

interface TripleSource {
  mulTriples(fiber: Fiber, count: number): Promise<Triples>;
  matmulTriple(fiber: Fiber, dims: MatrixDims): Promise<Triples>;
  /** `words` words of 64 bits. */
  bitTriples(fiber: Fiber, words: number): Promise<Triples>;
  readonly costs: SourceCosts;
  /** Zeroes what it is made from, and refuses from then on. Twice is once. */
  destroy(): void;
}

export interface PairSource extends TripleSource {
  readonly kind: 'pair';
  bitProducts(fiber: Fiber, count: number): Promise<BitProducts>;
  bitCrosses(fiber: Fiber, words: number): Promise<BitCrosses>;
}

export interface GroupSource extends TripleSource {
  readonly kind: 'group';
  bitMasks(fiber: Fiber, count: number): Promise<BitMasks>;
  truncationMasks(fiber: Fiber, count: number, by: number, withBits: boolean): Promise<TruncationMasks>;
  doubleBits(fiber: Fiber, count: number): Promise<DoubleBits>;
}

export type CorrelationSource = PairSource | GroupSource;

/**
 * What making it costs among the members that compute, in the rounds of the fiber. A dealer's own messages: see
 * recipes.ts.
 */
export interface SourceCosts {
  mulTriples(count: number): Cost;
  matmulTriple(dims: MatrixDims): Cost;
  bitTriples(words: number): Cost;
  bitProducts(count: number): Cost;
  bitCrosses(words: number): Cost;
}
