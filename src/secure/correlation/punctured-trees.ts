/**
 * Trees of seeds of which one party knows all leaves and the other all but one: the step from base OTs to OT extension.
 *
 * Reference: the tree is that of Goldreich, Goldwasser and Micali (J. ACM 1986, https://doi.org/10.1145/6490.6503);
 * transferring it by one OT a level is Roy, SoftSpokenOT, CRYPTO 2022, https://eprint.iacr.org/2022/192, section 6
 * (without its consistency check: semi-honest).
 * Security: semi-honest, one of two parties; AES is a pseudorandom permutation; the base OTs are secure.
 * Needs: `depth` base OTs a tree; the puncturing party chose in each of them.
 * Flow: the owner grows each tree from a random root; for each level it sends the sum of the left and the sum of the
 *       right children, each under the key of one side of a base OT; the other party opens the side off its path and so
 *       regrows all but its own leaf.
 * Cost: 1 round, 32 bytes a level and tree, by the owner.
 */
import { createCipheriv } from 'node:crypto';
import { invariant } from '../../base/errors.ts';
import type { Random } from '../../contracts/random.ts';
import { SEED_BYTES } from '../prg.ts';
import type { ChosenKeys, KeyPairs } from './base-ot.ts';

export interface TreeShape {
  readonly trees: number;
  /** Levels below the root; a tree has 2^depth leaves. */
  readonly depth: number;
}

export function punctureBytes({ trees, depth }: TreeShape): number {
  return trees * depth * 2 * SEED_BYTES;
}

/** The owner's side: all leaves of all trees, and the message for the other party. */
export function growTrees(
  shape: TreeShape,
  random: Random,
  base: KeyPairs,
  message: Uint8Array,
): Uint8Array[][] {
  return Array.from({ length: shape.trees }, (_, tree) => {
    let level: Uint8Array[] = [random.bytes(SEED_BYTES)];
    for (let depth = 0; depth < shape.depth; depth++) {
      level = level.flatMap(children);
      const ot = tree * shape.depth + depth;
      for (const [side, keys] of [base.zero, base.one].entries()) {
        const sum = sumOf(level.filter((_seed, index) => index % 2 === side));
        xorInto(sum, keys.subarray(ot * SEED_BYTES, (ot + 1) * SEED_BYTES));
        message.set(sum, (2 * ot + side) * SEED_BYTES);
      }
    }
    return level;
  });
}

/**
 * The leaf that this party will not learn, for each tree, as the choices of the base OTs: at each level, root first, it
 * takes the side that does not lead to that leaf.
 */
export function choicesFor({ depth }: TreeShape, punctured: Uint8Array): Uint8Array {
  const choices = new Uint8Array(punctured.length * depth);
  for (const [tree, leaf] of punctured.entries()) {
    for (let level = 0; level < depth; level++) {
      choices[tree * depth + level] = 1 ^ ((leaf >> (depth - 1 - level)) & 1);
    }
  }
  return choices;
}

/** The other side: all leaves but the punctured one, which is undefined. */
export function regrowTrees(
  shape: TreeShape,
  punctured: Uint8Array,
  base: ChosenKeys,
  message: Uint8Array,
): (Uint8Array | undefined)[][] {
  return Array.from({ length: shape.trees }, (_, tree) => {
    const leaf = punctured[tree] ?? 0;
    let level: (Uint8Array | undefined)[] = [undefined];
    for (let depth = 0; depth < shape.depth; depth++) {
      level = level.flatMap((seed) => (seed === undefined ? [undefined, undefined] : children(seed)));
      const onPath = leaf >> (shape.depth - 1 - depth);
      const side = 1 ^ (onPath & 1);
      const ot = tree * shape.depth + depth;
      const at = (2 * ot + side) * SEED_BYTES;
      const sibling = new Uint8Array(message.subarray(at, at + SEED_BYTES));
      xorInto(sibling, base.keys.subarray(ot * SEED_BYTES, (ot + 1) * SEED_BYTES));
      for (const [index, seed] of level.entries()) {
        if (seed !== undefined && index % 2 === side) xorInto(sibling, seed);
      }
      level[onPath ^ 1] = sibling;
    }
    invariant(level[leaf] === undefined, 'the punctured leaf is known');
    return level;
  });
}

/** Two seeds from one: the first two blocks of its stream. */
function children(seed: Uint8Array): Uint8Array[] {
  const cipher = createCipheriv('aes-128-ctr', seed, new Uint8Array(16));
  const both: Uint8Array = cipher.update(new Uint8Array(2 * SEED_BYTES));
  cipher.final();
  seed.fill(0);
  // A Buffer's slice is no copy.
  const halves = [new Uint8Array(both.subarray(0, SEED_BYTES)), new Uint8Array(both.subarray(SEED_BYTES))];
  both.fill(0);
  return halves;
}

function sumOf(seeds: readonly Uint8Array[]): Uint8Array {
  const sum = new Uint8Array(SEED_BYTES);
  for (const seed of seeds) xorInto(sum, seed);
  return sum;
}

function xorInto(target: Uint8Array, other: Uint8Array): void {
  for (let at = 0; at < target.length; at++) target[at] = (target[at] ?? 0) ^ (other[at] ?? 0);
}
