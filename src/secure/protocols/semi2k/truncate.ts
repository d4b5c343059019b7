/**
 * Division by 2^f with an error below 1 and never a gross one, for |x| < 2^62. The proofs are in docs/protocols.md.
 * In both forms X = x + 2^62 lies in [0, 2^63), so that its highest bit is known to be 0.
 *
 * Two members: X = X_0 - Y, where Y = -X_1. That wraps exactly where Y's highest bit is 1 and X_0's is 0: if it does
 *   not wrap, X_0 - Y is below 2^63, which rules that out; if it does, Y is above 2^63 + X_0. So with w, shares of the
 *   product of both bits, X/2^f = (X_0 >> f) - (Y >> f) + w·2^(64-f)
 * (after Huang, Lu, Hong and Ding, Cheetah, USENIX Security 2022, https://eprint.iacr.org/2022/207, with a correlation
 * in place of an OT).
 * Cost: 1 bit each, 1 round.
 *
 * More: with shares of random r, of (r mod 2^63) >> f and of r's highest bit, open c = X + r. The low 63 bits of X + r
 *   wrap exactly where the highest bits of c and r differ, v = top(c) ^ top(r), because X has none. So
 *   X/2^f = ((c mod 2^63) >> f) - ((r mod 2^63) >> f) + v·2^(63-f)
 * (Dalskov, Escudero and Keller, PETS 2020, https://eprint.iacr.org/2019/131, section 5). Cost: 8 bytes to each other
 * member, 1 round.
 *
 * Both cut off two fractions, one positive, one negative: the error is their difference, and is above -1 and below 1.
 * It is a borrow of the low
 * bits: taking it off makes the result exact.
 */
import type { BitProducts, TruncationMasks } from '../../correlation/source.ts';
import type { Fiber } from '../../fiber.ts';
import { subSS } from '../../sharing/linear.ts';
import { type Arith, arith, type Bits, bits, planeWords, rounded, type Words } from '../../sharing/shares.ts';
import { carryOut, carryOutAnds, lowBits } from '../circuits.ts';
import { productOfBits } from './bit-products.ts';
import { bitStock } from './bit-stock.ts';
import { b2a } from './convert.ts';
import { combineForAll } from './messages.ts';
import { ALL_ONES, made, onlyRank, partOf, type Semi2kState } from './state.ts';

/** Added so that what is truncated is not negative: half of the domain's width. */
const OFFSET = 1n << 62n;

const signBit = Uint8Array.of(63);

/** What a truncation takes of the source. */
export type TruncationStock =
  | { readonly kind: 'pair'; readonly products: BitProducts }
  | { readonly kind: 'group'; readonly masks: TruncationMasks };

export async function truncationStock(
  { source }: Semi2kState,
  fiber: Fiber,
  count: number,
  by: number,
  withBits: boolean,
): Promise<TruncationStock> {
  return source.kind === 'pair'
    ? { kind: 'pair', products: await source.bitProducts(fiber, count) }
    : { kind: 'group', masks: await source.truncationMasks(fiber, count, by, withBits) };
}

export async function truncS(state: Semi2kState, fiber: Fiber, x: Arith, by: number): Promise<Arith> {
  return truncWith(state, fiber, x, by, await truncationStock(state, fiber, x.length, by, false));
}

/** The stock is used up. */
export async function truncWith(
  state: Semi2kState,
  fiber: Fiber,
  x: Arith,
  by: number,
  stock: TruncationStock,
): Promise<Arith> {
  const { quotient } = await truncate(state, fiber, x, by, stock);
  return rounded(quotient.length, quotient.parts);
}

export async function truncExactS(state: Semi2kState, fiber: Fiber, x: Arith, by: number): Promise<Arith> {
  const stock = await truncationStock(state, fiber, x.length, by, true);
  const words = planeWords(x.length);
  const triples = await bitStock(state, fiber, carryOutAnds(by) * words, by * words);
  const { quotient, taken, complement } = await truncate(state, fiber, x, by, stock);
  // The low bits borrowed exactly where those taken away are more than those there were: where taken + ~there
  // overflows.
  const planes = (from: Words): Words =>
    made(by * words, (out) => state.kernels.toPlanes(out, from, lowBits(by)));
  const low = (parts: readonly Words[]): Bits => bits(x.length, by, parts);
  const subtrahend = taken.shared ? low([planes(taken.words)]) : low(onlyRank(state, 1, planes(taken.words)));
  const borrow = await carryOut(triples, fiber, subtrahend, low(onlyRank(state, 0, planes(complement))));
  return subSS(state.kernels, quotient, await b2a(state, fiber, borrow));
}

interface Truncated {
  readonly quotient: Arith;
  /** What was subtracted to give X: a number that member 1 knows, or one whose bits are shared. */
  readonly taken: { readonly words: Words; readonly shared: boolean };
  /** All ones minus what it was subtracted from, which member 0 knows. */
  readonly complement: Words;
}

async function truncate(
  state: Semi2kState,
  fiber: Fiber,
  x: Arith,
  by: number,
  stock: TruncationStock,
): Promise<Truncated> {
  return stock.kind === 'pair'
    ? ofPair(state, fiber, x, by, stock.products)
    : ofGroup(state, fiber, x, by, stock.masks);
}

async function ofPair(
  state: Semi2kState,
  fiber: Fiber,
  x: Arith,
  by: number,
  products: BitProducts,
): Promise<Truncated> {
  const { kernels, rank } = state;
  // X_0 at member 0, Y at member 1.
  const own = made(x.length, (out) =>
    rank === 0 ? kernels.affine(out, partOf(x), 1n, OFFSET) : kernels.sub(out, out, partOf(x)),
  );
  const complement = made(x.length, (out) => kernels.affine(out, own, ALL_ONES, ALL_ONES));
  const top = made(planeWords(x.length), (out) =>
    kernels.toPlanes(out, rank === 0 ? complement : own, signBit),
  );
  const wraps = await productOfBits(state, fiber, 'truncS', top, products);
  kernels.shiftLeft(wraps, wraps, 64 - by);
  const high = made(x.length, (out) => kernels.shiftRight(out, own, by));
  const offset = BigInt.asUintN(64, -(OFFSET >> BigInt(by)));
  if (rank === 0) kernels.affine(high, high, 1n, offset);
  const quotient = made(x.length, (out) =>
    rank === 0 ? kernels.add(out, wraps, high) : kernels.sub(out, wraps, high),
  );
  return { quotient: arith(x.length, [quotient]), taken: { words: own, shared: false }, complement };
}

async function ofGroup(
  state: Semi2kState,
  fiber: Fiber,
  x: Arith,
  by: number,
  { numbers, shifted, top, bits: maskBits }: TruncationMasks,
): Promise<Truncated> {
  const { kernels, rank } = state;
  const masked = made(x.length, (out) => {
    kernels.add(out, partOf(x), numbers);
    if (rank === 0) kernels.affine(out, out, 1n, OFFSET);
  });
  const [c] = (await combineForAll(state, fiber, 'truncS', 'sum', [masked])) as [Words];
  // v = top(c) + (1 - 2·top(c))·top(r)
  const sign = made(x.length, (out) => kernels.shiftRight(out, c, 63));
  const wraps = made(x.length, (out) => {
    kernels.affine(out, sign, BigInt.asUintN(64, -2n), 1n);
    kernels.mul(out, out, top);
    if (rank === 0) kernels.add(out, out, sign);
    kernels.shiftLeft(out, out, 63 - by);
    kernels.sub(out, out, shifted);
  });
  if (rank === 0) {
    const high = made(x.length, (out) => {
      kernels.shiftLeft(out, c, 1);
      kernels.shiftRight(out, out, by + 1);
      kernels.affine(out, out, 1n, BigInt.asUintN(64, -(OFFSET >> BigInt(by))));
    });
    kernels.add(wraps, wraps, high);
  }
  return {
    quotient: arith(x.length, [wraps]),
    taken: { words: maskBits ?? numbers, shared: true },
    complement: made(x.length, (out) => kernels.affine(out, c, ALL_ONES, ALL_ONES)),
  };
}
