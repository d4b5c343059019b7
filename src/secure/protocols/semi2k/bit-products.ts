/**
 * Two members, each of which knows one factor.
 *
 * Shares in the ring of the product of a bit u of member 0 and a bit v of member 1. With random bits a and b and shares
 * of a·b (correlation/source.ts), both tell f = u ^ a and g = v ^ b. Then u·v = (1-2f)(1-2g)·ab + u·g + (v - g)·f: each
 * member can compute a share. Shares as bits: u·v = ab ^ u·g ^ b·f. Cost of either: 1 bit each, 1 round.
 */
import type { BitCrosses, BitProducts } from '../../correlation/source.ts';
import type { Fiber } from '../../fiber.ts';
import { type Bits, bits as bitsOf, type Words } from '../../sharing/shares.ts';
import type { BitsPair } from '../protocol.ts';
import { made, partOf, type Semi2kState } from './state.ts';

/** `own`: this member's bits, a plane of 64 a word; gives `count` numbers. The products are used up. */
export async function productOfBits(
  { rank, kernels }: Semi2kState,
  fiber: Fiber,
  label: string,
  own: Words,
  { bits, products }: BitProducts,
): Promise<Words> {
  const count = products.length;
  const told = made(own.length, (out) => kernels.xor(out, own, bits));
  const theirs = await swap(fiber, label, told);
  // Planes of u & g at member 0, and of v & f and g & f at member 1.
  const ownTerm = numbers(
    kernels,
    made(own.length, (out) => kernels.and(out, own, theirs)),
    count,
  );
  if (rank === 1) {
    const both = made(own.length, (out) => kernels.and(out, told, theirs));
    kernels.sub(ownTerm, ownTerm, numbers(kernels, both, count));
  }
  // (1-2f)(1-2g) is 1 - 2(f ^ g).
  const sign = numbers(
    kernels,
    made(own.length, (out) => kernels.xor(out, told, theirs)),
    count,
  );
  kernels.affine(sign, sign, BigInt.asUintN(64, -2n), 1n);
  kernels.mul(sign, sign, products);
  kernels.add(sign, sign, ownTerm);
  return sign;
}

/** Bits of a plane as 0 or 1. */
export function numbers(kernels: Semi2kState['kernels'], plane: Words, count: number): Words {
  return made(count, (out) => kernels.fromPlanes(out, plane, 1));
}

/**
 * Ands of bits of which member 0 knows one and member 1 the other: in each pair, one share of each member is zero. The
 * crosses are used up.
 */
export async function crossWith(
  { rank, kernels }: Semi2kState,
  fiber: Fiber,
  pairs: readonly BitsPair[],
  { bits, products }: BitCrosses,
): Promise<readonly Bits[]> {
  let at = 0;
  const own = made(bits.length, (out) => {
    for (const [x, y] of pairs) {
      kernels.xor(out.subarray(at, at + partOf(x).length), partOf(x), partOf(y));
      at += partOf(x).length;
    }
  });
  const told = made(own.length, (out) => kernels.xor(out, own, bits));
  const theirs = await swap(fiber, 'andSS of known bits', told);
  kernels.and(theirs, theirs, rank === 0 ? own : bits);
  kernels.xor(products, products, theirs);
  at = 0;
  return pairs.map(([x]) => {
    const { length } = partOf(x);
    at += length;
    return bitsOf(x.length, x.width, [products.subarray(at - length, at)]);
  });
}

async function swap(fiber: Fiber, label: string, own: Words): Promise<Words> {
  const peer = 1 - fiber.rank;
  const received = await fiber.exchange({
    label,
    outgoing: [0, 1].map((to) => (to === peer ? [own] : undefined)),
    incoming: [0, 1].map((from) => (from === peer ? own.byteLength : 0)),
  });
  const message = received[peer] as Uint8Array;
  return new BigUint64Array(message.buffer, message.byteOffset, own.length);
}
