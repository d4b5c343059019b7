/**
 * Many oblivious transfers of random 64-bit pads from 128 base OTs: the sender gets two pads an OT, the receiver a
 * random choice and the pad that it chose.
 *
 * Reference: Roy, SoftSpokenOT, CRYPTO 2022, https://eprint.iacr.org/2022/192: the small-field VOLE of section 3 with
 * the repetition code, over trees of 2^k leaves. For k = 1 it is Ishai, Kilian, Nissim and Petrank, CRYPTO 2003
 * (https://doi.org/10.1007/978-3-540-45146-4_9).
 * Differences: no consistency checks (semi-honest); choices are always random, so the first of the 128/k corrections is
 *   not sent.
 * Security: semi-honest adversary, one of two parties; AES pseudorandom, the row hash (row-hash.ts) tweakable
 *   correlation-robust.
 * Needs: punctured trees (punctured-trees.ts) in which the sender lacks the leaves that spell its secret Δ of 128 bits.
 * Flow: for tree i both expand the leaves; their sum is u_i, and the receiver's v_i and the sender's w_i satisfy w_i =
 *       v_i + Δ_i·u_i; the receiver takes c = u_0 for its choices and sends u_i + c for the others, whereupon w_i = v_i
 *       + Δ_i·c in all columns; rows instead of columns: q = t + c·Δ; the pads are H(q), H(q + Δ) and, for the
 *       receiver, H(t).
 * Cost: 1 round; (128/k - 1)/8 bytes an OT by the receiver, none by the sender. Larger k: fewer bytes, 2^k/k times the
 *   expansion.
 */
import type { DrawObserver } from '../prg.ts';
import { ROW_BITS } from './bit-matrix.ts';
import { BlockCounters, LeafStream, type OtStream } from './leaf-stream.ts';
import type { OtKernels } from './ot-kernel-types.ts';
import type { TreeShape } from './punctured-trees.ts';
import type { RowHash } from './row-hash.ts';

/** OTs are made in multiples of this: a block of AES in each column. */
export const OT_MULTIPLE = 128;

/**
 * OTs in one extension at most: 2 MiB of columns and as much of rows; each leaf then makes 16 KiB at a call, which AES
 * needs to be fast.
 */
export const OT_BATCH_MAX = 1 << 17;

/**
 * Bits of Δ in a tree. 4: 3.9 bytes an OT; 2 is 7.9 bytes and less work, 8 is 1.9 bytes and eight times the work of 4.
 */
export type TreeBits = 2 | 4 | 8;

export function treeShape(treeBits: TreeBits): TreeShape {
  return { trees: ROW_BITS / treeBits, depth: treeBits };
}

/** Bytes of the receiver's message for `count` OTs. */
export function extensionBytes(treeBits: TreeBits, count: number): number {
  return (ROW_BITS / treeBits - 1) * (count / 8);
}

export interface ReceivedOts {
  /** One bit an OT. */
  readonly choices: Uint32Array;
  /** Two words an OT: the pad of the choice. */
  readonly pads: Uint32Array;
}

export interface SentOts {
  readonly zero: Uint32Array;
  readonly one: Uint32Array;
}

/**
 * What is made at once. `times`: each block of 64 rows serves so often in place, each time under other numbers of the
 * hash.
 */
export interface OtBatch {
  readonly count: number;
  readonly times: number;
}

export class RandomOtReceiver {
  readonly #trees: readonly (readonly LeafStream[])[];
  readonly #treeBits: TreeBits;
  readonly #kernels: OtKernels;
  readonly #hash: RowHash;
  readonly #counters: BlockCounters;

  /** The seeds are taken over, and zeroed. */
  constructor(
    treeBits: TreeBits,
    leaves: readonly (readonly Uint8Array[])[],
    hash: RowHash,
    kernels: OtKernels,
    observe?: DrawObserver,
  ) {
    this.#treeBits = treeBits;
    this.#trees = leaves.map((tree) => tree.map((seed) => new LeafStream(seed)));
    this.#hash = hash;
    this.#kernels = kernels;
    this.#counters = new BlockCounters('ot receive', observe);
  }

  /** `corrections`, of extensionBytes, is filled with the message for the sender. */
  extend(fiber: OtStream, { count, times }: OtBatch, corrections: Uint32Array): ReceivedOts {
    const { blocks, firstHash, fiberTag } = this.#counters.reserve(fiber, count, count * times);
    const words = count / 32;
    const columns = this.#kernels.columns(count, this.#treeBits);
    let choices: Uint32Array = new Uint32Array();
    for (const [tree, leaves] of this.#trees.entries()) {
      const streams = leaves.map((leaf) => leaf.words(blocks));
      if (tree === 0) choices = columns.fold(tree, streams);
      else corrections.set(columns.fold(tree, streams, choices), (tree - 1) * words);
    }
    const rows = repeatBlocks(columns.toRows(), times);
    return { choices, pads: this.#hash.hash(rows, firstHash, fiberTag) };
  }

  destroy(): void {
    for (const leaf of this.#trees.flat()) leaf.destroy();
  }
}

export class RandomOtSender {
  readonly #trees: readonly (readonly (LeafStream | undefined)[])[];
  readonly #treeBits: TreeBits;
  readonly #kernels: OtKernels;
  readonly #hash: RowHash;
  readonly #counters: BlockCounters;
  readonly #punctured: Uint8Array;
  readonly #delta: Uint32Array;

  /** `punctured`: the leaf that is missing from each tree, which together are Δ. Taken over, like the seeds. */
  constructor(
    treeBits: TreeBits,
    leaves: readonly (readonly (Uint8Array | undefined)[])[],
    punctured: Uint8Array,
    hash: RowHash,
    kernels: OtKernels,
    observe?: DrawObserver,
  ) {
    this.#treeBits = treeBits;
    this.#trees = leaves.map((tree) =>
      tree.map((seed) => (seed === undefined ? undefined : new LeafStream(seed))),
    );
    this.#punctured = punctured;
    this.#delta = deltaOf(punctured, treeBits);
    this.#hash = hash;
    this.#kernels = kernels;
    this.#counters = new BlockCounters('ot send', observe);
  }

  extend(fiber: OtStream, { count, times }: OtBatch, corrections: Uint32Array): SentOts {
    const { blocks, firstHash, fiberTag } = this.#counters.reserve(fiber, count, count * times);
    const words = count / 32;
    const columns = this.#kernels.columns(count, this.#treeBits);
    for (const [tree, leaves] of this.#trees.entries()) {
      const missing = this.#punctured[tree] ?? 0;
      // Counted from the missing leaf, which then is number 0 and counts in no column.
      columns.fold(
        tree,
        leaves.map((_, leaf) => leaves[leaf ^ missing]?.words(blocks)),
      );
      if (tree > 0) columns.correct(tree, corrections.subarray((tree - 1) * words, tree * words), missing);
    }
    const rows = repeatBlocks(columns.toRows(), times);
    return {
      zero: this.#hash.hash(rows, firstHash, fiberTag),
      one: this.#hash.hash(rows, firstHash, fiberTag, this.#delta),
    };
  }

  destroy(): void {
    for (const leaf of this.#trees.flat()) leaf?.destroy();
    this.#punctured.fill(0);
    this.#delta.fill(0);
  }
}

function deltaOf(punctured: Uint8Array, treeBits: number): Uint32Array {
  const delta = new Uint32Array(ROW_BITS / 32);
  for (const [tree, leaf] of punctured.entries()) {
    const column = tree * treeBits;
    delta[column >> 5] = (delta[column >> 5] ?? 0) | (leaf << (column & 31));
  }
  return delta;
}

/** Words of a block of 64 rows. */
const BLOCK_WORDS = 64 * (ROW_BITS / 32);

function repeatBlocks(rows: Uint32Array, times: number): Uint32Array {
  if (times === 1) return rows;
  const output = new Uint32Array(rows.length * times);
  for (let at = 0; at < rows.length; at += BLOCK_WORDS) {
    const block = rows.subarray(at, at + BLOCK_WORDS);
    for (let i = 0; i < times; i++) output.set(block, at * times + i * BLOCK_WORDS);
  }
  return output;
}
