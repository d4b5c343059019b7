/**
 * The hash that breaks the correlation of OT extension: rows of 128 bits and their number to 64 bits.
 *
 * Reference: Guo, Katz, Wang and Yu, Efficient and Secure Multiparty Computation from Fixed-Key Block Ciphers, IEEE S&P
 * 2020, https://eprint.iacr.org/2019/074: tweakable MMO, H(x, i) = π(π(x) ⊕ i) ⊕ π(x), tweakable correlation-robust if
 * π is an ideal permutation.
 * Differences: π is AES-128 under a key that is public and fresh in each session (a digest of the base OTs' messages),
 * so that work done before a session is of no use against it; half of the output is kept, which is all that is needed;
 * tweaks count modulo 2^64 and may in principle recur after 2^32 rows of a fiber: rows are distinct all the same, and
 * without tweaks MMO is correlation-robust, which is what a semi-honest adversary calls for.
 * Cost: local; two AES blocks a row.
 */
import { type Cipher, createCipheriv } from 'node:crypto';
import { invariant } from '../../base/errors.ts';
import type { OtKernels } from './ot-kernel-types.ts';

export class RowHash {
  readonly #cipher: Cipher;
  readonly #kernels: OtKernels;

  constructor(publicKey: Uint8Array, kernels: OtKernels) {
    this.#cipher = createCipheriv('aes-128-ecb', publicKey.subarray(0, 16), null).setAutoPadding(false);
    this.#kernels = kernels;
  }

  /**
   * Hashes rows of four words to two words each. The tweak of a row is its number, counted from `first` modulo 2^32,
   * beside the tag. If `offset` is given, four words, it is added to each row before.
   */
  hash(rows: Uint32Array, first: number, tag: number, offset?: Uint32Array): Uint32Array {
    return this.#kernels.hashRows(this.#permute, { rows, first, tag, offset });
  }

  readonly #permute = (blocks: Uint8Array): Uint8Array => {
    const bytes = this.#cipher.update(blocks);
    invariant(bytes.byteLength === blocks.byteLength, 'AES gave another number of bytes');
    return bytes;
  };
}
