/**
 * The hash that breaks the correlation of OT extension: rows of 128 bits and their number to 64 bits.
 *
 * Reference: Guo, Katz, Wang and Yu, Efficient and Secure Multiparty Computation from Fixed-Key Block Ciphers, IEEE S&P 2020,
 * https://eprint.iacr.org/2019/074: tweakable MMO, H(x, i) = π(π(x) ⊕ i) ⊕ π(x), tweakable correlation-robust if π is an ideal permutation.
 * Differences: π is AES-128 under a key that is public and fresh in each session (a digest of the base OTs' messages), so that work done
 * before a session is of no use against it; half of the output is kept, which is all that is needed; tweaks count modulo 2^64 and may in
principle recur after 2^32 rows of a fiber: rows are distinct all the same, and without tweaks MMO is correlation-robust, which is what a
semi-honest adversary calls for.
 * Cost: local; two AES blocks a row.
 */
import { type Cipher, createCipheriv } from 'node:crypto';
import { invariant } from '../../base/errors.ts';

/** Bytes that one call of the cipher takes: at 64 KiB a call it runs at the speed of the AES instructions, and results stay in the cache. */
const CALL_BYTES = 1 << 16;

export class RowHash {
  readonly #cipher: Cipher;

  constructor(publicKey: Uint8Array) {
    this.#cipher = createCipheriv('aes-128-ecb', publicKey.subarray(0, 16), null).setAutoPadding(false);
  }

  /**
   * Hashes rows of four words to two words each. The tweak of a row is its number, counted from `first`, beside the tag.
   * If `offset` is given, four words, it is added to each row before.
   */
  hash(rows: Uint32Array, first: number, tag: number, offset?: Uint32Array): Uint32Array {
    const output = new Uint32Array(rows.length / 2);
    for (let at = 0; at < rows.length; at += CALL_BYTES / 4) {
      const part = rows.subarray(at, at + CALL_BYTES / 4);
      const input = offset === undefined ? part : added(part, offset);
      const inner = this.#permute(input);
      tweak(inner, first + at / 4, tag);
      const outer = this.#permute(inner);
      // The tweak is in the first half only, so the second half of `inner` is still π(x).
      for (let i = 2, to = at / 2; i < inner.length; i += 4, to += 2) {
        output[to] = (outer[i] as number) ^ (inner[i] as number);
        output[to + 1] = (outer[i + 1] as number) ^ (inner[i + 1] as number);
      }
    }
    return output;
  }

  #permute(words: Uint32Array): Uint32Array {
    const bytes = this.#cipher.update(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
    invariant(bytes.byteLength === words.byteLength, 'AES gave another number of bytes');
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
    return new Uint32Array(aligned.buffer, aligned.byteOffset, words.length);
  }
}

function added(rows: Uint32Array, offset: Uint32Array): Uint32Array {
  const [a, b, c, d] = [offset[0] ?? 0, offset[1] ?? 0, offset[2] ?? 0, offset[3] ?? 0];
  const sum = new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i += 4) {
    sum[i] = (rows[i] as number) ^ a;
    sum[i + 1] = (rows[i + 1] as number) ^ b;
    sum[i + 2] = (rows[i + 2] as number) ^ c;
    sum[i + 3] = (rows[i + 3] as number) ^ d;
  }
  return sum;
}

/** Adds each row's number, modulo 2^32, and the tag to its first 64 bits. */
function tweak(rows: Uint32Array, first: number, tag: number): void {
  for (let i = 0, number = first >>> 0; i < rows.length; i += 4, number++) {
    rows[i] = (rows[i] as number) ^ number;
    rows[i + 1] = (rows[i + 1] as number) ^ tag;
  }
}
