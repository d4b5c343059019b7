/** What parties tell each other of the protocol that makes bins, and what it takes: a protocol that no job names. */
import { UsageError } from '../../base/errors.ts';
import { loadEdwards } from '../../secure/correlation/base-ot.ts';
import { sharesTold } from '../joins/words.ts';
import type { PsiProtocol } from '../protocols/protocol.ts';
import { binsCost, binsMemory } from './run-bins.ts';
import { SHARES_ROWS_MAX } from './sizes.ts';

/** @param columns of the party that holds no bins */
export function sharesProtocol(holder: number, columns: number): PsiProtocol {
  return {
    name: 'bins',
    version: 1,
    bit: 4,
    fromRows: 0,
    rowsMax: SHARES_ROWS_MAX,
    discloses: sharesTold(false),
    async available() {
      await loadEdwards();
    },
    cost: (ownRows, peerRows, rank) => binsCost(ownRows, peerRows, rank === holder, columns),
    memory: (ownRows, peerRows) =>
      Math.max(binsMemory(ownRows, peerRows, columns), binsMemory(peerRows, ownRows, columns)),
    run: () =>
      Promise.reject(new UsageError('PRIVITY_PSI_USAGE', 'bins are no intersection that a party receives')),
  };
}
