import type { WordSource } from '../kernels/kernels.ts';

/** Words fetched at a time; the rest of the last piece is thrown away, at every holder of the stream alike. */
const PIECE_WORDS = 1024;

/**
 * A uniformly random permutation of 0 … length-1 (Fisher-Yates) from common coins: every holder of the stream gets the
 * same. Indices are drawn by rejection, so none is more likely than another. length ≤ 2^32.
 */
export function permutationFrom(source: WordSource, length: number): Uint32Array {
  const permutation = Uint32Array.from({ length }, (_, index) => index);
  const draw = drawBelow(source);
  for (let last = length - 1; last > 0; last--) {
    const other = draw(last + 1);
    const moved = permutation[last] as number;
    permutation[last] = permutation[other] as number;
    permutation[other] = moved;
  }
  return permutation;
}

function drawBelow(source: WordSource): (bound: number) => number {
  let piece = new Uint32Array(0);
  let at = 0;
  return (bound) => {
    // Values from the last, incomplete run of `bound` would favour small results.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      if (at === piece.length) {
        // A copy: what a source gives is valid until its next call only.
        piece = new Uint32Array(source.next(PIECE_WORDS).slice().buffer);
        at = 0;
      }
      const value = piece[at++] as number;
      if (value < limit) return value % bound;
    }
  };
}
