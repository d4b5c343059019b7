/**
 * The inverse of a symmetric positive definite matrix on bare shares, whose words have a trace below 2^TRACE_BITS, and
 * whether it is one.
 *
 * Reference: Newton-Schulz, X <- X(2I - AX) (G. Schulz 1933), coupled, so that Y = AX goes along and a step takes one
 * level of products; with the factor for an interval of eigenvalues that is known (V. Pan, R. Schreiber 1991), which
 * raises the smallest four times a step instead of twice.
 * Differences: X and Y are multiplied by the same rounded matrix, so that Y stays AX, and they keep more bits than that
 * has. What they have drifted apart is taken out by two corrections with the residual I - AX, which is exact: whole
 * numbers, of which only the small difference has to fit.
 * Security: as the protocol. What is checked stays on shares here; steps are public.
 * Needs: products, comparisons.
 * Flow: scale by the power of two above the trace; steps; corrections; residuals.
 * Cost: {@link inverseCost}.
 */
import { type Cost, inParallel, inSequence } from '../cost.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { encodeNumber } from '../ring/fixed-point.ts';
import type { MatrixDims } from '../ring/matrix-dims.ts';
import type { Evaluator } from '../session.ts';
import { addSS, concat, gather, scaleS, subSS } from '../sharing/linear.ts';
import type { Arith } from '../sharing/shares.ts';
import { highestOne, highestOneCost, reversePlanes } from './numeric.ts';
import { total } from './within.ts';

/** Rows of a matrix, at most. */
export const ROWS_MAX = 100;
/**
 * Rows times condition, at most: how small the smallest eigenvalue may be beside the trace, and so how large the
 * inverse of the scaled matrix. What is checked rests on it ({@link differences}).
 */
export const SPREAD_MAX = 2 ** 20;
/** The trace, and with it every element, is a word below 2^36. */
export const TRACE_BITS = 36;
/** Fractional bits of the matrix scaled to a trace of 1/2 to 1: all that it has. */
const MATRIX_BITS = TRACE_BITS;
/**
 * Of its inverse, whose elements are below 2 · SPREAD_MAX = 2^21: with those of the matrix 61, so that 1 has a sign.
 */
const INVERSE_BITS = 25;
/** Of X and Y in the steps, where both are at most 1, and of the matrix that both are multiplied by: 61 together. */
const STEP_BITS = 41;
const FACTOR_BITS = 20;
/** Of Y, and of the square of the factor, in that matrix. */
const ROUGH_BITS = 14;
const SQUARE_BITS = FACTOR_BITS - ROUGH_BITS;
/** A step multiplies by 4 at most: what is kept is X / 4^steps. */
const STEP_SHIFT = 2;
/** Squares of the factor are at most 62/64: Y is off by 2^-10, and eigenvalues of 1 must not turn negative. */
const SQUARE_MAX = 62;
/** What steps leave, before the corrections square it twice. */
const STEPS_LEAVE = 2 ** -8;
/**
 * Of the residual in each correction: the product with X, below 2^21 · 2^-5, and then 2^21 · 2^-10, has INVERSE_BITS
 * more and stays below 2^62.
 */
const CORRECTION_BITS = [20, 25] as const;
/** The residual is checked to be below 2^-21, by words with 61 fractional bits. */
export const RESIDUAL_BITS = 21;
/** In a check that cannot wrap: 7 bits for the rows, 21 for the inverse, 35 for fractions. */
const SAFE_MATRIX_BITS = 29;
const SAFE_INVERSE_BITS = 6;

/** Squares of half the factors of the steps, in 64ths: for a matrix of so many rows, so far from a multiple of I. */
export function squaresOf(rows: number, condition: number): readonly number[] {
  const squares: number[] = [];
  // Eigenvalues of AX lie between this and 1; the trace was brought up to 1/2.
  let least = 1 / (2 * rows * condition);
  while (1 - least > STEPS_LEAVE) {
    const best = (1 / (1 + least)) ** 2 * 2 ** SQUARE_BITS;
    const square = Math.min(Math.round(best), SQUARE_MAX);
    squares.push(square);
    const half = Math.sqrt(square / 2 ** SQUARE_BITS);
    const after = (value: number): number => 4 * half * value * (1 - half * value);
    least = Math.min(after(least), after(1));
  }
  return squares;
}

export interface Inverse {
  /** With INVERSE_BITS, of the scaled matrix. */
  readonly inverse: Arith;
  /** With MATRIX_BITS. */
  readonly matrix: Arith;
  /** 2^(TRACE_BITS - 1 - j), and 2^j, where j is the place of the highest one of the trace. */
  readonly scale: Arith;
  readonly size: Arith;
  readonly trace: Arith;
}

/** A candidate, which is the inverse if no word of {@link differences} is negative. */
export async function inverseOf(
  on: Evaluator,
  a: Arith,
  rows: number,
  squares: readonly number[],
): Promise<Inverse> {
  const { protocol, fiber, kernels } = on;
  const dims: MatrixDims = { batch: 1, rows, inner: rows, columns: rows };
  const diagonal = Uint32Array.from({ length: rows }, (_, i) => i * (rows + 1));
  const trace = total(gather(a, diagonal));
  const position = await highestOne(on, await protocol.a2b(fiber, trace, TRACE_BITS));
  const [scale, size] = await on.all(
    (at) => at.protocol.b2a(at.fiber, reversePlanes(position)),
    (at) => at.protocol.b2a(at.fiber, position),
  );
  const scales = repeated(scale, a.length);
  const [matrix, rough] = await on.all(
    (at) => at.protocol.mulSS(at.fiber, a, scales),
    (at) => at.protocol.mulTruncSS(at.fiber, a, scales, MATRIX_BITS - ROUGH_BITS),
  );
  let inverse = await stepped(on, matrix, rough, dims, squares);
  for (const bits of CORRECTION_BITS) {
    const product = await protocol.matmulTruncSS(
      fiber,
      matrix,
      inverse,
      dims,
      MATRIX_BITS + INVERSE_BITS - bits,
    );
    const residual = subSS(kernels, identity(on, rows, 1, bits), product);
    inverse = addSS(kernels, inverse, await protocol.matmulTruncSS(fiber, inverse, residual, dims, bits));
  }
  return { inverse, matrix, scale, size, trace };
}

/** X from I, and Y from A, by the same factors. */
async function stepped(
  on: Evaluator,
  matrix: Arith,
  first: Arith,
  dims: MatrixDims,
  squares: readonly number[],
): Promise<Arith> {
  const { kernels } = on;
  const { rows } = dims;
  let [x, y, rough] = [
    identity(on, rows, 1, STEP_BITS),
    scaleS(kernels, matrix, 1n << BigInt(STEP_BITS - MATRIX_BITS)),
    first,
  ];
  for (const [step, square] of squares.entries()) {
    const half = Math.sqrt(square / 2 ** SQUARE_BITS);
    const factor = subSS(
      kernels,
      identity(on, rows, half, FACTOR_BITS),
      scaleS(kernels, rough, BigInt(square)),
    );
    const times = (of: Arith, by: number) => (at: Evaluator) =>
      at.protocol.matmulTruncSS(at.fiber, of, factor, dims, by);
    if (step === squares.length - 1) return times(x, lastShift(squares.length))(on);
    [x, y, rough] = await on.all(
      times(x, FACTOR_BITS),
      times(y, FACTOR_BITS - STEP_SHIFT),
      times(y, ROUGH_SHIFT),
    );
  }
  throw new RangeError('a matrix takes one step at least');
}

const ROUGH_SHIFT = STEP_BITS + FACTOR_BITS - ROUGH_BITS - STEP_SHIFT;
const lastShift = (steps: number): number => STEP_BITS + FACTOR_BITS - INVERSE_BITS - STEP_SHIFT * steps;

/**
 * Words that are not negative if the candidate is the inverse to 2^-RESIDUAL_BITS, with no element above `limit`, in
 * units of {@link limitUnit}; whatever was done before. The trace is below 2^36 and no element of the matrix above it,
 * so that scaling was exact; no element of the inverse is above 2^21, so that the product of both, rounded to fewer
 * bits, cannot wrap, and is off by less than 100 · (2^21-29 + 2^-6) = 1.96. If that is within 1.5 of I, the exact one
 * is within 3.5, and does not wrap either, with 61 of 64 bits right of the point.
 */
export async function differences(
  on: Evaluator,
  a: Arith,
  rows: number,
  found: Inverse,
  limit: bigint,
): Promise<Arith> {
  const { kernels, protocol } = on;
  const { inverse, matrix, size, trace } = found;
  const dims: MatrixDims = { batch: 1, rows, inner: rows, columns: rows };
  const [product, safe] = await on.all(
    (at) => at.protocol.matmulSS(at.fiber, matrix, inverse, dims),
    async (at) => {
      const [left, right] = await at.all(
        (to) => to.protocol.truncS(to.fiber, matrix, MATRIX_BITS - SAFE_MATRIX_BITS),
        (to) => to.protocol.truncS(to.fiber, inverse, INVERSE_BITS - SAFE_INVERSE_BITS),
      );
      return at.protocol.matmulSS(at.fiber, left, right, dims);
    },
  );
  const [bits, safeBits] = [MATRIX_BITS + INVERSE_BITS, SAFE_MATRIX_BITS + SAFE_INVERSE_BITS];
  const public_ = (word: bigint, length: number): Arith =>
    protocol.publicA(new BigUint64Array(length).fill(BigInt.asUintN(64, word)));
  const all = (one: Arith): Arith => repeated(one, a.length);
  const within = (value: Arith, limit: Arith): readonly Arith[] => [
    subSS(kernels, limit, value),
    addSS(kernels, limit, value),
  ];
  const largest = scaleS(kernels, size, limit);
  return concat([
    subSS(kernels, public_(2n ** BigInt(TRACE_BITS) - 1n, 1), trace),
    ...within(a, all(trace)),
    ...within(inverse, public_(BigInt(2 * SPREAD_MAX) << BigInt(INVERSE_BITS), a.length)),
    ...within(inverse, all(largest)),
    ...within(
      subSS(kernels, safe, identity(on, rows, 1, safeBits)),
      public_(3n << BigInt(safeBits - 1), a.length),
    ),
    ...within(
      subSS(kernels, product, identity(on, rows, 1, bits)),
      public_(1n << BigInt(bits - RESIDUAL_BITS), a.length),
    ),
  ]);
}

/** Elements of the inverse of the matrix itself, with so many fractional bits. */
export function unscaled(on: Evaluator, { inverse, scale }: Inverse, bits: number): Promise<Arith> {
  return on.protocol.mulTruncSS(
    on.fiber,
    inverse,
    repeated(scale, inverse.length),
    unscaleShift(on.fracBits, bits),
  );
}

/**
 * The inverse of the matrix is 2^(f-1-j) times that of the scaled one, so a limit for it is 2^j times a limit in these
 * units for the other.
 */
export const limitUnit = (fracBits: number): number => 2 ** (fracBits - 1 - INVERSE_BITS);

/** A^-1 = 2^(f-1-j) of what was scaled: the same factor 2^(TRACE_BITS - 1 - j) again. */
export const unscaleShift = (fracBits: number, bits: number): number =>
  MATRIX_BITS + INVERSE_BITS - fracBits - bits;

function identity(on: Evaluator, rows: number, value: number, bits: number): Arith {
  const words = new BigUint64Array(rows * rows);
  for (let i = 0; i < rows; i++) words[i * (rows + 1)] = encodeNumber(value, bits);
  return on.protocol.publicA(words);
}

const repeated = (x: Arith, length: number): Arith => gather(x, new Uint32Array(length));

/** How many words {@link differences} are, of a matrix of so many rows. */
export const differencesOf = (rows: number): number => 10 * rows * rows + 1;

/** Of {@link inverseOf}, then {@link differences} and {@link unscaled} at once. */
export function inverseCost(
  c: ProtocolCosts,
  rows: number,
  steps: number,
  { fracBits, bits }: { readonly fracBits: number; readonly bits: number },
): Cost {
  const dims: MatrixDims = { batch: 1, rows, inner: rows, columns: rows };
  const n = rows * rows;
  const step = inParallel(
    c.matmulTruncSS(dims, FACTOR_BITS),
    c.matmulTruncSS(dims, FACTOR_BITS - STEP_SHIFT),
    c.matmulTruncSS(dims, ROUGH_SHIFT),
  );
  const width = TRACE_BITS;
  return inSequence(
    highestOneCost(c, 1, width, false),
    inParallel(c.b2a(1, width), c.b2a(1, width)),
    inParallel(c.mulSS(n), c.mulTruncSS(n, MATRIX_BITS - ROUGH_BITS)),
    ...new Array<Cost>(steps - 1).fill(step),
    c.matmulTruncSS(dims, lastShift(steps)),
    ...CORRECTION_BITS.flatMap((kept) => [
      c.matmulTruncSS(dims, MATRIX_BITS + INVERSE_BITS - kept),
      c.matmulTruncSS(dims, kept),
    ]),
    inParallel(
      c.mulTruncSS(n, unscaleShift(fracBits, bits)),
      c.matmulSS(dims),
      inSequence(
        inParallel(
          c.truncS(n, MATRIX_BITS - SAFE_MATRIX_BITS),
          c.truncS(n, INVERSE_BITS - SAFE_INVERSE_BITS),
        ),
        c.matmulSS(dims),
      ),
    ),
  );
}
