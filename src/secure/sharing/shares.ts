/**
 * What a member holds of a secret. The same two shapes serve every protocol, so that everything linear (addition,
 * public factors, slices, broadcasts) is written once: it acts on each part alone. How many parts there are, and what
 * they mean together, is the protocol's affair: `ref` has one (the value), `semi2k` one (a summand), `rep3` two (two of
 * three summands).
 */

/** Elements of the ring Z_2^64, or 64 bits each. Never modified once they are part of a share. */
export type Words = BigUint64Array;

/** Arithmetic shares of a vector over Z_2^64: the parts of all members add up to the value. */
export interface Arith {
  readonly kind: 'arith';
  readonly length: number;
  readonly parts: readonly Words[];
  /**
   * As it came from a truncation that rounds by the shares, at most rearranged or multiplied by one number: opened like
   * this it says a little of the bits that were dropped (docs/protocols.md, "A point to know").
   */
  readonly rounded?: boolean;
}

/**
 * Boolean shares of a vector of `width`-bit numbers, bit-sliced: plane j holds bit j of every element, 64 elements a
 * word, at words [j·W, (j+1)·W) with W = planeWords(length). Element i is bit i mod 64 of word i div 64. What stands in
 * a plane behind the last element means nothing and depends on nothing secret. The parts of all members give the value
 * by exclusive or.
 */
export interface Bits {
  readonly kind: 'bits';
  readonly length: number;
  readonly width: number;
  readonly parts: readonly Words[];
}

/** Words of one plane of `length` bits. */
export function planeWords(length: number): number {
  return Math.ceil(length / 64);
}

export function arith(length: number, parts: readonly Words[]): Arith {
  return { kind: 'arith', length, parts };
}

/** What a truncation that rounds by the shares gives. */
export function rounded(length: number, parts: readonly Words[]): Arith {
  return { kind: 'arith', length, parts, rounded: true };
}

/** The same elements in other words, places or units. */
export function likewise(x: readonly Arith[], made: Arith): Arith {
  return x.some((one) => one.rounded) ? { ...made, rounded: true } : made;
}

export function bits(length: number, width: number, parts: readonly Words[]): Bits {
  return { kind: 'bits', length, width, parts };
}

/** Planes [from, to) as shares of their own; shares memory with `x`. */
export function planes(x: Bits, from: number, to: number): Bits {
  const words = planeWords(x.length);
  return bits(
    x.length,
    to - from,
    x.parts.map((part) => part.subarray(from * words, to * words)),
  );
}

/** All planes of all operands, in their order, as shares of wider numbers of the same length. */
export function stackPlanes(list: readonly Bits[]): Bits {
  const [first] = list;
  if (first === undefined) return bits(0, 0, []);
  const width = list.reduce((sum, x) => sum + x.width, 0);
  if (list.length === 1) return first;
  const words = planeWords(first.length);
  const parts = first.parts.map((_, index) => {
    const part = new BigUint64Array(width * words);
    let at = 0;
    for (const x of list) {
      const from = x.parts[index] as Words;
      part.set(from, at);
      at += from.length;
    }
    return part;
  });
  return bits(first.length, width, parts);
}
