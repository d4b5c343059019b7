/**
 * What a protocol for private set intersection is to the rest of this room. Keys are checked and hashed before it runs
 * (keys.ts); key types and sizes are told before it runs, and results are compared after it (exchange.ts). In between
 * a protocol finds which of the ids both have.
 *
 * A new protocol is a folder here, and a line in the list of index.ts.
 */
import type { Random } from '../../contracts/random.ts';
import type { PsiLine } from '../line.ts';

/** Bytes of an id: a SHA-256 digest of its canonical form (keys.ts). */
export const ID_BYTES = 32;

export interface PsiProtocol {
  /** What jobs call it. Both parties compare it, with the version. */
  readonly name: string;
  /** Of its messages. */
  readonly version: number;
  /** Its bit in what parties tell each other of the protocols that they take. */
  readonly bit: number;
  /** Where none is named: it is taken from so many rows of the larger table on, until one of more does. */
  readonly fromRows: number;
  /** Rows of one party. */
  readonly rowsMax: number;
  /** What each party tells the other, in the words of a ledger. */
  readonly discloses: string;
  /**
   * Rejects on a machine that lacks what it needs.
   * @throws {EnvironmentError}
   */
  available?(): Promise<void>;
  /** What a ledger adds on a machine where something other than usual does the arithmetic; else nothing. */
  instead?(): Promise<string | undefined>;
  /**
   * What {@link run} costs the party of this rank, with `ownRows`: a test compares it with what is sent.
   * @param told who receives the result; both, where nothing is said
   */
  cost(ownRows: number, peerRows: number, rank: number, told?: PsiTold): PsiCost;
  /** Bytes that {@link run} has in memory at one time beside the ids that it is given: an upper bound. */
  memory(ownRows: number, peerRows: number): number;
  /**
   * One party's part. Whatever it starts has ended when the promise settles, also when the line fails. Gives nothing at
   * a party that does not receive the result.
   * @throws {PeerError} PRIVITY_PSI_PROTOCOL
   */
  run(line: PsiLine, setting: PsiSetting): Promise<PsiMatches | undefined>;
  /** How many ids both have, without telling which. Absent: it cannot. */
  readonly counting?: PsiCounting;
  /** Keys of rows, for columns of the party that does not receive the result. Absent: it cannot. */
  readonly keyed?: PsiKeyed;
}

export interface PsiCounting {
  /** What {@link run} costs, as of a protocol. */
  cost(ownRows: number, peerRows: number, rank: number, told?: PsiTold): PsiCost;
  /**
   * Gives the number at a party that receives it, nothing at another. Nothing that either party sees may depend on
   * which ids match.
   * @throws {PeerError} PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_CHECK
   */
  run(line: PsiLine, setting: PsiSetting): Promise<number | undefined>;
}

/**
 * An intersection that one party receives, in which every row of the other, the sender, has a secret key of its own
 * that the receiver can make just where it has the row's id, too. Under these the sender encrypts what goes with rows.
 */
export interface PsiKeyed {
  /** What {@link run} costs, as of a protocol. */
  cost(ownRows: number, peerRows: number, rank: number, told: PsiTold): PsiCost;
  /** As of a protocol; what {@link run} gives is in it. */
  memory(ownRows: number, peerRows: number): number;
  /** Slots of the sender, from what both know. */
  slots(ownRows: number, peerRows: number, rank: number, told: PsiTold): number;
  /**
   * Gives the keys of all rows at the sender, those of rows that match at the receiver. The caller zeroes them.
   * @throws {PeerError} PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_CHECK
   */
  run(line: PsiLine, setting: PsiSetting): Promise<RowKeys>;
}

/** Bytes of a row's key. */
export const ROW_KEY_BYTES = 32;
/** What {@link RowKeys} has of a row. */
export const KEYED_ROW_BYTES = ROW_KEY_BYTES + 2 * Uint32Array.BYTES_PER_ELEMENT;

export interface RowKeys {
  /** Places of own ids. */
  readonly places: Uint32Array;
  /**
   * For each the slot of the sender's row, rising: its place in an order that the sender has drawn, in which there may
   * be slots of no row, too.
   */
  readonly slots: Uint32Array;
  /** For each {@link ROW_KEY_BYTES} that nobody else has, and that are used for nothing else. */
  readonly keys: Uint8Array;
}

/** Who receives the result: at least one of the two, where it is not left as shares. */
export interface PsiTold {
  readonly receives: boolean;
  /**
   * If not, nothing that depends on which ids match may reach the peer: no tag, no count, no digest, nor a message that
   * is there or not.
   */
  readonly peerReceives: boolean;
}

export const BOTH: PsiTold = { receives: true, peerReceives: true };
export const NEITHER: PsiTold = { receives: false, peerReceives: false };

export interface PsiCost {
  /** Messages and bytes that this party sends. */
  readonly messages: number;
  readonly bytes: number;
  /** Messages one after the other, each of which waits for one of the peer's. */
  readonly rounds: number;
}

export interface PsiSetting extends PsiTold {
  /** {@link ID_BYTES} each, without duplicates, in the order of the table: nothing of that order may reach the peer. */
  readonly ids: Uint8Array;
  readonly ownRows: number;
  /** At least 1, at most `rowsMax`. As the peer says: room for them is made as they come. */
  readonly peerRows: number;
  /** Length of a tag, which makes two ids get the same one with a chance below 2^-48. */
  readonly tagBytes: number;
  /** Digest of what both parties want: the same at both, and in no other step or run. */
  readonly agreement: Uint8Array;
  /** The operating system's generator, except in tests. */
  readonly random: Random;
  /** Worker threads that it may use; 0: the calling thread. */
  readonly threads: number;
  /** Aborts with the step; every wait on the line has been rejected then. */
  readonly signal: AbortSignal;
  /** So many more ids, own or the peer's, are done. In the end `ownRows + peerRows`. */
  advance(ids: number): void;
}

/** What a protocol has found. */
export interface PsiMatches {
  /**
   * Places of the own ids that the peer has, too: in an order that is the same at both parties, and has nothing to do
   * with that of either table.
   */
  readonly places: Uint32Array;
  /** By rank: what the party of this rank says of the result. Both know both where both have found the same. */
  readonly digests: readonly [Uint8Array, Uint8Array];
}
