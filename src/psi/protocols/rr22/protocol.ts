/**
 * Private set intersection by an oblivious pseudorandom function, made of a silent vector OLE and an oblivious
 * key-value store: for lists that are too long for one multiplication on a curve for each id.
 *
 * Reference: P. Rindal and P. Schoppmann, VOLE-PSI, EUROCRYPT 2021, https://eprint.iacr.org/2021/266; S. Raghuraman and
 *   P. Rindal, Blazing Fast PSI from Improved OKVS and Subfield VOLE, ACM CCS 2022, https://eprint.iacr.org/2022/320;
 *   the store: src/psi/okvs/okvs.ts; the vector OLE: src/psi/vole/vole.ts.
 * Differences: lists are cut into buckets by a hash that nobody knew when the ids were fixed, and each bucket is padded
 *   to a size that follows from the numbers of rows (plan.ts); buckets take turns in who is the receiver; the whole
 *   field GF(2^128) is used, no subfield; the receiver tells which of the sender's tags it has, so that both learn
 *   the result; the order of these tags, which the sender draws, is that of the result. Where one party
 *   receives, it is the receiver of all buckets, and tells nothing; rows of the sender can have keys (PsiKeyed), which
 *   are hashes of what tags are hashes of, under another key.
 * Security: semi-honest adversary that corrupts one of the two parties. Assumptions: dual LPN with regular noise for
 *   the code of src/psi/vole/, random oracles (BLAKE3, SHA-256), what the oblivious transfers ask for. Leaks to each
 *   side: the intersection, the number of the other's rows, the types of its key columns. A receiver that deviates can
 *   encode more ids than it has told, up to the columns of the encoding, some 1.2 for each id; either can make the
 *   result wrong: the last digest finds mistakes, not lies.
 * Needs: an ordered, authenticated, encrypted channel of two; fresh randomness for every run; sodium-native for the
 *   base oblivious transfers; different ids.
 * Flow (a bucket; a, c at the receiver and b, delta at the sender with c = b + delta·a from the vector OLE; P encodes
 *   the receiver's ids: P at id is h(id)):
 *   receiver → sender: P + a. Now c at id and (b + delta·(P + a)) at id - delta·h(id) are the same for its ids, and
 *     only for these can the receiver know the second, and so a row's tag and its key.
 *   sender → receiver: the hashes of these for its own ids. receiver → sender: which of them it has, too.
 * Cost: rr22Cost: some 32 bytes for a row of each list; 5 rounds for each three buckets, and 2. About two
 *   microseconds of one core a row. Memory: some 60 MB for each bucket under way, of which there are three.
 */
import { loadEdwards } from '../../../secure/correlation/base-ot.ts';
import type { PsiLine } from '../../line.ts';
import { PART_HEADER_BYTES } from '../../messages.ts';
import { tagBytes } from '../../tags.ts';
import {
  BOTH,
  KEYED_ROW_BYTES,
  type PsiCost,
  type PsiMatches,
  type PsiProtocol,
  type PsiSetting,
  type PsiTold,
} from '../protocol.ts';
import { openBucketEngine } from './bucket-engine.ts';
import { Session } from './flow.ts';
import { BUCKET_ROWS, BUCKETS_AT_ONCE, type BucketPlan, planBuckets } from './plan.ts';
import { RowKeyStore } from './row-keys.ts';
import { setupBytes } from './setup.ts';
import { bucketMemory, bucketPieces, sentInBucket, sizesOf } from './sizes.ts';

/** Rows of one party: 32 bytes of each are in memory, 1 GiB. */
export const RR22_ROWS_MAX = 2 ** 25;

/**
 * Diffie-Hellman, which rests on an older assumption, takes a second or less for fewer. By processor time rr22 is the
 * faster one from 2,000 rows on, and five times at these (`npm run bench intersection-sizes`).
 */
const FROM_ROWS = 10_000;

/** `bucketRows`: see {@link planBuckets}. */
export function rr22Of(bucketRows: number) {
  return {
    name: 'rr22',
    version: 1,
    bit: 2,
    fromRows: FROM_ROWS,
    rowsMax: RR22_ROWS_MAX,
    discloses: 'intersection, key types, number of rows',
    async available() {
      await loadEdwards();
    },
    cost: (ownRows, peerRows, rank, told = BOTH) =>
      rr22Cost(planOf(ownRows, peerRows, rank, told, bucketRows), rank, tagBytes(ownRows, peerRows)),
    memory: (ownRows, peerRows) =>
      rr22Memory(ownRows, planOf(ownRows, peerRows, 0, BOTH, bucketRows), tagBytes(ownRows, peerRows)),
    run: (line, setting) => runRr22(line, setting, bucketRows),
    // No message is another: a key is a second hash of what a tag is one of.
    keyed: {
      cost: (ownRows, peerRows, rank, told) =>
        rr22Cost(planOf(ownRows, peerRows, rank, told, bucketRows), rank, tagBytes(ownRows, peerRows)),
      memory(ownRows, peerRows) {
        const plan = planOf(ownRows, peerRows, 0, BOTH, bucketRows);
        return rr22Memory(ownRows, plan, tagBytes(ownRows, peerRows)) + KEYED_ROW_BYTES * ownRows;
      },
      slots(ownRows, peerRows, rank, told) {
        const plan = planOf(ownRows, peerRows, rank, told, bucketRows);
        return plan.buckets * plan.room[told.receives === (rank === 0) ? 1 : 0];
      },
      async run(line, setting) {
        const keys = new RowKeyStore(setting.ownRows);
        try {
          await runRr22(line, setting, bucketRows, keys);
        } catch (error) {
          keys.destroy();
          throw error;
        }
        return keys.all();
      },
    },
  } as const satisfies PsiProtocol;
}

/** `keys`: takes those of rows. */
async function runRr22(
  line: PsiLine,
  setting: PsiSetting,
  bucketRows: number,
  keys?: RowKeyStore,
): Promise<PsiMatches | undefined> {
  const { ownRows, peerRows, threads, signal } = setting;
  const plan = planOf(ownRows, peerRows, line.rank, setting, bucketRows);
  const engine = await openBucketEngine(threads, signal);
  const session = new Session(line, setting, plan, engine, keys);
  try {
    return await session.run();
  } finally {
    await engine.close();
    session.destroy();
  }
}

export const rr22 = rr22Of(BUCKET_ROWS);

function planOf(
  ownRows: number,
  peerRows: number,
  rank: number,
  { receives, peerReceives }: PsiTold,
  bucketRows: number,
): BucketPlan {
  const rows = rank === 0 ? ([ownRows, peerRows] as const) : ([peerRows, ownRows] as const);
  const one = receives ? rank : 1 - rank;
  return planBuckets(rows, receives && peerReceives ? undefined : one, bucketRows);
}

function rr22Cost(plan: BucketPlan, rank: number, tagBytes: number): PsiCost {
  let { messages, bytes } = setupBytes(plan.receivers.has(rank), plan.receivers.has(1 - rank));
  for (let bucket = 0; bucket < plan.buckets; bucket++) {
    const sizes = sizesOf(plan, plan.receiver(bucket), tagBytes);
    const isReceiver = plan.receiver(bucket) === rank;
    const pieces = bucketPieces(sizes);
    messages += isReceiver ? pieces.ofReceiver : pieces.ofSender;
    bytes += isReceiver ? sentInBucket(sizes).byReceiver : sentInBucket(sizes).bySender;
  }
  return {
    messages,
    bytes: bytes + messages * PART_HEADER_BYTES,
    // At most: a first message travels with what came before it, if that is of the same party.
    rounds: 2 + (plan.tellsSender ? 5 : 4) * Math.ceil(plan.buckets / BUCKETS_AT_ONCE),
  };
}

/** A number each of a row's bucket, its place there and its match. */
const PLACE_BYTES = 3 * Uint32Array.BYTES_PER_ELEMENT;

/** Both roles in all buckets that are under way, each on a thread of its own. */
function rr22Memory(ownRows: number, plan: BucketPlan, tagBytes: number): number {
  const bucket = [0, 1].map((receiver) => bucketMemory(sizesOf(plan, receiver, tagBytes)));
  return PLACE_BYTES * ownRows + BUCKETS_AT_ONCE * Math.max(...bucket);
}
