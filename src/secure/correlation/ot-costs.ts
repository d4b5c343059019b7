/**
 * How requests are cut into extensions, and what they cost: one calculation for the code that sends and for the
 * declared cost.
 */
import { type Cost, evenCost } from '../cost.ts';
import type { MatrixDims } from '../ring/matrix-dims.ts';
import { planeWords } from '../sharing/shares.ts';
import { PRODUCT_BYTES, PRODUCT_OTS } from './gilboa.ts';
import { extensionBytes, OT_BATCH_MAX, OT_MULTIPLE, type OtBatch, type TreeBits } from './ot-extension.ts';
import type { SourceCosts } from './source.ts';

/** Products worked on at once: their pads take 1.5 KiB each, so the batch stays in the cache. */
const PRODUCTS_MAX = OT_BATCH_MAX / PRODUCT_OTS;

/** Factors [from, to) of the receiver, each for `times` factors of the sender. */
export interface ProductBatch {
  readonly from: number;
  readonly to: number;
  readonly ots: OtBatch;
}

/** `entries` factors of the receiver, each multiplied with `times` of the sender. */
export function productBatches(entries: number, times: number): ProductBatch[] {
  const most = Math.max(2, Math.floor(PRODUCTS_MAX / times / 2) * 2);
  return cut(entries, most).map(({ from, to }) => ({
    from,
    to,
    ots: { count: multipleOf(OT_MULTIPLE, (to - from) * PRODUCT_OTS), times },
  }));
}

/** One OT a bit. */
export function bitBatches(bits: number): ProductBatch[] {
  return cut(bits, OT_BATCH_MAX).map(({ from, to }) => ({
    from,
    to,
    ots: { count: multipleOf(OT_MULTIPLE, to - from), times: 1 },
  }));
}

/**
 * In a product of matrices the side with fewer elements is the receiver's choices, so that fewer OTs serve more
 * products.
 */
export function matrixPlan({ batch, rows, inner, columns }: MatrixDims): {
  readonly choicesAreRight: boolean;
  readonly entries: number;
  readonly times: number;
} {
  const choicesAreRight = rows >= columns;
  return {
    choicesAreRight,
    entries: batch * inner * (choicesAreRight ? columns : rows),
    times: choicesAreRight ? rows : columns,
  };
}

export function otCosts(treeBits: TreeBits): SourceCosts {
  const extensions = (batches: readonly ProductBatch[]): number =>
    batches.reduce((sum, { ots }) => sum + extensionBytes(treeBits, ots.count), 0);
  const products = (entries: number, times: number): Cost => {
    const batches = productBatches(entries, times);
    return evenCost(2, batches.length + 1, extensions(batches) + entries * times * PRODUCT_BYTES);
  };
  return {
    mulTriples: (count) => products(count, 1),
    matmulTriple: (dims) => {
      const { entries, times } = matrixPlan(dims);
      return products(entries, times);
    },
    bitTriples: (words) => {
      const batches = bitBatches(64 * words);
      return evenCost(2, batches.length, extensions(batches));
    },
    bitCrosses: (words) => {
      const batches = bitBatches(64 * words);
      return { rounds: batches.length, bytes: [0, extensions(batches)] };
    },
    bitProducts: (count) => {
      const batches = bitBatches(64 * planeWords(count));
      const corrected = batches.reduce((sum, { from, to }) => sum + 8 * (to - from), 0);
      return { rounds: batches.length + 1, bytes: [corrected, extensions(batches)] };
    },
  };
}

function cut(count: number, most: number): { readonly from: number; readonly to: number }[] {
  return Array.from({ length: Math.ceil(count / most) }, (_, index) => ({
    from: index * most,
    to: Math.min(count, (index + 1) * most),
  }));
}

function multipleOf(unit: number, count: number): number {
  return Math.ceil(count / unit) * unit;
}
