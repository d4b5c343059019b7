/** The inner loops of oblivious transfer, as both implementations give them. */

/** A block cipher under a fixed key, over any number of blocks of 16 bytes. */
export type Permutation = (blocks: Uint8Array) => Uint8Array;

/** The columns of one extension, built tree by tree. One at a time: making the next ends this one. */
export interface Columns {
  /**
   * Adds each leaf to the columns of the bits that are set in its number; returns the sum of all, and of `plus`. There
   * are 4, 16 or 256 leaves; one that is missing counts as zero. May overwrite the leaves.
   */
  fold(tree: number, leaves: readonly (Uint32Array | undefined)[], plus?: Uint32Array): Uint32Array;
  /** Adds a correction to the columns of the bits that are set in `leaf`, without a branch on them. */
  correct(tree: number, correction: Uint32Array, leaf: number): void;
  /** See bit-matrix.ts. */
  toRows(): Uint32Array;
}

/** What is hashed, and under which tweaks: see row-hash.ts. */
export interface HashInput {
  readonly rows: Uint32Array;
  readonly first: number;
  readonly tag: number;
  readonly offset: Uint32Array | undefined;
}

export interface OtKernels {
  readonly name: 'wasm' | 'typescript';
  /** For `count` OTs, a multiple of 128, and trees of so many bits. */
  columns(count: number, treeBits: number): Columns;
  hashRows(permute: Permutation, input: HashInput): Uint32Array;
  /** See gilboa.ts. */
  sendProducts(
    factors: Uint32Array,
    zero: Uint32Array,
    one: Uint32Array,
    corrections: Uint32Array,
  ): Uint32Array;
  receiveProducts(choices: Uint32Array, pads: Uint32Array, corrections: Uint32Array): Uint32Array;
}
