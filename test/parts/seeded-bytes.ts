/** Bytes that look random and are the same in every run. */
import { createHash } from 'node:crypto';
import type { Random } from '../../src/contracts/random.ts';

export function seededBytes(seed: string, length: number): Uint8Array {
  const digest = createHash('shake256', { outputLength: Math.max(length, 1) })
    .update(seed)
    .digest();
  return new Uint8Array(digest).subarray(0, length);
}

/** Each call gives other bytes. */
export function seededRandom(seed: string): Random {
  let calls = 0;
  return { bytes: (length) => seededBytes(`${seed} ${calls++}`, length) };
}
