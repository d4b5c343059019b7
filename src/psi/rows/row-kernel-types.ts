/** The inner loops over the rows of one bucket, as both implementations give them. */
import type { Random } from '../../contracts/random.ts';
import type { OkvsShape } from '../okvs/shape.ts';

/** Either the own row of each tag of the peer, `NO_ROW` where there is none, or whose list has a tag twice. */
export type TagMatches = { readonly rows: Uint32Array } | { readonly repeated: 'own' | 'peer' };

export interface RowKernels {
  readonly name: 'wasm' | 'typescript';
  /** `outputBytes`, at most 64, for each input of 32 bytes: see blake3.ts. */
  hashRows(key: Uint8Array, inputs: Uint8Array, outputBytes: number): Uint8Array;
  /** See okvs/okvs.ts. Rows are of 40 hashed bytes. */
  encode(shape: OkvsShape, rows: Uint8Array, random: Random): Uint8Array | undefined;
  decode(shape: OkvsShape, encoding: Uint8Array, rows: Uint8Array): Uint8Array;
  /**
   * Tags of `tagBytes`, 6 to 16, one after the other. `random` seeds the table, so that tags that somebody chose do not
   * make it slow.
   */
  matchTags(own: Uint8Array, peer: Uint8Array, tagBytes: number, random: Random): TagMatches;
  /** Zeros what calls left in memory. */
  clear(): void;
}
