/**
 * The inner loops of the silent VOLE, as both implementations give them: over one memory that a lane has for itself,
 * bucket after bucket. Addresses are in bytes, multiples of 16, from `start` on.
 */

/** Words of 32 bits that the expander takes for a row. */
export const EXPANDER_WORDS = 21;

/** One step of all trees: see {@link VoleKernels.double}. */
export interface Doubling {
  /** Where the nodes of the level stand, tree after tree; room for twice as many. */
  readonly nodes: number;
  /** Nodes of one tree at this level: a power of two. */
  readonly perTree: number;
  /** The nodes that are doubled now: all of several trees, or a part of one. */
  readonly first: number;
  readonly count: number;
  /** The permuted nodes of this part, left and right. */
  readonly left: number;
  readonly right: number;
  /** For each tree the sums of left and right children, which are added to. */
  readonly sums: number;
}

/** Rows of the expander: see {@link VoleKernels.expand}. */
export interface Expansion {
  readonly outputs: number;
  readonly rows: number;
  /** 21 random words a row. */
  readonly words: number;
  readonly inputs: number;
  readonly columns: number;
}

export interface VoleKernels {
  readonly name: 'wasm' | 'typescript';
  readonly start: number;
  /** Makes the memory reach to `end`. Views of it from before are void. */
  reserve(end: number): void;
  bytes(): Uint8Array;
  /**
   * Node m of the level gives children 2m and 2m + 1, in the place of the nodes: permuted plus node. Last part first.
   */
  double(part: Doubling): void;
  /**
   * Elements `first`, …, of the vector at `at`: y_j = x·(x_j + y_(j-25)) + the sum of y_(j-a) for the bits a - 1 that
   * are set in the word of j. What is before the vector is zero. In place, in order.
   */
  convolve(at: number, first: number, count: number, words: number): void;
  /**
   * Adds to each output 21 inputs. Word w chooses: word r of the first 11 in region r of ⌊columns/11⌋, the others among
   * all columns; of n columns number ⌊w·n / 2^32⌋.
   */
  expand(expansion: Expansion): void;
  /** Adds factor·x to each target; the table is that of gf128.ts. */
  multiplyAdd(targets: number, elements: number, count: number, table: number): void;
}
