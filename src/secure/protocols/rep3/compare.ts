/**
 * From sums to bits (ABY3, Mohassel and Rindal 2018, section 5.3, with two operands instead of three): member 0 knows
 * x_0 + x_1, members 1 and 2 know x_2, so the first is shared bit by bit, the second stands as it is, and a binary
 * adder does the rest.
 */
import type { Fiber } from '../../fiber.ts';
import { release } from '../../release.ts';
import { xorSS } from '../../sharing/linear.ts';
import { type Arith, type Bits, bits, planeWords, type Words } from '../../sharing/shares.ts';
import { addBits, andOfPlanes, lowBits, signOfSum, signOrder } from '../circuits.ts';
import type { Protocol } from '../protocol.ts';
import { onlyIndex, partsOf, type Rep3State } from './state.ts';

const MINUS_ONE = 2n ** 64n - 1n;

export async function a2b(
  protocol: Protocol,
  state: Rep3State,
  fiber: Fiber,
  x: Arith,
  width: number,
): Promise<Bits> {
  const { sum, rest } = await operands(protocol, state, fiber, x, lowBits(width), false);
  return addBits(protocol, fiber, sum, rest);
}

export async function msbS(protocol: Protocol, state: Rep3State, fiber: Fiber, x: Arith): Promise<Bits> {
  const { sum, rest } = await operands(protocol, state, fiber, x, signOrder, false);
  return signOfSum(protocol, fiber, sum, rest, () => {
    // All but what member 0 has sent of the sum.
    const spent = state.rank === 0 ? sum.parts.slice(0, 1) : sum.parts;
    for (const part of [...spent, ...rest.parts]) release(part);
  });
}

/** x = 0 exactly where all bits of x_0 + x_1 and -x_2 agree, so where none is that of x_2 - 1, its complement. */
export async function eqzS(protocol: Protocol, state: Rep3State, fiber: Fiber, x: Arith): Promise<Bits> {
  const { sum, rest } = await operands(protocol, state, fiber, x, lowBits(64), true);
  const same = xorSS(state.kernels, sum, rest);
  return andOfPlanes(protocol, fiber, same);
}

/** Shares of the bits of x_0 + x_1, and of x_2, or of x_2 - 1. */
async function operands(
  protocol: Protocol,
  { rank, kernels }: Rep3State,
  fiber: Fiber,
  x: Arith,
  order: Uint8Array,
  lessOne: boolean,
): Promise<{ readonly sum: Bits; readonly rest: Bits }> {
  const [own, next] = partsOf(x);
  const width = order.length;
  const words = width * planeWords(x.length);
  const toPlanes = (from: Words): Words => {
    const out = new BigUint64Array(words);
    kernels.toPlanes(out, from, order);
    return out;
  };
  let known: Words | undefined;
  if (rank === 0) {
    const added = new BigUint64Array(x.length);
    kernels.add(added, own, next);
    known = toPlanes(added);
    release(added);
  }
  const sum = await protocol.shareB(fiber, 0, x.length, width, known);
  if (known !== undefined) release(known);
  let held: Words | undefined;
  if (rank !== 0) {
    held = rank === 1 ? next : own;
    if (lessOne) {
      const less = new BigUint64Array(x.length);
      kernels.affine(less, held, 1n, MINUS_ONE);
      held = less;
    }
  }
  const rest = bits(x.length, width, onlyIndex(rank, 2, held && toPlanes(held), words));
  return { sum, rest };
}
