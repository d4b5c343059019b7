/**
 * Boolean circuits over bit-sliced shares, the same for all protocols: whatever needs a message is the protocol's
 * `andSS`. Adders are parallel-prefix: (g, p) of a group of positions say whether it makes a carry, and whether it
 * passes one on; two neighbouring groups give (g_high ^ p_high·g_low, p_high·p_low).
 */
import type { Fiber } from '../fiber.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { release } from '../release.ts';
import { xorSS } from '../sharing/linear.ts';
import { type Bits, planes, stackPlanes } from '../sharing/shares.ts';
import type { BitsPair, Protocol } from './protocol.ts';

/** What circuits need of a protocol. */
export type BitProtocol = Pick<Protocol, 'andSS' | 'spendAnds'> & { readonly kernels: Kernels };

/**
 * Order of planes for {@link signOfSum}: first the sign, then the bits 0 … 62 so that at every level of the tree the
 * lower groups are the first half of the planes and the higher ones the second: bit-reversed positions, counted from 1.
 */
export const signOrder: Uint8Array = Uint8Array.from({ length: 64 }, (_, index) => {
  let position = 0;
  for (let bit = 0; bit < 6; bit++) position |= ((index >> bit) & 1) << (5 - bit);
  return index === 0 ? 63 : position - 1;
});

/** The lowest bits in natural order. */
export function lowBits(width: number): Uint8Array {
  return Uint8Array.from({ length: width }, (_, bit) => bit);
}

/** Ands of {@link signOfSum} for each element, and its rounds. */
export const SIGN_ANDS = 63 + 119;
export const SIGN_ROUNDS = 7;

/**
 * The highest bit of x + y mod 2^64, for 64 planes each in `signOrder`. A tree of 6 levels finds the carry into that
 * bit; the lowest group of a level never needs its p. Cost: 182 ands an element, 7 rounds. `used` is called when x and
 * y are needed no longer.
 */
export async function signOfSum(
  protocol: BitProtocol,
  fiber: Fiber,
  x: Bits,
  y: Bits,
  used?: () => void,
): Promise<Bits> {
  const { kernels } = protocol;
  const sum = xorSS(kernels, x, y);
  const [ands] = (await protocol.andSS(fiber, [[planes(x, 1, 64), planes(y, 1, 64)]])) as [Bits];
  used?.();
  // Level 1: the pair of plane 0 has no lower group, so its g is that of plane 32 (31 here, where plane 0 is left out).
  const [low, passed] = (await protocol.andSS(fiber, [
    [planes(sum, 33, 64), planes(ands, 0, 31)],
    [planes(sum, 33, 64), planes(sum, 1, 32)],
  ])) as [Bits, Bits];
  const rest = xorSS(kernels, planes(ands, 32, 63), low);
  let g = stackPlanes([planes(ands, 31, 32), rest]);
  spend(rest);
  protocol.spendAnds?.([ands]);
  // p of groups 1 … : one plane fewer than g from now on.
  let p = passed;
  let level: readonly Bits[] = [low, passed];
  while (g.width > 1) {
    const half = g.width / 2;
    const high = planes(p, half - 1, 2 * half - 1);
    const pairs: BitsPair[] = [[high, planes(g, 0, half)]];
    if (half > 1) pairs.push([planes(high, 1, half), planes(p, 0, half - 1)]);
    const found = await protocol.andSS(fiber, pairs);
    const [carried, both] = found as [Bits, Bits | undefined];
    const before = g;
    g = xorSS(kernels, planes(before, half, 2 * half), carried);
    spend(before);
    protocol.spendAnds?.(level);
    level = found;
    if (both !== undefined) p = both;
  }
  const sign = xorSS(kernels, planes(sum, 0, 1), g);
  spend(g);
  spend(sum);
  protocol.spendAnds?.(level);
  return sign;
}

/** Only what was made here: what a protocol's `andSS` gives may still be on its way to others. */
function spend({ parts }: Bits): void {
  for (const part of parts) release(part);
}

/** Ands of {@link carryOut} of `width` positions. */
export function carryOutAnds(width: number): number {
  let ands = width;
  for (let groups = width; groups > 1; groups = Math.ceil(groups / 2)) ands += 2 * Math.floor(groups / 2) - 1;
  return ands;
}

export function carryOutRounds(width: number): number {
  return 1 + levels(width);
}

/** Whether x + y, for natural order and equal widths, reaches 2^width. */
export async function carryOut(protocol: BitProtocol, fiber: Fiber, x: Bits, y: Bits): Promise<Bits> {
  const { kernels } = protocol;
  let [g] = (await protocol.andSS(fiber, [[x, y]])) as [Bits];
  let p = xorSS(kernels, x, y);
  while (g.width > 1) {
    const pairs = Math.floor(g.width / 2);
    const every = (from: Bits, first: number): Bits =>
      stackPlanes(Array.from({ length: pairs }, (_, i) => planes(from, 2 * i + first, 2 * i + first + 1)));
    const high = every(p, 1);
    const wanted: BitsPair[] = [[high, every(g, 0)]];
    if (pairs > 1) wanted.push([planes(high, 1, pairs), planes(every(p, 0), 1, pairs)]);
    const [carried, both] = (await protocol.andSS(fiber, wanted)) as [Bits, Bits | undefined];
    const odd = (from: Bits): readonly Bits[] =>
      from.width % 2 === 0 ? [] : [planes(from, from.width - 1, from.width)];
    const lastG = odd(g);
    const lastP = odd(p);
    g = stackPlanes([xorSS(kernels, every(g, 1), carried), ...lastG]);
    // The lowest group's p is never needed: any plane may stand in its place.
    p = stackPlanes([planes(high, 0, 1), ...(both === undefined ? [] : [both]), ...lastP]);
  }
  return g;
}

/** Ands of {@link addBits}. */
export function addAnds(width: number): number {
  if (width === 1) return 0;
  let ands = width - 1;
  for (let distance = 1; distance < width - 1; distance *= 2) {
    for (const { low, from, to } of blocks(width - 1, distance))
      ands += (to - from) * (low < distance ? 1 : 2);
  }
  return ands;
}

export function addRounds(width: number): number {
  return width === 1 ? 0 : 1 + levels(width - 1);
}

/** x + y mod 2^width, in natural order (Sklansky 1960: each level doubles the length of finished prefixes). */
export async function addBits(protocol: BitProtocol, fiber: Fiber, x: Bits, y: Bits): Promise<Bits> {
  const { kernels } = protocol;
  const sum = xorSS(kernels, x, y);
  const { width } = x;
  if (width === 1) return sum;
  // Carries out of bits 0 … width-2.
  const count = width - 1;
  const [ands] = (await protocol.andSS(fiber, [[planes(x, 0, count), planes(y, 0, count)]])) as [Bits];
  const g = Array.from({ length: count }, (_, at) => planes(ands, at, at + 1));
  const p = Array.from({ length: count }, (_, at) => planes(sum, at, at + 1));
  for (let distance = 1; distance < count; distance *= 2) {
    const pairs: BitsPair[] = [];
    for (const { low, from, to } of blocks(count, distance)) {
      for (let at = from; at < to; at++) {
        pairs.push([p[at] as Bits, g[low] as Bits]);
        // A prefix that begins at bit 0 is finished: nothing comes in from below.
        if (low >= distance) pairs.push([p[at] as Bits, p[low] as Bits]);
      }
    }
    const found = await protocol.andSS(fiber, pairs);
    let next = 0;
    for (const { low, from, to } of blocks(count, distance)) {
      for (let at = from; at < to; at++) {
        g[at] = xorSS(kernels, g[at] as Bits, found[next++] as Bits);
        if (low >= distance) p[at] = found[next++] as Bits;
      }
    }
  }
  return stackPlanes([planes(sum, 0, 1), xorSS(kernels, planes(sum, 1, width), stackPlanes(g))]);
}

/** Ands of {@link prefixAnd}. */
export function prefixAnds(width: number): number {
  let ands = 0;
  for (let distance = 1; distance < width; distance *= 2) {
    for (const { from, to } of blocks(width, distance)) ands += to - from;
  }
  return ands;
}

/** Plane j becomes the and of planes 0 … j. Rounds: levels(width). */
export async function prefixAnd(protocol: BitProtocol, fiber: Fiber, x: Bits): Promise<Bits> {
  const all = Array.from({ length: x.width }, (_, at) => planes(x, at, at + 1));
  for (let distance = 1; distance < x.width; distance *= 2) {
    const parts = blocks(x.width, distance);
    const found = await protocol.andSS(
      fiber,
      parts.flatMap(({ low, from, to }) =>
        all.slice(from, to).map((plane): BitsPair => [plane, all[low] as Bits]),
      ),
    );
    let next = 0;
    for (const { from, to } of parts) for (let at = from; at < to; at++) all[at] = found[next++] as Bits;
  }
  return stackPlanes(all);
}

/** Positions [from, to) take in the prefix that ends at `low`. */
function blocks(count: number, distance: number): { low: number; from: number; to: number }[] {
  const found: { low: number; from: number; to: number }[] = [];
  for (let from = distance; from < count; from += 2 * distance) {
    found.push({ low: from - 1, from, to: Math.min(count, from + distance) });
  }
  return found;
}

/** Ands and rounds of {@link andOfPlanes}. */
export function allOnesAnds(width: number): number {
  return width - 1;
}

/** 1 where all `width` bits are 1. */
export async function andOfPlanes(protocol: BitProtocol, fiber: Fiber, x: Bits): Promise<Bits> {
  let left = x;
  while (left.width > 1) {
    const half = Math.floor(left.width / 2);
    const [both] = (await protocol.andSS(fiber, [[planes(left, 0, half), planes(left, half, 2 * half)]])) as [
      Bits,
    ];
    left = left.width % 2 === 0 ? both : stackPlanes([both, planes(left, left.width - 1, left.width)]);
  }
  return left;
}

/** Levels of a tree over so many leaves. */
export function levels(leaves: number): number {
  let count = 0;
  while (2 ** count < leaves) count++;
  return count;
}
