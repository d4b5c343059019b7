/** Both directions of OT extension between two members, from nothing to running, and batches of work on them. */
import { invariant } from '../../base/errors.ts';
import type { Random } from '../../contracts/random.ts';
import type { Fiber } from '../fiber.ts';
import type { DrawObserver } from '../prg.ts';
import { BaseOtSender, loadEdwards, POINT_BYTES, receiveBaseOts } from './base-ot.ts';
import { ROW_BITS } from './bit-matrix.ts';
import {
  extensionBytes,
  type OtBatch,
  RandomOtReceiver,
  RandomOtSender,
  type ReceivedOts,
  type SentOts,
  type TreeBits,
  treeShape,
} from './ot-extension.ts';
import type { OtKernels } from './ot-kernel-types.ts';
import { choicesFor, growTrees, punctureBytes, regrowTrees } from './punctured-trees.ts';
import { RowHash } from './row-hash.ts';

/**
 * What is done with one extension. A member that has `sent` is its sender, one that has `received` its receiver; it may
 * be both.
 */
export interface OtWork {
  readonly ots: OtBatch;
  /** Words of 32 bits that the sender tells the receiver afterwards. */
  readonly correctionWords: number;
  /** Gives the corrections. */
  readonly sent?: (ots: SentOts) => Uint32Array;
  readonly received?: (ots: ReceivedOts, corrections: Uint32Array) => void;
}

interface OtPairOptions {
  readonly fiber: Fiber;
  readonly random: Random;
  readonly treeBits: TreeBits;
  readonly kernels: OtKernels;
  readonly observe?: DrawObserver | undefined;
  readonly binding?: Uint8Array | undefined;
}

export class OtPair {
  readonly #sender: RandomOtSender;
  readonly #receiver: RandomOtReceiver;
  readonly #treeBits: TreeBits;

  private constructor(sender: RandomOtSender, receiver: RandomOtReceiver, treeBits: TreeBits) {
    this.#sender = sender;
    this.#receiver = receiver;
    this.#treeBits = treeBits;
  }

  /**
   * Base OTs and trees in both directions at once: three rounds. Of what is secret in it nothing is left, also if it
   * fails.
   */
  static async open({ fiber, random, treeBits, kernels, observe, binding }: OtPairOptions): Promise<OtPair> {
    invariant(fiber.size === 2, 'oblivious transfer is between two members');
    const curve = await loadEdwards();
    const shape = treeShape(treeBits);
    const base = new BaseOtSender(curve, random);
    const run = binding ?? new Uint8Array();
    const contextOf = (sender: number): Uint8Array => Buffer.concat([Uint8Array.of(sender), run]);
    // Δ of the own sending direction, tree by tree.
    const drawn = random.bytes(shape.trees);
    const punctured = drawn.map((byte) => byte & (2 ** treeBits - 1));
    const choices = choicesFor(shape, punctured);
    const spent: Uint8Array[] = [drawn, choices];
    const kept: Uint8Array[] = [punctured];
    try {
      const theirOpening = await swap(fiber, 'ot opening', base.opening, POINT_BYTES);
      const { keys, answer, transcript } = receiveBaseOts(
        curve,
        random,
        choices,
        theirOpening,
        contextOf(1 - fiber.rank),
      );
      spent.push(keys);
      const theirAnswer = await swap(fiber, 'ot answer', answer, ROW_BITS * POINT_BYTES);
      const pairs = base.finish(theirAnswer, contextOf(fiber.rank));
      spent.push(pairs.zero, pairs.one);
      const message = new Uint8Array(punctureBytes(shape));
      const grown = growTrees(shape, random, pairs, message);
      kept.push(...grown.flat());
      const theirMessage = await swap(fiber, 'ot trees', message, punctureBytes(shape));
      const regrown = regrowTrees(shape, punctured, { keys, transcript }, theirMessage);
      return new OtPair(
        new RandomOtSender(treeBits, regrown, punctured, new RowHash(transcript, kernels), kernels, observe),
        new RandomOtReceiver(treeBits, grown, new RowHash(pairs.transcript, kernels), kernels, observe),
        treeBits,
      );
    } catch (error) {
      base.destroy();
      for (const secret of kept) secret.fill(0);
      throw error;
    } finally {
      for (const secret of spent) secret.fill(0);
    }
  }

  /** Works through the list, the same at both members. The corrections of one extension travel with the next. */
  async run(fiber: Fiber, label: string, works: readonly OtWork[]): Promise<void> {
    let corrections: Uint32Array = new Uint32Array();
    let waiting: { readonly work: OtWork; readonly ots: ReceivedOts } | undefined;
    let before: OtWork | undefined;
    for (const work of [...works, undefined]) {
      if (work === undefined && (before?.correctionWords ?? 0) === 0) break;
      const bytes = work === undefined ? 0 : extensionBytes(this.#treeBits, work.ots.count);
      const extension = new Uint32Array(work?.received === undefined ? 0 : bytes / 4);
      const ots =
        work?.received === undefined ? undefined : this.#receiver.extend(fiber, work.ots, extension);
      const bytesBefore = before?.received === undefined ? 0 : 4 * before.correctionWords;
      const theirs = await swap(
        fiber,
        label,
        [extension, corrections],
        bytesBefore + (work?.sent === undefined ? 0 : bytes),
      );
      const theirExtension = theirs.byteLength - bytesBefore;
      waiting?.work.received?.(waiting.ots, words32(theirs.subarray(theirExtension)));
      corrections =
        work?.sent === undefined
          ? new Uint32Array()
          : work.sent(this.#sender.extend(fiber, work.ots, words32(theirs.subarray(0, theirExtension))));
      waiting = work === undefined || ots === undefined ? undefined : { work, ots };
      before = work;
      // Nothing will follow from the sender: the receiver has all it needs.
      if (waiting !== undefined && waiting.work.correctionWords === 0) {
        waiting.work.received?.(waiting.ots, new Uint32Array());
        waiting = undefined;
      }
    }
  }

  destroy(): void {
    this.#sender.destroy();
    this.#receiver.destroy();
  }
}

async function swap(
  fiber: Fiber,
  label: string,
  own: ArrayBufferView | readonly ArrayBufferView[],
  bytes: number,
): Promise<Uint8Array> {
  const peer = 1 - fiber.rank;
  const views = 'byteLength' in own ? [own] : own;
  const received = await fiber.exchange({
    label,
    outgoing: [0, 1].map((rank) => (rank === peer ? views : undefined)),
    incoming: [0, 1].map((rank) => (rank === peer ? bytes : 0)),
  });
  return received[peer] ?? new Uint8Array();
}

function words32(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}
