/**
 * Accuracy of what works on whole tensors, on a grid over the domain and at random: part of the suite that every protocol passes.
 * Element-wise operations are in secure-cases.ts.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as ops from '../../src/secure/ops/index.ts';
import type { ProtocolName } from '../../src/secure/protocols/table.ts';
import { type Dtype, decode } from '../../src/secure/ring/fixed-point.ts';
import type { SecretTensor } from '../../src/secure/secret.ts';
import type { Evaluator } from '../../src/secure/session.ts';
import { runSecure, type SecureRun } from '../parts/secure-parties.ts';

const fracBits = 18;
const ulp = 2 ** -fracBits;
const [rows, columns] = [6, 7];

type Matrix = readonly (readonly number[])[];

interface Case {
  readonly name: string;
  readonly dtype?: Dtype;
  readonly from: number;
  readonly to: number;
  readonly run: (on: Evaluator, x: SecretTensor) => Promise<SecretTensor> | SecretTensor;
  /** Results row after row. */
  readonly plain: (x: Matrix) => readonly number[];
  /** What the docstring promises, for this true result. */
  readonly error?: (result: number) => number;
}

const total = (row: readonly number[]): number => row.reduce((sum, value) => sum + value, 0);
const column = (x: Matrix, at: number): number[] => x.map((row) => row[at] ?? 0);
const dotOf = (x: readonly number[], y: readonly number[]): number =>
  total(x.map((value, i) => value * (y[i] ?? 0)));
const softmaxOf = (row: readonly number[]): number[] => {
  const powers = row.map((value) => Math.exp(value - Math.max(...row)));
  return powers.map((power) => power / total(powers));
};
/** The product, or the sum of products, rounded down to what fixed point represents. */
const floorOf = (x: number | readonly number[], y: number | readonly number[]): number => {
  const [xs, ys] = [[x].flat(), [y].flat()];
  const whole = (value: number | undefined): bigint => BigInt((value ?? 0) * 2 ** fracBits);
  const sum = xs.reduce((all, value, i) => all + whole(value) * whole(ys[i]), 0n);
  return Number(sum >> BigInt(fracBits)) * ulp;
};
const one = (): number => ulp + 1e-9;
/** Sums of `columns` squares below 2^26. */
const square = 2 ** 13 / Math.sqrt(columns) - 1;
const limit = 2 ** 26 - 1;

const cases: readonly Case[] = [
  {
    name: 'matmul',
    from: -square,
    to: square,
    run: (on, x) => ops.matmul(on, x, ops.transpose(on, x)),
    plain: (x) => x.flatMap((row) => x.map((other) => dotOf(row, other))),
    error: one,
  },
  {
    name: 'dot',
    from: -square,
    to: square,
    run: (on, x) => ops.dot(on, x, x),
    plain: (x) => x.map((row) => dotOf(row, row)),
    error: one,
  },
  {
    name: 'mul, exact',
    from: -8191,
    to: 8191,
    run: (on, x) => ops.mul(on, x, x, 'exact'),
    plain: (x) => x.flat().map((value) => floorOf(value, value)),
  },
  {
    name: 'mul by a public number, exact',
    from: -limit,
    to: limit,
    run: (on, x) => ops.mul(on, x, -0.625, 'exact'),
    plain: (x) => x.flat().map((value) => floorOf(value, -0.625)),
  },
  {
    name: 'matmul, exact',
    from: -square,
    to: square,
    run: (on, x) => ops.matmul(on, x, ops.transpose(on, x), 'exact'),
    plain: (x) => x.flatMap((row) => x.map((other) => floorOf(row, other))),
  },
  { name: 'sum', from: -limit, to: limit, run: (on, x) => ops.sum(on, x, 1), plain: (x) => x.map(total) },
  {
    name: 'cumulativeSum',
    from: -limit,
    to: limit,
    run: (on, x) => ops.cumulativeSum(on, x, 1),
    plain: (x) => x.flatMap((row) => row.map((_, i) => total(row.slice(0, i + 1)))),
  },
  {
    name: 'mean',
    from: -limit,
    to: limit,
    run: (on, x) => ops.mean(on, x, 1),
    plain: (x) => x.map((row) => total(row) / columns),
    error: (mean) => (2 + Math.abs(mean)) * ulp,
  },
  {
    name: 'mean of many',
    from: 1000,
    to: 1001,
    run: (on, x) =>
      ops.mean(
        on,
        ops.gather(
          on,
          x,
          new Uint32Array(30_000).map((_, i) => i % rows),
        ),
      ),
    plain: (x) => [total(x.map(total)) / (rows * columns)],
    error: (mean) => (2 + Math.abs(mean)) * ulp,
  },
  {
    name: 'div by a public number',
    from: -limit,
    to: limit,
    run: (on, x) => ops.div(on, x, 777),
    plain: (x) => x.flat().map((value) => value / 777),
    error: (quotient) => (1 + Math.abs(quotient)) * ulp,
  },
  {
    name: 'max',
    from: -limit,
    to: limit,
    run: (on, x) => ops.max(on, x, 1),
    plain: (x) => x.map((row) => Math.max(...row)),
  },
  {
    name: 'min',
    from: -limit,
    to: limit,
    run: (on, x) => ops.min(on, x, 0),
    plain: (x) => (x[0] ?? []).map((_, i) => Math.min(...column(x, i))),
  },
  {
    name: 'argmax',
    from: -3,
    to: 3,
    run: (on, x) => ops.argmax(on, x, 1),
    plain: (x) => x.map((row) => row.indexOf(Math.max(...row))),
  },
  {
    name: 'softmax',
    from: -12,
    to: 12,
    run: (on, x) => ops.softmax(on, x),
    plain: (x) => x.flatMap(softmaxOf),
    error: () => 2 ** -15 + (columns + 3) * 2 ** -17,
  },
  {
    name: 'softmax of numbers far from each other',
    from: -(2 ** 19) + 1,
    to: 2 ** 19 - 1,
    run: (on, x) => ops.softmax(on, x, 0),
    plain: (x) => {
      const byColumn = (x[0] ?? []).map((_, i) => softmaxOf(column(x, i)));
      return x.flatMap((row, i) => row.map((_, j) => byColumn[j]?.[i] ?? 0));
    },
    error: () => 2 ** -15 + (rows + 3) * 2 ** -17,
  },
  {
    name: 'select',
    from: -limit,
    to: limit,
    run: async (on, x) =>
      ops.select(on, await ops.lt(on, x, 0), x, ops.cumulativeSum(on, await ops.sub(on, x, x))),
    plain: (x) => x.flat().map((value) => Math.min(value, 0)),
  },
  {
    name: 'cast to integer',
    from: -limit,
    to: limit,
    run: (on, x) => ops.cast(on, x, 'integer'),
    plain: (x) => x.flat().map(Math.floor),
  },
  {
    name: 'cast to boolean and back',
    from: -2,
    to: 2,
    dtype: 'integer',
    run: async (on, x) => ops.cast(on, await ops.cast(on, x, 'boolean'), 'integer'),
    plain: (x) => x.flat().map((value) => Number(value !== 0)),
  },
  {
    name: 'cast to fixed',
    from: -limit,
    to: limit,
    dtype: 'integer',
    run: (on, x) => ops.cast(on, x, 'fixed'),
    plain: (x) => x.flat(),
  },
  {
    name: 'shift to the right',
    from: 1 - 2 ** 53,
    to: 2 ** 53 - 1,
    dtype: 'integer',
    run: (on, x) => ops.shift(on, x, -11),
    plain: (x) => x.flat().map((value) => Math.floor(value / 2 ** 11)),
  },
  {
    name: 'mul of integers',
    from: -(2 ** 26) + 1,
    to: 2 ** 26 - 1,
    dtype: 'integer',
    run: (on, x) => ops.mul(on, x, x),
    plain: (x) => x.flat().map((value) => value * value),
  },
  {
    name: 'comparison of integers',
    from: 1 - 2 ** 53,
    to: 2 ** 53 - 1,
    dtype: 'integer',
    run: async (on, x) =>
      ops.cast(
        on,
        await ops.lt(on, x, ops.reshape(on, ops.gather(on, x, [5, 4, 3, 2, 1, 0]), [rows, columns])),
        'integer',
      ),
    plain: (x) => x.flatMap((row, i) => row.map((value, j) => Number(value < (x[rows - 1 - i]?.[j] ?? 0)))),
  },
  {
    name: 'groupSum',
    from: -limit,
    to: limit,
    run: (on, x) => ops.groupSum(on, x, [0, 1, 0, 2, 1, 9], 3),
    plain: (x) =>
      [[0, 2], [1, 4], [3]].flatMap((group) =>
        (x[0] ?? []).map((_, j) => total(group.map((i) => x[i]?.[j] ?? 0))),
      ),
  },
];

/** What the type represents exactly, so that the error is the operation's own. */
function matrix({ from, to, dtype = 'fixed' }: Case, random: boolean): Matrix {
  const scale = dtype === 'fixed' ? 2 ** fracBits : 1;
  const count = rows * columns;
  // A grid in an order that is neither up nor down.
  const at = (i: number): number => (random ? Math.random() : ((i * 25) % count) / (count - 1));
  const value = (i: number): number => Math.round((from + (to - from) * at(i)) * scale) / scale;
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, i) => Math.min(Math.max(value(row * columns + i), from), to)),
  );
}

export function gridCases(protocol: ProtocolName, size: number, setting: SecureRun = {}): void {
  for (const one of cases) {
    it(`${one.name} keeps its accuracy over its domain`, async () => {
      const { name, dtype = 'fixed', run, plain, error = () => 0 } = one;
      for (const random of [false, true]) {
        const x = matrix(one, random);
        const want = plain(x);
        const options = { owner: 1, dtype, shape: [rows, columns] };
        const results = await runSecure(
          protocol,
          size,
          async (on, rank) => {
            const shared = await ops.share(on, options, rank === 1 ? x.flat() : undefined);
            const opened = await ops.reveal(on, await run(on, shared));
            assert.ok(opened);
            return decode(opened.words, opened.dtype, fracBits);
          },
          setting,
        );
        for (const result of results) {
          assert.equal(result.length, want.length);
          for (const [i, due] of want.entries()) {
            const off = Math.abs((result[i] ?? Number.NaN) - due);
            assert.ok(off <= error(due), `${name}: element ${i} is off by ${off}, allowed ${error(due)}`);
          }
        }
      }
    });
  }
}
