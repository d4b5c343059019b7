/**
 * The silent VOLE of one bucket: the receiver gets vectors a and c, the sender b, with c = b + delta·a over GF(2^128),
 * a pseudorandom to the sender.
 *
 * Reference: Boyle, Couteau, Gilboa and Ishai, Compressing Vector OLE, CCS 2018, https://eprint.iacr.org/2019/273;
 *   Boyle, Couteau, Gilboa, Ishai, Kohl, Rindal and Scholl, CCS 2019, https://eprint.iacr.org/2019/1159; the code:
 *   Raghuraman, Rindal and Tanguy, CRYPTO 2023, https://eprint.iacr.org/2023/882.
 * Differences: the noise is regular, its places are the random choices of OTs, and its values are drawn together with
 *   their products with delta (noise-products.ts) instead of 128 correlated OTs each: a quarter of the bytes. No
 *   consistency checks.
 * Security: semi-honest adversary, one of two parties. Against the sender: dual LPN over GF(2^128) with regular noise
 *   for the code of code.ts, 200 blocks or more: 138 bits by the estimates in test/parts/lpn-estimate.ts (formulas, and
 *   not a proof). Against the receiver: AES as an ideal permutation in the trees, less than 2^13 seeds a bucket.
 *   Both: the OT extension (src/secure/correlation/ot-extension.ts). A receiver that deviates can choose a, and one
 *   that sends wrong corrections may learn bits of delta: not claimed otherwise.
 * Needs: seeds of the bucket, from setup.ts; memory of the kernels that is this bucket's alone until `destroy`.
 * Flow: the receiver's `first` extends OTs, 128 bits of key for each level of each tree, and corrects the noise
 *       products; the sender's `second` has the sums of levels, and for each tree the sum of leaves plus its share of
 *       delta·y; both then have sparse shares, c' = b' + delta·a', and multiply them by the code.
 * Cost: `firstBytes` and `secondBytes`: 0.25 MB for 2^19 outputs. Memory: 16 bytes a column, of which there are two an
 *   output, and twice that at the receiver.
 */
import type { DecodeBound } from '../../base/decode-bound.ts';
import { invariant } from '../../base/errors.ts';
import type { Random } from '../../contracts/random.ts';
import {
  extensionBytes,
  OT_MULTIPLE,
  RandomOtReceiver,
  RandomOtSender,
  type TreeBits,
} from '../../secure/correlation/ot-extension.ts';
import type { OtKernels } from '../../secure/correlation/ot-kernel-types.ts';
import { RowHash } from '../../secure/correlation/row-hash.ts';
import { requireLength } from '../messages.ts';
import { CODE_WORDS_BYTES, encode } from './code.ts';
import { addInto } from './gf128.ts';
import { deltaOf, deltaShare, ownNoise, PIECE_BITS, productBytes } from './noise-products.ts';
import { ELEMENT_BYTES, type VoleShape } from './parameters.ts';
import { type BucketSeeds, wipeSet } from './seeds.ts';
import {
  type ChosenLevelKeys,
  elementOf,
  growAll,
  growPunctured,
  missingLeaves,
  PART_NODES,
  type TreePlaces,
  treeBytes,
} from './trees.ts';
import type { VoleKernels, Width } from './vole-kernel-types.ts';

const TREE_BITS: TreeBits = PIECE_BITS;
/** Pads have 64 bits; each OT serves twice, under other numbers of the hash. */
const PADS = 2;
/** Rows that stand together in what OT extension gives. */
const PAD_ROWS = 64;

/** The receiver's message. */
export function firstBytes(shape: VoleShape): number {
  return extensionBytes(TREE_BITS, otCount(shape)) + productBytes(shape.noise);
}

/** The sender's message. */
export function secondBytes(shape: VoleShape): number {
  return treeBytes(shape) + shape.noise * ELEMENT_BYTES;
}

/** Either message, with the own part of a small bucket. What is in the message changes nothing of what it costs. */
export const VOLE_MESSAGE_BOUND: DecodeBound = {
  bytesMax: 1024 * 1024,
  memory: { perByte: 16, once: 12 * 1024 * 1024 },
  steps: { perByte: 8, once: 2_000_000 },
};

/** What both need to work on a bucket. The seeds are taken over. */
export interface VoleTools {
  readonly shape: VoleShape;
  readonly seeds: BucketSeeds;
  readonly kernels: VoleKernels;
  readonly otKernels: OtKernels;
}

export class VoleReceiver {
  /** For the sender. */
  readonly first: Uint8Array;
  readonly #tools: VoleTools;
  readonly #chosen: ChosenLevelKeys;
  readonly #noise: { readonly y: Uint8Array; readonly share: Uint8Array };
  readonly #memory: Places;

  constructor(tools: VoleTools) {
    const { shape, seeds } = tools;
    this.#tools = tools;
    this.#memory = places(tools.kernels, shape, 2);
    this.first = new Uint8Array(firstBytes(shape));
    const extension = extensionBytes(TREE_BITS, otCount(shape));
    this.#chosen = receiveKeys(tools, this.first.subarray(0, extension));
    this.#noise = ownNoise(seeds.products.leaves, shape.noise, this.first.subarray(extension));
    wipeSet(seeds.products);
  }

  /**
   * In memory of their own. Only once.
   * @throws {PeerError} PRIVITY_PSI_PROTOCOL: a message of another length
   */
  finish(second: Uint8Array): { readonly a: Uint8Array; readonly c: Uint8Array } {
    const { shape, kernels, seeds } = this.#tools;
    requireLength(second, secondBytes(shape), 'the sums of trees');
    const { trees, words } = this.#memory;
    const vectors = kernels.start;
    const sums = growPunctured(
      kernels,
      shape,
      trees,
      seeds.open.trees,
      this.#chosen,
      second.subarray(0, treeBytes(shape)),
    );
    kernels.spread(vectors, shape.columns);
    const bytes = kernels.bytes();
    const leafMessages = second.subarray(treeBytes(shape));
    const missing = missingLeaves(shape, this.#chosen.choices);
    for (const [tree, leaf] of missing.entries()) {
      const pair = vectors + (tree * 2 ** shape.depth + leaf) * 2 * ELEMENT_BYTES;
      const product = bytes.subarray(pair, pair + ELEMENT_BYTES);
      product.set(elementOf(leafMessages, tree));
      addInto(product, elementOf(sums, tree));
      addInto(product, elementOf(this.#noise.share, tree));
      bytes.set(elementOf(this.#noise.y, tree), pair + ELEMENT_BYTES);
    }
    missing.fill(0);
    sums.fill(0);
    encode(kernels, shape, { vectors, width: 2, words }, seeds.open.code);
    // There is room behind the outputs, in columns that are used up.
    const apart = vectors + 2 * shape.outputs * ELEMENT_BYTES;
    kernels.separate(vectors, shape.outputs, apart);
    const output = (vector: number): Uint8Array => {
      const at = apart + vector * shape.outputs * ELEMENT_BYTES;
      return bytes.slice(at, at + shape.outputs * ELEMENT_BYTES);
    };
    const both = { c: output(0), a: output(1) };
    this.destroy();
    return both;
  }

  /** Zeroes what is secret, the kernels' memory included. Twice is once. */
  destroy(): void {
    const { kernels } = this.#tools;
    for (const secret of [this.#chosen.choices, this.#chosen.keys, this.#noise.y, this.#noise.share]) {
      secret.fill(0);
    }
    wipe(kernels, this.#memory);
  }
}

export class VoleSender {
  readonly delta: Uint8Array;
  readonly #tools: VoleTools;
  readonly #random: Random;
  readonly #memory: Places;

  constructor(tools: VoleTools, random: Random) {
    const { missing } = tools.seeds.products;
    invariant(missing !== undefined, 'these are not the seeds of the sender');
    this.#tools = tools;
    this.#random = random;
    this.#memory = places(tools.kernels, tools.shape, 1);
    this.delta = deltaOf(missing);
  }

  /**
   * The message for the receiver. Only once.
   * @throws {PeerError} PRIVITY_PSI_PROTOCOL: a message of another length
   */
  answer(first: Uint8Array): Uint8Array {
    const { shape, kernels, seeds } = this.#tools;
    requireLength(first, firstBytes(shape), 'the corrections of a bucket');
    const extension = extensionBytes(TREE_BITS, otCount(shape));
    const keys = sendKeys(this.#tools, first.subarray(0, extension));
    const { products } = seeds;
    const share = deltaShare(
      products.leaves,
      products.missing ?? new Uint8Array(),
      shape.noise,
      first.subarray(extension),
    );
    const second = new Uint8Array(secondBytes(shape));
    const roots = this.#random.bytes(shape.noise * ELEMENT_BYTES);
    const sums = growAll(
      kernels,
      shape,
      this.#memory.trees,
      seeds.open.trees,
      roots,
      keys,
      second.subarray(0, treeBytes(shape)),
    );
    addInto(sums, share);
    second.set(sums, treeBytes(shape));
    for (const secret of [keys.zero, keys.one, share, roots, sums]) secret.fill(0);
    wipeSet(products);
    return second;
  }

  /** The sender's vector, in memory of its own. After `answer`, and only once. */
  expand(): Uint8Array {
    const { shape, kernels, seeds } = this.#tools;
    const vectors = kernels.start;
    encode(kernels, shape, { vectors, width: 1, words: this.#memory.words }, seeds.open.code);
    const b = kernels.bytes().slice(vectors, vectors + shape.outputs * ELEMENT_BYTES);
    wipe(kernels, this.#memory);
    return b;
  }

  /** Zeroes what is secret, delta included. Twice is once. */
  destroy(): void {
    this.delta.fill(0);
    wipeSet(this.#tools.seeds.places);
    wipeSet(this.#tools.seeds.products);
    wipe(this.#tools.kernels, this.#memory);
  }
}

interface Places {
  readonly trees: TreePlaces;
  readonly words: number;
  readonly end: number;
}

/** The vectors stand first, and trees grow where they stand; behind them is what the steps need. */
function places(kernels: VoleKernels, { columns, noise }: VoleShape, width: Width): Places {
  const left = kernels.start + width * columns * ELEMENT_BYTES;
  const right = left + PART_NODES * ELEMENT_BYTES;
  const words = right + PART_NODES * ELEMENT_BYTES;
  const sums = words + CODE_WORDS_BYTES;
  const end = sums + 2 * noise * ELEMENT_BYTES;
  kernels.reserve(end);
  return { trees: { nodes: kernels.start, left, right, sums }, words, end };
}

function wipe(kernels: VoleKernels, { end }: Places): void {
  kernels.bytes().fill(0, kernels.start, end);
}

function otCount({ noise, depth }: VoleShape): number {
  return Math.ceil((noise * depth) / OT_MULTIPLE) * OT_MULTIPLE;
}

/** A bucket has one stream of OTs, and uses it once. */
const onlyStream = { path: '', onEnd: (): void => {} };

function receiveKeys({ shape, seeds, otKernels }: VoleTools, message: Uint8Array): ChosenLevelKeys {
  const count = otCount(shape);
  const leaves = seeds.places.leaves.map((tree) => tree.map((leaf) => leaf ?? new Uint8Array()));
  const hash = new RowHash(seeds.open.rowHash, otKernels);
  const ots = new RandomOtReceiver(TREE_BITS, leaves, hash, otKernels);
  const corrections = new Uint32Array(message.byteLength / 4);
  const { choices, pads } = ots.extend(onlyStream, { count, times: PADS }, corrections);
  ots.destroy();
  message.set(bytesOf(corrections));
  const bits = Uint8Array.from({ length: count }, (_, ot) => ((choices[ot >> 5] ?? 0) >>> (ot & 31)) & 1);
  const keys = keysOf(pads, count);
  choices.fill(0);
  pads.fill(0);
  return { choices: bits, keys };
}

function sendKeys(
  { shape, seeds, otKernels }: VoleTools,
  message: Uint8Array,
): { readonly zero: Uint8Array; readonly one: Uint8Array } {
  const count = otCount(shape);
  const { leaves, missing } = seeds.places;
  invariant(missing !== undefined, 'these are not the seeds of the sender');
  const hash = new RowHash(seeds.open.rowHash, otKernels);
  const ots = new RandomOtSender(TREE_BITS, leaves, missing, hash, otKernels);
  const corrections = new Uint32Array(new Uint8Array(message).buffer);
  const { zero, one } = ots.extend(onlyStream, { count, times: PADS }, corrections);
  ots.destroy();
  const keys = { zero: keysOf(zero, count), one: keysOf(one, count) };
  zero.fill(0);
  one.fill(0);
  return keys;
}

/** From pads of two words, of which each block of 64 OTs has two, to keys of four words. */
function keysOf(pads: Uint32Array, count: number): Uint8Array {
  const keys = new Uint32Array(4 * count);
  for (let ot = 0; ot < count; ot++) {
    const block = Math.floor(ot / PAD_ROWS);
    for (let pad = 0; pad < PADS; pad++) {
      const row = (PADS * block + pad) * PAD_ROWS + (ot % PAD_ROWS);
      keys.set(pads.subarray(2 * row, 2 * row + 2), 4 * ot + 2 * pad);
    }
  }
  return bytesOf(keys);
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
