/**
 * Building blocks of division, roots and exponentials, on bare shares. Numbers inside have GUARD_BITS fractional bits,
 * more than the device's, so that what is rounded on the way does not show in the result. Products of two of them stay
 * below 2^62.
 *
 * Iterations in here need no bound of their own: a number is brought into [1/2, 1] by a power of two that is made of
 * its own bits, guesses are off by a fraction that every step squares, and bits, digits and chosen constants are what
 * they are. So all that is multiplied stays below 4, or below what the bounds of an operation ask of its operands.
 */

import { type Cost, inSequence } from '../cost.ts';
import { levels, prefixAnd, prefixAnds } from '../protocols/circuits.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { release } from '../release.ts';
import { encodeNumber } from '../ring/fixed-point.ts';
import type { Evaluator } from '../session.ts';
import { addSS, concat, onesPlanes, scaleS, slice, subSS, xorSS } from '../sharing/linear.ts';
import {
  type Arith,
  type Bits,
  bits,
  planes,
  planeWords,
  stackPlanes,
  type Words,
} from '../sharing/shares.ts';
import { notB, planeAt } from './logic.ts';

export const GUARD_BITS = 28;

/**
 * x·factor + addend for constants, at `bits` fractional bits each: the product has twice as many, so `factor` is whole
 * here.
 */
export function plusConstant(on: Evaluator, x: Arith, value: number, fractionalBits = GUARD_BITS): Arith {
  return addSS(on.kernels, x, constant(on, x.length, value, fractionalBits));
}

export function minusFrom(on: Evaluator, value: number, x: Arith, fractionalBits = GUARD_BITS): Arith {
  return subSS(on.kernels, constant(on, x.length, value, fractionalBits), x);
}

export function constant(on: Evaluator, length: number, value: number, fractionalBits: number): Arith {
  return on.protocol.publicA(new BigUint64Array(length).fill(encodeNumber(value, fractionalBits)));
}

/** All products in one exchange. Each is of two vectors of one length, truncated by `by` bits. */
export async function products(
  on: Evaluator,
  pairs: readonly (readonly [Arith, Arith])[],
  by = GUARD_BITS,
): Promise<Arith[]> {
  const { protocol, fiber } = on;
  const [left, right] = [concat(pairs.map(([x]) => x)), concat(pairs.map(([, y]) => y))];
  const joined = await protocol.mulTruncSS(fiber, left, right, by);
  for (const part of [...left.parts, ...right.parts]) release(part);
  let at = 0;
  return pairs.map(([x]) => {
    at += x.length;
    return slice(joined, at - x.length, at);
  });
}

export async function product(on: Evaluator, x: Arith, y: Arith, by = GUARD_BITS): Promise<Arith> {
  return on.protocol.mulTruncSS(on.fiber, x, y, by);
}

/**
 * So many bits are made numbers as one vector: a fiber for each plane costs more than its arithmetic, most of all two
 * streams of random words that begin. What is longer is given back plane by plane.
 */
const JOINED_BITS_MAX = 1 << 15;

/** Each plane as a vector of zeros and ones, in one exchange of two rounds. */
export async function planesAsNumbers(on: Evaluator, x: Bits): Promise<Arith[]> {
  const { fiber, protocol } = on;
  if (x.width === 1) return [await protocol.bit2a(fiber, x)];
  const all = x.length * x.width;
  // Planes of whole words follow each other as the bits of one.
  if (x.length % 64 === 0 && all <= JOINED_BITS_MAX) {
    const joined = await protocol.bit2a(fiber, bits(all, 1, x.parts));
    return Array.from({ length: x.width }, (_, plane) =>
      slice(joined, plane * x.length, (plane + 1) * x.length),
    );
  }
  return fiber.all(
    Array.from({ length: x.width }, (_, plane) => (child) => protocol.bit2a(child, planeAt(x, plane))),
  );
}

/**
 * A polynomial of degree 2 to 8 at y (GUARD_BITS): powers by doubling, then one truncation. Coefficients from the
 * constant on.
 * |y| ≤ 1. Rounds: 2·levels(degree) + 2.
 */
export async function polynomial(on: Evaluator, y: Arith, coefficients: readonly number[]): Promise<Arith> {
  const { protocol, fiber, kernels } = on;
  const degree = coefficients.length - 1;
  // powers[k] is y^(k+1).
  const powers: Arith[] = [y];
  while (powers.length < degree) {
    const top = powers.at(-1) as Arith;
    const count = Math.min(powers.length, degree - powers.length);
    powers.push(
      ...(await products(
        on,
        powers.slice(0, count).map((power) => [top, power] as const),
      )),
    );
  }
  const [offset = 0] = coefficients;
  let sum = constant(on, y.length, offset, 2 * GUARD_BITS);
  powers.forEach((power, k) => {
    sum = addSS(kernels, sum, scaleS(kernels, power, encodeNumber(coefficients[k + 1] ?? 0, GUARD_BITS)));
  });
  return protocol.truncS(fiber, sum, GUARD_BITS);
}

/** The product of whole numbers, in levels. */
export async function productOfAll(on: Evaluator, factors: readonly Arith[]): Promise<Arith> {
  const { protocol, fiber } = on;
  let left = [...factors];
  while (left.length > 1) {
    const half = Math.floor(left.length / 2);
    const rest = left.slice(2 * half);
    const joined = await protocol.mulSS(
      fiber,
      concat(left.slice(0, half)),
      concat(left.slice(half, 2 * half)),
    );
    const length = (left[0] as Arith).length;
    left = [...Array.from({ length: half }, (_, i) => slice(joined, i * length, (i + 1) * length)), ...rest];
  }
  return left[0] as Arith;
}

/** Flips every plane where `sign` is 1: the magnitude of a negative number, less one unit. Local. */
export function flipPlanes(on: Evaluator, x: Bits, sign: Bits): Bits {
  const { kernels } = on;
  return xorSS(kernels, x, stackPlanes(new Array<Bits>(x.width).fill(sign)));
}

/**
 * The position of the highest one: plane j of the result is 1 where bit j is the highest one of x. None where x is 0.
 * Rounds: levels(width).
 */
export async function highestOne(on: Evaluator, x: Bits): Promise<Bits> {
  const { protocol, fiber, kernels } = on;
  // From the top down: 1 as long as no one has been met.
  const none = await prefixAnd(protocol, fiber, reversePlanes(notB(on, x)));
  const before = stackPlanes([
    protocol.publicB(x.length, 1, onesPlanes(x.length, 1)),
    planes(none, 0, x.width - 1),
  ]);
  return reversePlanes(xorSS(kernels, before, none));
}

/** Plane j becomes plane width-1-j. Local. */
export function reversePlanes(x: Bits): Bits {
  const words = planeWords(x.length);
  return bits(
    x.length,
    x.width,
    x.parts.map((part) => {
      const out = new BigUint64Array(part.length);
      for (let plane = 0; plane < x.width; plane++) {
        out.set(part.subarray(plane * words, (plane + 1) * words), (x.width - 1 - plane) * words);
      }
      return out;
    }),
  );
}

/**
 * For each target plane, the exclusive or of the source planes that `sources` names: how one-hot planes are regrouped.
 * Local.
 */
export function regroup(x: Bits, sources: readonly (readonly number[])[]): Bits {
  const words = planeWords(x.length);
  return bits(
    x.length,
    sources.length,
    x.parts.map((part) => {
      const out: Words = new BigUint64Array(sources.length * words);
      sources.forEach((from, target) => {
        for (const plane of from) {
          for (let i = 0; i < words; i++) {
            out[target * words + i] =
              (out[target * words + i] as bigint) ^ (part[plane * words + i] as bigint);
          }
        }
      });
      return out;
    }),
  );
}

/** Of a product, {@link GUARD_BITS} of which are dropped. */
export const guardedCost = (c: ProtocolCosts, n: number): Cost => c.mulTruncSS(n, GUARD_BITS);

/** Several ands in rounds of their own, so many each time. */
export const circuitCost = (c: ProtocolCosts, length: number, ands: number, rounds: number): Cost => ({
  rounds: rounds * c.andSS(length, 1).rounds,
  bytes: c.andSS(length, ands).bytes,
});

/** Of the bits of a number of `width` bits, and {@link highestOne}. */
export const highestOneCost = (c: ProtocolCosts, n: number, width: number, signed: boolean): Cost =>
  inSequence(c.a2b(n, signed ? width + 1 : width), circuitCost(c, n, prefixAnds(width), levels(width)));

/** Of {@link polynomial}. */
export const polynomialCost = (c: ProtocolCosts, n: number, degree: number): Cost => {
  const steps: Cost[] = [];
  for (let have = 1; have < degree; ) {
    const more = Math.min(have, degree - have);
    steps.push(guardedCost(c, more * n));
    have += more;
  }
  return inSequence(...steps, c.truncS(n, GUARD_BITS));
};

/** Of {@link productOfAll}. */
export const productOfAllCost = (c: ProtocolCosts, n: number, factors: number): Cost => {
  const steps: Cost[] = [];
  for (let left = factors; left > 1; left = Math.ceil(left / 2))
    steps.push(c.mulSS(Math.floor(left / 2) * n));
  return inSequence(...steps);
};
