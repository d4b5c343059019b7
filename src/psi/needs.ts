/** What an intersection takes, told before it begins, and refused where it is more than there is. Pure. */
import { EnvironmentError } from '../base/errors.ts';
import { PICKED_BYTES } from '../data/pick-rows.ts';
import { psiCost } from './exchange.ts';
import { DISTINCT_BYTES } from './ids/distinct.ts';
import { ID_BYTES, type PsiProtocol, type PsiTold } from './protocols/protocol.ts';

export interface PsiNeeds {
  /** At one time, beside the tables and what the process is itself. */
  readonly memoryBytes: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** Where nobody says how much memory there is. What Diffie-Hellman takes for its largest tables is below it. */
export const PSI_MEMORY_BYTES = 4 * 2 ** 30;

/** A match is a number of a row, and the digest of all takes their tags together once more. */
const MATCH_BYTES = 4 + 16;

export interface PsiSizes {
  readonly ownRows: number;
  /** 1 before the peer has told: what the own rows take, whatever the peer's are. */
  readonly peerRows: number;
  readonly rank: number;
  readonly told: PsiTold;
}

export function psiNeeds(protocol: PsiProtocol, { ownRows, peerRows, rank, told }: PsiSizes): PsiNeeds {
  // Ids stay all the time; one of these comes after the other.
  const whileCounting = DISTINCT_BYTES * ownRows;
  const whileMatching = protocol.memory(ownRows, peerRows) + MATCH_BYTES * Math.min(ownRows, peerRows);
  const whilePicking = PICKED_BYTES * ownRows + MATCH_BYTES * Math.min(ownRows, peerRows);
  const theirs = { receives: told.peerReceives, peerReceives: told.receives };
  return {
    memoryBytes: ID_BYTES * ownRows + Math.max(whileCounting, whileMatching, whilePicking),
    sentBytes: psiCost(protocol, ownRows, peerRows, rank, told).bytes,
    receivedBytes: psiCost(protocol, peerRows, ownRows, 1 - rank, theirs).bytes,
  };
}

/**
 * Before it is known which protocol it will be: the one that takes least is enough.
 * @throws {EnvironmentError} PRIVITY_PSI_MEMORY
 */
export function requireSomeMemory(
  protocols: readonly PsiProtocol[],
  sizes: PsiSizes,
  allowedBytes: number,
): void {
  const all = protocols.map((protocol) => ({ protocol, needs: psiNeeds(protocol, sizes) }));
  const [least] = all.sort((a, b) => a.needs.memoryBytes - b.needs.memoryBytes);
  if (least !== undefined) requireMemory(least.protocol, least.needs, allowedBytes);
}

/** @throws {EnvironmentError} PRIVITY_PSI_MEMORY */
export function requireMemory(
  { name }: Pick<PsiProtocol, 'name'>,
  { memoryBytes }: PsiNeeds,
  allowedBytes: number,
): void {
  if (memoryBytes <= allowedBytes) return;
  throw new EnvironmentError(
    'PRIVITY_PSI_MEMORY',
    `an intersection of these sizes by ${name} takes ${megabytes(memoryBytes)} of memory; this party has ${megabytes(allowedBytes)} for it`,
  );
}

/** A line for this party's log: both row counts are known to it. */
export function needsText(
  on: readonly string[],
  { name }: Pick<PsiProtocol, 'name'>,
  { ownRows, peerRows }: Pick<PsiSizes, 'ownRows' | 'peerRows'>,
  needs: PsiNeeds,
): string {
  const { memoryBytes, sentBytes, receivedBytes } = needs;
  return `psi on ${on.join(', ')} by ${name}: ${ownRows} rows here, ${peerRows} at the peer; takes up to ${megabytes(memoryBytes)} of memory, sends ${megabytes(sentBytes)}, receives ${megabytes(receivedBytes)}`;
}

function megabytes(bytes: number): string {
  return `${Math.max(1, Math.ceil(bytes / 1e6))} MB`;
}
