/**
 * The inner loops of the silent VOLE, as both implementations give them: over one memory that a lane has for itself,
 * bucket after bucket. Addresses are in bytes, multiples of 16, from `start` on.
 */

/** Vectors that go through the code together: element j of vector v of `width` stands at number width·j + v. */
export type Width = 1 | 2;

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

/** A part of the convolution: see {@link VoleKernels.convolve}. */
export interface Convolution {
  readonly vectors: number;
  readonly width: Width;
  readonly first: number;
  readonly count: number;
  /** A random word for each of these elements. */
  readonly words: number;
}

/** Some entries of rows of the expander: see {@link VoleKernels.gather}. */
export interface Gathering {
  readonly outputs: number;
  readonly width: Width;
  readonly rows: number;
  /** Random words, so many a row. */
  readonly words: number;
  readonly perRow: number;
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
  /** Vector 0 of two from the `count` elements that stand there alone, and zeros for vector 1: in place. */
  spread(at: number, count: number): void;
  /** The opposite, to a place that does not overlap: first all of vector 0, then of vector 1. */
  separate(vectors: number, count: number, to: number): void;
  /**
   * Elements `first`, …: y_j = x·(x_j + y_(j-25)) + the sum of y_(j-a) for the bits a - 1 that are set in the word of
   * j. What is before a vector is zero. In place, in order.
   */
  convolve(part: Convolution): void;
  /** Adds inputs to each output, one for each word w of its row: of n columns number ⌊w·n / 2^32⌋. */
  gather(part: Gathering): void;
  /** Adds factor·x to each target; the table is that of gf128.ts. */
  multiplyAdd(targets: number, elements: number, count: number, table: number): void;
}
