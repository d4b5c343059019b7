import type { Kernels } from '../../kernels/kernels.ts';
import type { Arith, Bits, Words } from '../../sharing/shares.ts';
import type { Rep3Seeds } from './seeds.ts';

/** What one member of rep3 is: the parts of the protocol are functions of it. */
export interface Rep3State {
  readonly rank: number;
  readonly kernels: Kernels;
  readonly seeds: Rep3Seeds;
}

/** Share with index rank, and with index rank + 1. */
export function partsOf(x: Arith | Bits): readonly [Words, Words] {
  return x.parts as unknown as readonly [Words, Words];
}

/** The parts in which the share with this index is `words` and the others are zero. For what both its holders know. */
export function onlyIndex(
  rank: number,
  index: number,
  words: Words | undefined,
  count: number,
): readonly Words[] {
  const zero: Words = new BigUint64Array(count);
  return [rank, (rank + 1) % 3].map((held) => (held === index ? (words ?? zero) : zero));
}
