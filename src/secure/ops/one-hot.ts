/**
 * Where the largest of a row stands, as zeros and a one: all pairs are compared at once instead of halving the row
 * level by level. Of a long row groups are compared first, then their winners, so that few rounds do not cost the
 * square of its length.
 */
import { bits } from '../bounds/interval.ts';
import { compared, one, rule } from '../bounds/rule.ts';
import { type Cost, inSequence } from '../cost.ts';
import { andOfPlanes, levels } from '../protocols/circuits.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { axisOf, elementCount, type Shape } from '../ring/shape.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { gather, gatherBits, subSS, xorSS } from '../sharing/linear.ts';
import { type Arith, type Bits, planeWords, stackPlanes } from '../sharing/shares.ts';
import { local } from './costs.ts';
import { alone, form, integerOf, numbers, own } from './forms.ts';
import { numbersOf, secret } from './operands.ts';
import type { Operation } from './operation.ts';
import { alongAxisPlain } from './plain.ts';
import { aFixed, anInteger, WIDE, way } from './samples.ts';
import { transpose } from './transpose.ts';

/**
 * So many comparisons in one level are cheaper than the rounds of another one: 100 KB that a member sends, 8 ms at 100
 * Mbit/s.
 */
const ALL_PAIRS_MAX = 4096;

/** A row of so few is compared at once, however many rows there are: for at most twice the bytes half the rounds. */
const SHORT_ROW_MAX = 8;
/** How many comparisons more than the fewest are taken for a round less. */
const PAIRS_MORE = 0.1;

const pairsOf = (size: number): number => (size * (size - 1)) / 2;

/** Elements of each group, or of the row where all of it is compared at once. */
export function groupSize(rows: number, size: number): number {
  if (size <= SHORT_ROW_MAX || rows * pairsOf(size) <= ALL_PAIRS_MAX) return size;
  const ways = Array.from({ length: Math.ceil(Math.sqrt(size)) }, (_, i) => {
    const group = i + 2;
    const groups = Math.ceil(size / group);
    return {
      group,
      pairs: groups * pairsOf(group) + pairsOf(groups),
      rounds: levels(group - 1) + levels(groups),
    };
  });
  const most = (1 + PAIRS_MORE) * Math.min(...ways.map(({ pairs }) => pairs));
  const [best] = ways
    .filter(({ pairs }) => pairs <= most)
    .toSorted((a, b) => a.rounds - b.rounds || a.pairs - b.pairs);
  return best?.group ?? size;
}

/** Of rows of `size` elements: integers, 1 where the largest stands, of equal ones the first. */
async function oneHot(on: Evaluator, x: Arith, size: number): Promise<Arith> {
  const { protocol, fiber } = on;
  const rows = x.length / size;
  if (size === 1) return protocol.publicA(new BigUint64Array(rows).fill(1n));
  const group = groupSize(rows, size);
  if (group >= size)
    return protocol.bit2a(fiber, await andOfPlanes(on.protocol, fiber, await beats(on, x, size)));
  const groups = Math.ceil(size / group);
  // Where a group lacks elements the last of its row stands again: behind itself, so it never wins.
  const padded = gather(
    x,
    positions(rows, groups * group, (i) => Math.min(i, size - 1), size),
  );
  const inGroup = await andOfPlanes(protocol, fiber, await beats(on, padded, group));
  const winners = await protocol.matmulSS(fiber, await protocol.bit2a(fiber, inGroup), padded, {
    batch: rows * groups,
    rows: 1,
    inner: group,
    columns: 1,
  });
  const ofGroups = await beats(on, winners, groups);
  const ofElements = gatherBits(
    ofGroups,
    positions(rows, size, (i) => Math.floor(i / group), groups),
  );
  const own = gatherBits(
    inGroup,
    positions(rows, size, (i) => i, groups * group),
  );
  return protocol.bit2a(fiber, await andOfPlanes(protocol, fiber, stackPlanes([own, ofElements])));
}

/** For so many elements of each row, positions in rows of another width. */
function positions(rows: number, count: number, place: (i: number) => number, width: number): Uint32Array {
  return Uint32Array.from(
    { length: rows * count },
    (_, i) => Math.floor(i / count) * width + place(i % count),
  );
}

/**
 * For every element of a row of `size` as many bits as it has opponents: whether it is larger, or equal and before
 * them. All pairs in one exchange.
 */
async function beats(on: Evaluator, x: Arith, size: number): Promise<Bits> {
  const { protocol, fiber, kernels } = on;
  const rows = x.length / size;
  const pairs = pairsOf(size);
  const [before, behind] = [new Uint32Array(rows * pairs), new Uint32Array(rows * pairs)];
  let next = 0;
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < size; i++)
      for (let j = i + 1; j < size; j++) {
        before[next] = row * size + i;
        behind[next++] = row * size + j;
      }
  const less = await protocol.msbS(fiber, subSS(kernels, gather(x, before), gather(x, behind)));
  const place = (i: number, j: number): number => i * size - (i * (i + 1)) / 2 + j - i - 1;
  // Plane k is about the k-th of the others.
  return stackPlanes(
    Array.from({ length: size - 1 }, (_, k) => {
      const index = positions(rows, size, (i) => (k < i ? place(k, i) : place(i, k + 1)), pairs);
      const won = planeWhere(index.length, (i) => k >= i % size);
      return xorSS(kernels, gatherBits(less, index), protocol.publicB(index.length, 1, won));
    }),
  );
}

/** A public plane: 1 where the element is the one before, which wins if it is not less. */
function planeWhere(length: number, is: (i: number) => boolean): BigUint64Array {
  const plane = new BigUint64Array(planeWords(length));
  const words = new Uint32Array(plane.buffer);
  for (let i = 0; i < length; i++) if (is(i)) words[i >>> 5] = (words[i >>> 5] ?? 0) | (1 << (i & 31));
  return plane;
}

export async function argmaxOneHot(on: Evaluator, x: SecretTensor, axis?: number): Promise<SecretTensor> {
  const shares = numbersOf(on, x, 'argmaxOneHot');
  return on.fiber.as('argmaxOneHot', async () => {
    if (axis === undefined) return secret(on, 'integer', x.shape, await oneHot(on, shares, shares.length));
    const along = axisOf(x.shape, axis, 'argmaxOneHot');
    const order = [...x.shape.keys()].filter((other) => other !== along);
    const moved = transpose(on, x, [...order, along]);
    const found = await oneHot(on, moved.shares as Arith, x.shape[along] ?? 1);
    const back = x.shape.map((_, i) => (i === along ? order.length : order.indexOf(i)));
    return transpose(on, secret(on, 'integer', moved.shape, found), back);
  });
}

/** Of {@link andOfPlanes}, of so many planes. */
function treeCost(c: ProtocolCosts, length: number, planes: number): Cost {
  const steps: Cost[] = [];
  for (let left = planes; left > 1; left = Math.ceil(left / 2))
    steps.push(c.andSS(length, Math.floor(left / 2)));
  return inSequence(...steps);
}

/** Of {@link beats}, and whether all of them hold beside `more` others. */
const levelCost = (c: ProtocolCosts, rows: number, size: number, elements: number, more = 0): Cost =>
  inSequence(c.msbS(rows * pairsOf(size)), treeCost(c, elements, size - 1 + more), c.bit2a(elements));

export function oneHotCost(c: ProtocolCosts, rows: number, size: number): Cost {
  if (size === 1) return local(c);
  const group = groupSize(rows, size);
  if (group >= size) return levelCost(c, rows, size, rows * size);
  const groups = Math.ceil(size / group);
  return inSequence(
    levelCost(c, rows * groups, group, rows * groups * group),
    c.matmulSS({ batch: rows * groups, rows: 1, inner: group, columns: 1 }),
    levelCost(c, rows, groups, rows * size, 1),
  );
}

/** Elements of a row. */
function sizeOf(shape: Shape, axis: unknown): number {
  if (axis === undefined) return elementCount(shape);
  return shape[axisOf(shape, axis as number, 'axis')] ?? 1;
}

export const oneHots: readonly Operation[] = [
  {
    name: 'argmaxOneHot',
    takes: alone(numbers),
    result: ([x], [axis], name) => {
      const { shape } = own(x);
      if (axis !== undefined) axisOf(shape, integerOf(axis, `${name}: axis`), name);
      return form(shape, 'integer');
    },
    bounds: rule('differences below 2^(63-f)', '0 to 1', (input) => {
      compared(input, one(input).bound, one(input).bound);
      return bits;
    }),
    cost: (c, { shape, params: [axis] }) => {
      const size = sizeOf(shape, axis);
      return oneHotCost(c, elementCount(shape) / size, size);
    },
    run: (on, { x, params: [axis] }) => argmaxOneHot(on, x, axis as number | undefined),
    plain: (input) => {
      const mark = (values: Float64Array): number[] => {
        const largest = values.indexOf(values.reduce((a, b) => Math.max(a, b)));
        return Array.from(values, (_, i) => Number(i === largest));
      };
      const [x] = input.operands;
      if (input.params[0] === undefined && x) return Float64Array.from(mark(x.data));
      return alongAxisPlain(-1, mark)(input);
    },
    samples: ({ rows, axis }) => [
      way([aFixed(rows, axis)], {
        what: `of ${axis} elements, for each`,
        params: [1],
        over: [[[-WIDE, WIDE]], [[-3, 3]]],
      }),
      way([anInteger(axis, 5)], { params: [0], over: [[[-2, 2]]] }),
      way([anInteger(144)], {
        what: 'of 144 elements in one row, for each',
        over: [[[-30, 30]], [[1 - 2 ** 53, 2 ** 53 - 1]]],
      }),
      way([aFixed(axis, 3)], { over: [[[-2, 2]], [[-100, 100]]] }),
    ],
  },
];
