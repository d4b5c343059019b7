/**
 * What two parties do once in a run before the first bucket: 256 base OTs and 64 small trees, in one direction.
 *
 * Reference: Chou and Orlandi (src/secure/correlation/base-ot.ts); Roy, SoftSpokenOT, CRYPTO 2022,
 *   https://eprint.iacr.org/2022/192 (src/secure/correlation/punctured-trees.ts).
 * Differences: two sets of trees, one for OTs and one for products with delta, so that the correlation of the OTs has
 *   nothing to do with delta.
 * Security: semi-honest; that of the base OTs. Delta is uniform, drawn by the VOLE's sender as its choices. It is one
 *   for the run: all buckets together then are one VOLE of the sum of their lengths, which is what the intersection
 *   asks for, and delta is never sent.
 * Needs: sodium-native; a context that names the run.
 * Flow: receiver of the VOLE: opening; sender: answer, one point an OT; receiver: sums of trees. Both then have seeds.
 * Cost: 3 messages: 32 and 16,384 bytes by the receiver, 8,192 by the sender.
 */

import type { DecodeBound } from '../../base/decode-bound.ts';
import { PeerError } from '../../base/errors.ts';
import type { Random } from '../../contracts/random.ts';
import type { KeyPairs } from '../../secure/correlation/base-ot.ts';
import { BaseOtSender, loadEdwards, POINT_BYTES, receiveBaseOts } from '../../secure/correlation/base-ot.ts';
import { ROW_BITS } from '../../secure/correlation/bit-matrix.ts';
import {
  choicesFor,
  growTrees,
  punctureBytes,
  regrowTrees,
  type TreeShape,
} from '../../secure/correlation/punctured-trees.ts';
import { requireLength, violation } from '../messages.ts';
import { PIECE_BITS, PIECES } from './noise-products.ts';
import { ELEMENT_BYTES } from './parameters.ts';
import { VoleSeeds } from './seeds.ts';

const SETS = 2;
const SHAPE: TreeShape = { trees: PIECES, depth: PIECE_BITS };

export const SETUP_OPENING_BYTES = POINT_BYTES;
export const SETUP_ANSWER_BYTES = SETS * ROW_BITS * POINT_BYTES;
export const SETUP_TREES_BYTES = SETS * punctureBytes(SHAPE);

/** 256 multiplications on the curve, or twice that, and 64 trees, whatever is in the message. */
export const VOLE_SETUP_BOUND: DecodeBound = {
  bytesMax: SETUP_TREES_BYTES,
  memory: { perByte: 16, once: 4 * 1024 * 1024 },
  steps: { perByte: 8, once: 150_000 },
};

type Curve = Awaited<ReturnType<typeof loadEdwards>>;

/** The party that will have a and c. */
export class VoleSetupReceiver {
  readonly #base: BaseOtSender;
  readonly #random: Random;
  readonly #context: Uint8Array;

  private constructor(curve: Curve, random: Random, context: Uint8Array) {
    this.#base = new BaseOtSender(curve, random);
    this.#random = random;
    this.#context = context;
  }

  /** `context`: bytes of the run, the same at both. */
  static async open(random: Random, context: Uint8Array): Promise<VoleSetupReceiver> {
    return new VoleSetupReceiver(await loadEdwards(), random, context);
  }

  get opening(): Uint8Array {
    return this.#base.opening;
  }

  /**
   * The seeds, and the last message.
   * @throws {PeerError} PRIVITY_PSI_PROTOCOL
   */
  finish(answer: Uint8Array): { readonly seeds: VoleSeeds; readonly trees: Uint8Array } {
    requireLength(answer, SETUP_ANSWER_BYTES, 'answers to oblivious transfer');
    const pairs = ofPeer(() => this.#base.finish(answer, this.#context));
    const trees = new Uint8Array(SETUP_TREES_BYTES);
    try {
      const [places, products] = [0, 1].map((set) => {
        const part = trees.subarray(set * punctureBytes(SHAPE), (set + 1) * punctureBytes(SHAPE));
        const leaves = growTrees(SHAPE, this.#random, pairsOf(pairs, set), part);
        return { leaves, missing: undefined };
      }) as [SetOfOwner, SetOfOwner];
      return { seeds: new VoleSeeds(places, products, pairs.transcript), trees };
    } finally {
      pairs.zero.fill(0);
      pairs.one.fill(0);
    }
  }

  destroy(): void {
    this.#base.destroy();
  }
}

/** The party that will have delta and b. */
export class VoleSetupSender {
  readonly #missing: readonly Uint8Array[];
  readonly #keys: Uint8Array;
  readonly #transcript: Uint8Array;
  readonly answer: Uint8Array;

  private constructor(curve: Curve, random: Random, context: Uint8Array, opening: Uint8Array) {
    const drawn = random.bytes(SETS * PIECES);
    const missing = Uint8Array.from(drawn, (byte) => byte & (2 ** PIECE_BITS - 1));
    const choices = choicesFor(SHAPE, missing);
    const { keys, answer, transcript } = ofPeer(() =>
      receiveBaseOts(curve, random, choices, opening, context),
    );
    drawn.fill(0);
    choices.fill(0);
    this.#missing = Array.from({ length: SETS }, (_, set) => missing.slice(set * PIECES, (set + 1) * PIECES));
    missing.fill(0);
    this.#keys = keys;
    this.#transcript = transcript;
    this.answer = answer;
  }

  /** @throws {PeerError} PRIVITY_PSI_PROTOCOL */
  static async open(random: Random, context: Uint8Array, opening: Uint8Array): Promise<VoleSetupSender> {
    requireLength(opening, SETUP_OPENING_BYTES, 'the opening of oblivious transfer');
    return new VoleSetupSender(await loadEdwards(), random, context, opening);
  }

  /** @throws {PeerError} PRIVITY_PSI_PROTOCOL */
  finish(trees: Uint8Array): VoleSeeds {
    requireLength(trees, SETUP_TREES_BYTES, 'sums of trees');
    const [places, products] = this.#missing.map((missing, set) => {
      const part = trees.subarray(set * punctureBytes(SHAPE), (set + 1) * punctureBytes(SHAPE));
      const keys = keysOf(this.#keys, set);
      const leaves = regrowTrees(SHAPE, missing, { keys, transcript: this.#transcript }, part);
      return { leaves, missing };
    }) as [SetOfOther, SetOfOther];
    this.#keys.fill(0);
    return new VoleSeeds(places, products, this.#transcript);
  }

  /** If it is not finished. */
  destroy(): void {
    this.#keys.fill(0);
    for (const secret of this.#missing) secret.fill(0);
  }
}

interface SetOfOwner {
  readonly leaves: Uint8Array[][];
  readonly missing: undefined;
}

interface SetOfOther {
  readonly leaves: (Uint8Array | undefined)[][];
  readonly missing: Uint8Array;
}

function keysOf(keys: Uint8Array, set: number): Uint8Array {
  return keys.subarray(set * ROW_BITS * ELEMENT_BYTES, (set + 1) * ROW_BITS * ELEMENT_BYTES);
}

function pairsOf({ zero, one, transcript }: KeyPairs, set: number): KeyPairs {
  return { zero: keysOf(zero, set), one: keysOf(one, set), transcript };
}

/** What the curve finds wrong with a point is said as the intersection says it. */
function ofPeer<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PeerError) throw violation('an invalid point in oblivious transfer');
    throw error;
  }
}
