/** The steps of truncation in TypeScript; see {@link TruncationKernels}. */
import type { Words } from '../sharing/shares.ts';
import { CHUNK_WORDS, type TruncationKernels } from './kernels.ts';

export const typescriptTruncation: TruncationKernels = {
  truncMask(out, x, addend, r) {
    eachPiece(out.length, (from, to) => {
      const mask = r.next(to - from);
      for (let i = from; i < to; i++) {
        out[i] = BigInt.asUintN(
          64,
          BigInt.asUintN(64, (x[i] as bigint) + addend) + (mask[i - from] as bigint),
        );
      }
    });
  },
  truncNegated(out, x, r, s) {
    eachPiece(out.length, (from, to) => {
      const [one, other] = [r.next(to - from), s.next(to - from)];
      for (let i = from; i < to; i++) {
        const sum = BigInt.asUintN(64, (one[i - from] as bigint) + (other[i - from] as bigint));
        out[i] = BigInt.asUintN(64, sum - (x[i] as bigint));
      }
    });
  },
  truncWrap(packed, own, other, top, mask, by) {
    packed.fill(0n);
    const [tops, masks] = [fieldsOf(top, by), fieldsOf(mask, by)];
    for (let i = 0; i < own.length; i++) {
      const c = BigInt.asUintN(64, (own[i] as bigint) + (other[i] as bigint));
      putField(packed, i, by, tops(i) * (1n - (c >> 63n)) - masks(i));
    }
  },
  truncCommon(out, own, other, wrap1, wrap2, by, offset) {
    const [one, two] = [fieldsOf(wrap1, by), fieldsOf(wrap2, by)];
    for (let i = 0; i < out.length; i++) {
      const c = BigInt.asUintN(64, (own[i] as bigint) + (other[i] as bigint));
      const wraps = BigInt.asUintN(64, (one(i) + two(i)) << BigInt(64 - by));
      out[i] = BigInt.asUintN(64, (c >> BigInt(by)) + wraps - offset);
    }
  },
  truncEdge(out, x, mask, by) {
    const masks = fieldsOf(mask, by);
    for (let i = 0; i < out.length; i++) {
      out[i] = BigInt.asUintN(64, (masks(i) << BigInt(64 - by)) - (x[i] as bigint));
    }
  },
  truncDeal(second, packed, r, first, top, by) {
    packed.fill(0n);
    const tops = fieldsOf(top, by);
    for (let i = 0; i < second.length; i++) {
      const value = r[i] as bigint;
      second[i] = BigInt.asUintN(64, (value >> BigInt(by)) - (first[i] as bigint));
      putField(packed, i, by, (value >> 63n) - tops(i));
    }
  },
};

function fieldsOf(packed: Words, width: number): (index: number) => bigint {
  const mask = (1n << BigInt(width)) - 1n;
  return (index) => {
    const at = Math.floor((index * width) / 64);
    const shift = (index * width) % 64;
    const low = (packed[at] as bigint) >> BigInt(shift);
    return shift + width > 64
      ? (low | ((packed[at + 1] as bigint) << BigInt(64 - shift))) & mask
      : low & mask;
  };
}

function putField(packed: Words, index: number, width: number, value: bigint): void {
  const field = BigInt.asUintN(width, value);
  const at = Math.floor((index * width) / 64);
  const shift = (index * width) % 64;
  packed[at] = (packed[at] as bigint) | BigInt.asUintN(64, field << BigInt(shift));
  if (shift + width > 64) packed[at + 1] = field >> BigInt(64 - shift);
}

function eachPiece(length: number, work: (from: number, to: number) => void): void {
  for (let from = 0; from < length; from += CHUNK_WORDS) work(from, Math.min(length, from + CHUNK_WORDS));
}
