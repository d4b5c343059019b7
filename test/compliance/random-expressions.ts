/**
 * Random expressions on secrets: what the bounds let through has to be within the declared accuracy of plain arithmetic
 * on the operands as they stand, and within the bound that was worked out before. Everything is opened after every
 * step, which jobs would not do.
 */
import assert from 'node:assert/strict';
import { PrivityError } from '../../src/base/errors.ts';
import { boundOfResult, type ResultInput } from '../../src/program/devices/secure/bounds.ts';
import { type Bound, declaredBound, fracBitsOf } from '../../src/secure/bounds/declare.ts';
import {
  contains,
  type Interval,
  intervalOfWords,
  magnitude,
  realOf,
} from '../../src/secure/bounds/interval.ts';
import { catalogue } from '../../src/secure/ops/catalogue.ts';
import { checkDtypes } from '../../src/secure/ops/forms.ts';
import * as ops from '../../src/secure/ops/index.ts';
import type { Operation } from '../../src/secure/ops/operation.ts';
import { perform } from '../../src/secure/ops/perform.ts';
import { type Dtype, decode } from '../../src/secure/ring/fixed-point.ts';
import { elementCount, type Shape } from '../../src/secure/ring/shape.ts';
import { type PublicTensor, publicTensor, singleNumber } from '../../src/secure/ring/tensor.ts';
import type { SecretTensor } from '../../src/secure/secret.ts';
import type { Evaluator } from '../../src/secure/session.ts';
import type { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { orderAt } from '../parts/operation-calls.ts';

/** A secret of an expression, or numbers that everybody has, beside what it is. */
interface Value {
  readonly tensor: SecretTensor | PublicTensor;
  readonly shape: Shape;
  readonly dtype: Dtype;
  readonly bound: Bound;
  readonly data: Float64Array;
}

export interface Counts {
  /** Operations that ran, by name. */
  readonly ran: Map<string, number>;
  /** Operations that were refused for their bounds, by name. */
  readonly refused: Map<string, number>;
}

const STEPS_MAX = 8;
const shapes: readonly Shape[] = [[], [3], [4], [2, 3], [3, 3]];
/** What can be any other number where operands are rounded as JavaScript shows them. */
const steps: ReadonlySet<string> = new Set([
  ...['lt', 'le', 'gt', 'ge', 'eq', 'ne', 'argmax', 'argmaxOneHot', 'atLeast', 'whereAtLeast'],
  ...['sort', 'sortBy', 'order', 'cast', 'shift'],
]);
const WHOLE_BITS = 53;
const sizes = { count: 4, rows: 3, axis: 3, side: 2, keys: 3, groups: 2 };

/** What takes no matrix but one that has an inverse. */
const matrices: ReadonlySet<string> = new Set(['inverse', 'inverseOrZeros', 'solve']);

/** Magnitudes of what is shared: small, ordinary, and up to the edges of domains. */
const magnitudes: Readonly<Record<'fixed' | 'integer', readonly number[]>> = {
  fixed: [1, 8, 200, 4096, 8191, 2 ** 26 - 1],
  integer: [1, 10, 1000, 2 ** 26, 2 ** 31, 2 ** 53 - 1],
};

export async function runExpression(on: Evaluator, random: SeededRandom, counts: Counts): Promise<void> {
  const known: Value[] = [];
  for (const dtype of ['fixed', random.pick(['fixed', 'integer', 'boolean'] as const)] as const)
    known.push(await leaf(on, random, dtype));
  const length = 1 + random.below(STEPS_MAX);
  for (let step = 0; step < length; step++) {
    const result = await attempt(on, random, known, counts);
    if (result) known.push(result);
  }
}

async function leaf(
  on: Evaluator,
  random: SeededRandom,
  dtype: Dtype,
  shape = random.pick(shapes),
): Promise<Value> {
  const { fracBits } = on;
  const size = dtype === 'boolean' ? 1 : random.pick(magnitudes[dtype]);
  const max = dtype === 'fixed' ? Math.min(size, 2 ** (62 - 2 * fracBits) - 1) : size;
  const min = random.pick([-max, 0, max / 2, -max / 8]);
  const range = dtype === 'boolean' ? {} : { min: dtype === 'integer' ? Math.round(min) : min, max };
  const bound = { ...declaredBound(dtype, fracBits, range, 'a leaf'), assumed: false };
  const [low, high] = [
    realOf(bound.min, fracBitsOf(dtype, fracBits)),
    realOf(bound.max, fracBitsOf(dtype, fracBits)),
  ];
  // The ends are where domains are left.
  const value = (): number => {
    const between = random.pick([low, high, random.between(low, high), random.between(low, high)]);
    return dtype === 'fixed' ? between : Math.min(Math.max(Math.round(between), low), high);
  };
  const values = Array.from({ length: elementCount(shape) }, value);
  const options = { owner: random.below(on.protocol.size), dtype, shape };
  const tensor = await ops.share(on, options, on.protocol.rank === options.owner ? values : undefined);
  return { tensor, shape, dtype, bound, data: (await opened(on, tensor)).data };
}

/** Positions of rows, each once. */
async function orderLeaf(on: Evaluator, rows: number): Promise<Value> {
  const data = Float64Array.from({ length: rows }, (_, i) => orderAt(i, rows));
  const [dtype, shape] = ['integer', [rows]] as const;
  const tensor = await ops.share(on, { owner: 0, dtype, shape }, on.protocol.rank === 0 ? data : undefined);
  const bound = { min: 0n, max: BigInt(rows - 1), assumed: false };
  return { tensor, shape, dtype, bound, data };
}

/** Symmetric and positive definite: the diagonal is more than the rest of its row. */
async function matrix(on: Evaluator, random: SeededRandom): Promise<Value> {
  const [rows, max] = [1 + random.below(4), random.pick([1, 8, 200])];
  const values = new Array<number>(rows * rows).fill(0);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j <= i; j++) {
      const value = i === j ? random.between(max / 2, max) : random.between(-max / 10, max / 10);
      values[i * rows + j] = value;
      values[j * rows + i] = value;
    }
  const options = { owner: random.below(on.protocol.size), dtype: 'fixed', shape: [rows, rows] } as const;
  const tensor = await ops.share(on, options, on.protocol.rank === options.owner ? values : undefined);
  const bound = { ...declaredBound('fixed', on.fracBits, { max }, 'a matrix'), assumed: false };
  return { tensor, shape: options.shape, dtype: 'fixed', bound, data: (await opened(on, tensor)).data };
}

async function opened(
  on: Evaluator,
  tensor: SecretTensor,
): Promise<{ data: Float64Array; words: BigUint64Array }> {
  const shown = await ops.reveal(on, tensor);
  assert.ok(shown);
  return { data: decode(shown.words, shown.dtype, on.fracBits), words: shown.words };
}

/** One operation on what there is, or nothing if it does not fit, or its bounds refuse it. */
async function attempt(
  on: Evaluator,
  random: SeededRandom,
  known: readonly Value[],
  counts: Counts,
): Promise<Value | undefined> {
  const operation = random.pick(catalogue);
  const { name, takes } = operation;
  const x = matrices.has(name)
    ? await matrix(on, random)
    : random.pick(known.filter(({ dtype }) => takes.on.includes(dtype)).concat(known.slice(0, 1)));
  const operands = [x, ...(await othersOf(on, random, operation, x, known))];
  const params = paramsOf(random, operation, x);
  const input = fitting(on, operation, operands, params);
  if (input === undefined) return undefined;
  const add = (to: Map<string, number>): unknown => to.set(name, (to.get(name) ?? 0) + 1);
  let bound: Bound;
  try {
    bound = boundOfResult(operation, input);
  } catch (error) {
    if (!(error instanceof PrivityError) || error.code !== 'PRIVITY_SECURE_BOUND') throw error;
    add(counts.refused);
    return undefined;
  }
  const tensor = await perform(
    on,
    operation,
    operands.map((operand) => operand.tensor),
    input.params,
    input.shape,
    keysOf(operation, operands),
  );
  add(counts.ran);
  const { data, words } = await opened(on, tensor);
  check(on, operation, input, operands, { ...bound, dtype: tensor.dtype }, data, words);
  return { tensor, shape: input.shape, dtype: tensor.dtype, bound, data };
}

function keysOf({ opens }: Operation, operands: readonly Value[]): Interval | undefined {
  const keys = opens?.keys === undefined ? undefined : operands[opens.keys];
  return keys?.bound.assumed ? keys.bound : undefined;
}

/** What the rules of types and shapes make of it; undefined if they refuse. */
function fitting(
  { fracBits }: Evaluator,
  operation: Operation,
  operands: readonly Value[],
  params: readonly unknown[],
): (ResultInput & { readonly dtype: Dtype }) | undefined {
  const [x] = operands;
  try {
    checkDtypes(operation, operands);
    const { shape, dtype } = operation.result(operands, params, operation.name);
    if (elementCount(shape) > 100) return undefined;
    const ends = operation.ends?.(x as Value, params, fracBits);
    return {
      operands: operands.map(({ tensor, ...operand }) => ({
        ...operand,
        name: 'x',
        assumed: operand.bound.assumed,
        ...(tensor.kind === 'public' && { words: tensor.words, number: singleNumber(tensor) }),
      })),
      params: ends ? [ends.min, ends.max] : params,
      shape,
      fracBits,
      dtype,
    };
  } catch (error) {
    if (error instanceof PrivityError) return undefined;
    throw error;
  }
}

async function othersOf(
  on: Evaluator,
  random: SeededRandom,
  { name, takes }: Operation,
  x: Value,
  known: readonly Value[],
): Promise<Value[]> {
  if (name === 'groupSum')
    return random.chance(0.5) ? [await leaf(on, random, 'integer', x.shape.slice(0, 1))] : [];
  if (name === 'permute' || name === 'unpermute') return [await orderLeaf(on, x.shape[0] ?? 1)];
  if (name === 'segmentedSum') return [await leaf(on, random, 'boolean', x.shape.slice(0, 1))];
  const count =
    takes.operands === 'list' ? 1 + random.below(2) : takes.operands === 'if secret' ? 0 : takes.operands;
  const others: Value[] = [];
  for (let i = 0; i < count; i++) {
    const due =
      takes.others === 'same' || takes.others === undefined
        ? x.dtype
        : takes.others === 'numbers'
          ? random.pick(['fixed', 'integer'] as const)
          : takes.others === 'values'
            ? (others[0]?.dtype ?? random.pick(['fixed', 'integer', 'boolean'] as const))
            : takes.others;
    const there = known.filter(({ dtype }) => dtype === due);
    const shape =
      name === 'matmul' && x.shape.length > 0
        ? random.pick([[x.shape.at(-1) ?? 1], [x.shape.at(-1) ?? 1, 2]])
        : name === 'sortBy' || name === 'whereAtLeast' || name === 'solve'
          ? x.shape.slice(0, 1)
          : x.shape;
    if (there.length > 0 && random.chance(0.4)) others.push(random.pick(there));
    else if (!takes.secretsOnly && random.chance(0.4))
      others.push(publicValue(on, random, takes.others === 'numbers' ? x.dtype : due, shape));
    else others.push(await leaf(on, random, due, shape));
  }
  return others;
}

function publicValue({ fracBits }: Evaluator, random: SeededRandom, dtype: Dtype, shape: Shape): Value {
  const to = random.chance(0.5) ? [] : shape;
  const number = (): number =>
    dtype === 'boolean'
      ? random.below(2)
      : dtype === 'integer'
        ? random.below(200) - 100
        : random.pick([random.below(20) + 1, random.between(-4, 4), random.between(1e-3, 3000), 2 ** -10]);
  const tensor = publicTensor(Array.from({ length: elementCount(to) }, number), {
    dtype,
    shape: to,
    fracBits,
  });
  return {
    tensor,
    shape: to,
    dtype,
    bound: { ...intervalOfWords(tensor.words), assumed: false },
    data: decode(tensor.words, dtype, fracBits),
  };
}

/** Public parameters, most of which fit. An assumption is one that holds. */
function paramsOf(
  random: SeededRandom,
  { name, samples }: Operation,
  { shape, data, dtype }: Value,
): readonly unknown[] {
  const axis = random.below(Math.max(shape.length, 1));
  const size = shape[axis] ?? 1;
  const [low, high] = [Math.min(...data), Math.max(...data)];
  switch (name) {
    case 'mul':
    case 'matmul':
    case 'dot':
      return random.chance(0.2) ? [{ truncation: 'exact' }] : [];
    case 'square':
      return [];
    case 'sum':
    case 'mean':
    case 'min':
    case 'max':
    case 'argmax':
      return random.pick([[], [axis], [axis, true]]);
    case 'cumulativeSum':
    case 'softmax':
      return [axis];
    case 'concat':
      return [axis];
    case 'slice':
      return [0, 1 + random.below(size), axis];
    case 'gather':
      return [Array.from({ length: 1 + random.below(4) }, () => random.below(size)), axis];
    case 'reshape':
      return [random.pick([[-1], [elementCount(shape), 1]])];
    case 'groupSum':
      return [
        ...(random.chance(0.5) ? [Array.from({ length: shape[0] ?? 1 }, () => random.below(3))] : []),
        3,
      ];
    case 'cast':
      return [random.pick(['fixed', 'integer', 'boolean'])];
    case 'shift':
      return [random.below(20) - 10];
    case 'clamp': {
      const [lo, hi] = [random.pick([0.25, -8, 0, low]), random.pick([8, 9.5, 300])];
      return dtype === 'integer' ? [Math.round(Math.min(lo, 8)), Math.ceil(hi)] : [Math.min(lo, 8), hi];
    }
    case 'inverse':
    case 'inverseOrZeros':
    case 'solve':
      return [{ condition: random.pick([20, 500]), max: 20 }];
    case 'argmaxOneHot':
      return random.pick([[], [axis]]);
    case 'atLeast':
      return random.pick([[1 + random.below(30)], [5, 0]]);
    case 'whereAtLeast':
      return [1 + random.below(30)];
    case 'assume':
      return [{ min: low, max: high + (dtype === 'integer' ? 1 : random.between(0, 1)) }];
    // Those of the samples, or none.
    default:
      return random.pick(samples(sizes)).params;
  }
}

/** @throws if a result is not what plain arithmetic makes of the operands, or is not where its bound says */
function check(
  { fracBits }: Evaluator,
  { name, plain: plainOf, bounds }: Operation,
  input: ResultInput,
  operands: readonly Value[],
  bound: Bound & { readonly dtype: Dtype },
  data: Float64Array,
  words: BigUint64Array,
): void {
  const places = fracBitsOf(bound.dtype, fracBits);
  const shown = operands.map(({ shape, bound: { min, max } }) => `[${shape}] in ${min} to ${max}`).join(', ');
  if (name !== 'shuffle' || words.length > 0)
    assert.ok(
      contains(bound, intervalOfWords(words)),
      `${name} of ${shown}: not in ${bound.min} to ${bound.max}`,
    );
  const rounded = operands.some((operand) => magnitude(operand.bound) >= 2n ** BigInt(WHOLE_BITS));
  if (rounded && steps.has(name)) return;
  const plain = plainOf({ ...input, operands });
  const [results, wanted] = name === 'shuffle' ? [data.toSorted(), plain.toSorted()] : [data, plain];
  // What floating-point numbers themselves may be off by, of so large numbers on the way.
  const size = [bound, ...operands.map((operand) => operand.bound)].reduce(
    (most, one) => Math.max(most, realOf(magnitude(one), places)),
    0,
  );
  const slack = (bound.dtype === 'fixed' ? 2 ** -places / 64 : 0) + size * 2 ** -49;
  results.forEach((value, i) => {
    const want = wanted[i] ?? Number.NaN;
    const allowed = bounds.accuracy.of(want, input) + slack;
    const off = Math.abs(value - want);
    assert.ok(off <= allowed, `${name} of ${shown}: ${value} instead of ${want}, allowed ${allowed}`);
  });
}
