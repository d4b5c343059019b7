/** Orders. */
import { invariant } from '../../base/errors.ts';
import { OutOfDomain, RING_BITS, rangeText } from '../bounds/domain.ts';
import { realOf } from '../bounds/interval.ts';
import { type BoundedOperand, type BoundInput, kept, one, places, rule, two } from '../bounds/rule.ts';
import { type Cost, inSequence } from '../cost.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { elementCount, shapeMismatch } from '../ring/shape.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, gather, scaleS } from '../sharing/linear.ts';
import type { Arith } from '../sharing/shares.ts';
import { local } from './costs.ts';
import { alone, numbers, own } from './forms.ts';
import { numbersOf, secret } from './operands.ts';
import type { Call, Operation } from './operation.ts';
import { at, first, samePlain, second } from './plain.ts';
import { orderOf } from './quicksort.ts';
import { aFixed, anInteger, way } from './samples.ts';
import { levelsOnAverage } from './sort-costs.ts';
import { checkWithin, checkWithinCost } from './within.ts';

/**
 * Rows in a uniformly random order that no member knows, the same for all tensors given (numbers; equal first
 * dimensions).
 */
export async function shuffle(on: Evaluator, ...tensors: readonly SecretTensor[]): Promise<SecretTensor[]> {
  const rows = tensors[0]?.shape[0];
  if (rows === undefined || tensors.some((x) => x.shape[0] !== rows)) {
    throw shapeMismatch('shuffle takes tensors with equally many rows');
  }
  const shares = tensors.map((x) => numbersOf(on, x, 'shuffle'));
  // One column for each element of a row.
  const widths = tensors.map((x) => elementCount(x.shape) / rows);
  const columns = tensors.flatMap((_, i) => columnsOf(shares[i] as Arith, rows, widths[i] as number));
  return on.fiber.as('shuffle', async () => {
    const shuffled = await on.protocol.shuffleS(on.fiber, columns);
    let at = 0;
    return tensors.map((x, i) => {
      const width = widths[i] as number;
      const own = shuffled.slice(at, at + width);
      at += width;
      return secret(on, x.dtype, x.shape, rowsFrom(own, rows));
    });
  });
}

/**
 * A vector in ascending order; others, of as many rows, are put in the same order. A shuffle, then quicksort ({@link
 * orderOf}) on comparisons that are opened: of shuffled, pairwise different keys they show nothing. Keys are made
 * different by their position.
 */
export async function sort(
  on: Evaluator,
  x: SecretTensor,
  ...along: readonly SecretTensor[]
): Promise<SecretTensor[]> {
  const keys = numbersOf(on, x, 'sort');
  if (x.shape.length !== 1) throw shapeMismatch(`sort takes a vector, not [${x.shape}]`);
  const { kernels, protocol } = on;
  const length = keys.length;
  return on.fiber.as('sort', async () => {
    let bits = 0;
    while (2 ** bits < length) bits++;
    const positions = new BigUint64Array(length);
    const low = new Uint32Array(positions.buffer);
    for (let i = 0; i < length; i++) low[2 * i] = i;
    const unique = addSS(kernels, scaleS(kernels, keys, 1n << BigInt(bits)), protocol.publicA(positions));
    const [tagged, ...rest] = await shuffle(on, secret(on, 'integer', x.shape, unique), x, ...along);
    invariant(tagged !== undefined, 'a shuffle gives what it takes');
    const order = await orderOf(on, tagged.shares as Arith);
    return rest.map((column) => {
      const width = elementCount(column.shape) / length;
      const index =
        width === 1
          ? order
          : Uint32Array.from(
              { length: length * width },
              (_, i) => (order[Math.floor(i / width)] ?? 0) * width + (i % width),
            );
      return secret(on, column.dtype, column.shape, gather(column.shares as Arith, index));
    });
  });
}

function columnsOf(x: Arith, rows: number, width: number): Arith[] {
  if (width === 1) return [x];
  return Array.from({ length: width }, (_, column) =>
    gather(
      x,
      Uint32Array.from({ length: rows }, (_, row) => row * width + column),
    ),
  );
}

function rowsFrom(columns: readonly Arith[], rows: number): Arith {
  const [first] = columns;
  if (columns.length === 1 && first !== undefined) return first;
  const width = columns.length;
  return {
    kind: 'arith',
    length: rows * width,
    parts: (first as Arith).parts.map((_, part) => {
      const out = new BigUint64Array(rows * width);
      columns.forEach(({ parts }, column) => {
        for (let row = 0; row < rows; row++) out[row * width + column] = parts[part]?.[row] as bigint;
      });
      return out;
    }),
  };
}

/** Bits that a sort adds to each key, so that no two are equal. */
export const positionBits = (count: number): number => (count <= 1 ? 0 : Math.ceil(Math.log2(count)));

/** How far apart keys may lie, in words: key · 2^positionBits + position has to have a difference with a sign. */
export const keySpanMax = (count: number): bigint =>
  (2n ** BigInt(RING_BITS) - BigInt(count)) / 2n ** BigInt(positionBits(count));

function sortable(input: BoundInput, keys: BoundedOperand): void {
  const count = keys.shape[0] ?? 1;
  const span = keys.bound.max - keys.bound.min;
  if (span <= keySpanMax(count)) return;
  const fracBits = places(keys, input);
  throw new OutOfDomain({
    what: `the keys of a sort of ${count}`,
    came: rangeText(keys.bound, fracBits),
    domain: `what ends at most ${realOf(keySpanMax(count), fracBits)} apart`,
  });
}

/** What goes with the keys of a sort: the keys made different by their position, and the keys as they are. */
const SORT_COLUMNS = 2;

/**
 * `along`: numbers in the rows of what is sorted with the keys. Comparisons in each level are random; without, those of
 * the average.
 */
export function sortCost(
  c: ProtocolCosts,
  keys: number,
  along: number,
  {
    comparisons = levelsOnAverage(keys),
    keysAssumed = false,
  }: Pick<Call, 'comparisons' | 'keysAssumed'> = {},
): Cost {
  return inSequence(
    keysAssumed ? checkWithinCost(c, keys) : local(c),
    c.shuffleS(keys, SORT_COLUMNS + along),
    ...comparisons.map((count) => inSequence(c.msbS(count), c.openB(count, 1))),
  );
}

/** Elements of a row. */
const widthOf = ({ operands: [x] }: Call): number => elementCount(x?.shape ?? []) / (x?.shape[0] ?? 1);

/** Rows in the order of their keys; rows of equal keys keep theirs. */
function sortedBy(data: Float64Array, keys: Float64Array): Float64Array {
  const width = data.length / keys.length;
  const order = [...keys.keys()].sort((a, b) => at(keys, a) - at(keys, b) || a - b);
  return Float64Array.from({ length: data.length }, (_, i) =>
    at(data, at(order, Math.floor(i / width)) * width + (i % width)),
  );
}

function only(list: readonly SecretTensor[]): SecretTensor {
  const found = list.at(-1);
  invariant(found, 'an operation gives what it takes');
  return found;
}

const COMPARED = 'comparisons of keys in an order that nobody knows';

export const orders: readonly Operation[] = [
  {
    name: 'sort',
    takes: alone(numbers),
    result: ([x], _, name) => {
      if (own(x).shape.length !== 1) throw shapeMismatch(`${name}: takes a vector, not [${own(x).shape}]`);
      return own(x);
    },
    bounds: rule('the ends at most 2^(63-f-⌈log2 n⌉) apart', "the operand's", (input) => {
      sortable(input, one(input));
      return one(input).bound;
    }),
    cost: (c, call) => sortCost(c, call.shape[0] ?? 1, 0, call),
    opens: { what: COMPARED, keys: 0 },
    run: async (on, { x, keysWithin }) => {
      if (keysWithin) await checkWithin(on, x, keysWithin);
      return only(await sort(on, x));
    },
    plain: (input) => first(input).data.toSorted(),
    samples: ({ keys }) => [
      way([aFixed(keys)], {
        what: `${keys} keys, on average`,
        over: [[[1 - 2 ** 26, 2 ** 26 - 1]], [[-2, 2]]],
      }),
      way([anInteger(keys)]),
    ],
  },
  {
    name: 'sortBy',
    takes: { operands: 1, secretsOnly: true, on: numbers, others: 'numbers' },
    result: ([x, keys], _, name) => {
      const [rows, vector] = [own(x).shape, own(keys).shape];
      if (vector.length !== 1 || rows.length === 0 || rows[0] !== vector[0])
        throw shapeMismatch(`${name}: takes a vector with a key for each row, not [${vector}] for [${rows}]`);
      return own(x);
    },
    bounds: rule('the ends of the keys as in `sort`', "the operand's", (input) => {
      sortable(input, two(input));
      return one(input).bound;
    }),
    cost: (c, call) => sortCost(c, call.shape[0] ?? 1, widthOf(call), call),
    opens: { what: COMPARED, keys: 1 },
    run: async (on, { x, others: [keys], keysWithin }) => {
      if (keysWithin) await checkWithin(on, keys as SecretTensor, keysWithin);
      return only(await sort(on, keys as SecretTensor, x));
    },
    plain: (input) => sortedBy(first(input).data, second(input).data),
    samples: ({ keys }) => [
      way([aFixed(keys), anInteger(keys)], { what: `${keys} numbers by as many keys, on average` }),
      way([anInteger(keys, 2), aFixed(keys)], {
        over: [
          [
            [-100, 100],
            [-3, 3],
          ],
        ],
      }),
    ],
  },
  {
    name: 'shuffle',
    takes: alone(numbers),
    result: ([x], _, name) => {
      if (own(x).shape.length === 0) throw shapeMismatch(`${name}: a single number has no rows`);
      return own(x);
    },
    bounds: kept(),
    cost: (c, call) => c.shuffleS(call.shape[0] ?? 1, widthOf(call)),
    randomOrder: true,
    run: async (on, { x }) => only(await shuffle(on, x)),
    plain: samePlain,
    samples: ({ keys }) => [way([aFixed(keys)], { what: 'one number a row' }), way([anInteger(keys, 2)])],
  },
];
