/** What needs no message: each member does the same to each of its parts. For every protocol whose parts add up. */
import type { Kernels } from '../kernels/kernels.ts';
import type { MatrixDims, MatrixLayout } from '../ring/matrix-dims.ts';
import { type Arith, arith, type Bits, bits, likewise, planeWords, type Words } from './shares.ts';

export const eachPart = (
  x: Arith,
  work: (part: Words, out: Words, index: number) => void,
  length = x.length,
): Arith =>
  arith(
    length,
    x.parts.map((part, index) => {
      const out = new BigUint64Array(length);
      work(part, out, index);
      return out;
    }),
  );

export function addSS(kernels: Kernels, x: Arith, y: Arith): Arith {
  return eachPart(x, (part, out, index) => kernels.add(out, part, y.parts[index] as Words));
}

export function subSS(kernels: Kernels, x: Arith, y: Arith): Arith {
  return eachPart(x, (part, out, index) => kernels.sub(out, part, y.parts[index] as Words));
}

/**
 * x·factor, one public factor for all elements. To add a public vector, bring it into the form of shares: `publicA`.
 */
export function scaleS(kernels: Kernels, x: Arith, factor: bigint): Arith {
  return likewise(
    [x],
    eachPart(x, (part, out) => kernels.affine(out, part, factor, 0n)),
  );
}

/** Element-wise product with public factors. */
export function mulSP(kernels: Kernels, x: Arith, factors: Words): Arith {
  return eachPart(x, (part, out) => kernels.mul(out, part, factors));
}

export function matmulSP(kernels: Kernels, x: Arith, y: Words, dims: MatrixLayout): Arith {
  return eachPart(x, (part, out) => kernels.matmul(out, part, y, dims, false), productLength(dims));
}

export function matmulPS(kernels: Kernels, x: Words, y: Arith, dims: MatrixLayout): Arith {
  return eachPart(y, (part, out) => kernels.matmul(out, x, part, dims, false), productLength(dims));
}

export function productLength({ batch, rows, columns }: MatrixDims): number {
  return batch * rows * columns;
}

export function xorSS(kernels: Kernels, x: Bits, y: Bits): Bits {
  return eachPlanes(x, (part, out, index) => kernels.xor(out, part, y.parts[index] as Words));
}

function eachPlanes(x: Bits, work: (part: Words, out: Words, index: number) => void): Bits {
  return bits(
    x.length,
    x.width,
    x.parts.map((part, index) => {
      const out = new BigUint64Array(part.length);
      work(part, out, index);
      return out;
    }),
  );
}

/** Whether numbers are odd: of a sum that is so where an odd number of summands is. */
export function lowestBit(kernels: Kernels, x: Arith): Bits {
  return bits(
    x.length,
    1,
    x.parts.map((part) => {
      const out = new BigUint64Array(planeWords(x.length));
      kernels.toPlanes(out, part, Uint8Array.of(0));
      return out;
    }),
  );
}

/** Public planes in which every bit of every element of these widths is 1. */
export function onesPlanes(length: number, width: number): Words {
  return new BigUint64Array(width * planeWords(length)).fill(0xffff_ffff_ffff_ffffn);
}

/** Elements by position, which is public; positions may repeat. */
export function gather(x: Arith, index: Uint32Array): Arith {
  const taken = eachPart(
    x,
    (part, out) => {
      for (let i = 0; i < index.length; i++) out[i] = part[index[i] as number] as bigint;
    },
    index.length,
  );
  return likewise([x], taken);
}

/** The same for bits of any width. */
export function gatherBits(x: Bits, index: Uint32Array): Bits {
  const words = planeWords(x.length);
  const outWords = planeWords(index.length);
  const parts = x.parts.map((part) => {
    const from = new Uint32Array(part.buffer, part.byteOffset, 2 * part.length);
    const out = new BigUint64Array(x.width * outWords);
    const to = new Uint32Array(out.buffer);
    for (let plane = 0; plane < x.width; plane++) {
      const source = 2 * plane * words;
      const target = 2 * plane * outWords;
      for (let i = 0; i < index.length; i++) {
        const at = index[i] as number;
        const bit = ((from[source + (at >>> 5)] as number) >>> (at & 31)) & 1;
        to[target + (i >>> 5)] = (to[target + (i >>> 5)] as number) | (bit << (i & 31));
      }
    }
    return out;
  });
  return bits(index.length, x.width, parts);
}

/** Elements [from, to); shares memory with `x`. */
export function slice(x: Arith, from: number, to: number): Arith {
  return arith(
    to - from,
    x.parts.map((part) => part.subarray(from, to)),
  );
}

export function concat(list: readonly Arith[]): Arith {
  const [first] = list;
  if (first === undefined) return arith(0, []);
  const length = list.reduce((sum, x) => sum + x.length, 0);
  const parts = first.parts.map((_, index) => {
    const out = new BigUint64Array(length);
    let at = 0;
    for (const x of list) {
      out.set(x.parts[index] as Words, at);
      at += x.length;
    }
    return out;
  });
  return likewise(list, arith(length, parts));
}

export function concatBits(list: readonly Bits[]): Bits {
  const [first] = list;
  if (first === undefined) return bits(0, 0, []);
  const length = list.reduce((sum, x) => sum + x.length, 0);
  const words = planeWords(length);
  const parts = first.parts.map((_, part) => {
    const out = new BigUint64Array(first.width * words);
    for (let plane = 0; plane < first.width; plane++) {
      let at = 0;
      for (const x of list) {
        const from = planeWords(x.length);
        orBits(
          out.subarray(plane * words, (plane + 1) * words),
          at,
          (x.parts[part] as Words).subarray(plane * from, (plane + 1) * from),
          x.length,
        );
        at += x.length;
      }
    }
    return out;
  });
  return bits(length, first.width, parts);
}

/** Sets `count` bits of `from` at bit `at` of `out`, which is zero there. */
function orBits(out: Words, at: number, from: Words, count: number): void {
  const shift = BigInt(at & 63);
  const first = at >> 6;
  for (let i = 0; i < from.length; i++) {
    const left = count - 64 * i;
    const word = left >= 64 ? (from[i] as bigint) : (from[i] as bigint) & ((1n << BigInt(left)) - 1n);
    out[first + i] = (out[first + i] as bigint) | BigInt.asUintN(64, word << shift);
    if (shift > 0n && first + i + 1 < out.length) {
      out[first + i + 1] = (out[first + i + 1] as bigint) | (word >> (64n - shift));
    }
  }
}
