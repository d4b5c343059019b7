/**
 * Shares over Z_2^64 of the product of two bits, of which each member knows one: correlated OT as in gilboa.ts, with
 * one bit for the number.
 * Flow: the sender sends e = x - h1 + h0 and keeps -h0; the receiver has h0, or h1 + e = x + h0. Cost: 1 round, 8 bytes
 *   by the sender.
 */
import type { SentOts } from './ot-extension.ts';

const TWO_32 = 2 ** 32;

/** Writes the sender's shares, two words each; returns the corrections. */
export function sendBitProducts(bits: Uint32Array, { zero, one }: SentOts, shares: Uint32Array): Uint32Array {
  const corrections = new Uint32Array(shares.length);
  for (let at = 0; at < shares.length; at += 2) {
    const bit = ((bits[at >> 6] as number) >>> ((at >> 1) & 31)) & 1;
    const [low0, high0] = [zero[at] as number, zero[at + 1] as number];
    const low = bit - (one[at] as number) + low0;
    corrections[at] = low;
    corrections[at + 1] = high0 - (one[at + 1] as number) + Math.floor(low / TWO_32);
    shares[at] = -low0;
    shares[at + 1] = -high0 - (low0 === 0 ? 0 : 1);
  }
  return corrections;
}

/** Writes the receiver's shares. */
export function receiveBitProducts(
  choices: Uint32Array,
  pads: Uint32Array,
  corrections: Uint32Array,
  shares: Uint32Array,
): void {
  for (let at = 0; at < shares.length; at += 2) {
    const mask = -(((choices[at >> 6] as number) >>> ((at >> 1) & 31)) & 1);
    const low = (pads[at] as number) + (((corrections[at] as number) & mask) >>> 0);
    shares[at] = low;
    shares[at + 1] =
      (pads[at + 1] as number) + (((corrections[at + 1] as number) & mask) >>> 0) + Math.floor(low / TWO_32);
  }
}
