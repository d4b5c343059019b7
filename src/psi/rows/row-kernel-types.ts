/** The inner loops over the rows of one bucket, as both implementations give them. */
import type { Random } from '../../contracts/random.ts';
import type { OkvsShape } from '../okvs/shape.ts';

/** Either the own row of each tag of the peer, `NO_ROW` where there is none, or whose list has a tag twice. */
export type TagMatches = { readonly rows: Uint32Array } | { readonly repeated: 'own' | 'peer' };

/** Rows that are to be encoded, or at which an encoding is looked up: see okvs/okvs.ts. */
export interface RowBucket {
  readonly count: number;
  /** The value of each row, 16 bytes. */
  values(): Uint8Array;
  /**
   * P, 16 bytes a column, or undefined if the rows cannot be encoded, which two equal ones cannot. `random` is asked
   * once, for a block for each column without a row.
   */
  encode(random: Random): Uint8Array | undefined;
  /** For each row, the sum of the blocks at the bits of its band: 16 bytes. */
  decode(encoding: Uint8Array): Uint8Array;
}

export interface RowKernels {
  readonly name: 'wasm' | 'typescript';
  /** `outputBytes`, at most 64, for each input of 32 bytes: see blake3.ts. */
  hashRows(key: Uint8Array, inputs: Uint8Array, outputBytes: number): Uint8Array;
  /**
   * From rows of 40 bytes. They may be more than the shape is for, if they are the other party's and only decoded; both
   * parties' shapes are that of the one who encodes. The next call of any method here ends the bucket.
   */
  bucket(shape: OkvsShape, rows: Uint8Array): RowBucket;
  /**
   * From inputs of 32 bytes, whose rows are the 40 bytes of {@link hashRows}: the same, without a copy of the rows.
   * @param which of the inputs, in which order; they are nowhere else than in the kernels' memory. Default: all
   */
  hashedBucket(shape: OkvsShape, key: Uint8Array, inputs: Uint8Array, which?: Uint32Array): RowBucket;
  /**
   * For each block, the sum of those of the 128 blocks of `basis` that its bits choose: a linear map, as the product
   * with a constant is. Bit j is the one of value 2^(j mod 8) in byte ⌊j/8⌋.
   */
  mapBlocks(basis: Uint8Array, blocks: Uint8Array): Uint8Array;
  /**
   * Tags of `tagBytes`, 6 to 16, one after the other. `random` seeds the table, so that tags that somebody chose do not
   * make it slow.
   */
  matchTags(own: Uint8Array, peer: Uint8Array, tagBytes: number, random: Random): TagMatches;
  /** Zeros what calls left in memory, and ends the bucket. */
  clear(): void;
}
