/**
 * Results of operations that are known beforehand, beside those that the catalogue's own plain arithmetic says
 * (secure-operations.ts): part of the suite that every protocol passes.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as ops from '../../src/secure/ops/index.ts';
import type { ProtocolName } from '../../src/secure/protocols/table.ts';
import { type Dtype, decode } from '../../src/secure/ring/fixed-point.ts';
import { publicTensor } from '../../src/secure/ring/tensor.ts';
import type { SecretTensor } from '../../src/secure/secret.ts';
import type { Evaluator } from '../../src/secure/session.ts';
import { runSecure, type SecureRun } from '../parts/secure-parties.ts';

type Run = (on: Evaluator, x: SecretTensor) => Promise<SecretTensor> | SecretTensor;

interface TensorCase {
  readonly name: string;
  readonly values: readonly number[];
  readonly shape: readonly number[];
  readonly dtype?: Dtype;
  readonly run: Run;
  readonly want: readonly number[];
  readonly wantShape: readonly number[];
  /** Largest error; default: none. */
  readonly error?: number;
}

const ulp = 2 ** -18;
const six = [1, 2, 3, 4, 5, 6];
const less = async (on: Evaluator, x: SecretTensor, than: number): Promise<SecretTensor> =>
  ops.lt(on, x, than);

/** Fractions of either sign, so that squares of them have to be rounded. */
const fractions = Array.from({ length: 12 }, (_, i) => Math.round((i - 5.3) * 437.77 * 2 ** 18) * ulp);
/** A sum of products, rounded down to what fixed point represents. */
const floorOf = (xs: readonly number[], ys: readonly number[]): number => {
  const whole = (value = 0): bigint => BigInt(value * 2 ** 18);
  const sum = xs.reduce((all, value, i) => all + whole(value) * whole(ys[i]), 0n);
  return Number(sum >> 18n) * ulp;
};
const rowOf = (i: number): number[] => fractions.slice(4 * i, 4 * i + 4);

const cases: readonly TensorCase[] = [
  {
    name: 'mul, exact, rounds down',
    values: fractions,
    shape: [12],
    run: (on, x) => ops.mul(on, x, x, 'exact'),
    want: fractions.map((value) => floorOf([value], [value])),
    wantShape: [12],
  },
  {
    name: 'mul by a public number, exact, rounds down',
    values: fractions,
    shape: [12],
    run: (on, x) => ops.mul(on, x, -0.625, 'exact'),
    want: fractions.map((value) => floorOf([value], [-0.625])),
    wantShape: [12],
  },
  {
    name: 'matmul, exact, rounds down',
    values: fractions,
    shape: [3, 4],
    run: (on, x) => ops.matmul(on, x, ops.transpose(on, x), 'exact'),
    want: [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => floorOf(rowOf(i), rowOf(j)))),
    wantShape: [3, 3],
  },
  {
    name: 'matmul',
    values: six,
    shape: [2, 3],
    run: (on, x) => ops.matmul(on, x, ops.transpose(on, x)),
    want: [14, 32, 32, 77],
    wantShape: [2, 2],
    error: ulp,
  },
  {
    name: 'matmul with a public matrix',
    values: six,
    shape: [2, 3],
    run: (on, x) => ops.matmul(on, publicTensor([0.5, 0.5], { shape: [1, 2] }), x),
    want: [2.5, 3.5, 4.5],
    wantShape: [1, 3],
    error: ulp,
  },
  {
    name: 'matmul of a batch of integers',
    values: six,
    shape: [3, 1, 2],
    dtype: 'integer',
    run: (on, x) => ops.matmul(on, x, ops.transpose(on, x, [0, 2, 1])),
    want: [5, 25, 61],
    wantShape: [3, 1, 1],
  },
  {
    name: 'dot',
    values: six,
    shape: [2, 3],
    run: (on, x) => ops.dot(on, x, x),
    want: [14, 77],
    wantShape: [2],
    error: ulp,
  },
  {
    name: 'add broadcasts',
    values: six,
    shape: [2, 3],
    run: (on, x) => ops.add(on, x, publicTensor([10, 20, 30])),
    want: [11, 22, 33, 14, 25, 36],
    wantShape: [2, 3],
  },
  {
    name: 'mul by a whole number',
    values: six,
    shape: [6],
    run: (on, x) => ops.mul(on, -3, x),
    want: [-3, -6, -9, -12, -15, -18],
    wantShape: [6],
  },
  {
    name: 'sum of an axis',
    values: six,
    shape: [2, 3],
    run: (on, x) => ops.sum(on, x, 0),
    want: [5, 7, 9],
    wantShape: [3],
  },
  {
    name: 'sum',
    values: six,
    shape: [2, 3],
    run: (on, x) => ops.sum(on, x),
    want: [21],
    wantShape: [],
  },
  {
    name: 'mean',
    values: six,
    shape: [2, 3],
    run: (on, x) => ops.mean(on, x, 1, true),
    want: [2, 5],
    wantShape: [2, 1],
    error: 7 * ulp,
  },
  {
    name: 'mean of as many elements as a power of two',
    values: [...six, 8, -4],
    shape: [2, 4],
    run: (on, x) => ops.mean(on, x, 1),
    want: [2.5, 3.75],
    wantShape: [2],
    error: ulp,
  },
  {
    name: 'mean of one element',
    values: six,
    shape: [6, 1],
    run: (on, x) => ops.mean(on, x, 1),
    want: six,
    wantShape: [6],
  },
  {
    name: 'mul by a public number with a point',
    values: six,
    shape: [6],
    run: (on, x) => ops.mul(on, x, 0.75),
    want: [0.75, 1.5, 2.25, 3, 3.75, 4.5],
    wantShape: [6],
    error: ulp,
  },
  {
    name: 'mul, exact',
    values: six,
    shape: [6],
    run: (on, x) => ops.mul(on, x, x, 'exact'),
    want: [1, 4, 9, 16, 25, 36],
    wantShape: [6],
  },
  {
    name: 'mul by a public number, exact',
    values: six,
    shape: [6],
    run: (on, x) => ops.mul(on, 0.5, x, 'exact'),
    want: [0.5, 1, 1.5, 2, 2.5, 3],
    wantShape: [6],
  },
  {
    name: 'matmul, exact',
    values: six,
    shape: [2, 3],
    run: (on, x) => ops.matmul(on, x, ops.transpose(on, x), 'exact'),
    want: [14, 32, 32, 77],
    wantShape: [2, 2],
  },
  {
    name: 'mul of integers',
    values: six,
    shape: [6],
    dtype: 'integer',
    run: (on, x) => ops.mul(on, x, x),
    want: [1, 4, 9, 16, 25, 36],
    wantShape: [6],
  },
  {
    name: 'div by a public number that is large',
    values: [6e7, -6e7, 1234.5, 1e6],
    shape: [4],
    run: (on, x) => ops.div(on, x, 3e5),
    want: [200, -200, 0.004115, 10 / 3],
    wantShape: [4],
    error: 201 * ulp,
  },
  {
    name: 'div by a public number that is small',
    values: six,
    shape: [6],
    run: (on, x) => ops.div(on, x, -0.01),
    want: six.map((value) => -100 * value),
    wantShape: [6],
    error: 601 * ulp,
  },
  {
    name: 'cumulativeSum',
    values: six,
    shape: [3, 2],
    run: (on, x) => ops.cumulativeSum(on, x, 0),
    want: [1, 2, 4, 6, 9, 12],
    wantShape: [3, 2],
  },
  {
    name: 'max',
    values: [3, -7, 5, 5, 2, 9, 1, 0, -1, -4],
    shape: [2, 5],
    run: (on, x) => ops.max(on, x, 1),
    want: [5, 9],
    wantShape: [2],
  },
  {
    name: 'min',
    values: [3, -7, 5, 5, 2, 9, 1, 0, -1, -4],
    shape: [2, 5],
    run: (on, x) => ops.min(on, x),
    want: [-7],
    wantShape: [],
  },
  {
    name: 'argmax, the first of equal ones',
    values: [3, -7, 5, 5, 2, 9, 1, 0, 9, -4],
    shape: [2, 5],
    run: (on, x) => ops.argmax(on, x, 1),
    want: [2, 0],
    wantShape: [2],
  },
  {
    name: 'transpose',
    values: six,
    shape: [2, 3],
    run: (on, x) => ops.transpose(on, x),
    want: [1, 4, 2, 5, 3, 6],
    wantShape: [3, 2],
  },
  {
    name: 'reshape',
    values: six,
    shape: [2, 3],
    run: (on, x) => ops.reshape(on, x, [3, 2]),
    want: six,
    wantShape: [3, 2],
  },
  {
    name: 'slice',
    values: six,
    shape: [2, 3],
    run: (on, x) => ops.slice(on, x, 1, 3, 1),
    want: [2, 3, 5, 6],
    wantShape: [2, 2],
  },
  {
    name: 'concat along the second axis',
    values: six,
    shape: [2, 3],
    run: (on, x) => ops.concat(on, [x, ops.slice(on, x, 0, 1, 1)], 1),
    want: [1, 2, 3, 1, 4, 5, 6, 4],
    wantShape: [2, 4],
  },
  {
    name: 'concat of booleans',
    values: [1, 0, 1],
    shape: [3],
    dtype: 'boolean',
    run: (on, x) => ops.concat(on, new Array<SecretTensor>(50).fill(x)),
    want: Array.from({ length: 150 }, (_, i) => (i % 3 === 1 ? 0 : 1)),
    wantShape: [150],
  },
  {
    name: 'gather',
    values: six,
    shape: [2, 3],
    run: (on, x) => ops.gather(on, x, [2, 0, 2, 1], 1),
    want: [3, 1, 3, 2, 6, 4, 6, 5],
    wantShape: [2, 4],
  },
  {
    name: 'and, or, xor, not',
    values: [0, 1],
    shape: [2, 1],
    dtype: 'boolean',
    run: async (on, x) => {
      const y = ops.transpose(on, x);
      const [both, any] = await on.all(
        (at) => ops.and(at, x, y),
        (at) => ops.or(at, x, y),
      );
      return ops.concat(on, [both, any, ops.xor(on, x, y), ops.not(on, both)]);
    },
    want: [0, 0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0],
    wantShape: [8, 2],
  },
  {
    name: 'select',
    values: six,
    shape: [2, 3],
    run: async (on, x) => ops.select(on, await less(on, x, 4), x, -1),
    want: [1, 2, 3, -1, -1, -1],
    wantShape: [2, 3],
  },
  {
    name: 'select of booleans by a broadcast condition',
    values: [1, 0, 1],
    shape: [3],
    dtype: 'boolean',
    run: (on, x) => ops.select(on, ops.slice(on, x, 1, 2), x, ops.not(on, x)),
    want: [0, 1, 0],
    wantShape: [3],
  },
  {
    name: 'select by a broadcast condition',
    values: six,
    shape: [2, 3],
    run: async (on, x) => {
      const condition = ops.fromPublic(on, publicTensor([1, 0], { dtype: 'boolean', shape: [2, 1] }));
      return ops.select(on, condition, x, await ops.neg(on, x));
    },
    want: [1, 2, 3, -4, -5, -6],
    wantShape: [2, 3],
  },
  {
    name: 'shift to the right rounds down',
    values: [7, -7, 8, -8],
    shape: [4],
    dtype: 'integer',
    run: (on, x) => ops.shift(on, x, -2),
    want: [1, -2, 2, -2],
    wantShape: [4],
  },
  {
    name: 'shift to the left',
    values: [7, -7],
    shape: [2],
    dtype: 'integer',
    run: (on, x) => ops.shift(on, x, 40),
    want: [7 * 2 ** 40, -7 * 2 ** 40],
    wantShape: [2],
  },
  {
    name: 'cast to integer rounds down',
    values: [1.75, -1.75, 3],
    shape: [3],
    run: (on, x) => ops.cast(on, x, 'integer'),
    want: [1, -2, 3],
    wantShape: [3],
  },
  {
    name: 'cast to boolean and fixed',
    values: [0, -5, 2 ** 40],
    shape: [3],
    dtype: 'integer',
    run: async (on, x) => ops.cast(on, await ops.cast(on, x, 'boolean'), 'fixed'),
    want: [0, 1, 1],
    wantShape: [3],
  },
  {
    name: 'softmax',
    values: [1, 2, 3, -50, 0, 0],
    shape: [2, 3],
    run: (on, x) => ops.softmax(on, x),
    want: [0.09003057, 0.24472847, 0.66524096, 0, 0.5, 0.5],
    wantShape: [2, 3],
    error: 2 ** -15 + 6 * 2 ** -17,
  },
  ...(
    [
      ['in all rows', [1, 1, 1, 1, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
      ['nowhere', [0, 0, 0, 0, 0], [1, 2, 4, 6, 9, 12, 16, 20, 25, 30]],
      ['in some rows', [0, 0, 1, 0, 1], [1, 2, 4, 6, 5, 6, 12, 14, 9, 10]],
    ] as const
  ).flatMap(([where, starts, want]) =>
    (['integer', 'boolean'] as const).map(
      (dtype): TensorCase => ({
        name: `segmentedSum, segments begin ${where}, said by ${dtype}s`,
        values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        shape: [5, 2],
        run: (on, x) => ops.segmentedSum(on, x, ops.fromPublic(on, publicTensor(starts, { dtype }))),
        want,
        wantShape: [5, 2],
      }),
    ),
  ),
  {
    name: 'segmentedSum of one row',
    values: [3],
    shape: [1],
    run: (on, x) => ops.segmentedSum(on, x, ops.fromPublic(on, publicTensor([1], { dtype: 'boolean' }))),
    want: [3],
    wantShape: [1],
  },
  {
    name: 'groupSum by public groups',
    values: six,
    shape: [3, 2],
    run: (on, x) => ops.groupSum(on, x, [1, 0, 1], 3),
    want: [3, 4, 6, 8, 0, 0],
    wantShape: [3, 2],
  },
  {
    name: 'groupSum by secret groups',
    values: six,
    shape: [3, 2],
    run: (on, x) => ops.groupSum(on, x, ops.fromPublic(on, publicTensor([1, 0, 1], { dtype: 'integer' })), 3),
    want: [3, 4, 6, 8, 0, 0],
    wantShape: [3, 2],
  },
];

export function tensorCases(protocol: ProtocolName, size: number, setting: SecureRun = {}): void {
  for (const { name, values, shape, dtype = 'fixed', run, want, wantShape, error = 0 } of cases) {
    it(name, async () => {
      await runSecure(
        protocol,
        size,
        async (on, rank) => {
          const x = await ops.share(on, { owner: 0, dtype, shape }, rank === 0 ? values : undefined);
          const opened = await ops.reveal(on, await run(on, x));
          assert.ok(opened);
          assert.deepEqual(opened.shape, wantShape);
          decode(opened.words, opened.dtype, on.fracBits).forEach((value, i) => {
            assert.ok(
              Math.abs(value - (want[i] ?? Number.NaN)) <= error,
              `element ${i} is ${value}, not ${want[i]}`,
            );
          });
        },
        setting,
      );
    });
  }
}
