import type { Words } from '../sharing/shares.ts';

const rounds: readonly (readonly [number, bigint, bigint])[] = [
  [32, 32n, 0x00000000ffffffffn],
  [16, 16n, 0x0000ffff0000ffffn],
  [8, 8n, 0x00ff00ff00ff00ffn],
  [4, 4n, 0x0f0f0f0f0f0f0f0fn],
  [2, 2n, 0x3333333333333333n],
  [1, 1n, 0x5555555555555555n],
];

/**
 * Transposes a 64 × 64 matrix of bits in place: bit j of word i becomes bit i of word j. Halves are swapped, then
 * quarters, and so on (Hacker's Delight, 2nd edition, section 7-3, with the lowest bit as column 0).
 */
export function transpose64(block: Words): void {
  for (const [half, shift, mask] of rounds) {
    for (let i = 0; i < 64; i = ((i | half) + 1) & ~half) {
      const low = block[i] as bigint;
      const high = block[i | half] as bigint;
      const moved = ((low >> shift) ^ high) & mask;
      block[i] = BigInt.asUintN(64, low ^ (moved << shift));
      block[i | half] = high ^ moved;
    }
  }
}
