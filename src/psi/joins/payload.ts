/**
 * Columns that a party gives the other of the rows that both have. Both receive the result, so both know which rows
 * these are, and the order: what is sent is a table of them in that order, in pieces.
 */
import { DataError, PeerError } from '../../base/errors.ts';
import type { Channel } from '../../contracts/channel.ts';
import { tableFromArrow } from '../../data/arrow-decode.ts';
import { encodeArrow } from '../../data/arrow-encode.ts';
import type { Column } from '../../data/column-type.ts';
import { pickRows } from '../../data/pick-rows.ts';
import { deriveRelation, dropRelation, type Relation, requireColumns } from '../../data/relation.ts';
import { identifier } from '../../data/sql.ts';
import { relationOf, type Table } from '../../data/table.ts';
import { numbered } from './numbered.ts';

/** Rows of a message: some MiB of a few columns. */
export const PAYLOAD_ROWS = 65_536;

/** Of no rows there is a piece, too: the receiver learns the types of the columns. */
export const payloadMessages = (rows: number): number => Math.max(1, Math.ceil(rows / PAYLOAD_ROWS));

/**
 * What is wrong with the columns is found before anything is sent.
 * @throws {DataError} PRIVITY_COLUMN_MISSING, PRIVITY_COLUMN_NAME
 */
export function payloadColumns(
  relation: Relation,
  own: readonly string[],
  theirs: readonly string[],
): readonly Column[] {
  const names = new Set(relation.columns.map(({ name }) => name.toLowerCase()));
  const taken = theirs.find((name) => names.has(name.toLowerCase()));
  if (taken !== undefined)
    throw new DataError(
      'PRIVITY_COLUMN_NAME',
      `the other party gives a column '${taken}', and this table has a column of this name; rename it in a query before`,
    );
  return requireColumns(relation, own);
}

/** What one party gives, and what it gets. */
export interface PayloadExchange {
  readonly relation: Relation;
  /** Rows of it, in the order that both have. */
  readonly matched: Uint32Array;
  readonly own: readonly Column[];
  readonly theirs: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Gives the other party's columns of the rows that match, in their order; nothing, where it gives none. The caller
 * drops it.
 * @throws {PeerError} PRIVITY_PSI_PROTOCOL
 * @throws {DataError} PRIVITY_TABLE_CORRUPT, PRIVITY_TABLE_LIMIT
 */
export async function exchangePayload(
  channel: Channel,
  exchange: PayloadExchange,
): Promise<Relation | undefined> {
  const { own, theirs } = exchange;
  const [received] = await Promise.all([
    theirs.length > 0 ? receiveColumns(channel, exchange) : undefined,
    own.length > 0 ? sendColumns(channel, exchange) : undefined,
  ]);
  return received;
}

async function sendColumns(
  channel: Channel,
  { relation, matched, own, signal }: PayloadExchange,
): Promise<void> {
  const list = own.map(({ name }) => identifier(name)).join(', ');
  const origin = 'the columns for the other party';
  const picked = await pickRows(relation, { rows: matched, columns: own, origin, signal });
  const { from, row } = numbered(picked);
  try {
    for (let piece = 0; piece < payloadMessages(matched.length); piece++) {
      signal.throwIfAborted();
      const [first, end] = [piece * PAYLOAD_ROWS, (piece + 1) * PAYLOAD_ROWS];
      const select = `SELECT ${list} FROM ${from} AS t WHERE t.${row} >= ${first} AND t.${row} < ${end} ORDER BY t.${row}`;
      const rows = await deriveRelation(picked, select, origin, signal);
      try {
        await channel.send(1 - channel.rank, await encodeArrow(rows));
      } finally {
        await dropRelation(rows);
      }
    }
  } finally {
    await dropRelation(picked);
  }
}

async function receiveColumns(
  channel: Channel,
  { matched, theirs, signal }: PayloadExchange,
): Promise<Relation> {
  // Tables, not relations: one that nobody holds frees its rows.
  const pieces: Table[] = [];
  try {
    for (let piece = 0; piece < payloadMessages(matched.length); piece++) {
      const bytes = await channel.receive(1 - channel.rank);
      signal.throwIfAborted();
      const table = await tableFromArrow(bytes);
      pieces.push(table);
      requireSame(table, pieces[0], theirs, Math.min(PAYLOAD_ROWS, matched.length - piece * PAYLOAD_ROWS));
    }
    return await inOrder(pieces.map(relationOf), theirs, signal);
  } finally {
    for (const piece of pieces) await piece.drop();
  }
}

/** Pieces of the other party's columns, one after the other. */
export async function inOrder(
  pieces: readonly Relation[],
  names: readonly string[],
  signal: AbortSignal,
): Promise<Relation> {
  const [first] = pieces;
  if (first === undefined) throw violation();
  // Names that no column of theirs can have beside them.
  const inner = names.map((name, at) => `${identifier(name)} AS c${at}`).join(', ');
  const outer = names.map((name, at) => `c${at} AS ${identifier(name)}`).join(', ');
  const all = pieces.map(
    ({ sqlName }, at) => `SELECT ${at} AS piece, row_number() OVER () AS place, ${inner} FROM ${sqlName}`,
  );
  const select = `SELECT ${outer} FROM (${all.join(' UNION ALL ')}) AS s ORDER BY s.piece, s.place`;
  return deriveRelation(first, select, 'the columns of the other party', signal);
}

function requireSame(piece: Table, first: Table | undefined, names: readonly string[], rows: number): void {
  const isSame =
    piece.rowCount === rows &&
    piece.columns.length === names.length &&
    piece.columns.every(({ name, type }, at) => name === names[at] && type === first?.columns[at]?.type);
  if (!isSame) throw violation();
}

const violation = (): PeerError =>
  new PeerError(
    'PRIVITY_PSI_PROTOCOL',
    'the peer of the intersection sent other columns, or of another number of rows, than were agreed on',
  );
