/**
 * Columns of a party that does not receive the result, for the one that does: the sender encrypts what goes with each
 * of its rows under a key that the receiver can make just for rows that both have (PsiKeyed), and sends all of them.
 *
 * Reference: M. Freedman, Y. Ishai, B. Pinkas, O. Reingold, "Keyword search and oblivious pseudorandom functions", TCC
 *   2005. Cipher: ChaCha20-Poly1305 (RFC 8439).
 * Differences: rows are padded to the longest one of the sender's table; they stand in the slots of the protocol that
 *   gives the keys, so the receiver finds a row by where its tag stood, and slots without a row hold random bytes.
 * Security: as the protocol that gives the keys, and the cipher for one message a key. Keys of rows that the receiver
 *   does not have are uniform to it: so these rows are as many random bytes to it. It learns the columns of rows that
 *   both have, how many rows the sender has, their padded length, names and types of the columns. The sender receives
 *   nothing here, and so learns nothing.
 *   A receiver that deviates by bringing ids that it does not hold opens their rows, too: as many as it has told rows
 *   (rr22: a fifth more). A minimum of rows is kept by the receiver's own program: below it nothing is opened, but the
 *   keys are there, and a receiver that deviates opens what it has. A sender that deviates can send any values, as with
 *   every input; what does not open under the key of its tag, or is no row, ends the run, and whether it has ended
 *   tells the sender if that row matches.
 * Needs: keys that are used for nothing else; an ordered, authenticated, encrypted channel of two.
 * Flow: sender → receiver: shape (columns, bytes of a row), then the slots in pieces, as rows are read and encrypted.
 * Cost: sealedCost: 16 bytes a slot beside the padded row; some 3 µs of a core a row at the sender, and a match at the
 *   receiver. Memory: 40 bytes a row for its key, slot and place, and some MB; rows that match go into the database
 *   as they come.
 */
import { PeerError } from '../../base/errors.ts';
import { nextTurn } from '../../base/turn.ts';
import type { Channel } from '../../contracts/channel.ts';
import type { Random } from '../../contracts/random.ts';
import { decodeArrow } from '../../data/arrow-decode.ts';
import { encodeArrow } from '../../data/arrow-encode.ts';
import type { Column } from '../../data/column-type.ts';
import { pickRows } from '../../data/pick-rows.ts';
import { deriveRelation, dropRelation, type Relation } from '../../data/relation.ts';
import { relationFrom } from '../../data/table-of.ts';
import { inOrder, PAYLOAD_ROWS } from '../joins/payload.ts';
import { onLine, type PsiLine } from '../line.ts';
import { requireLength, violation } from '../messages.ts';
import { ROW_KEY_BYTES, type RowKeys } from '../protocols/protocol.ts';
import { rawColumns } from './own-rows.ts';
import { decodeRows, encodeRows, isRowBytes } from './row-bytes.ts';
import { loadRowSeal, type RowSeal, SEAL_BYTES } from './row-seal.ts';
import { ROWS, rows, SHAPE, shape, slotsOfPiece } from './sealed-messages.ts';

/** Bytes of rows that are read, or written to the database, at once. */
export const BATCH_BYTES = 4 * 1024 * 1024;

/** Rows that are encrypted or opened before other work of the process gets a turn: some 5 ms. */
const ROWS_PER_TURN = 1024;

export interface SealedExchange {
  /** Of this party. */
  readonly keys: Pick<RowKeys, 'slots' | 'keys'>;
  readonly slotCount: number;
  readonly signal: AbortSignal;
  /** So many more slots are through. */
  advance(slots: number): void;
}

export interface SealedSending extends SealedExchange {
  readonly relation: Relation;
  /** Rows of it, in the order of their slots. */
  readonly rows: Uint32Array;
  readonly columns: readonly Column[];
  readonly rowBytes: number;
  readonly random: Random;
}

const batchRows = (bytes: number): number =>
  Math.max(1, Math.min(PAYLOAD_ROWS, Math.floor(BATCH_BYTES / bytes)));

/** The sender's part. */
export async function sendSealed(channel: Channel, sending: SealedSending): Promise<void> {
  const { relation, columns, signal, rowBytes } = sending;
  const origin = 'the columns for the other party';
  const seal = await loadRowSeal();
  const picked = await pickRows(relation, { rows: sending.rows, columns, origin, signal });
  try {
    const none = await deriveRelation(picked, `SELECT * FROM ${picked.sqlName} LIMIT 0`, origin, signal);
    const header = await encodeArrow(none).finally(() => dropRelation(none));
    await onLine(channel, signal, async (line) => {
      await line.send(shape(rowBytes, header));
      await sendSlots(line, new RowReader(picked, rowBytes, signal), seal, sending);
    });
  } finally {
    await dropRelation(picked);
  }
}

async function sendSlots(
  line: PsiLine,
  reader: RowReader,
  seal: RowSeal,
  { keys: { keys, slots }, slotCount, rowBytes, random, signal, advance }: SealedSending,
): Promise<void> {
  const sealedBytes = rowBytes + SEAL_BYTES;
  const each = slotsOfPiece(rowBytes);
  let next = 0;
  for (let first = 0; first < slotCount; first += each) {
    const count = Math.min(each, slotCount - first);
    const body = new Uint8Array(count * sealedBytes);
    for (let slot = 0; slot < count; slot++) {
      const into = body.subarray(slot * sealedBytes, (slot + 1) * sealedBytes);
      if (slots[next] === first + slot) {
        const key = keys.subarray(next * ROW_KEY_BYTES, (next + 1) * ROW_KEY_BYTES);
        // A wait for each row would take as long as to encrypt it.
        if (!reader.has(next)) await reader.read(next);
        seal.seal(key, reader.row(next++), into);
      } else into.set(random.bytes(sealedBytes));
      if (slot % ROWS_PER_TURN === 0) await nextTurn(signal);
    }
    await line.send(rows(first / each, body));
    advance(count);
  }
}

/** Rows of a relation, encoded, from the first to the last. */
class RowReader {
  readonly #relation: Relation;
  readonly #bytes: number;
  readonly #signal: AbortSignal;
  #batch: Uint8Array = new Uint8Array();
  #first = 0;
  #end = 0;

  constructor(relation: Relation, bytes: number, signal: AbortSignal) {
    this.#relation = relation;
    this.#bytes = bytes;
    this.#signal = signal;
  }

  has(row: number): boolean {
    return row < this.#end;
  }

  /** From this row on. */
  async read(row: number): Promise<void> {
    this.#first = row;
    this.#end = Math.min(this.#relation.rowCount, row + batchRows(this.#bytes));
    const count = this.#end - row;
    const columns = await rawColumns(this.#relation, { first: row, rows: count }, this.#signal);
    this.#batch = encodeRows(columns, count, this.#bytes);
  }

  /** One that it has. */
  row(row: number): Uint8Array {
    const at = (row - this.#first) * this.#bytes;
    return this.#batch.subarray(at, at + this.#bytes);
  }
}

/**
 * The receiver's part: gives the other party's columns of the rows that match, in the order of their slots. The caller
 * drops it.
 * @param names of the columns
 * @throws {PeerError} PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_CHECK
 * @throws {DataError} PRIVITY_TABLE_CORRUPT, PRIVITY_TABLE_LIMIT
 */
export async function receiveSealed(
  channel: Channel,
  names: readonly string[],
  exchange: SealedExchange & { onShape?(rowBytes: number): void },
): Promise<Relation> {
  const seal = await loadRowSeal();
  const { signal } = exchange;
  return onLine(channel, signal, async (line) => {
    const { columns, rowBytes } = await receiveShape(line, names);
    exchange.onShape?.(rowBytes);
    const taker = new RowTaker(columns, rowBytes);
    try {
      await receiveSlots(line, taker, seal, rowBytes, exchange);
      return await inOrder(await taker.pieces(), names, signal);
    } finally {
      await taker.drop();
    }
  });
}

async function receiveShape(
  line: PsiLine,
  names: readonly string[],
): Promise<{ readonly columns: readonly Column[]; readonly rowBytes: number }> {
  const { part, index: rowBytes, body } = await line.receivePart();
  if (part !== SHAPE) throw violation(`a message of kind ${part} where columns were due`);
  const { columns, rowCount } = decodeArrow(body);
  const isSame = columns.length === names.length && columns.every(({ name }, at) => name === names[at]);
  if (!isSame || rowCount !== 0) throw violation('other columns than were agreed on');
  if (!isRowBytes(columns, rowBytes))
    throw violation(`rows of ${rowBytes} bytes, which its columns cannot have`);
  return { columns: columns.map(({ name, type }) => ({ name, type })), rowBytes };
}

async function receiveSlots(
  line: PsiLine,
  taker: RowTaker,
  seal: RowSeal,
  rowBytes: number,
  { keys: { keys, slots }, slotCount, signal, advance }: SealedExchange,
): Promise<void> {
  const sealedBytes = rowBytes + SEAL_BYTES;
  const each = slotsOfPiece(rowBytes);
  const row = new Uint8Array(rowBytes);
  let next = 0;
  for (let first = 0; first < slotCount; first += each) {
    const count = Math.min(each, slotCount - first);
    const { part, index, body } = await line.receivePart();
    if (part !== ROWS || index !== first / each) throw violation('encrypted rows out of order');
    requireLength(body, count * sealedBytes, 'encrypted rows');
    for (; (slots[next] ?? slotCount) < first + count; next++) {
      const at = ((slots[next] ?? 0) - first) * sealedBytes;
      const key = keys.subarray(next * ROW_KEY_BYTES, (next + 1) * ROW_KEY_BYTES);
      if (!seal.open(key, body.subarray(at, at + sealedBytes), row))
        throw new PeerError(
          'PRIVITY_PSI_CHECK',
          'the peer of the intersection sent an encrypted row that does not open under the key of its tag',
        );
      taker.take(row);
      if (taker.isFull) await taker.write();
      if (next % ROWS_PER_TURN === 0) await nextTurn(signal);
    }
    advance(count);
  }
}

/** Decoded rows, in the database in pieces. */
class RowTaker {
  readonly #columns: readonly Column[];
  readonly #bytes: number;
  #batch = new Uint8Array();
  #rows = 0;
  readonly #pieces: Relation[] = [];

  constructor(columns: readonly Column[], bytes: number) {
    this.#columns = columns;
    this.#bytes = bytes;
  }

  /** Where it is not full. */
  take(row: Uint8Array): void {
    if (this.#batch.byteLength === 0) this.#batch = new Uint8Array(batchRows(this.#bytes) * this.#bytes);
    this.#batch.set(row, this.#rows++ * this.#bytes);
  }

  get isFull(): boolean {
    return this.#rows === batchRows(this.#bytes);
  }

  /** All of them: one at least, of no rows. */
  async pieces(): Promise<readonly Relation[]> {
    if (this.#rows > 0 || this.#pieces.length === 0) await this.write();
    return this.#pieces;
  }

  async write(): Promise<void> {
    const encoded = this.#batch.subarray(0, this.#rows * this.#bytes);
    const types = this.#columns.map(({ type }) => type);
    const sources = decodeRows(types, encoded, this.#bytes);
    const named = this.#columns.flatMap(({ name }, at) => {
      const source = sources[at];
      return source === undefined ? [] : [{ name, ...source }];
    });
    this.#pieces.push(await relationFrom(named, this.#rows, 'the columns of the other party'));
    this.#rows = 0;
  }

  async drop(): Promise<void> {
    for (const piece of this.#pieces.splice(0)) await dropRelation(piece);
  }
}
