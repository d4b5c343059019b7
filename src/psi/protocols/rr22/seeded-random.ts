/** Randomness that comes again from the same seed: AES-128 in counter mode under a key for each purpose. */
import { createCipheriv, createHash } from 'node:crypto';
import type { Random } from '../../../contracts/random.ts';

const KEY_BYTES = 16;

export function seededRandom(seed: Uint8Array, purpose: string): Random {
  const key = createHash('sha256').update(`privity-psi rr22 draws ${purpose} `).update(seed).digest();
  const cipher = createCipheriv('aes-128-ctr', key.subarray(0, KEY_BYTES), new Uint8Array(16));
  key.fill(0);
  return {
    bytes(length) {
      const bytes = new Uint8Array(length);
      bytes.set(cipher.update(bytes));
      return bytes;
    },
  };
}
