/** Reductions along an axis. `keep` leaves the axis with size 1; without an axis, over all elements. */

import { below, TRUNCATED_BITS } from '../bounds/domain.ts';
import { hull, type Interval, interval, times, truncated } from '../bounds/interval.ts';
import {
  type Accuracy,
  along,
  type BoundInput,
  compared,
  merged,
  one,
  ring,
  rule,
  ulp,
} from '../bounds/rule.ts';
import { type Cost, inSequence } from '../cost.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { encodeNumber } from '../ring/fixed-point.ts';
import { axisOf, elementCount, type Shape } from '../ring/shape.ts';
import { dtypeMismatch } from '../ring/tensor.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import {
  addSS,
  gather as gatherNumbers,
  concat as join,
  matmulSP,
  slice as part,
  scaleS,
  subSS,
} from '../sharing/linear.ts';
import { type Arith, arith } from '../sharing/shares.ts';
import { local } from './costs.ts';
import { alone, alongAxis, fixed, numbers, reduced } from './forms.ts';
import { numbersOf, secret } from './operands.ts';
import type { Call, Operation } from './operation.ts';
import { alongAxisPlain, reducedPlain, total } from './plain.ts';
import { aFixed, anInteger, WIDE, way } from './samples.ts';
import { transpose, untransposed } from './transpose.ts';

export async function sum(
  on: Evaluator,
  x: SecretTensor,
  axis?: number,
  keep = false,
): Promise<SecretTensor> {
  const { sums, shape } = sumsOf(on, x, axis, keep, 'sum');
  return secret(on, x.dtype, shape, sums);
}

/**
 * The sum of n elements is divided by the largest power of two up to n, then by what is left, between 1 and 2: so 1/n
 * keeps its digits.
 */
export async function mean(
  on: Evaluator,
  x: SecretTensor,
  axis?: number,
  keep = false,
): Promise<SecretTensor> {
  numbersOf(on, x, 'mean', 'fixed');
  const { protocol, fiber, kernels, fracBits } = on;
  const { sums, size, shape } = sumsOf(on, x, axis, keep, 'mean');
  const halvings = Math.floor(Math.log2(size));
  return fiber.as('mean', async () => {
    let shares = sums;
    if (halvings > 0) shares = await protocol.truncS(fiber, shares, halvings);
    const rest = 2 ** halvings / size;
    if (rest !== 1) {
      shares = await protocol.truncS(fiber, scaleS(kernels, shares, encodeNumber(rest, fracBits)), fracBits);
    }
    return secret(on, 'fixed', shape, shares);
  });
}

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

interface Sums {
  readonly sums: Arith;
  /** How many elements of the operand each is the sum of. */
  readonly size: number;
  readonly shape: Shape;
}

/** As products with ones, which read the operand as it stands: rows of a table are not turned to be added up. */
function sumsOf(on: Evaluator, x: SecretTensor, axis: number | undefined, keep: boolean, what: string): Sums {
  const { kernels } = on;
  const ones = (size: number) => new BigUint64Array(size).fill(1n);
  const isFirst = axis !== undefined && x.shape.length > 1 && axisOf(x.shape, axis, what) === 0;
  if (isFirst && untransposed(x) === undefined) {
    const [size = 1, ...rest] = x.shape;
    const dims = { batch: 1, rows: elementCount(rest), inner: size, columns: 1, transposeLeft: true };
    const sums = matmulSP(kernels, numbersOf(on, x, what), ones(size), dims);
    return { sums, size, shape: keep ? [1, ...rest] : rest };
  }
  const { rows, size, shape } = rowsOf(on, x, axis, keep, what);
  const dims = { batch: 1, rows: rows.length / size, inner: size, columns: 1 };
  return { sums: matmulSP(kernels, rows, ones(size), dims), size, shape };
}

/**
 * The columns of the winner of each row: rows are halved, left against right, until one is left. Ties go to the left,
 * so to the first. The first column decides; the others go with it.
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

/** A level for every halving of `size`: a comparison of each pair, and its winner's columns. */
export function tournamentCost(c: ProtocolCosts, rows: number, size: number, columns = 1): Cost {
  const steps: Cost[] = [];
  for (let width = size; width > 1; width = Math.ceil(width / 2)) {
    const pairs = rows * Math.floor(width / 2);
    steps.push(inSequence(c.msbS(pairs), c.bit2a(pairs), c.mulSS(columns * pairs)));
  }
  return inSequence(...steps, local(c));
}

/** Elements of the result, and how many of the operand make one of them. */
function mergedBy({ operands: [x], shape }: Call): { readonly rows: number; readonly size: number } {
  const rows = elementCount(shape);
  return { rows, size: elementCount(x?.shape ?? []) / rows };
}

const ofMean: Accuracy = {
  text: '(2 + mean) · 2^-f',
  of: (mean, input) => (2 + Math.abs(mean)) * ulp(input),
};

function boundOfMean(input: BoundInput): Interval {
  const { fracBits } = input;
  const count = merged(input);
  const halvings = Math.floor(Math.log2(count));
  let x = times(one(input).bound, BigInt(count));
  if (halvings > 0) x = truncated(below(x, TRUNCATED_BITS, 'its sums', fracBits), halvings);
  if (count === 2 ** halvings) return ring(x, 'its mean', input);
  const rest = BigInt(Math.round((2 ** halvings / count) * 2 ** fracBits));
  return truncated(below(times(x, rest), TRUNCATED_BITS, 'its mean', 2 * fracBits), fracBits);
}

function runningSums(values: Float64Array): Float64Array {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum;
  });
}

const least = (values: Float64Array): number => values.reduce((a, b) => Math.min(a, b));
const most = (values: Float64Array): number => values.reduce((a, b) => Math.max(a, b));

/** The winner of all: elements are compared with each other. */
function winner(
  name: string,
  of: (on: Evaluator, x: SecretTensor, axis?: number, keep?: boolean) => Promise<SecretTensor>,
  plain: (values: Float64Array) => number,
): Operation {
  const position = name === 'argmax';
  return {
    name,
    takes: alone(numbers),
    result: reduced(position ? 'integer' : undefined),
    bounds: rule('differences below 2^(63-f)', position ? '0 to n - 1' : "the operand's", (input) => {
      compared(input, one(input).bound, one(input).bound);
      return position ? interval(0n, BigInt(merged(input) - 1)) : one(input).bound;
    }),
    cost: (c, call) => {
      const { rows, size } = mergedBy(call);
      return tournamentCost(c, rows, size, position ? 2 : 1);
    },
    run: (on, { x, params: [axis, keep] }) =>
      of(on, x, axis as number | undefined, keep as boolean | undefined),
    plain: reducedPlain(plain),
    samples: ({ rows, axis }) => [
      way([aFixed(rows, axis)], {
        what: `of ${axis} elements, for each of ${axis - 1} comparisons`,
        params: [1],
        per: rows * (axis - 1),
        over: [[[-WIDE, WIDE]], [[-3, 3]]],
      }),
      way([anInteger(5, axis)], { params: [0, true] }),
      way([aFixed(axis, 3)]),
    ],
  };
}

export const reductions: readonly Operation[] = [
  {
    name: 'sum',
    takes: alone(numbers),
    result: reduced(),
    bounds: rule('sums of all n below 2^(63-f)', "n times the operand's", (input) =>
      ring(times(one(input).bound, BigInt(merged(input))), 'its sums', input),
    ),
    cost: local,
    run: (on, { x, params: [axis, keep] }) =>
      sum(on, x, axis as number | undefined, keep as boolean | undefined),
    plain: reducedPlain(total),
    samples: ({ rows, axis }) => [
      way([aFixed(rows, axis)], { params: [1], over: [[[-WIDE, WIDE]]] }),
      way([anInteger(rows, axis)], { params: [0, true] }),
      way([aFixed(rows, axis)]),
    ],
  },
  {
    name: 'cumulativeSum',
    takes: alone(numbers),
    result: alongAxis,
    bounds: rule('the sum of all n below 2^(63-f)', "1 to n times the operand's", (input) => {
      const { bound } = one(input);
      return ring(hull(bound, times(bound, BigInt(along(input, 0)))), 'its sums', input);
    }),
    cost: local,
    run: (on, { x, params: [axis] }) => cumulativeSum(on, x, axis as number | undefined),
    plain: alongAxisPlain(0, runningSums),
    samples: ({ rows, axis }) => [
      way([aFixed(rows, axis)], { params: [1], over: [[[-WIDE, WIDE]]] }),
      way([anInteger(rows, axis)]),
    ],
  },
  {
    name: 'mean',
    takes: alone(fixed),
    result: reduced(),
    bounds: rule(
      'the sum below 2^(62-f), the mean below 2^(62-2f)',
      "the operand's, and as far off as it is",
      boundOfMean,
      ofMean,
    ),
    cost: (c, call) => {
      const { rows, size } = mergedBy(call);
      const halvings = Math.floor(Math.log2(size));
      return inSequence(
        ...(halvings > 0 ? [c.truncS(rows, halvings)] : []),
        ...(size === 2 ** halvings ? [] : [c.truncS(rows, call.fracBits)]),
        local(c),
      );
    },
    run: (on, { x, params: [axis, keep] }) =>
      mean(on, x, axis as number | undefined, keep as boolean | undefined),
    plain: reducedPlain((values) => total(values) / values.length),
    samples: ({ rows, axis }) => [
      way([aFixed(axis, rows)], {
        what: `of ${axis} elements`,
        params: [0],
        per: rows,
        over: [[[1 - 2 ** 25, 2 ** 25 - 1]], [[1000, 1001]]],
      }),
      way([aFixed(rows, 4)], { params: [1, true] }),
      way([aFixed(rows, 1)], { params: [1] }),
      way([aFixed(rows, axis)]),
    ],
  },
  winner('min', min, least),
  winner('max', max, most),
  winner('argmax', argmax, (values) => values.indexOf(most(values))),
];
