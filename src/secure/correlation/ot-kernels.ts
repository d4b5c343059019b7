/**
 * The inner loops of oblivious transfer. Two implementations give the same results: WebAssembly (kernels/ot.ts,
 * compiled from AssemblyScript), and these in TypeScript, which serve where WebAssembly is not there and say what is
 * computed.
 */
import { ROW_BITS, transposeColumns } from './bit-matrix.ts';
import { receiveProducts, sendProducts } from './gilboa.ts';
import type { HashInput, OtKernels, Permutation } from './ot-kernel-types.ts';
import { wasmOtKernels } from './wasm-ot-kernels.ts';

export const typescriptOtKernels: OtKernels = {
  name: 'typescript',
  columns(count, treeBits) {
    const words = count / 32;
    const all = new Uint32Array(ROW_BITS * words);
    const planes = (tree: number): Uint32Array =>
      all.subarray(tree * treeBits * words, (tree + 1) * treeBits * words);
    return {
      fold(tree, leaves, plus) {
        const sum = foldTree(leaves, planes(tree));
        if (plus !== undefined) addMasked(sum, plus, -1);
        return sum;
      },
      correct(tree, correction, leaf) {
        for (let bit = 0; bit < treeBits; bit++) {
          addMasked(planes(tree).subarray(bit * words, (bit + 1) * words), correction, -((leaf >> bit) & 1));
        }
      },
      toRows: () => transposeColumns(all, count),
    };
  },
  hashRows,
  sendProducts,
  receiveProducts,
};

/** The fastest that run here. */
export async function loadOtKernels(): Promise<OtKernels> {
  return (await wasmOtKernels()) ?? typescriptOtKernels;
}

/**
 * Adds all leaves to a sum, which is returned, and each leaf to the planes of the bits that are set in its number.
 * Works up from the leaves four at a time, so that each is read once: two bits of the number a level.
 */
function foldTree(leaves: readonly (Uint32Array | undefined)[], planes: Uint32Array): Uint32Array {
  const levels = Math.log2(leaves.length) / 2;
  const words = planes.length / (2 * levels);
  const fold = (level: number, index: number): Uint32Array => {
    if (level < 0) return leaves[index] ?? new Uint32Array(words);
    const low = planes.subarray(2 * level * words, (2 * level + 1) * words);
    const high = planes.subarray((2 * level + 1) * words, (2 * level + 2) * words);
    const sum = fold(level - 1, 4 * index);
    addQuarter(
      sum,
      fold(level - 1, 4 * index + 1),
      fold(level - 1, 4 * index + 2),
      fold(level - 1, 4 * index + 3),
      low,
      high,
    );
    return sum;
  };
  return fold(levels - 1, 0);
}

function addQuarter(
  sum: Uint32Array,
  second: Uint32Array,
  third: Uint32Array,
  fourth: Uint32Array,
  low: Uint32Array,
  high: Uint32Array,
): void {
  for (let i = 0; i < sum.length; i++) {
    const b = second[i] as number;
    const c = third[i] as number;
    const d = fourth[i] as number;
    low[i] = (low[i] as number) ^ b ^ d;
    high[i] = (high[i] as number) ^ c ^ d;
    sum[i] = (sum[i] as number) ^ b ^ c ^ d;
  }
}

function addMasked(target: Uint32Array, addend: Uint32Array, mask: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) ^ ((addend[i] as number) & mask);
}

function hashRows(permute: Permutation, { rows, first, tag, offset }: HashInput): Uint32Array {
  const input = offset === undefined ? rows : rows.map((word, at) => word ^ (offset[at % 4] as number));
  const inner = words32(permute(bytesOf(input)));
  for (let i = 0, number = first >>> 0; i < inner.length; i += 4, number++) {
    inner[i] = (inner[i] as number) ^ number;
    inner[i + 1] = (inner[i + 1] as number) ^ tag;
  }
  const outer = words32(permute(bytesOf(inner)));
  const output = new Uint32Array(rows.length / 2);
  // The tweak is in the first half only, so the second half of `inner` is still π(x).
  for (let i = 2, to = 0; i < inner.length; i += 4, to += 2) {
    output[to] = (outer[i] as number) ^ (inner[i] as number);
    output[to + 1] = (outer[i + 1] as number) ^ (inner[i + 1] as number);
  }
  return output;
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

function words32(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}
