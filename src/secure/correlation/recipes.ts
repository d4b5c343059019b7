/**
 * What a dealer makes, as recipes that the dealer and the members follow alike: random parts, of which every member
 * draws its share from the seed that it has in common with the dealer, and parts that depend on them, of which every
 * member but the last draws its share, and the last is sent what makes the sum right. So all but one share cost no
 * bytes.
 *
 * Cost: `correctionWords` of 8 bytes from the dealer to the last member: 1 word a multiplication or matrix element of
 * the product, 1 for 64 bit triples or crosses, 1 a product of bits, mask or double bit, 2 a truncation mask, or 3 with
 * bits.
 */
import type { Kernels } from '../kernels/kernels.ts';
import { planeWords, type Words } from '../sharing/shares.ts';

export type Group = 'sum' | 'xor';

interface Part {
  readonly words: number;
  readonly group: Group;
  /** Only this member has a share, which is the value. */
  readonly holder?: number;
}

export interface Recipe {
  /** Drawn by all. */
  readonly random: readonly Part[];
  /** The last member's share comes from the dealer. */
  readonly dependent: readonly Part[];
  /** The values of the dependent parts, from the values of the random ones. */
  solve(kernels: Kernels, random: readonly Words[]): readonly Words[];
}

/** Kinds by number, as in requests. `parameters`: how many numbers a request has. */
export const recipeKinds = [
  'mul',
  'matmul',
  'and',
  'bitProducts',
  'bitCrosses',
  'bitMasks',
  'truncation',
  'doubleBits',
] as const;

export type RecipeKind = (typeof recipeKinds)[number];

/** A request: kind and sizes. Sizes are whole and positive, for `matmul` batch, rows, inner, columns. */
export interface Order {
  readonly kind: RecipeKind;
  readonly sizes: readonly number[];
}

const sizesOf: Readonly<Record<RecipeKind, number>> = {
  mul: 1,
  matmul: 4,
  and: 1,
  bitProducts: 1,
  bitCrosses: 1,
  bitMasks: 1,
  // Count, bits to take off, and 2 with bits of the mask or 1 without.
  truncation: 3,
  doubleBits: 1,
};

/** Words in any part of an order: as many as a tensor may have, and twice that for padding. */
export const PART_WORDS_MAX = 2 ** 27;

/**
 * Words in an order, where it can be cut: members work on one while the dealer makes the next, and a dealer holds
 * little at a time.
 */
export const ORDER_WORDS_MAX = 2 ** 17;

/**
 * Products of numbers in a matrix product, which cannot be cut: minutes on one core, and more than operands that fit
 * into memory need.
 */
export const MATMUL_PRODUCTS_MAX = 2 ** 38;

/** Undefined if there is no such order. */
export function recipeOf({ kind, sizes }: Order): Recipe | undefined {
  if (sizes.length !== sizesOf[kind] || sizes.some((size) => !Number.isInteger(size) || size < 1))
    return undefined;
  // A word has 64 bits, one of which is the mask's own.
  if (kind === 'truncation' && (sizes[1] ?? 0) > 62) return undefined;
  const products = sizes.reduce((product, size) => product * size, 1);
  if (kind === 'matmul' ? products > MATMUL_PRODUCTS_MAX : (sizes[0] ?? 0) > ORDER_WORDS_MAX)
    return undefined;
  const recipe = recipes[kind](sizes as [number, number, number, number]);
  const parts = [...recipe.random, ...recipe.dependent];
  return parts.every(({ words }) => words <= PART_WORDS_MAX) ? recipe : undefined;
}

export function correctionWords({ dependent }: Recipe): number {
  return dependent.reduce((sum, { words }) => sum + words, 0);
}

const sum = (words: number): Part => ({ words, group: 'sum' });
const xor = (words: number): Part => ({ words, group: 'xor' });
const made = (words: number, work: (out: Words) => void): Words => {
  const out = new BigUint64Array(words);
  work(out);
  return out;
};

const recipes: Readonly<Record<RecipeKind, (sizes: [number, number, number, number]) => Recipe>> = {
  mul: ([count]) => ({
    random: [sum(count), sum(count)],
    dependent: [sum(count)],
    solve: (kernels, [a, b]) => [made(count, (out) => kernels.mul(out, a as Words, b as Words))],
  }),
  matmul: ([batch, rows, inner, columns]) => ({
    random: [sum(batch * rows * inner), sum(batch * inner * columns)],
    dependent: [sum(batch * rows * columns)],
    solve: (kernels, [a, b]) => [
      made(batch * rows * columns, (out) =>
        kernels.matmul(out, a as Words, b as Words, { batch, rows, inner, columns }, false),
      ),
    ],
  }),
  and: ([words]) => ({
    random: [xor(words), xor(words)],
    dependent: [xor(words)],
    solve: (kernels, [a, b]) => [made(words, (out) => kernels.and(out, a as Words, b as Words))],
  }),
  bitProducts: ([count]) => ({
    random: [
      { ...xor(planeWords(count)), holder: 0 },
      { ...xor(planeWords(count)), holder: 1 },
    ],
    dependent: [sum(count)],
    solve: (kernels, [a, b]) => {
      const both = made(planeWords(count), (out) => kernels.and(out, a as Words, b as Words));
      return [made(count, (out) => kernels.fromPlanes(out, both, 1))];
    },
  }),
  bitCrosses: ([words]) => ({
    random: [
      { ...xor(words), holder: 0 },
      { ...xor(words), holder: 1 },
    ],
    dependent: [xor(words)],
    solve: (kernels, [a, b]) => [made(words, (out) => kernels.and(out, a as Words, b as Words))],
  }),
  bitMasks: ([count]) => ({
    random: [xor(count)],
    dependent: [sum(count)],
    solve: (_kernels, [numbers]) => [numbers as Words],
  }),
  truncation: ([count, by, withBits]) => ({
    random: [withBits === 2 ? xor(count) : sum(count)],
    dependent: [sum(count), sum(count), ...(withBits === 2 ? [sum(count)] : [])],
    solve: (kernels, [r]) => {
      const numbers = r as Words;
      const top = made(count, (out) => kernels.shiftRight(out, numbers, 63));
      const shifted = made(count, (out) => {
        kernels.shiftLeft(out, numbers, 1);
        kernels.shiftRight(out, out, 1 + by);
      });
      return withBits === 2 ? [shifted, top, numbers] : [shifted, top];
    },
  }),
  doubleBits: ([count]) => ({
    random: [xor(planeWords(count))],
    dependent: [sum(count)],
    solve: (kernels, [bits]) => [made(count, (out) => kernels.fromPlanes(out, bits as Words, 1))],
  }),
};
