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
  const draw = drawUpTo(source);
  for (let last = length - 1; last > 0; last--) {
    const other = draw(last);
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

/**
 * Numbers up to `max`, of as many bits as it has: a larger one is drawn again, every other time at most. Remainders of
 * 32 bits would need fewer draws, and a division each, which took four times as long.
 */
function drawUpTo(source: WordSource): (max: number) => number {
  let piece = new Uint32Array(0);
  let at = 0;
  return (max) => {
    const mask = 0xffff_ffff >>> Math.clz32(max);
    for (;;) {
      if (at === piece.length) {
        // A copy: what a source gives is valid until its next call only.
        piece = new Uint32Array(source.next(PIECE_WORDS).slice().buffer);
        at = 0;
      }
      const value = ((piece[at++] as number) & mask) >>> 0;
      if (value <= max) return value;
    }
  };
}
