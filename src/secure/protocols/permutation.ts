/** Permutations as members have them: position i of what is permuted has what stood at permutation[i]. */
import type { WordSource } from '../kernels/kernels.ts';
import type { Words } from '../sharing/shares.ts';

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

export function isPermutation(list: Uint32Array): boolean {
  const seen = new Uint8Array(list.length);
  for (const position of list) {
    if (position >= list.length || seen[position] === 1) return false;
    seen[position] = 1;
  }
  return true;
}

export function inverseOf(permutation: Uint32Array): Uint32Array {
  const out = new Uint32Array(permutation.length);
  for (let i = 0; i < out.length; i++) out[permutation[i] as number] = i;
  return out;
}

/** Elements of the first at the positions of the second: what permutes by the first, and then by the second. */
export function composed(first: Uint32Array, second: Uint32Array): Uint32Array {
  return Uint32Array.from(second, (position) => first[position] as number);
}

/** Words that a permutation of so many takes: two positions each. */
export const packedLength = (length: number): number => Math.ceil(length / 2);

export function packed(permutation: Uint32Array): Words {
  const words = new BigUint64Array(packedLength(permutation.length));
  new Uint32Array(words.buffer).set(permutation);
  return words;
}

/** Of what somebody else has sent: it may be none. */
export function unpacked(words: Words, length: number): Uint32Array {
  return new Uint32Array(words.buffer, words.byteOffset, 2 * words.length).slice(0, length);
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
