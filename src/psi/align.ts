import { UsageError } from '../base/errors.ts';
import type { Channel } from '../contracts/channel.ts';
import type { Random } from '../contracts/random.ts';
import { deriveRelation, dropRelation, type Relation } from '../data/relation.ts';
import { relationOf, type Table, tableFrom } from '../data/table.ts';
import { relationFrom } from '../data/table-of.ts';
import { runPsi } from './exchange.ts';
import { checkComparable, decodeKeyTypes, encodeKeyTypes } from './key-types.ts';
import { agreementOn, checkKey, keyDigests, refuseDuplicates } from './keys.ts';
import type { PsiProtocol } from './protocols/protocol.ts';

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
 * @throws {UsageError} PRIVITY_PSI_USAGE
 * @throws {PeerError} PRIVITY_PSI_MISMATCH, PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_CHECK
 */
export async function psiAlign(
  channel: Channel,
  table: Table,
  options: PsiOptions,
  context: PsiContext,
): Promise<Table> {
  if (channel.size !== 2) {
    throw new UsageError('PRIVITY_PSI_USAGE', `an intersection is between 2 parties, not ${channel.size}`);
  }
  const { on, protocols } = options;
  const signal = AbortSignal.any([channel.signal, context.signal]);
  signal.throwIfAborted();
  const relation = relationOf(table);
  const keyTypes = await checkKey(relation, on, protocols, signal);
  const ids = await keyDigests(relation, on, signal);
  await refuseDuplicates(ids, on, signal);
  const { places } = await runPsi(channel, protocols, {
    ids,
    agreement: agreementOn(on, protocols, channel.binding),
    keyTypes: encodeKeyTypes(keyTypes),
    acceptKeyTypes: (theirs) => checkComparable(on, keyTypes, decodeKeyTypes(theirs, on.length)),
    signal,
    random: context.random,
    threads: context.threads,
    onProgress: (done, total) => context.onProgress?.(done, total),
  });
  return alignedRows(relation, places, signal);
}

/** The table's rows at these places, in their order. */
async function alignedRows(relation: Relation, places: Uint32Array, signal: AbortSignal): Promise<Table> {
  const found = await relationFrom(
    [{ name: 'row', type: 'UINTEGER' as const, values: places }],
    places.length,
    'the intersection',
  );
  try {
    const select = `SELECT t.* FROM ${relation.sqlName} AS t JOIN ${found.sqlName} AS m ON t.rowid = m.row ORDER BY m.rowid`;
    return tableFrom(await deriveRelation(relation, select, 'the intersection', signal));
  } finally {
    await dropRelation(found);
  }
}
