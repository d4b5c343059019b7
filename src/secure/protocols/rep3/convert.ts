/** From bits to numbers. */
import type { Fiber } from '../../fiber.ts';
import { release } from '../../release.ts';
import { type Arith, arith, type Bits, bits, planeWords, type Words } from '../../sharing/shares.ts';
import { addBits } from '../circuits.ts';
import type { Protocol } from '../protocol.ts';
import { round } from './messages.ts';
import { partsOf, type Rep3State } from './state.ts';

/**
 * A bit b = u ^ v as u + v - 2uv, where u = b_0 ^ b_1 is known to member 0, v = b_2 to members 1 and 2. With u = R + d,
 * R from the stream of index 0 and d sent to member 1, member 2 knows R·v and member 1 knows d·v: the product needs no
 * multiplication.
 *
 *   0 → 1: d = u - R                 2 → 1: -2Rv - W_0            1 → 2: v - 2dv - W_1
 *   shares: R + W_0 | d + W_1 | v - 2uv - W_0 - W_1
 *
 * Both W mask what would otherwise show u where v = 1. Cost: 8 bytes a member, 2 rounds.
 */
export async function bit2a(state: Rep3State, fiber: Fiber, x: Bits): Promise<Arith> {
  const { rank, kernels, seeds } = state;
  const count = x.length;
  const words = (): Words => new BigUint64Array(count);
  const [own, next] = partsOf(x);
  const asNumbers = (plane: Words): Words => {
    const out = words();
    kernels.fromPlanes(out, plane, 1);
    return out;
  };
  if (rank === 0) {
    const known = new BigUint64Array(own.length);
    kernels.xor(known, own, next);
    const share0 = seeds.own(fiber).words(count);
    const rest = asNumbers(known);
    kernels.sub(rest, rest, share0);
    kernels.addRandom(share0, seeds.own(fiber));
    await round(fiber, 'bit2a product', [{ rank: 1, words: rest }], []);
    await round(fiber, 'bit2a reshare', [], []);
    const share1 = rest.slice();
    kernels.addRandom(share1, seeds.next(fiber));
    return arith(count, [share0, share1]);
  }
  const v = asNumbers(rank === 1 ? next : own);
  // 1 - 2v: the sign with which the other's bit counts.
  const twice = words();
  kernels.affine(twice, v, BigInt.asUintN(64, -2n), 0n);
  if (rank === 1) {
    const received = await round(
      fiber,
      'bit2a product',
      [],
      [
        { rank: 0, count },
        { rank: 2, count },
      ],
    );
    const rest = received[0] as Words;
    const mask = seeds.own(fiber).words(count);
    const half = words();
    kernels.mul(half, twice, rest);
    kernels.add(half, half, v);
    kernels.sub(half, half, mask);
    await round(fiber, 'bit2a reshare', [{ rank: 2, words: half }], []);
    // In the memory of what came, which is this member's own.
    const share1 = rest;
    kernels.add(share1, rest, mask);
    const share2 = received[2] as Words;
    kernels.add(share2, half, share2);
    for (const spent of [v, twice, mask]) release(spent);
    return arith(count, [share1, share2]);
  }
  const share0 = seeds.next(fiber).words(count);
  const mask = seeds.next(fiber).words(count);
  const half = words();
  kernels.mul(half, twice, share0);
  kernels.sub(half, half, mask);
  await round(fiber, 'bit2a product', [{ rank: 1, words: half }], []);
  const received = await round(fiber, 'bit2a reshare', [], [{ rank: 1, count }]);
  const share2 = received[1] as Words;
  kernels.add(share2, half, share2);
  kernels.add(share0, share0, mask);
  for (const spent of [v, twice, mask]) release(spent);
  return arith(count, [share2, share0]);
}

/**
 * Whole numbers: shares 0 and 2 come from their streams; member 2, who knows both, shares the bits of their negated
 * sum; added to x, that is share 1, which is opened to members 0 and 1. To each of them the result is masked by the
 * share it does not know.
 */
export async function b2a(protocol: Protocol, state: Rep3State, fiber: Fiber, x: Bits): Promise<Arith> {
  if (x.width === 1) return protocol.bit2a(fiber, x);
  const { rank, kernels, seeds } = state;
  const count = x.length;
  const planeCount = planeWords(count);
  const share0 = rank === 1 ? undefined : (rank === 0 ? seeds.own(fiber) : seeds.next(fiber)).words(count);
  const share2 = rank === 0 ? undefined : (rank === 1 ? seeds.next(fiber) : seeds.own(fiber)).words(count);
  let negated: Words | undefined;
  if (rank === 2) {
    const sum = new BigUint64Array(count);
    kernels.sub(sum, sum, share0 as Words);
    kernels.sub(sum, sum, share2 as Words);
    negated = new BigUint64Array(64 * planeCount);
    kernels.toPlanes(negated, sum);
    release(sum);
  }
  const mask = await protocol.shareB(fiber, 2, count, 64, negated);
  if (negated !== undefined) release(negated);
  const difference = await addBits(protocol, fiber, widened(x), mask);
  const [own, next] = partsOf(difference);
  const openedBits = await round(
    fiber,
    'b2a open',
    rank === 0 ? [{ rank: 1, words: own }] : rank === 1 ? [{ rank: 0, words: next }] : [],
    rank === 2 ? [] : [{ rank: 1 - rank, count: own.length }],
  );
  if (rank === 2) return arith(count, [share2 as Words, share0 as Words]);
  const opened = new BigUint64Array(own.length);
  kernels.xor(opened, own, next);
  kernels.xor(opened, opened, openedBits[1 - rank] as Words);
  const share1 = new BigUint64Array(count);
  kernels.fromPlanes(share1, opened, 64);
  for (const spent of [opened, openedBits[1 - rank] as Words]) release(spent);
  return rank === 0 ? arith(count, [share0 as Words, share1]) : arith(count, [share1, share2 as Words]);
}

/** With zeros above, up to 64 bits. */
function widened(x: Bits): Bits {
  if (x.width === 64) return x;
  return bits(
    x.length,
    64,
    x.parts.map((part) => {
      const out = new BigUint64Array(64 * planeWords(x.length));
      out.set(part);
      return out;
    }),
  );
}
