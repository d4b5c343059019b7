/** What an intersection takes, told before it begins, and refused where it is more than there is. Pure. */
import { EnvironmentError } from '../base/errors.ts';
import { PICKED_BYTES } from '../data/pick-rows.ts';
import { psiCost } from './exchange.ts';
import { DISTINCT_BYTES } from './ids/distinct.ts';
import {
  ID_BYTES,
  KEYED_ROW_BYTES,
  type PsiKeyed,
  type PsiProtocol,
  type PsiTold,
} from './protocols/protocol.ts';
import { sealedCost } from './sealed/sealed-messages.ts';
import { BATCH_BYTES } from './sealed/sealed-rows.ts';

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
  /** Columns come from the party that does not receive, encrypted row by row. */
  readonly sealed?: {
    /** Bytes of a row, which its sender alone knows beforehand. */
    readonly rowBytes: number | undefined;
  };
}

/** Of encrypted rows: a batch that is read, encoded and under way, or opened, decoded and written. */
const SEALED_BYTES = 8 * BATCH_BYTES;

export function psiNeeds(protocol: PsiProtocol, sizes: PsiSizes): PsiNeeds {
  const { ownRows, peerRows, rank, told, sealed } = sizes;
  if (sealed !== undefined && protocol.keyed !== undefined) return sealedNeeds(protocol.keyed, sizes, sealed);
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

function sealedNeeds(
  keyed: PsiKeyed,
  { ownRows, peerRows, rank, told }: PsiSizes,
  { rowBytes = 0 }: NonNullable<PsiSizes['sealed']>,
): PsiNeeds {
  const keys = KEYED_ROW_BYTES * ownRows;
  const whileCounting = DISTINCT_BYTES * ownRows;
  const whileSending = keys + PICKED_BYTES * ownRows + SEALED_BYTES;
  const theirs = { receives: told.peerReceives, peerReceives: told.receives };
  const rows = sealedCost(keyed.slots(ownRows, peerRows, rank, told), rowBytes, 0).bytes;
  return {
    memoryBytes: ID_BYTES * ownRows + Math.max(whileCounting, keyed.memory(ownRows, peerRows), whileSending),
    sentBytes: psiCost(keyed, ownRows, peerRows, rank, told).bytes + (told.receives ? 0 : rows),
    receivedBytes: psiCost(keyed, peerRows, ownRows, 1 - rank, theirs).bytes + (told.receives ? rows : 0),
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

/** Another one, at a party that gets encrypted rows: how long they are it knows when they come. */
export function sealedText(on: readonly string[], slots: number, rowBytes: number): string {
  const { bytes } = sealedCost(slots, rowBytes, 0);
  return `psi on ${on.join(', ')}: encrypted columns of the other party's rows, ${rowBytes} bytes each, ${megabytes(bytes)} together`;
}

function megabytes(bytes: number): string {
  return `${Math.max(1, Math.ceil(bytes / 1e6))} MB`;
}
