/**
 * The kernels in TypeScript: the specification, and what runs where WebAssembly does not. V8 compiles these loops to
 * 64-bit arithmetic.
 */

import type { MatrixLayout } from '../ring/matrix-dims.ts';
import type { Words } from '../sharing/shares.ts';
import { transpose64 } from './bit-transpose.ts';
import { CHUNK_WORDS, type Kernels, type WordSource } from './kernels.ts';
import { typescriptTruncation } from './truncation.ts';

export const typescriptKernels: Kernels = {
  name: 'typescript',
  ...typescriptTruncation,

  add(out, x, y) {
    for (let i = 0; i < out.length; i++) out[i] = BigInt.asUintN(64, (x[i] as bigint) + (y[i] as bigint));
  },
  sub(out, x, y) {
    for (let i = 0; i < out.length; i++) out[i] = BigInt.asUintN(64, (x[i] as bigint) - (y[i] as bigint));
  },
  mul(out, x, y) {
    for (let i = 0; i < out.length; i++) out[i] = BigInt.asUintN(64, (x[i] as bigint) * (y[i] as bigint));
  },
  xor(out, x, y) {
    for (let i = 0; i < out.length; i++) out[i] = (x[i] as bigint) ^ (y[i] as bigint);
  },
  and(out, x, y) {
    for (let i = 0; i < out.length; i++) out[i] = (x[i] as bigint) & (y[i] as bigint);
  },
  affine(out, x, factor, addend) {
    for (let i = 0; i < out.length; i++)
      out[i] = BigInt.asUintN(64, BigInt.asUintN(64, (x[i] as bigint) * factor) + addend);
  },
  shiftLeft(out, x, by) {
    const bits = BigInt(by);
    for (let i = 0; i < out.length; i++) out[i] = BigInt.asUintN(64, (x[i] as bigint) << bits);
  },
  shiftRight(out, x, by) {
    const bits = BigInt(by);
    for (let i = 0; i < out.length; i++) out[i] = (x[i] as bigint) >> bits;
  },

  matmul,
  transpose(out, x, { batch, rows, columns }) {
    for (let b = 0; b < batch; b++) {
      const from = b * rows * columns;
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) out[from + j * rows + i] = x[from + i * columns + j] as bigint;
    }
  },

  addRandom: (out, source) =>
    eachChunk(out, source, (r, from) => {
      for (let i = 0; i < r.length; i++)
        out[from + i] = BigInt.asUintN(64, (out[from + i] as bigint) + (r[i] as bigint));
    }),
  subRandom: (out, source) =>
    eachChunk(out, source, (r, from) => {
      for (let i = 0; i < r.length; i++)
        out[from + i] = BigInt.asUintN(64, (out[from + i] as bigint) - (r[i] as bigint));
    }),
  xorRandom: (out, source) =>
    eachChunk(out, source, (r, from) => {
      for (let i = 0; i < r.length; i++) out[from + i] = (out[from + i] as bigint) ^ (r[i] as bigint);
    }),

  rep3Mul(out, xa, xb, ya, yb, r, s) {
    for (let from = 0; from < out.length; from += CHUNK_WORDS) {
      const to = Math.min(out.length, from + CHUNK_WORDS);
      const plus = r?.next(to - from);
      const minus = s?.next(to - from);
      for (let i = from; i < to; i++) {
        const a = xa[i] as bigint;
        const left = BigInt.asUintN(64, a * BigInt.asUintN(64, (ya[i] as bigint) + (yb[i] as bigint)));
        const right = BigInt.asUintN(64, (xb[i] as bigint) * (ya[i] as bigint));
        const mask = BigInt.asUintN(64, (plus?.[i - from] ?? 0n) - (minus?.[i - from] ?? 0n));
        out[i] = BigInt.asUintN(64, BigInt.asUintN(64, left + right) + mask);
      }
    }
  },
  rep3And(out, xa, xb, ya, yb, r, s) {
    for (let from = 0; from < out.length; from += CHUNK_WORDS) {
      const to = Math.min(out.length, from + CHUNK_WORDS);
      const one = r.next(to - from);
      const other = s.next(to - from);
      for (let i = from; i < to; i++) {
        const y = ya[i] as bigint;
        const product = ((xa[i] as bigint) & (y ^ (yb[i] as bigint))) ^ ((xb[i] as bigint) & y);
        out[i] = product ^ (one[i - from] as bigint) ^ (other[i - from] as bigint);
      }
    }
  },

  toPlanes(planes, words, order = naturalOrder) {
    const perPlane = Math.ceil(words.length / 64);
    const block = new BigUint64Array(64);
    for (let at = 0; at < perPlane; at++) {
      block.fill(0n);
      block.set(words.subarray(64 * at, 64 * at + 64));
      transpose64(block);
      for (let plane = 0; plane < order.length; plane++) {
        planes[plane * perPlane + at] = block[order[plane] as number] as bigint;
      }
    }
  },
  fromPlanes(out, planes, width) {
    const perPlane = Math.ceil(out.length / 64);
    const block = new BigUint64Array(64);
    for (let at = 0; at < perPlane; at++) {
      block.fill(0n);
      for (let plane = 0; plane < width; plane++) block[plane] = planes[plane * perPlane + at] as bigint;
      transpose64(block);
      out.set(block.subarray(0, Math.min(64, out.length - 64 * at)), 64 * at);
    }
  },

  pack(packed, x, width) {
    packed.fill(0n);
    const mask = (1n << BigInt(width)) - 1n;
    for (let i = 0; i < x.length; i++) {
      const field = (x[i] as bigint) & mask;
      const at = Math.floor((i * width) / 64);
      const shift = (i * width) % 64;
      packed[at] = (packed[at] as bigint) | BigInt.asUintN(64, field << BigInt(shift));
      if (shift + width > 64) packed[at + 1] = field >> BigInt(64 - shift);
    }
  },
  unpack(out, packed, width) {
    const mask = (1n << BigInt(width)) - 1n;
    for (let i = 0; i < out.length; i++) {
      const at = Math.floor((i * width) / 64);
      const shift = (i * width) % 64;
      const low = (packed[at] as bigint) >> BigInt(shift);
      const high =
        shift + width > 64 ? BigInt.asUintN(64, (packed[at + 1] as bigint) << BigInt(64 - shift)) : 0n;
      out[i] = (low | high) & mask;
    }
  },
};

/** Bit j goes to plane j. */
export const naturalOrder: Uint8Array = Uint8Array.from({ length: 64 }, (_, bit) => bit);

function matmul(
  out: Words,
  x: Words,
  y: Words,
  { batch, rows, inner, columns, transposeLeft, transposeRight }: MatrixLayout,
  accumulate: boolean,
): void {
  const [xRow, xStep] = transposeLeft ? [1, rows] : [inner, 1];
  const [yRow, yStep] = transposeRight ? [1, inner] : [columns, 1];
  if (!accumulate) out.fill(0n);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < rows; i++) {
      const outRow = (b * rows + i) * columns;
      for (let k = 0; k < inner; k++) {
        const factor = x[b * rows * inner + i * xRow + k * xStep] as bigint;
        const yAt = b * inner * columns + k * yRow;
        for (let j = 0; j < columns; j++) {
          out[outRow + j] = BigInt.asUintN(
            64,
            (out[outRow + j] as bigint) + BigInt.asUintN(64, factor * (y[yAt + j * yStep] as bigint)),
          );
        }
      }
    }
  }
}

function eachChunk(out: Words, source: WordSource, work: (random: Words, from: number) => void): void {
  for (let from = 0; from < out.length; from += CHUNK_WORDS) {
    work(source.next(Math.min(CHUNK_WORDS, out.length - from)), from);
  }
}
