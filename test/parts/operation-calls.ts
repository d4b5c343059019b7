/**
 * A call for each cost that operations of a secure device declare, by the cost's name, for tests of what crosses between members: one that
 * is missing is found. Inputs are of two owners and of every type.
 */
import * as ops from '../../src/secure/ops/index.ts';
import type { Dtype } from '../../src/secure/ring/fixed-point.ts';
import { type PublicTensor, publicTensor } from '../../src/secure/ring/tensor.ts';
import type { SecretTensor } from '../../src/secure/secret.ts';
import type { Evaluator } from '../../src/secure/session.ts';

/** Vectors of one length, a multiple of 64: for each type one of the first member and one of the second. */
export interface Inputs {
  readonly x: SecretTensor;
  readonly y: SecretTensor;
  readonly i: SecretTensor;
  readonly j: SecretTensor;
  readonly b: SecretTensor;
  readonly c: SecretTensor;
}

/** What the first and the second member put in at each position. */
export type Values = Readonly<Record<Dtype, readonly [ValueAt, ValueAt]>>;
type ValueAt = (position: number) => number;

export async function shareInputs(on: Evaluator, length: number, values: Values): Promise<Inputs> {
  const from = (owner: 0 | 1, dtype: Dtype) => (at: Evaluator) => {
    const own = () => Array.from({ length }, (_, position) => values[dtype][owner](position));
    const options = { owner, dtype, shape: [length] };
    return ops.share(at, options, on.protocol.rank === owner ? own() : undefined);
  };
  const [x, y, i, j, b, c] = await on.all(
    from(0, 'fixed'),
    from(1, 'fixed'),
    from(0, 'integer'),
    from(1, 'integer'),
    from(0, 'boolean'),
    from(1, 'boolean'),
  );
  return { x, y, i, j, b, c };
}

export type Call = (on: Evaluator, inputs: Inputs) => unknown;

const publicLike = ({ shape }: SecretTensor, value: number): PublicTensor =>
  publicTensor(new Array<number>(shape[0] ?? 1).fill(value));
/** In rows of two: one of each. */
const pairs = (on: Evaluator, x: SecretTensor, y: SecretTensor): SecretTensor => {
  const rows = ops.reshape(on, ops.concat(on, [x, y]), [2, x.shape[0] ?? 1]);
  return ops.transpose(on, rows);
};
const wide = (on: Evaluator, x: SecretTensor): SecretTensor =>
  ops.reshape(on, x, [16, (x.shape[0] ?? 1) / 16]);
const tall = (on: Evaluator, x: SecretTensor): SecretTensor => ops.transpose(on, wide(on, x));

/** Those of operations and forms of operations that declare to send nothing. */
const silent: Readonly<Record<string, Call>> = {
  add: (on, { x, y }) => ops.add(on, x, y),
  sub: (on, { x, y }) => ops.sub(on, x, y),
  neg: (on, { x }) => ops.neg(on, x),
  sum: (on, { x }) => ops.sum(on, x),
  cumulativeSum: (on, { x }) => ops.cumulativeSum(on, x),
  xor: (on, { b, c }) => ops.xor(on, b, c),
  not: (on, { b }) => ops.not(on, b),
  fromPublic: (on) => ops.fromPublic(on, publicTensor([1, 2])),
  reshape: (on, { x }) => wide(on, x),
  transpose: (on, { x }) => tall(on, x),
  slice: (on, { x }) => ops.slice(on, x, 1, 2),
  concat: (on, { x, y }) => ops.concat(on, [x, y]),
  gather: (on, { b }) => ops.gather(on, b, [1, 0]),
};

const arithmetic: Readonly<Record<string, Call>> = {
  mul: (on, { x, y }) => ops.mul(on, x, y),
  mulByPublic: (on, { x }) => ops.mul(on, x, publicLike(x, 0.75)),
  mulExact: (on, { x, y }) => ops.mul(on, x, y, 'exact'),
  mulByPublicExact: (on, { x }) => ops.mul(on, x, 0.75, 'exact'),
  mulOfIntegers: (on, { i, j }) => ops.mul(on, i, j),
  square: (on, { x }) => ops.square(on, x),
  matmul: (on, { x, y }) => ops.matmul(on, wide(on, x), tall(on, y)),
  matmulExact: (on, { x, y }) => ops.matmul(on, wide(on, x), tall(on, y), 'exact'),
  matmulByPublic: (on, { x }) => ops.matmul(on, pairs(on, x, x), publicTensor([0.5, 0.25])),
  matmulOfIntegers: (on, { i, j }) => ops.matmul(on, wide(on, i), tall(on, j)),
  dot: (on, { x, y }) => ops.dot(on, pairs(on, x, y), pairs(on, y, x)),
  mean: (on, { x, y }) => ops.mean(on, ops.reshape(on, ops.concat(on, [x, y, x]), [3, x.shape[0] ?? 1]), 0),
  div: (on, { x, y }) => ops.div(on, x, y),
  divByNumber: (on, { x }) => ops.div(on, x, 3),
  reciprocal: (on, { y }) => ops.reciprocal(on, y),
  sqrt: (on, { y }) => ops.sqrt(on, y),
  rsqrt: (on, { y }) => ops.rsqrt(on, y),
  log: (on, { y }) => ops.log(on, y),
  exp: (on, { x }) => ops.exp(on, x),
  sigmoid: (on, { x }) => ops.sigmoid(on, x),
  tanh: (on, { x }) => ops.tanh(on, x),
  softmax: (on, { x, y }) => ops.softmax(on, pairs(on, x, y)),
};

const choices: Readonly<Record<string, Call>> = {
  lt: (on, { x, y }) => ops.lt(on, x, y),
  le: (on, { x, y }) => ops.le(on, x, y),
  eq: (on, { x, y }) => ops.eq(on, x, y),
  abs: (on, { x }) => ops.abs(on, x),
  relu: (on, { x }) => ops.relu(on, x),
  minimum: (on, { x, y }) => ops.minimum(on, x, y),
  maximum: (on, { x, y }) => ops.maximum(on, x, y),
  max: (on, { x, y }) => ops.max(on, pairs(on, x, y), 1),
  min: (on, { x, y }) => ops.min(on, pairs(on, x, y), 1),
  argmax: (on, { x, y }) => ops.argmax(on, pairs(on, x, y), 1),
  select: (on, { b, x, y }) => ops.select(on, b, x, y),
  selectOfBooleans: (on, { b, c }) => ops.select(on, b, c, ops.not(on, c)),
  and: (on, { b, c }) => ops.and(on, b, c),
  or: (on, { b, c }) => ops.or(on, b, c),
  clamp: (on, { x }) => ops.clamp(on, x, { min: 0n, max: 2n ** 18n }),
  checkWithin: (on, { x }) => ops.checkWithin(on, x, { min: -(2n ** 61n), max: 2n ** 61n }),
  shift: (on, { i }) => ops.shift(on, i, -18),
  'cast: boolean to number': (on, { b }) => ops.cast(on, b, 'fixed'),
  'cast: number to boolean': (on, { x }) => ops.cast(on, x, 'boolean'),
  'cast: fixed to integer': (on, { x }) => ops.cast(on, x, 'integer'),
  shuffle: (on, { x, y }) => ops.shuffle(on, x, y),
  sort: (on, { x, y }) => ops.sort(on, x, y),
  groupSum: (on, { x, j }) => ops.groupSum(on, x, j, 4),
};

/** What is opened is the sum of what both put in: of what one put in, one share would be zero, as the others know it. */
const ends: Readonly<Record<string, Call>> = {
  share: (on, { x }) => {
    const own =
      on.protocol.rank === on.protocol.size - 1 ? new Array<number>(x.shape[0] ?? 1).fill(1) : undefined;
    return ops.share(on, { owner: on.protocol.size - 1, dtype: 'fixed', shape: x.shape }, own);
  },
  reveal: async (on, { x, y }) => ops.reveal(on, await ops.add(on, x, y)),
  'reveal: to one': async (on, { x, y }) => ops.reveal(on, await ops.add(on, x, y), 1),
  'reveal: booleans': (on, { b, c }) => ops.reveal(on, ops.xor(on, b, c)),
};

export const calls: Readonly<Record<string, Call>> = { ...silent, ...ends, ...arithmetic, ...choices };

/** The declared cost that a call is about. */
export const costOf = (call: string): string => call.split(':')[0] ?? call;
