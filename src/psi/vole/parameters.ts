/**
 * The one table of parameters of the silent VOLE, and everything that follows from it for a number of outputs.
 * Security is estimated in test/parts/lpn-estimate.ts; a test compares the estimate with what is wanted here.
 */
import { invariant } from '../../base/errors.ts';

export const VOLE_TABLE = {
  /** Bits that the assumption is asked for, and what is kept above them for better attacks. */
  securityBits: 128,
  marginBits: 10,
  /** Columns of the code for each output, at least: rate 1/2. */
  columnsPerOutput: 2,
  /** Entries in a row of the expander; of them one in each of so many equal regions, the others anywhere. */
  expanderWeight: 21,
  expanderRegions: 11,
  /** Random bits of the convolution in a row, before the entry that is always there. */
  convolution: 24,
  /**
   * Part of the columns that the lightest codeword which can be found has. 1/2 is what elimination gives in a code over
   * a large field (binary: 1/4, which counts twice in the bias). The code is systematic, and combinations of two rows
   * can spare 2.5 of 11 regions of its second half: (1 - 2.5/11) / 2.
   */
  pseudoDistance: 0.386,
  /** Blocks with one noise value each, at least: 138 bits divided by -log2(1 - 0.386). */
  noiseMin: 200,
  /** Shorter codes are not used: of their outputs the first are taken. */
  codeOutputsMin: 4096,
  /** One bucket: 64 MB of vectors at the receiver. */
  outputsMax: 2 ** 21,
} as const;

/** Bytes of an element of GF(2^128). */
export const ELEMENT_BYTES = 16;

export interface VoleShape {
  readonly outputs: number;
  /** Blocks, each with one noise value at a random place: trees. */
  readonly noise: number;
  /** Levels of a tree: a block has 2^depth columns. */
  readonly depth: number;
  /** Columns of the code: noise · 2^depth. */
  readonly columns: number;
}

/** The largest blocks of which there are still enough. */
export function voleShape(outputs: number): VoleShape {
  const { noiseMin, codeOutputsMin, columnsPerOutput, outputsMax } = VOLE_TABLE;
  invariant(Number.isInteger(outputs) && outputs > 0 && outputs <= outputsMax, 'a bucket of another size');
  const wanted = columnsPerOutput * Math.max(outputs, codeOutputsMin);
  const depth = Math.floor(Math.log2(wanted / noiseMin));
  const noise = Math.ceil(wanted / 2 ** depth);
  return { outputs, noise, depth, columns: noise * 2 ** depth };
}
