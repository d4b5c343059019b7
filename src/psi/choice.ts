/** Which protocol an intersection runs: both parties come to the same one. */
import { DataError, PeerError } from '../base/errors.ts';
import type { PsiProtocol } from './protocols/protocol.ts';

/** Each by its bit: what one party tells the other that it takes. */
export function protocolBits(protocols: readonly PsiProtocol[]): number {
  return protocols.reduce((bits, { bit }) => bits | bit, 0);
}

/**
 * Of the protocols that both take, the one for tables of these sizes.
 * @throws {PeerError} PRIVITY_PSI_MISMATCH: they have none in common
 * @throws {DataError} PRIVITY_PSI_LIMIT: the peer has more rows than any of them takes
 */
export function chooseProtocol(
  own: readonly PsiProtocol[],
  peerBits: number,
  ownRows: number,
  peerRows: number,
): PsiProtocol {
  const common = own.filter(({ bit }) => (peerBits & bit) !== 0);
  if (common.length === 0) {
    const names = own.map(({ name }) => name).join(', ');
    throw new PeerError(
      'PRIVITY_PSI_MISMATCH',
      `the peer takes none of the protocols of this party, which are ${names}`,
    );
  }
  const most = Math.max(ownRows, peerRows);
  const fitting = common.filter(({ rowsMax }) => most <= rowsMax);
  const [first] = [...fitting].sort((a, b) => order(b, most) - order(a, most));
  if (first !== undefined) return first;
  const limit = Math.max(...common.map(({ rowsMax }) => rowsMax));
  const names = common.map(({ name }) => name).join(' and ');
  throw new DataError(
    'PRIVITY_PSI_LIMIT',
    `the peer's table has ${peerRows} rows; the limit of ${names} is ${limit}`,
  );
}

/** The one of the most rows that are not too many comes first; one that is for more is better than none. */
function order({ fromRows }: PsiProtocol, rows: number): number {
  return fromRows <= rows ? fromRows : -fromRows;
}
