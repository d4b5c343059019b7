import type { CorrelationSource } from '../../correlation/source.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import type { Arith, Bits, Words } from '../../sharing/shares.ts';
import type { Semi2kSeeds } from './seeds.ts';

/** What one member of semi2k is: the parts of the protocol are functions of it. */
export interface Semi2kState {
  readonly rank: number;
  readonly size: number;
  readonly kernels: Kernels;
  readonly seeds: Semi2kSeeds;
  readonly source: CorrelationSource;
}

export const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/** The one summand that a member has. */
export function partOf(x: Arith | Bits): Words {
  return x.parts[0] as Words;
}

/** What the member with this rank knows, in the form of a share: zeros at the others. */
export function onlyRank(state: Semi2kState, rank: number, words: Words): readonly Words[] {
  return [state.rank === rank ? words : new BigUint64Array(words.length)];
}

/** Fresh memory, filled by `work`. */
export function made(length: number, work: (out: Words) => void): Words {
  const out = new BigUint64Array(length);
  work(out);
  return out;
}
