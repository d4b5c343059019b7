import { DataError, invariant, UsageError } from '../base/errors.ts';
import type { Channel } from '../contracts/channel.ts';
import type { Random } from '../contracts/random.ts';
import { dropRelation, type Relation } from '../data/relation.ts';
import { relationOf, type Table } from '../data/table.ts';
import { type PsiExchange, runCount, runKeyed, runPsi } from './exchange.ts';
import { idCount, type JoinIds, joinIds } from './joins/ids.ts';
import { exchangePayload, payloadColumns } from './joins/payload.ts';
import { agreementOn, type JoinPlan, plainJoin, receives, sealsPayload } from './joins/plan.ts';
import { type Found, resultPlaces, resultRows, smallestResult } from './joins/result.ts';
import { checkComparable, decodeKeyTypes, encodeKeyTypes } from './key-types.ts';
import {
  needsText,
  PSI_MEMORY_BYTES,
  type PsiSizes,
  psiNeeds,
  requireMemory,
  requireSomeMemory,
  sealedText,
} from './needs.ts';
import { fewMatchesText } from './profile/few.ts';
import { acceptedOf } from './protocols/index.ts';
import type { PsiProtocol, PsiTold } from './protocols/protocol.ts';
import { longestRow } from './sealed/own-rows.ts';
import { receiveSealed, sendSealed } from './sealed/sealed-rows.ts';

export interface PsiOptions {
  /** The key columns, the same names at both parties. */
  readonly on: readonly string[];
  /** Those that may run, the same at both parties: one is taken when the sizes are known (choice.ts). */
  readonly protocols: readonly PsiProtocol[];
}

export interface PsiContext {
  readonly signal: AbortSignal;
  /** Must be the operating system's generator, except in tests. */
  readonly random: Random;
  /** Worker threads for the protocol's arithmetic; 0: the calling thread. */
  readonly threads: number;
  /** Ids done of ids to do, own and the peer's; called after each piece of the protocol's work. */
  onProgress?(done: number, total: number): void;
  /** Memory that the step may take beside the tables. Default: {@link PSI_MEMORY_BYTES}. */
  readonly memoryBytes?: number | undefined;
  /** A line for this party's log: what the step will take, once both sizes are known. */
  note?(line: string): void;
}

/**
 * Private set intersection: gives each of two parties the rows of its own table whose key the other party's table has,
 * too, in the same order at both. A shared pseudorandom value gives the order, which has nothing to do with the order
 * of either table.
 *
 * Learns: the intersection, and the number of rows of the other party; nothing else (semi-honest; see the head of the
 * protocol and docs/psi.md, also for what the code of a failure says).
 * The types of the key columns are told first; pairs whose equal values can have different texts are refused at both
 * parties. An empty intersection is a result: a table of 0 rows. Keys compare by their SQL text form (keys.ts).
 * Cost: psiCost for messages, bytes and rounds; with dh about 90 µs of one core for each row of either table. Ends
 *   within 100 ms after an abort.
 * @throws {DataError} before anything is sent: PRIVITY_COLUMN_MISSING, PRIVITY_KEY_TYPE, PRIVITY_TABLE_EMPTY,
 *   PRIVITY_KEY_NULL, PRIVITY_KEY_DUPLICATE, PRIVITY_PSI_LIMIT; before sizes are told: PRIVITY_KEY_TYPE_MISMATCH
 * @throws {EnvironmentError} PRIVITY_PSI_MEMORY: before anything is sent, if this party's rows are too many whatever
 *   the peer's are; else when both know the sizes
 * @throws {UsageError} PRIVITY_PSI_USAGE, PRIVITY_PSI_POLICY
 * @throws {PeerError} PRIVITY_PSI_MISMATCH, PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_CHECK
 */
export async function psiAlign(
  channel: Channel,
  table: Table,
  { on, protocols }: PsiOptions,
  context: PsiContext,
): Promise<Table> {
  const { rows } = await psiJoin(channel, table, { protocols, plan: plainJoin(on) }, context);
  invariant(rows !== undefined, 'both parties receive a plain intersection');
  return rows;
}

export interface PsiJoin {
  /** As {@link PsiOptions} has them. */
  readonly protocols: readonly PsiProtocol[];
  /** Names of those that this party takes by its own policy. Default: all. */
  readonly accepts?: readonly string[] | undefined;
  /** The same at both parties. */
  readonly plan: JoinPlan;
  /** What {@link prepareJoin} gave for the table: taken over, and its ids are zeroed when the join has ended. */
  readonly prepared?: JoinIds;
  /** Of this party alone: fewer rows are no result for it. */
  readonly minimumRows?: number;
  /** The rows are made up for a rehearsal: that few of them match says nothing. */
  readonly madeUp?: boolean;
  /** So many rows match, before anything is made of them. */
  onMatched?(rows: number): void;
  /** Columns of so many rows are about to leave. What it throws ends the join before. */
  onPayload?(rows: number): void;
}

/** What the party of this rank gets; nothing, where it is no receiver. */
export interface JoinResult {
  readonly rows?: Table;
  /** Of a plan that only counts, in place of rows. */
  readonly count?: number;
}

/**
 * What can be done and found wrong before the peer is asked for anything: the ids of the table.
 * @throws {UsageError} PRIVITY_PSI_USAGE, PRIVITY_PSI_POLICY
 * @throws {DataError} those that {@link psiAlign} names for before anything is sent, and PRIVITY_KEY_UNREADABLE
 */
export async function prepareJoin(
  table: Table,
  rank: number,
  { protocols: wanted, accepts, plan }: Pick<PsiJoin, 'protocols' | 'accepts' | 'plan'>,
  { signal, madeUp = false }: { readonly signal: AbortSignal; readonly madeUp?: boolean },
): Promise<JoinIds> {
  const protocols = acceptedOf(wanted, accepts);
  const relation = relationOf(table);
  const [own, theirs] = payloadNames(plan, rank);
  const columns = payloadColumns(relation, own, theirs);
  // Waited for here, because nobody else may hold the table: one that nobody holds frees its rows.
  const ids = await joinIds(relation, plan.on[rank === 0 ? 0 : 1], { ...plan, madeUp }, protocols, signal);
  if (!sealsPayload(plan) || columns.length === 0) return ids;
  return { ...ids, rowBytes: await longestRow(relation, columns, signal) };
}

/**
 * A join of two parties' tables by private set intersection, as the plan says: {@link psiAlign} is the plainest.
 * @throws {DataError} besides those of {@link psiAlign}: PRIVITY_KEY_UNREADABLE before anything is sent,
 *   PRIVITY_ROWS_TOO_FEW after the intersection was found
 */
export async function psiJoin(
  channel: Channel,
  table: Table,
  join: PsiJoin,
  context: PsiContext,
): Promise<JoinResult> {
  if (channel.size !== 2) {
    throw new UsageError('PRIVITY_PSI_USAGE', `an intersection is between 2 parties, not ${channel.size}`);
  }
  const accepted = acceptedOf(join.protocols, join.accepts);
  const signal = AbortSignal.any([channel.signal, context.signal]);
  let { prepared } = join;
  try {
    signal.throwIfAborted();
    prepared ??= await prepareJoin(table, channel.rank, join, { signal });
    return await joinOf(channel, table, { ...join, accepted, prepared }, { ...context, signal });
  } finally {
    prepared?.ids.fill(0);
  }
}

/** A join of which the ids are made. `accepted`: of its protocols those that this party takes. */
async function joinOf(
  channel: Channel,
  table: Table,
  join: PsiJoin & { readonly accepted: readonly PsiProtocol[]; readonly prepared: JoinIds },
  context: PsiContext,
): Promise<JoinResult> {
  const { accepted: protocols, plan, prepared } = join;
  const { signal } = context;
  const { rank } = channel;
  const on = plan.on[rank === 0 ? 0 : 1];
  requireKnowable(plan, rank, join.minimumRows ?? 0);
  const told = { receives: receives(plan, rank), peerReceives: receives(plan, 1 - rank) };
  const own = idCount(prepared);
  const { memoryBytes = PSI_MEMORY_BYTES } = context;
  const sizes = { ownRows: own, rank, told, ...sealedSize(plan, prepared) };
  requireSomeMemory(protocols, { ...sizes, peerRows: 1 }, memoryBytes);
  let peer = 0;
  const exchange = {
    ids: prepared.ids,
    agreement: agreementOn(plan, join.protocols, channel.binding),
    keyTypes: encodeKeyTypes(prepared.types),
    acceptKeyTypes: (theirs: Uint8Array) =>
      checkComparable(on, prepared.types, decodeKeyTypes(theirs, on.length)),
    told,
    acceptRows: (protocol: PsiProtocol, peerRows: number) => {
      peer = peerRows;
      const needs = psiNeeds(protocol, { ...sizes, peerRows });
      requireMemory(protocol, needs, memoryBytes);
      context.note?.(needsText(on, protocol, { ownRows: own, peerRows }, needs));
    },
    signal,
    random: context.random,
    threads: context.threads,
    onProgress: (done: number, total: number) => context.onProgress?.(done, total),
  } satisfies PsiExchange;
  const minimum = join.madeUp ? 0 : Math.max(plan.minimumRows, join.minimumRows ?? 0);
  const matched = (rows: number): void => {
    const few = fewMatchesText(on, rows, own, peer);
    if (few !== undefined) context.note?.(few);
    join.onMatched?.(rows);
  };
  if (plan.cardinality) {
    const count = await runCount(channel, protocols, exchange);
    if (count === undefined) return {};
    matched(count);
    requireEnough(count, minimum);
    return { count };
  }
  if (sealsPayload(plan))
    return joinSealed(channel, table, { ...join, onMatched: matched }, exchange, {
      prepared,
      minimum,
      context,
    });
  const matches = await runPsi(channel, protocols, exchange);
  if (matches === undefined) return {};
  const found: Found = {
    rank,
    rows: rank === 0 ? [own, matches.peerRows] : [matches.peerRows, own],
    matched: matches.places.map((place) => prepared.rowOf?.[place] ?? place),
    rowOf: prepared.rowOf,
  };
  matched(found.matched.length);
  requireEnough(smallestResult(plan, found), minimum);
  const beside = await besideRows(channel, relationOf(table), join, found, signal);
  try {
    return { rows: await resultRows(relationOf(table), resultPlaces(plan, found), beside, signal) };
  } finally {
    if (beside !== undefined) await dropRelation(beside);
  }
}

const sealedSize = (plan: JoinPlan, { rowBytes }: JoinIds): Pick<PsiSizes, 'sealed'> =>
  sealsPayload(plan) ? { sealed: { rowBytes } } : {};

/** One party receives, and the other gives columns: of all its rows, encrypted one by one. */
async function joinSealed(
  channel: Channel,
  table: Table,
  join: PsiJoin,
  exchange: PsiExchange & { readonly told: PsiTold },
  given: { readonly prepared: JoinIds; readonly minimum: number; readonly context: PsiContext },
): Promise<JoinResult> {
  const { prepared, minimum, context } = given;
  const { signal, told, random } = exchange;
  const relation = relationOf(table);
  const [names, theirs] = payloadNames(join.plan, channel.rank);
  const { keys, slots, places, slotCount, peerRows } = await runKeyed(
    channel,
    acceptedOf(join.protocols, join.accepts),
    exchange,
  );
  try {
    const rows = places.map((place) => prepared.rowOf?.[place] ?? place);
    const total = idCount(prepared) + peerRows + slotCount;
    let done = total - slotCount;
    const advance = (more: number): void => {
      done += more;
      context.onProgress?.(done, total);
    };
    const sealed = { keys: { keys, slots }, slotCount, signal, advance };
    if (!told.receives) {
      const { rowBytes } = prepared;
      invariant(rowBytes !== undefined, 'rows without a length');
      join.onPayload?.(rows.length);
      const columns = payloadColumns(relation, names, theirs);
      await sendSealed(channel, { ...sealed, relation, rows, columns, rowBytes, random });
      return {};
    }
    join.onMatched?.(rows.length);
    requireEnough(rows.length, minimum);
    const onShape = (rowBytes: number): void =>
      context.note?.(sealedText(join.plan.on[channel.rank === 0 ? 0 : 1], slotCount, rowBytes));
    const beside = await receiveSealed(channel, theirs, { ...sealed, onShape });
    try {
      return { rows: await resultRows(relation, rows, beside, signal) };
    } finally {
      await dropRelation(beside);
    }
  } finally {
    keys.fill(0);
  }
}

/** What the party of this rank gives of its columns, and what it gets. */
const payloadNames = ({ payload }: JoinPlan, rank: number): JoinPlan['payload'] =>
  rank === 0 ? payload : [payload[1], payload[0]];

/** The other party's columns of the rows that match, where it gives some. */
function besideRows(
  channel: Channel,
  relation: Relation,
  join: PsiJoin,
  { rank, matched }: Found,
  signal: AbortSignal,
): Promise<Relation | undefined> {
  const [names, theirs] = payloadNames(join.plan, rank);
  const own = payloadColumns(relation, names, theirs);
  if (own.length > 0) join.onPayload?.(matched.length);
  return exchangePayload(channel, { relation, matched, own, theirs, signal });
}

/** A party that receives nothing cannot count: what it asks for must be what the receiver looks at. */
function requireKnowable(plan: JoinPlan, rank: number, minimum: number): void {
  if (receives(plan, rank) || minimum <= plan.minimumRows) return;
  throw new DataError(
    'PRIVITY_ROWS_TOO_FEW',
    `This party asks for at least ${minimum} rows, and does not receive the result that would show them: the job must say minimumRows: ${minimum}, or more.`,
  );
}

function requireEnough(rows: number, minimum: number): void {
  if (rows >= minimum) return;
  throw new DataError(
    'PRIVITY_ROWS_TOO_FEW',
    `The result has ${rows} rows; at least ${minimum} are asked for, and nothing more is made of them.`,
  );
}
