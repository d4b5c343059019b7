/**
 * Shares of products over Z_2^64 from oblivious transfers of pads: one party knows x, the other y, each gets a share of
 * x·y.
 *
 * Reference: Gilboa, Two Party RSA Key Generation, CRYPTO 1999, https://doi.org/10.1007/3-540-48405-1_8, as correlated
 * OT (Demmler, Schneider and Zohner, ABY, NDSS 2015, https://doi.org/10.14722/ndss.2015.23113, section III-A).
 * Differences: y is the receiver's random choices, so nothing is spent on choosing; bit i needs 64 - i bits of
 * correction, and bits i and 64 - i share one word of 64: 65 words of 32 bits a product.
 * Security: semi-honest, one of two parties, as that of the OTs. The sender sees nothing; each correction is under a
 * pad that the receiver lacks unless it is entitled to it.
 * Needs: 64 random OTs a product (ot-extension.ts).
 * Flow: for bit i of y the sender has pads h0, h1, and sends e = x - h1 + h0; the receiver has h0, or h1 + e = x + h0;
 *       that minus h0 is y_i·x; the shares are the sums of 2^i times the receiver's value, and of -2^i·h0.
 * Cost: 1 round, 260 bytes a product by the sender.
 */

/** OTs and 32-bit words of correction in a product. */
export const PRODUCT_OTS = 64;
export const PRODUCT_WORDS = 65;
export const PRODUCT_BYTES = PRODUCT_WORDS * 4;

const TWO_32 = 2 ** 32;

/**
 * The sender's side. Numbers are two words each, the lower first; pads 64 numbers a product.
 * Writes the corrections, PRODUCT_WORDS a product; returns its shares.
 */
export function sendProducts(
  factors: Uint32Array,
  zero: Uint32Array,
  one: Uint32Array,
  corrections: Uint32Array,
): Uint32Array {
  const shares = new Uint32Array(factors.length);
  const wide = new Uint32Array(2 * PRODUCT_OTS);
  for (let product = 0; 2 * product < factors.length; product++) {
    const lowFactor = factors[2 * product] as number;
    const highFactor = factors[2 * product + 1] as number;
    let [low, high] = [0, 0];
    for (let bit = PRODUCT_OTS - 1; bit >= 0; bit--) {
      const at = 2 * (product * PRODUCT_OTS + bit);
      const [low0, high0] = [zero[at] as number, zero[at + 1] as number];
      const correction = lowFactor - (one[at] as number) + low0;
      wide[2 * bit] = correction;
      wide[2 * bit + 1] = highFactor - (one[at + 1] as number) + high0 + Math.floor(correction / TWO_32);
      // Horner: twice what came before, minus the pad. Numbers stay below 2^35 and so are exact.
      const sum = 2 * low - low0;
      low = sum >>> 0;
      high = (2 * high - high0 + Math.floor(sum / TWO_32)) >>> 0;
    }
    shares[2 * product] = low;
    shares[2 * product + 1] = high;
    packCorrections(wide, corrections, product * PRODUCT_WORDS);
  }
  return shares;
}

/** The receiver's side. `choices` are its factors; returns its shares. */
export function receiveProducts(
  choices: Uint32Array,
  pads: Uint32Array,
  corrections: Uint32Array,
): Uint32Array {
  const shares = new Uint32Array(choices.length);
  const wide = new Uint32Array(2 * PRODUCT_OTS);
  for (let product = 0; 2 * product < choices.length; product++) {
    unpackCorrections(corrections, product * PRODUCT_WORDS, wide);
    let [low, high] = [0, 0];
    for (let bit = PRODUCT_OTS - 1; bit >= 0; bit--) {
      const at = 2 * (product * PRODUCT_OTS + bit);
      const mask = -(((choices[2 * product + (bit >> 5)] as number) >>> (bit & 31)) & 1);
      const sum = 2 * low + (pads[at] as number) + (((wide[2 * bit] as number) & mask) >>> 0);
      const carry = Math.floor(sum / TWO_32);
      low = sum >>> 0;
      high =
        (2 * high + (pads[at + 1] as number) + (((wide[2 * bit + 1] as number) & mask) >>> 0) + carry) >>> 0;
    }
    shares[2 * product] = low;
    shares[2 * product + 1] = high;
  }
  return shares;
}

/** Bit 0: 64 bits. Bits i and 64 - i for i in 1…31: 64 - i and i bits in one pair of words. Bit 32: one word. */
function packCorrections(wide: Uint32Array, output: Uint32Array, at: number): void {
  output[at] = wide[0] as number;
  output[at + 1] = wide[1] as number;
  for (let bit = 1; bit < 32; bit++) {
    const highBits = 32 - bit;
    const kept = (wide[2 * bit + 1] as number) & (0xffff_ffff >>> bit);
    output[at + 2 * bit] = wide[2 * bit] as number;
    output[at + 2 * bit + 1] = kept | ((wide[2 * (64 - bit)] as number) << highBits);
  }
  output[at + 64] = wide[64] as number;
}

/** What stands above the 64 - i bits of bit i is left there: it is multiplied by 2^i, and so leaves the ring. */
function unpackCorrections(input: Uint32Array, at: number, wide: Uint32Array): void {
  wide.set(input.subarray(at, at + 64));
  for (let bit = 1; bit < 32; bit++)
    wide[2 * (64 - bit)] = (input[at + 2 * bit + 1] as number) >>> (32 - bit);
  wide[64] = input[at + 64] as number;
}
