/** Orders. */
import { invariant } from '../../base/errors.ts';
import { OutOfDomain, RING_BITS, rangeText } from '../bounds/domain.ts';
import { realOf } from '../bounds/interval.ts';
import { type BoundedOperand, type BoundInput, kept, one, places, rule, two } from '../bounds/rule.ts';
import { type Cost, inSequence } from '../cost.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { shapeMismatch } from '../ring/shape.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, scaleS } from '../sharing/linear.ts';
import type { Arith } from '../sharing/shares.ts';
import { local } from './costs.ts';
import { alone, form, invalid, numbers, own } from './forms.ts';
import { numbersOf, secret } from './operands.ts';
import type { Call, Form, Operation, Range } from './operation.ts';
import { at, first, samePlain, second } from './plain.ts';
import { orderOf } from './quicksort.ts';
import { columnsOf, plainRows, positionsOf, positionWords, rowsAt, tensorsFrom, widthOf } from './rows.ts';
import { aFixed, anInteger, way } from './samples.ts';
import { levelsOnAverage } from './sort-costs.ts';
import { checkWithin, checkWithinCost } from './within.ts';

/**
 * Rows in a uniformly random order that no member knows, the same for all tensors given (numbers; equal first
 * dimensions).
 */
export async function shuffle(on: Evaluator, ...tensors: readonly SecretTensor[]): Promise<SecretTensor[]> {
  const taken = columnsOf(on, tensors, 'shuffle');
  return on.fiber.as('shuffle', async () =>
    tensorsFrom(on, tensors, await on.protocol.shuffleS(on.fiber, taken)),
  );
}

/** A vector in ascending order; others, of as many rows, are put in the same order. */
export async function sort(
  on: Evaluator,
  x: SecretTensor,
  ...along: readonly SecretTensor[]
): Promise<SecretTensor[]> {
  return inOrderOf(on, x, [x, ...along]);
}

/**
 * Rows of tensors in the order of their keys, a vector; equal keys keep theirs, also in descending order. A shuffle,
 * then quicksort ({@link orderOf}) on comparisons that are opened: of shuffled, pairwise different keys they show
 * nothing. Keys are made different by their position.
 */
async function inOrderOf(
  on: Evaluator,
  keys: SecretTensor,
  tensors: readonly SecretTensor[],
  descending = false,
): Promise<SecretTensor[]> {
  const shares = numbersOf(on, keys, 'sort');
  if (keys.shape.length !== 1) throw shapeMismatch(`sort takes a vector, not [${keys.shape}]`);
  const { kernels, protocol } = on;
  const { length } = shares;
  return on.fiber.as('sort', async () => {
    const positions = positionWords(length);
    const factor = (descending ? -1n : 1n) << BigInt(positionBits(length));
    const scaled = scaleS(kernels, shares, BigInt.asUintN(64, factor));
    const unique = addSS(kernels, scaled, protocol.publicA(positions));
    const [tagged, ...rest] = await shuffle(on, secret(on, 'integer', keys.shape, unique), ...tensors);
    invariant(tagged !== undefined, 'a shuffle gives what it takes');
    const order = await orderOf(on, tagged.shares as Arith);
    return rest.map((tensor) => rowsAt(on, tensor, order));
  });
}

/** The rows of a vector that stand in each place of its order, as a secret: what {@link permute} applies. */
async function order(on: Evaluator, keys: SecretTensor, descending: boolean): Promise<SecretTensor> {
  const { length } = keys.shares;
  const positions = secret(on, 'integer', [length], on.protocol.publicA(positionWords(length)));
  return only(await inOrderOf(on, keys, [positions], descending));
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

/**
 * `moved`: numbers in the rows that are put in order, beside the keys made different by their position. Comparisons in
 * each level are random; without, those of the average.
 */
export function sortCost(
  c: ProtocolCosts,
  keys: number,
  moved: number,
  {
    comparisons = levelsOnAverage(keys),
    keysAssumed = false,
  }: Pick<Call, 'comparisons' | 'keysAssumed'> = {},
): Cost {
  return inSequence(
    keysAssumed ? checkWithinCost(c, keys) : local(c),
    c.shuffleS(keys, 1 + moved),
    ...comparisons.map((count) => inSequence(c.msbS(count), c.openB(count, 1))),
  );
}

/** How a vector is put in order. */
interface OrderOptions {
  readonly descending?: boolean;
}

function isDescending(given: unknown, name: string): boolean {
  if (given === undefined) return false;
  const { descending = false, ...others } = { ...(given as OrderOptions) };
  if (
    typeof given !== 'object' ||
    given === null ||
    typeof descending !== 'boolean' ||
    Object.keys(others).length > 0
  )
    throw invalid(`${name} takes { descending: true } or { descending: false }`);
  return descending;
}

/** What `sort` and `order` take: a vector. */
function vectorOf([x]: readonly Form[], [options]: readonly unknown[], name: string): Form {
  isDescending(options, name);
  if (own(x).shape.length !== 1) throw shapeMismatch(`${name}: takes a vector, not [${own(x).shape}]`);
  return own(x);
}

/** Positions in the order of their keys; equal keys keep theirs. */
function plainOrder(keys: Float64Array, [options]: readonly unknown[]): number[] {
  const sign = isDescending(options, 'sort') ? -1 : 1;
  return [...keys.keys()].sort((a, b) => sign * (at(keys, a) - at(keys, b)) || a - b);
}

function only(list: readonly SecretTensor[]): SecretTensor {
  const found = list.at(-1);
  invariant(found, 'an operation gives what it takes');
  return found;
}

const COMPARED = 'comparisons of keys in an order that nobody knows';

/** Of samples: keys of which many are equal. */
const FEW_KEYS: readonly (readonly Range[])[] = [
  [
    [-100, 100],
    [-3, 3],
  ],
];

export const orders: readonly Operation[] = [
  {
    name: 'sort',
    takes: alone(numbers),
    result: vectorOf,
    bounds: rule('the ends at most 2^(63-f-⌈log2 n⌉) apart', "the operand's", (input) => {
      sortable(input, one(input));
      return one(input).bound;
    }),
    cost: (c, call) => sortCost(c, call.shape[0] ?? 1, 1, call),
    opens: { what: COMPARED, keys: 0 },
    run: async (on, { x, params: [options], keysWithin }) => {
      if (keysWithin) await checkWithin(on, x, keysWithin);
      return only(await inOrderOf(on, x, [x], isDescending(options, 'sort')));
    },
    plain: (input) => {
      const { data } = first(input);
      return Float64Array.from(plainOrder(data, input.params), (row) => at(data, row));
    },
    samples: ({ keys }) => [
      way([aFixed(keys)], {
        what: `${keys} keys, on average`,
        over: [[[1 - 2 ** 26, 2 ** 26 - 1]], [[-2, 2]]],
      }),
      way([anInteger(keys)]),
      way([aFixed(keys)], {
        params: [{ descending: true }],
        over: [[[1 - 2 ** 26, 2 ** 26 - 1]], [[-2, 2]]],
      }),
    ],
  },
  {
    name: 'sortBy',
    takes: { operands: 1, secretsOnly: true, on: numbers, others: 'numbers' },
    result: ([x, keys], [options], name) => {
      isDescending(options, name);
      const [rows, vector] = [own(x).shape, own(keys).shape];
      if (vector.length !== 1 || rows.length === 0 || rows[0] !== vector[0])
        throw shapeMismatch(`${name}: takes a vector with a key for each row, not [${vector}] for [${rows}]`);
      return own(x);
    },
    bounds: rule('the ends of the keys as in `sort`', "the operand's", (input) => {
      sortable(input, two(input));
      return one(input).bound;
    }),
    cost: (c, call) => sortCost(c, call.shape[0] ?? 1, widthOf(call.shape), call),
    opens: { what: COMPARED, keys: 1 },
    run: async (on, { x, others: [keys], params: [options], keysWithin }) => {
      if (keysWithin) await checkWithin(on, keys as SecretTensor, keysWithin);
      return only(await inOrderOf(on, keys as SecretTensor, [x], isDescending(options, 'sortBy')));
    },
    plain: (input) => plainRows(first(input).data, plainOrder(second(input).data, input.params)),
    samples: ({ keys }) => [
      way([aFixed(keys), anInteger(keys)], { what: `${keys} numbers by as many keys, on average` }),
      way([anInteger(keys, 2), aFixed(keys)], { over: FEW_KEYS }),
      way([anInteger(keys, 2), aFixed(keys)], { params: [{ descending: true }], over: FEW_KEYS }),
    ],
  },
  {
    name: 'order',
    takes: alone(numbers),
    result: (forms, params, name) => form(vectorOf(forms, params, name).shape, 'integer'),
    bounds: rule('as in `sort`', '0 to n - 1', (input) => {
      sortable(input, one(input));
      return positionsOf(input.shape);
    }),
    fromShapes: true,
    cost: (c, call) => sortCost(c, call.shape[0] ?? 1, 1, call),
    opens: { what: COMPARED, keys: 0 },
    run: async (on, { x, params: [options], keysWithin }) => {
      if (keysWithin) await checkWithin(on, x, keysWithin);
      return order(on, x, isDescending(options, 'order'));
    },
    plain: (input) => Float64Array.from(plainOrder(first(input).data, input.params)),
    samples: ({ keys }) => [
      way([aFixed(keys)], { what: `of ${keys} keys, on average`, over: [[[-2, 2]]] }),
      way([anInteger(keys)], {
        params: [{ descending: true }],
        over: [[[-3, 3]], [[1 - 2 ** 53, 2 ** 53 - 1]]],
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
    cost: (c, call) => c.shuffleS(call.shape[0] ?? 1, widthOf(call.shape)),
    randomOrder: true,
    run: async (on, { x }) => only(await shuffle(on, x)),
    plain: samePlain,
    samples: ({ keys }) => [way([aFixed(keys)], { what: 'one number a row' }), way([anInteger(keys, 2)])],
  },
];
