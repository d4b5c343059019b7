/**
 * From sums to bits: x is written as a sum of two numbers whose bits are shared, and a binary adder does the rest.
 * Two members: x = x_0 + x_1, where each knows the bits of one. More: with shares of a random number r and of its bits,
 * open c = x - r; x = c + r, where all know c (edaBits: Escudero, Ghosh, Keller, Rachuri and Scholl, CRYPTO 2020,
 * https://eprint.iacr.org/2020/338).
 */
import type { Fiber } from '../../fiber.ts';
import { onesPlanes, xorSS } from '../../sharing/linear.ts';
import { type Arith, type Bits, bits, planeWords, type Words } from '../../sharing/shares.ts';
import {
  addAnds,
  addBits,
  allOnesAnds,
  andOfPlanes,
  lowBits,
  SIGN_ANDS,
  signOfSum,
  signOrder,
} from '../circuits.ts';
import { bitStock } from './bit-stock.ts';
import { combineForAll } from './messages.ts';
import { made, onlyRank, partOf, type Semi2kState } from './state.ts';

export async function a2b(state: Semi2kState, fiber: Fiber, x: Arith, width: number): Promise<Bits> {
  const words = planeWords(x.length);
  const stock = await bitStock(state, fiber, addAnds(width) * words, (width - 1) * words);
  const { first, second } = await summands(state, fiber, x, lowBits(width), false);
  return addBits(stock, fiber, first, second);
}

export async function msbS(state: Semi2kState, fiber: Fiber, x: Arith): Promise<Bits> {
  const words = planeWords(x.length);
  const stock = await bitStock(state, fiber, SIGN_ANDS * words, 63 * words);
  const { first, second } = await summands(state, fiber, x, signOrder, false);
  return signOfSum(stock, fiber, first, second);
}

/** x = 0 exactly where all bits of the second summand and the negated first agree. */
export async function eqzS(state: Semi2kState, fiber: Fiber, x: Arith): Promise<Bits> {
  const stock = await bitStock(state, fiber, allOnesAnds(64) * planeWords(x.length), 0);
  const { first, second } = await summands(state, fiber, x, lowBits(64), true);
  const ones = bits(x.length, 64, onlyRank(state, 0, onesPlanes(x.length, 64)));
  return andOfPlanes(stock, fiber, xorSS(state.kernels, xorSS(state.kernels, first, second), ones));
}

/** Shares of the bits of two numbers that add up to x, the first negated if wanted. */
async function summands(
  state: Semi2kState,
  fiber: Fiber,
  x: Arith,
  order: Uint8Array,
  negateFirst: boolean,
): Promise<{ readonly first: Bits; readonly second: Bits }> {
  const { kernels, source, rank } = state;
  const words = order.length * planeWords(x.length);
  const toBits = (from: Words): Words => made(words, (out) => kernels.toPlanes(out, from, order));
  const signed = (from: Words): Words =>
    negateFirst ? made(x.length, (out) => kernels.sub(out, out, from)) : from;
  const share = (parts: readonly Words[]): Bits => bits(x.length, order.length, parts);
  if (source.kind === 'pair') {
    const own = toBits(rank === 0 ? signed(partOf(x)) : partOf(x));
    return { first: share(onlyRank(state, 0, own)), second: share(onlyRank(state, 1, own)) };
  }
  const mask = await source.bitMasks(fiber, x.length);
  const masked = made(x.length, (out) => kernels.sub(out, partOf(x), mask.numbers));
  const [c] = (await combineForAll(state, fiber, 'bits', 'sum', [masked])) as [Words];
  return { first: share(onlyRank(state, 0, toBits(signed(c)))), second: share([toBits(mask.bits)]) };
}
