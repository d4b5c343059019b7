/**
 * A party's part of an intersection into shares: from its table to what it gives a secure device for each bin. Where
 * the holder's table has fewer rows than was said, ids that nobody has fill it up: how many rows it has is not told.
 */
import { DataError, invariant, PeerError, UsageError } from '../../base/errors.ts';
import type { Channel } from '../../contracts/channel.ts';
import type { Random } from '../../contracts/random.ts';
import { relationOf, type Table } from '../../data/table.ts';
import { checkBound } from '../../secure/bounds/check.ts';
import type { Interval } from '../../secure/bounds/interval.ts';
import { type Dtype, encode } from '../../secure/ring/fixed-point.ts';
import type { PsiContext } from '../align.ts';
import { type PsiExchange, runHidden } from '../exchange.ts';
import { type JoinIds, joinIds } from '../joins/ids.ts';
import { agreementOn, type JoinPlan } from '../joins/plan.ts';
import { checkComparable, decodeKeyTypes, encodeKeyTypes } from '../key-types.ts';
import { needsText, PSI_MEMORY_BYTES, psiNeeds, requireMemory, requireSomeMemory } from '../needs.ts';
import { ID_BYTES, NEITHER, type PsiProtocol } from '../protocols/protocol.ts';
import { type Bins, NO_ROW } from './bins.ts';
import { sharesProtocol } from './protocol.ts';
import { runBins } from './run-bins.ts';
import { binsOf, wordBits } from './sizes.ts';

/** How numbers of a column become words, as every party knows it. */
export interface SharedColumn {
  readonly name: string;
  readonly dtype: Dtype;
  readonly bound: Interval;
  /** Whether the job says the bound. */
  readonly declared: boolean;
}

/** The same at both parties. The holder is the one of rank `plan.left`. */
export interface SharesPlan {
  readonly plan: JoinPlan;
  /** Rows that the holder's table has at most. */
  readonly rows: number;
  /** By rank of their owner. */
  readonly columns: readonly [readonly SharedColumn[], readonly SharedColumn[]];
  readonly fracBits: number;
}

/** What a table brings. */
export interface PreparedShares extends Pick<JoinIds, 'types' | 'leftOut'> {
  /** The holder's are as many as was said. */
  readonly ids: Uint8Array;
  /** Of this party: a word for each id. */
  readonly columns: readonly BigUint64Array[];
}

/** What a party gives the device, a word for each bin. Zeroed by who takes it. */
export interface BinParts {
  readonly words: BigUint64Array;
  /** Of the holder: its own columns, 0 in bins without a row. Empty at the other party. */
  readonly own: readonly BigUint64Array[];
  /** The holder's summands of the other party's columns, or that party's. */
  readonly shares: readonly BigUint64Array[];
}

export interface PrepareContext {
  readonly signal: AbortSignal;
  readonly random: Random;
  /** The rows are made up for a rehearsal. */
  readonly madeUp: boolean;
  /** Whether numbers beyond their bounds are refused. */
  readonly checked: boolean;
}

const otherOf = ({ plan }: SharesPlan): 0 | 1 => (plan.left === 0 ? 1 : 0);
const columnsAt = ({ columns }: SharesPlan, rank: number): readonly SharedColumn[] =>
  columns[rank === 0 ? 0 : 1];

const protocolOf = (join: SharesPlan): PsiProtocol =>
  sharesProtocol(join.plan.left, columnsAt(join, otherOf(join)).length);

/**
 * Everything that can be wrong with a table of this party alone is found here, before a byte is sent.
 * @throws {DataError} as `prepareJoin`; PRIVITY_COLUMN_MISSING, PRIVITY_COLUMN_TYPE, PRIVITY_COLUMN_NULLS,
 *   PRIVITY_SECURE_DOMAIN
 * @throws {UsageError} PRIVITY_SHARE_MISMATCH: more rows than was said
 */
export async function prepareShares(
  table: Table,
  rank: number,
  join: SharesPlan,
  { signal, random, madeUp, checked }: PrepareContext,
): Promise<PreparedShares> {
  const { plan, rows, fracBits } = join;
  const holds = rank === plan.left;
  const wishes = { ...plan, madeUp };
  const made = await joinIds(
    relationOf(table),
    plan.on[rank === 0 ? 0 : 1],
    wishes,
    [protocolOf(join)],
    signal,
  );
  const count = made.ids.byteLength / ID_BYTES;
  if (holds && count > rows) {
    throw new UsageError(
      'PRIVITY_SHARE_MISMATCH',
      `the left table of the intersection has ${count} rows that take part, and the job says at most ${rows} (into: { rows })`,
    );
  }
  const columns: BigUint64Array[] = [];
  for (const column of columnsAt(join, rank)) {
    signal.throwIfAborted();
    const words = await wordsOf(table, column, fracBits, checked);
    const { rowOf } = made;
    columns.push(rowOf === undefined ? words : gathered(words, rowOf));
  }
  const { types, leftOut } = made;
  return { ids: holds ? filledUp(made.ids, rows, random) : made.ids, types, leftOut, columns };
}

/**
 * A party whose policy asks for a number of rows: it would have to see how many match.
 * @throws {DataError} PRIVITY_ROWS_TOO_FEW
 */
export function refuseMinimum(minimumRows: number): void {
  if (minimumRows <= 0) return;
  throw new DataError(
    'PRIVITY_ROWS_TOO_FEW',
    `This party asks for at least ${minimumRows} rows of an intersection, and of one that stays as shares nobody sees how many there are.`,
  );
}

/** Of all rows of the table. */
async function wordsOf(
  table: Table,
  { name, dtype, bound, declared }: SharedColumn,
  fracBits: number,
  checked: boolean,
): Promise<BigUint64Array> {
  const values = await table.numbers(name);
  const shape = [values.length];
  if (checked) checkBound(values, { dtype, shape, bound, declared, checked }, fracBits, name);
  const words = encode(values, dtype, fracBits, shape);
  values.fill(0);
  return words;
}

function gathered(words: BigUint64Array, rowOf: Uint32Array): BigUint64Array {
  const out = new BigUint64Array(rowOf.length);
  for (let at = 0; at < out.length; at++) out[at] = words[rowOf[at] as number] as bigint;
  words.fill(0n);
  return out;
}

/** Random ids are those of no key, but for a chance of 2^-200. */
function filledUp(ids: Uint8Array, rows: number, random: Random): Uint8Array {
  if (ids.byteLength === rows * ID_BYTES) return ids;
  const all = new Uint8Array(new SharedArrayBuffer(rows * ID_BYTES));
  all.set(ids);
  for (let at = ids.byteLength; at < all.byteLength; at += ID_BYTES) all.set(random.bytes(ID_BYTES), at);
  return all;
}

/**
 * Both parties' parts of all bins, for a device that makes a secret table of them ({@link tableOfBins}).
 *
 * Learns: of the other party the types of its key columns, and how many rows it has, of the holder how many the job
 * says; nothing of the intersection.
 * @throws {DataError} PRIVITY_KEY_TYPE_MISMATCH, PRIVITY_PSI_LIMIT
 * @throws {EnvironmentError} PRIVITY_PSI_MEMORY
 * @throws {PeerError} PRIVITY_PSI_MISMATCH, PRIVITY_PSI_PROTOCOL
 */
export async function binParts(
  channel: Channel,
  join: SharesPlan,
  { ids, types, columns }: PreparedShares,
  context: PsiContext,
): Promise<BinParts> {
  const { plan, rows } = join;
  const { rank } = channel;
  const holds = rank === plan.left;
  const protocol = protocolOf(join);
  const on = plan.on[rank === 0 ? 0 : 1];
  const ownRows = ids.byteLength / ID_BYTES;
  const { memoryBytes = PSI_MEMORY_BYTES } = context;
  const sizes = { ownRows, rank, told: NEITHER };
  requireSomeMemory([protocol], { ...sizes, peerRows: holds ? 1 : rows }, memoryBytes);
  const exchange: PsiExchange = {
    ids,
    agreement: agreementOn(plan, [protocol], channel.binding),
    keyTypes: encodeKeyTypes(types),
    acceptKeyTypes: (theirs) => checkComparable(on, types, decodeKeyTypes(theirs, on.length)),
    acceptRows: (_, peerRows) => {
      if (!holds && peerRows !== rows) throw otherRows();
      const needs = psiNeeds(protocol, { ...sizes, peerRows });
      requireMemory(protocol, needs, memoryBytes);
      context.note?.(needsText(on, protocol, { ownRows, peerRows }, needs));
    },
    signal: AbortSignal.any([channel.signal, context.signal]),
    random: context.random,
    threads: context.threads,
    onProgress: (done, total) => context.onProgress?.(done, total),
  };
  const theirs = columnsAt(join, otherOf(join)).length;
  const found = await runHidden(channel, protocol, exchange, (line, setting) =>
    runBins(line, { ...setting, holds, columns: theirs, payload: holds ? [] : columns }),
  );
  requireForm(found, rows, theirs);
  const own = holds ? columns.map((words) => inBins(words, found)) : [];
  for (const words of columns) words.fill(0n);
  return { words: found.words, own, shares: found.shares };
}

/** Ids that fill the table up have no words, and count as no row. */
function inBins(words: BigUint64Array, { bins, rowOf }: Bins): BigUint64Array {
  const out = new BigUint64Array(bins);
  for (let bin = 0; bin < bins; bin++) {
    const row = rowOf?.[bin] ?? NO_ROW;
    if (row < words.length) out[bin] = words[row] as bigint;
  }
  return out;
}

/** What all members of a device reckon with. */
function requireForm({ bins, bits, words, shares }: Bins, rows: number, columns: number): void {
  const isSo =
    bins === binsOf(rows) &&
    bits <= wordBits(bins) &&
    shares.length === columns &&
    [words, ...shares].every(({ length }) => length === bins);
  invariant(isSo, 'bins have another form than follows from the number of rows');
}

const otherRows = (): PeerError =>
  new PeerError(
    'PRIVITY_PSI_PROTOCOL',
    'the peer brings another number of rows to the intersection than the job says',
  );
