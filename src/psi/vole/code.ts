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
 *   words with noise in the same t places, and linear algebra finds those: for t up to 128 by Metzner and Kapturowski
 *   (IEEE Trans. Information Theory 36, 1990), at this rate with an information set up to about 256. libOTe multiplies
 *   at the same place, by another constant.
 * Security: public, from a seed of the bucket. The assumption is dual LPN over GF(2^128) with regular noise for this
 *   code: parameters.ts.
 * Cost: local; for each column 24 additions and for each output 21.
 */
import { createCipheriv } from 'node:crypto';
import { ELEMENT_BYTES, VOLE_TABLE, type VoleShape } from './parameters.ts';
import type { VoleKernels, Width } from './vole-kernel-types.ts';

/** Random words made in one call: 64 KiB, at which AES runs at its full speed. */
const WORDS_AT_ONCE = 16_384;

/** What {@link encode} needs at `words`. */
export const CODE_WORDS_BYTES = 4 * WORDS_AT_ONCE;

/** Entries of a row that may stand anywhere. */
const FREE = VOLE_TABLE.expanderWeight - VOLE_TABLE.expanderRegions;

/** Columns that become outputs, one vector or two that stand together, and a place for random words. */
export interface Encoding {
  readonly vectors: number;
  readonly width: Width;
  readonly words: number;
}

/**
 * Turns columns into outputs, which come to stand in the place of the first of them; what is behind them is used up.
 * The stream of the seed gives the words of the convolution, then those of all rows in the first region, the second,
 * and so on, for a region stays in the cache, and at last ten words a row.
 */
export function encode(
  kernels: VoleKernels,
  { outputs, columns }: VoleShape,
  { vectors, width, words }: Encoding,
  seed: Uint8Array,
): void {
  const stream = createCipheriv('aes-128-ctr', seed, new Uint8Array(16));
  const zeros = new Uint8Array(CODE_WORDS_BYTES);
  const element = width * ELEMENT_BYTES;
  const parity = columns - outputs;
  const behind = vectors + outputs * element;
  const inParts = (total: number, perItem: number, work: (first: number, count: number) => void): void => {
    const most = Math.floor(WORDS_AT_ONCE / perItem);
    for (let first = 0; first < total; first += most) {
      const count = Math.min(most, total - first);
      kernels.bytes().set(stream.update(zeros.subarray(0, 4 * count * perItem)), words);
      work(first, count);
    }
  };
  inParts(parity, 1, (first, count) => kernels.convolve({ vectors: behind, width, first, count, words }));
  const gather = (perRow: number, inputs: number, among: number): void =>
    inParts(outputs, perRow, (first, rows) => {
      const at = vectors + first * element;
      kernels.gather({ outputs: at, width, rows, words, perRow, inputs, columns: among });
    });
  const region = Math.floor(parity / VOLE_TABLE.expanderRegions);
  for (let index = 0; index < VOLE_TABLE.expanderRegions; index++) {
    gather(1, behind + index * region * element, region);
  }
  gather(FREE, behind, parity);
  stream.final();
}
