/**
 * The code that makes sparse vectors pseudorandom: e of n columns becomes k outputs, linear over GF(2^128).
 *
 * Reference: Raghuraman, Rindal and Tanguy, Expand-Convolute Codes for Pseudorandom Correlation Generators from LPN,
 *   CRYPTO 2023, https://eprint.iacr.org/2023/882: output = B·A·e, A a convolution with 24 random bits a row, B an
 *   expander with 21 entries a row. Systematic and with an expander half regular, as its authors run it (libOTe).
 * Differences: each row's bits are drawn freely (libOTe: overlapping windows of one stream, made by a round of AES);
 *   one convolution instead of two, for the second guards against rows whose entries are all near one end, and 11
 *   entries in 11 regions exclude them; nothing wraps around from the last columns to the first. The entry that always
 *   stands at distance 25, and the diagonal, are x instead of 1.
 * Why x: a matrix of bits works on each of the 128 bits of its elements apart. The outputs would then be 128 binary
 *   words with noise in the same t places, a matrix of rank at most t: for t up to 256 linear algebra finds the places
 *   (Metzner and Kapturowski, IEEE Trans. IT 1990, for t up to 128). libOTe multiplies at the same place, by another
 *   constant.
 * Security: public, from a seed of the bucket. The assumption is dual LPN over GF(2^128) with regular noise for this
 *   code: parameters.ts.
 * Cost: local; for each column 24 additions and for each output 21.
 */
import { createCipheriv } from 'node:crypto';
import { ELEMENT_BYTES, VOLE_TABLE, type VoleShape } from './parameters.ts';
import { EXPANDER_WORDS, type VoleKernels } from './vole-kernel-types.ts';

/** Random words made in one call: 64 KiB, at which AES runs at its full speed. */
const WORDS_AT_ONCE = 16_384;
/** Whole rows of the expander in it. */
const ROWS_AT_ONCE = Math.floor(WORDS_AT_ONCE / EXPANDER_WORDS);

/** What {@link encode} needs at `words`. */
export const CODE_WORDS_BYTES = 4 * WORDS_AT_ONCE;

/** Turns the columns at each address into outputs, which come to stand there; what is behind them is used up. */
export function encode(
  kernels: VoleKernels,
  { outputs, columns }: VoleShape,
  vectors: readonly number[],
  words: number,
  seed: Uint8Array,
): void {
  const stream = createCipheriv('aes-128-ctr', seed, new Uint8Array(16));
  const zeros = new Uint8Array(CODE_WORDS_BYTES);
  const draw = (count: number): void =>
    kernels.bytes().set(stream.update(zeros.subarray(0, 4 * count)), words);
  const parity = columns - outputs;
  const behind = outputs * ELEMENT_BYTES;
  for (let first = 0; first < parity; first += WORDS_AT_ONCE) {
    const count = Math.min(WORDS_AT_ONCE, parity - first);
    draw(count);
    for (const vector of vectors) kernels.convolve(vector + behind, first, count, words);
  }
  for (let first = 0; first < outputs; first += ROWS_AT_ONCE) {
    const rows = Math.min(ROWS_AT_ONCE, outputs - first);
    draw(rows * VOLE_TABLE.expanderWeight);
    for (const vector of vectors) {
      const at = vector + first * ELEMENT_BYTES;
      kernels.expand({ outputs: at, rows, words, inputs: vector + behind, columns: parity });
    }
  }
  stream.final();
}
