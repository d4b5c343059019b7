import { type Cost, evenCost } from '../../cost.ts';
import { planeWords } from '../../sharing/shares.ts';
import { packedLength } from '../permutation.ts';
import type { ProtocolCosts } from '../protocol.ts';

export function refCosts(size: number): ProtocolCosts {
  const free: Cost = evenCost(size, 0, 0);
  const nothing = (): Cost => free;
  const tell = (owner: number, words: number): Cost => ({
    rounds: 1,
    bytes: Array.from({ length: size }, (_, rank) => (rank === owner ? 8 * words * (size - 1) : 0)),
  });
  return {
    shareA: (owner, length) => tell(owner, length),
    shareB: (owner, length, width) => tell(owner, width * planeWords(length)),
    openA: nothing,
    openB: nothing,
    tells: () => true,
    mulSS: nothing,
    matmulSS: nothing,
    mulTruncSS: nothing,
    matmulTruncSS: nothing,
    truncS: nothing,
    truncExactS: nothing,
    andSS: nothing,
    a2b: nothing,
    b2a: nothing,
    bit2a: nothing,
    msbS: nothing,
    eqzS: nothing,
    randomA: nothing,
    randomB: nothing,
    shuffleS: nothing,
    permuteByS: (owner, length) => tell(owner, packedLength(length)),
  };
}
