/**
 * The inner loops of oblivious transfer. Two implementations give the same results: WebAssembly (kernels/ot.ts, compiled from AssemblyScript),
 * and these in TypeScript, which serve where WebAssembly is not there and say what is computed.
 */
import { transposeColumns } from './bit-matrix.ts';
import { receiveProducts, sendProducts } from './gilboa.ts';
import { wasmOtKernels } from './wasm-ot-kernels.ts';

export interface OtKernels {
  readonly name: 'wasm' | 'typescript';
  /**
   * Adds each leaf to the planes of the bits that are set in its number, which are zero before, one after the other in `planes`; returns the
   * sum of all. There are 4, 16 or 256 leaves; one that is missing counts as zero. May overwrite the leaves.
   */
  foldTree(leaves: readonly (Uint32Array | undefined)[], planes: Uint32Array): Uint32Array;
  /** See bit-matrix.ts. `rows` is a multiple of 64. */
  transposeColumns(columns: Uint32Array, rows: number): Uint32Array;
  /** See gilboa.ts. */
  sendProducts(
    factors: Uint32Array,
    zero: Uint32Array,
    one: Uint32Array,
    corrections: Uint32Array,
  ): Uint32Array;
  receiveProducts(choices: Uint32Array, pads: Uint32Array, corrections: Uint32Array): Uint32Array;
}

export const typescriptOtKernels: OtKernels = {
  name: 'typescript',
  foldTree,
  transposeColumns,
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
