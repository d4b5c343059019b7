/**
 * Bit matrices, packed 32 bits a word, lowest bit first. Reference: Warren, Hacker's Delight, section 7-3 (blocks of
 * 32×32 by halving). This is the specification in code; a kernel in WebAssembly may take its place.
 */
import { invariant } from '../../base/errors.ts';

/** Bits in a row of the matrices of OT extension: the security parameter. */
export const ROW_BITS = 128;
const ROW_WORDS = ROW_BITS / 32;

/**
 * From 128 columns of `rows` bits, one after the other, to rows of 128 bits. `rows` is a multiple of 32.
 * Bit c of row r is bit r of column c.
 */
export function transposeColumns(columns: Uint32Array, rows: number): Uint32Array {
  const columnWords = rows / 32;
  invariant(columns.length === columnWords * ROW_BITS, 'a bit matrix has another size');
  const output = new Uint32Array(rows * ROW_WORDS);
  const block = new Uint32Array(32);
  for (let word = 0; word < columnWords; word++) {
    for (let group = 0; group < ROW_WORDS; group++) {
      let from = group * 32 * columnWords + word;
      for (let i = 0; i < 32; i++, from += columnWords) block[i] = columns[from] as number;
      transposeBlock(block);
      let to = word * 32 * ROW_WORDS + group;
      for (let i = 0; i < 32; i++, to += ROW_WORDS) output[to] = block[i] as number;
    }
  }
  return output;
}

/** Transposes 32×32 bits in place: swaps the off-diagonal quarters, then those of each quarter, and so on. */
export function transposeBlock(block: Uint32Array): void {
  for (let half = 16, mask = 0xffff; half !== 0; half >>= 1, mask ^= mask << half) {
    for (let i = 0; i < 32; i = (i + half + 1) & ~half) {
      const upper = block[i] as number;
      const lower = block[i + half] as number;
      const moved = ((upper >>> half) ^ lower) & mask;
      block[i + half] = lower ^ moved;
      block[i] = upper ^ (moved << half);
    }
  }
}
