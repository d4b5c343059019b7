/** From bits to numbers. */
import type { Fiber } from '../../fiber.ts';
import { type Arith, arith, type Bits, planeWords, type Words } from '../../sharing/shares.ts';
import { numbers, productOfBits } from './bit-products.ts';
import { combineForAll } from './messages.ts';
import { made, partOf, type Semi2kState } from './state.ts';

/**
 * Whole planes at once, plane j with weight 2^j.
 * Two members: a bit is u ^ v = u + v - 2uv, where each knows one. More: with a double bit r, open c = x ^ r; x = c +
 * (1-2c)·r.
 */
export async function b2a(state: Semi2kState, fiber: Fiber, x: Bits): Promise<Arith> {
  const planes = partOf(x);
  const values =
    state.source.kind === 'pair' ? await ofPair(state, fiber, planes) : await ofGroup(state, fiber, planes);
  const perPlane = 64 * planeWords(x.length);
  const sum = values.slice(0, x.length);
  for (let bit = 1; bit < x.width; bit++) {
    const weighted = made(x.length, (out) =>
      state.kernels.shiftLeft(out, values.subarray(bit * perPlane, bit * perPlane + x.length), bit),
    );
    state.kernels.add(sum, sum, weighted);
  }
  return arith(x.length, [sum]);
}

async function ofPair(state: Semi2kState, fiber: Fiber, planes: Words): Promise<Words> {
  const { kernels, source } = state;
  if (source.kind !== 'pair') return new BigUint64Array();
  const count = 64 * planes.length;
  const products = await source.bitProducts(fiber, count);
  const both = await productOfBits(state, fiber, 'b2a', planes, products);
  kernels.affine(both, both, BigInt.asUintN(64, -2n), 0n);
  kernels.add(both, both, numbers(kernels, planes, count));
  return both;
}

async function ofGroup(state: Semi2kState, fiber: Fiber, planes: Words): Promise<Words> {
  const { kernels, source, rank } = state;
  if (source.kind !== 'group') return new BigUint64Array();
  const count = 64 * planes.length;
  const mask = await source.doubleBits(fiber, count);
  const masked = made(planes.length, (out) => kernels.xor(out, planes, mask.bits));
  const [opened] = (await combineForAll(state, fiber, 'b2a', 'xor', [masked])) as [Words];
  const c = numbers(kernels, opened, count);
  const out = made(count, (sign) => kernels.affine(sign, c, BigInt.asUintN(64, -2n), 1n));
  kernels.mul(out, out, mask.numbers);
  if (rank === 0) kernels.add(out, out, c);
  return out;
}
