import { createHash } from 'node:crypto';
import { systemRandom } from '../../src/base/system.ts';
import type { Random } from '../../src/contracts/random.ts';

/**
 * Randomness by rank of a secure device's members, and of a dealer behind them, for sessions that are alike to some
 * members: all that these draw, and what others give them for common seeds, is the same each time. What they receive
 * must look random all the same.
 */
export function knownTo(...members: readonly number[]): (rank: number) => Random {
  return (rank) => {
    // Members and dealer draw first what they give to each member, by rank.
    let drawn = 0;
    return {
      bytes(length) {
        const to = drawn++;
        if (!members.includes(rank) && !members.includes(to)) return systemRandom.bytes(length);
        const hash = createHash('shake256', { outputLength: length });
        return new Uint8Array(hash.update(`${rank} to ${to}`).digest());
      },
    };
  };
}
