/**
 * Private set intersection into shares (circuit PSI) of two parties: bins of one party's rows, in each of which both
 * get a word that is the same just where the row matches, and shares of the other's columns (bins.ts). The page:
 * docs/psi-shares.md.
 *
 * Reference: Pinkas, Schneider, Tkachenko and Yanai, Efficient Circuit-Based PSI with Linear Communication, EUROCRYPT
 *   2019, https://eprint.iacr.org/2019/241; with a function from a vector OLE: Rindal and Schoppmann, VOLE-PSI,
 *   EUROCRYPT 2021, https://eprint.iacr.org/2021/266; Raghuraman and Rindal, https://eprint.iacr.org/2022/320.
 *   The function: protocols/rr22/oprf.ts; bins: cuckoo.ts.
 * Differences: hints are an oblivious key-value store and not a polynomial, under keys that only the function gives;
 *   payload is in the same encoding; lists are cut into padded buckets as those of rr22. The three bins of a row are
 *   different ones, so that nothing is said twice for one bin; fewer hints than there is room for leave columns random,
 *   which is what keys of nobody would do. Bins without a row get words that are drawn, as nobody can look them up.
 * Security: semi-honest adversary that corrupts one of the two parties; assumptions are those of rr22. Either learns
 *   the other's number of rows, and nothing of what matches. A holder that deviates can look up more inputs than it has
 *   rows, up to the columns of its encoding, some 1.2 a row. Two that it looks up at one bin have the same word just if
 *   both are the other's: so it learns that of pairs of ids, and the difference of their columns. Either can make words
 *   and shares wrong, and nobody notices: nothing is checked.
 * Needs: an ordered, authenticated, encrypted channel of two; fresh randomness for every run; sodium-native for the
 *   base oblivious transfers; different ids.
 * Flow (a bucket; F the function, whose values the holder knows for its inputs alone):
 *   holder → other: seed of the bins; its inputs (id, which of its three bins), encoded. Both now have F.
 *   other → holder: P with, at F(x, j) for each own x and j, the word of bin j of x, and the columns of x less the
 *     bin's shares, masked by F(x, j). The holder looks up F(y, j) for the y in each bin.
 * Cost: binsCost: some 20 bytes a row of the holder, and 58 of the other for the word and one column, and for each two
 *   columns more; 4 rounds for each three buckets, and 2. Some 3 microseconds of one core at both for a row of each.
 */
import { invariant } from '../../base/errors.ts';
import type { PsiLine } from '../line.ts';
import { PART_HEADER_BYTES } from '../messages.ts';
import type { PsiCost } from '../protocols/protocol.ts';
import { openEngine } from '../protocols/rr22/bucket-engine.ts';
import { pieceCount } from '../protocols/rr22/messages.ts';
import { BUCKETS_AT_ONCE } from '../protocols/rr22/plan.ts';
import { setupBytes } from '../protocols/rr22/setup.ts';
import { tasks } from './bin-tasks.ts';
import type { Bins, BinsSetting } from './bins.ts';
import { BinsSession } from './bins-flow.ts';
import { type BinsPlan, bucketMemory, placementMemory, planBins } from './plan.ts';

/**
 * One party's part. Whatever it starts has ended when the promise settles, also when the line fails. `bucketRows`: see
 * plan.ts, in tests.
 * @throws {PeerError} PRIVITY_PSI_PROTOCOL
 */
export async function runBins(line: PsiLine, setting: BinsSetting, bucketRows?: number): Promise<Bins> {
  const { ownRows, peerRows, holds, columns, payload, threads, signal } = setting;
  invariant(payload.length === (holds ? 0 : columns), 'columns of another number');
  invariant(
    payload.every((column) => column.length === ownRows),
    'a column of another length',
  );
  const plan = planOf(ownRows, peerRows, holds, columns, bucketRows);
  const engine = await openEngine(tasks, new URL('./bins-worker.js', import.meta.url), threads, signal);
  const session = new BinsSession(line, setting, plan, engine);
  try {
    return await session.run();
  } finally {
    await engine.close();
    session.destroy();
  }
}

function planOf(
  ownRows: number,
  peerRows: number,
  holds: boolean,
  columns: number,
  bucketRows?: number,
): BinsPlan {
  return planBins(holds ? ownRows : peerRows, holds ? peerRows : ownRows, columns, bucketRows);
}

/** Of the party with `ownRows`: a test compares it with what is sent. */
export function binsCost(
  ownRows: number,
  peerRows: number,
  holds: boolean,
  columns: number,
  bucketRows?: number,
): PsiCost {
  const { buckets, sizes } = planOf(ownRows, peerRows, holds, columns, bucketRows);
  const setup = setupBytes(holds, !holds);
  const own = holds ? [sizes.first, sizes.vector] : [sizes.second, sizes.hintsBytes];
  const messages = setup.messages + buckets * own.reduce((sum, bytes) => sum + pieceCount(bytes), 0);
  const bodies = setup.bytes + buckets * own.reduce((sum, bytes) => sum + bytes, 0);
  return {
    messages,
    bytes: bodies + messages * PART_HEADER_BYTES,
    // At most: a first message travels with what came before it, if that is of the same party.
    rounds: 2 + 4 * Math.ceil(buckets / BUCKETS_AT_ONCE),
  };
}

/** A number each of a row's bucket and its place there, its bin, and which of its bins that is. */
const PLACE_BYTES = 3 * Uint32Array.BYTES_PER_ELEMENT + 1;

/**
 * Bytes that {@link runBins} has in memory at one time beside ids and payload, its result included: an upper bound for
 * either party.
 */
export function binsMemory(holderRows: number, otherRows: number, columns: number): number {
  const plan = planBins(holderRows, otherRows, columns);
  const lanes = (1 + columns) * BigUint64Array.BYTES_PER_ELEMENT + Uint32Array.BYTES_PER_ELEMENT;
  // As they come, and in the end.
  const bins = 2 * lanes * plan.sizes.allBins;
  const underWay = BUCKETS_AT_ONCE * (bucketMemory(plan) + placementMemory(plan));
  return PLACE_BYTES * Math.max(holderRows, otherRows) + bins + underWay;
}
