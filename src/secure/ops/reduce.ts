/** Reductions along an axis. `keep` leaves the axis with size 1; without an axis, over all elements. Costs are those of rep3, mean of members. */

import { encodeNumber } from '../ring/fixed-point.ts';
import { axisOf, elementCount, type Shape } from '../ring/shape.ts';
import { dtypeMismatch } from '../ring/tensor.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import {
  addSS,
  gather as gatherNumbers,
  concat as join,
  slice as part,
  scaleS,
  subSS,
} from '../sharing/linear.ts';
import { type Arith, arith } from '../sharing/shares.ts';
import { numbersOf, secret } from './operands.ts';
import { transpose } from './shape.ts';

/** Sum. Local. Domain: the result's. */
export async function sum(
  on: Evaluator,
  x: SecretTensor,
  axis?: number,
  keep = false,
): Promise<SecretTensor> {
  const { rows, size, shape } = rowsOf(on, x, axis, keep, 'sum');
  return secret(on, x.dtype, shape, sumRows(rows, size));
}

/**
 * Mean of fixed numbers. Domain: |mean| < 2^(62 - 2·fracBits), |sum| < 2^(62 - fracBits). Accuracy: (2 + |mean|) · 2^-fracBits, however
 * many elements there are.
 *
 * The sum of n elements is divided by the largest power of two up to n, then by what is left, between 1 and 2: so 1/n keeps its digits.
 * Cost: 4 rounds, (18.25 + floor(log2 n) / 8) bytes an element of the result; where n is a power of two, 2 rounds and the first half.
 */
export async function mean(
  on: Evaluator,
  x: SecretTensor,
  axis?: number,
  keep = false,
): Promise<SecretTensor> {
  numbersOf(on, x, 'mean', 'fixed');
  const { protocol, fiber, kernels, fracBits } = on;
  const { rows, size, shape } = rowsOf(on, x, axis, keep, 'mean');
  const halvings = Math.floor(Math.log2(size));
  return fiber.as('mean', async () => {
    let shares = sumRows(rows, size);
    if (halvings > 0) shares = await protocol.truncS(fiber, shares, halvings);
    const rest = 2 ** halvings / size;
    if (rest !== 1) {
      shares = await protocol.truncS(fiber, scaleS(kernels, shares, encodeNumber(rest, fracBits)), fracBits);
    }
    return secret(on, 'fixed', shape, shares);
  });
}

/** Sums of the first 1, 2, … elements along an axis. Local. */
export function cumulativeSum(on: Evaluator, x: SecretTensor, axis = 0): SecretTensor {
  const at = axisOf(x.shape, axis, 'cumulativeSum');
  const shares = numbersOf(on, x, 'cumulativeSum');
  const stride = elementCount(x.shape.slice(at + 1));
  const block = stride * (x.shape[at] ?? 1);
  const parts = shares.parts.map((from) => {
    const out = from.slice();
    for (let i = 0; i < out.length; i++) {
      if (i % block >= stride) out[i] = BigInt.asUintN(64, (out[i] as bigint) + (out[i - stride] as bigint));
    }
    return out;
  });
  return secret(on, x.dtype, x.shape, arith(shares.length, parts));
}

/** Largest element, exact. Cost: for n elements a row, ceil(log2 n) levels of 11 rounds, and 41.4 bytes for each of n - 1 comparisons. */
export async function max(
  on: Evaluator,
  x: SecretTensor,
  axis?: number,
  keep = false,
): Promise<SecretTensor> {
  const { rows, size, shape } = rowsOf(on, x, axis, keep, 'max');
  return on.fiber.as('max', async () =>
    secret(on, x.dtype, shape, (await tournament(on, [rows], size))[0] as Arith),
  );
}

/** Smallest element, exact. Cost: as {@link max}. */
export async function min(
  on: Evaluator,
  x: SecretTensor,
  axis?: number,
  keep = false,
): Promise<SecretTensor> {
  const { rows, size, shape } = rowsOf(on, x, axis, keep, 'min');
  const { kernels, fiber } = on;
  return fiber.as('min', async () => {
    const [found] = await tournament(on, [scaleS(kernels, rows, MINUS_ONE)], size);
    return secret(on, x.dtype, shape, scaleS(kernels, found as Arith, MINUS_ONE));
  });
}

/** Position of the largest element along the axis (without one, among all), an integer; of equal ones the first. Cost: as {@link max}, but 49.4 bytes a comparison. */
export async function argmax(
  on: Evaluator,
  x: SecretTensor,
  axis?: number,
  keep = false,
): Promise<SecretTensor> {
  const { rows, size, shape } = rowsOf(on, x, axis, keep, 'argmax');
  const positions = BigUint64Array.from({ length: rows.length }, (_, i) => BigInt(i % size));
  return on.fiber.as('argmax', async () => {
    const [, position] = await tournament(on, [rows, on.protocol.publicA(positions)], size);
    return secret(on, 'integer', shape, position as Arith);
  });
}

const MINUS_ONE = 2n ** 64n - 1n;

interface Rows {
  /** One row of `size` elements for each element of the result. */
  readonly rows: Arith;
  readonly size: number;
  readonly shape: Shape;
}

function rowsOf(on: Evaluator, x: SecretTensor, axis: number | undefined, keep: boolean, what: string): Rows {
  const shares = numbersOf(on, x, what);
  if (axis === undefined)
    return { rows: shares, size: shares.length, shape: keep ? x.shape.map(() => 1) : [] };
  const at = axisOf(x.shape, axis, what);
  const last = x.shape.length - 1;
  const order = [...x.shape.keys()].filter((other) => other !== at);
  const moved = at === last ? x : transpose(on, x, [...order, at]);
  if (moved.shares.kind !== 'arith') throw dtypeMismatch(`${what} takes numbers`);
  const shape = keep ? x.shape.with(at, 1) : order.map((other) => x.shape[other] ?? 1);
  return { rows: moved.shares, size: x.shape[at] ?? 1, shape };
}

function sumRows(rows: Arith, size: number): Arith {
  const count = rows.length / size;
  return arith(
    count,
    rows.parts.map((from) => {
      const out = new BigUint64Array(count);
      for (let row = 0; row < count; row++) {
        let total = 0n;
        for (let i = row * size; i < (row + 1) * size; i++)
          total = BigInt.asUintN(64, total + (from[i] as bigint));
        out[row] = total;
      }
      return out;
    }),
  );
}

/**
 * The columns of the winner of each row: rows are halved, left against right, until one is left. Ties go to the left, so to the
 * first. The first column decides; the others go with it.
 */
async function tournament(on: Evaluator, columns: readonly Arith[], size: number): Promise<readonly Arith[]> {
  const { protocol, fiber, kernels } = on;
  let left = columns;
  for (let width = size; width > 1; width = Math.ceil(width / 2)) {
    const pairs = Math.floor(width / 2);
    const count = (left[0] as Arith).length / width;
    const pick = (x: Arith, offset: number): Arith =>
      gatherNumbers(
        x,
        Uint32Array.from(
          { length: count * pairs },
          (_, i) => Math.floor(i / pairs) * width + 2 * (i % pairs) + offset,
        ),
      );
    const first = left.map((x) => pick(x, 0));
    const second = left.map((x) => pick(x, 1));
    const less = await protocol.msbS(fiber, subSS(kernels, first[0] as Arith, second[0] as Arith));
    const better = await protocol.bit2a(fiber, less);
    const steps = await protocol.mulSS(
      fiber,
      join(left.map(() => better)),
      join(left.map((_, i) => subSS(kernels, second[i] as Arith, first[i] as Arith))),
    );
    const length = count * pairs;
    left = left.map((x, i) => {
      const winners = addSS(kernels, first[i] as Arith, part(steps, i * length, (i + 1) * length));
      return width % 2 === 0 ? winners : withOdd(winners, x, count, pairs, width);
    });
  }
  return left;
}

/** Winners of each row, and behind them the row's last element, which had no opponent. */
function withOdd(winners: Arith, all: Arith, rows: number, pairs: number, width: number): Arith {
  const both = join([winners, all]);
  const index = new Uint32Array(rows * (pairs + 1));
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < pairs; i++) index[row * (pairs + 1) + i] = row * pairs + i;
    index[row * (pairs + 1) + pairs] = winners.length + row * width + width - 1;
  }
  return gatherNumbers(both, index);
}
