/**
 * All trees of a bucket at once, level by level: the sender of the VOLE knows every leaf, the receiver all but one of
 * each tree.
 *
 * Reference: Boyle, Couteau, Gilboa, Ishai, Kohl, Rindal and Scholl, Efficient Two-Round OT Extension and Silent
 *   Non-Interactive Secure Computation, CCS 2019, https://eprint.iacr.org/2019/1159, section 4 (puncturable
 *   pseudorandom function of Goldreich, Goldwasser and Micali, one OT a level).
 * Differences: the OTs have random choices, so the missing leaf is random, and nothing is sent to choose it; a node x
 *   has the children π₀(x) + x and π₁(x) + x (Guo, Katz, Wang and Yu, IEEE S&P 2020, https://eprint.iacr.org/2019/074,
 *   section 7: Matyas-Meyer-Oseas), π AES-128 under two keys that are public and another in each bucket.
 * Security: semi-honest; π₀ and π₁ ideal permutations, independent. A receiver that tries 2^s nodes hits one of the
 *   N < 2^13 unknown nodes of a bucket with probability 2^(s + 13 - 128).
 * Needs: noise · depth random OTs of keys of 128 bits.
 * Flow: for each level the sender tells the sum of all left and of all right children, each under a key of the level's
 *       OT; the receiver opens that of its choice, which is the side off its path, and so knows the sibling.
 * Cost: 32 bytes a level and tree; two AES blocks a node.
 */
import { type Cipher, createCipheriv } from 'node:crypto';
import { invariant } from '../../base/errors.ts';
import { addInto } from './gf128.ts';
import { ELEMENT_BYTES, type VoleShape } from './parameters.ts';
import type { VoleKernels } from './vole-kernel-types.ts';

/** Nodes permuted in one call: 64 KiB, at which AES runs at its full speed and all stays in the cache. */
export const PART_NODES = 4096;

/** Sums of left and right children. */
const SUMS_BYTES = 2 * ELEMENT_BYTES;

export function treeBytes({ noise, depth }: VoleShape): number {
  return noise * depth * SUMS_BYTES;
}

/** Where the trees work in the memory of the kernels: room for the leaves of all. */
export interface TreePlaces {
  readonly nodes: number;
  readonly left: number;
  readonly right: number;
  readonly sums: number;
}

/** The keys of both sides, of one OT a level and tree: `keys` has for OT i the bytes [16·i, 16·i + 16). */
export interface LevelKeys {
  readonly zero: Uint8Array;
  readonly one: Uint8Array;
}

export interface ChosenLevelKeys {
  /** One bit in each byte. */
  readonly choices: Uint8Array;
  readonly keys: Uint8Array;
}

/** Grows trees of a shape in the memory of the kernels. */
class Levels {
  readonly #kernels: VoleKernels;
  readonly #ciphers: readonly [Cipher, Cipher];
  readonly shape: VoleShape;
  readonly places: TreePlaces;

  constructor(kernels: VoleKernels, shape: VoleShape, places: TreePlaces, keys: readonly Uint8Array[]) {
    const cipher = (key: Uint8Array | undefined): Cipher => {
      invariant(key !== undefined, 'two keys permute');
      return createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
    };
    this.#kernels = kernels;
    this.#ciphers = [cipher(keys[0]), cipher(keys[1])];
    this.shape = shape;
    this.places = places;
  }

  /** From level `level` to the next. Gives the sums, of which there is one pair a tree. */
  grow(level: number): Uint8Array {
    const { nodes, left, right, sums } = this.places;
    const bytes = this.#kernels.bytes();
    const perTree = 2 ** level;
    const total = this.shape.noise * perTree;
    const sumsView = bytes.subarray(sums, sums + this.shape.noise * SUMS_BYTES);
    sumsView.fill(0);
    for (let first = Math.floor((total - 1) / PART_NODES) * PART_NODES; first >= 0; first -= PART_NODES) {
      const count = Math.min(PART_NODES, total - first);
      const part = bytes.subarray(nodes + first * ELEMENT_BYTES, nodes + (first + count) * ELEMENT_BYTES);
      bytes.set(this.#ciphers[0].update(part), left);
      bytes.set(this.#ciphers[1].update(part), right);
      this.#kernels.double({ nodes, perTree, first, count, left, right, sums });
    }
    return sumsView;
  }

  /** The children of a node that is zero, one after the other. */
  childrenOfZero(): Uint8Array {
    const zero = new Uint8Array(ELEMENT_BYTES);
    return Buffer.concat(this.#ciphers.map((cipher) => cipher.update(zero)));
  }
}

/**
 * The side that knows all: `roots` come to stand at the nodes' place, and in the end the leaves. Writes the message and
 * gives the sum of each tree's leaves.
 */
export function growAll(
  kernels: VoleKernels,
  shape: VoleShape,
  places: TreePlaces,
  publicKeys: readonly Uint8Array[],
  roots: Uint8Array,
  keys: LevelKeys,
  message: Uint8Array,
): Uint8Array {
  invariant(roots.byteLength === shape.noise * ELEMENT_BYTES, 'a root a tree');
  invariant(message.byteLength === treeBytes(shape), 'a message of another size');
  const levels = new Levels(kernels, shape, places, publicKeys);
  kernels.bytes().set(roots, places.nodes);
  let sums: Uint8Array = new Uint8Array();
  for (let level = 0; level < shape.depth; level++) {
    sums = levels.grow(level);
    for (let tree = 0; tree < shape.noise; tree++) {
      const ot = tree * shape.depth + level;
      const masked = message.subarray(ot * SUMS_BYTES, (ot + 1) * SUMS_BYTES);
      masked.set(sums.subarray(tree * SUMS_BYTES, (tree + 1) * SUMS_BYTES));
      for (const [side, of] of [keys.zero, keys.one].entries()) {
        addInto(masked.subarray(side * ELEMENT_BYTES, (side + 1) * ELEMENT_BYTES), elementOf(of, ot));
      }
    }
  }
  return leafSums(sums, shape.noise);
}

/** The leaf of each tree that the holder of these choices does not learn: at each level the side it did not choose. */
export function missingLeaves({ noise, depth }: VoleShape, choices: Uint8Array): Uint32Array {
  return Uint32Array.from({ length: noise }, (_, tree) => {
    let leaf = 0;
    for (let level = 0; level < depth; level++) leaf = 2 * leaf + (1 ^ (choices[tree * depth + level] ?? 0));
    return leaf;
  });
}

/** The side that lacks a leaf in each tree: it stands as zero. Gives the sum of each tree's other leaves. */
export function growPunctured(
  kernels: VoleKernels,
  shape: VoleShape,
  places: TreePlaces,
  publicKeys: readonly Uint8Array[],
  { choices, keys }: ChosenLevelKeys,
  message: Uint8Array,
): Uint8Array {
  invariant(message.byteLength === treeBytes(shape), 'a message of another size');
  const { noise, depth } = shape;
  const levels = new Levels(kernels, shape, places, publicKeys);
  const ofZero = levels.childrenOfZero();
  const missing = missingLeaves(shape, choices);
  kernels.bytes().fill(0, places.nodes, places.nodes + noise * ELEMENT_BYTES);
  let sums: Uint8Array = new Uint8Array();
  for (let level = 0; level < depth; level++) {
    sums = levels.grow(level);
    const bytes = kernels.bytes();
    for (const [tree, leaf] of missing.entries()) {
      const sum = sums.subarray(tree * SUMS_BYTES, (tree + 1) * SUMS_BYTES);
      // What grew from the zero that stands for the missing node counts for nothing.
      addInto(sum, ofZero);
      const ot = tree * depth + level;
      const onPath = leaf >>> (depth - 1 - level);
      const side = 1 ^ (onPath & 1);
      const at = places.nodes + (tree * 2 ** (level + 1) + (onPath & ~1)) * ELEMENT_BYTES;
      const pair = bytes.subarray(at, at + 2 * ELEMENT_BYTES).fill(0);
      const sibling = elementOf(pair, side);
      sibling.set(elementOf(message, 2 * ot + side));
      addInto(sibling, elementOf(keys, ot));
      addInto(sibling, elementOf(sum, side));
      addInto(elementOf(sum, side), sibling);
    }
  }
  missing.fill(0);
  return leafSums(sums, noise);
}

/** Left and right together, one element a tree. */
function leafSums(sums: Uint8Array, noise: number): Uint8Array {
  const both = new Uint8Array(noise * ELEMENT_BYTES);
  for (let tree = 0; tree < noise; tree++) {
    const sum = elementOf(both, tree);
    addInto(sum, elementOf(sums, 2 * tree));
    addInto(sum, elementOf(sums, 2 * tree + 1));
  }
  sums.fill(0);
  return both;
}

export function elementOf(elements: Uint8Array, index: number): Uint8Array {
  return elements.subarray(index * ELEMENT_BYTES, (index + 1) * ELEMENT_BYTES);
}
