import { UsageError } from '../../base/errors.ts';
import type { ProtocolName } from '../protocols/protocol.ts';

/** Parties that can do without a dealer in semi2k: oblivious transfer is between two. */
const PARTIES_WITHOUT_DEALER = 2;

/**
 * Throws unless this dealer fits these parties, which compute and may hold data.
 * @param dealer the party that deals, or undefined
 * @throws {UsageError} PRIVITY_SECURE_DEALER: it is one of the parties, the protocol takes none, or needs one
 */
export function checkDealer(
  protocol: ProtocolName,
  parties: readonly string[],
  dealer: string | undefined,
): void {
  if (dealer !== undefined && protocol !== 'semi2k') {
    throw new UsageError(
      'PRIVITY_SECURE_DEALER',
      `${protocol} works without a dealer; only semi2k takes one.`,
    );
  }
  if (dealer !== undefined && parties.includes(dealer)) {
    throw new UsageError(
      'PRIVITY_SECURE_DEALER',
      `'${dealer}' is named as the dealer and is one of the parties that hold data: together with one share it would know every input. Name a party that only deals.`,
    );
  }
  if (dealer === undefined && protocol === 'semi2k' && parties.length > PARTIES_WITHOUT_DEALER) {
    throw new UsageError(
      'PRIVITY_SECURE_DEALER',
      `semi2k with ${parties.length} parties needs a dealer, a further party that holds no data; without one it takes exactly two.`,
    );
  }
}
