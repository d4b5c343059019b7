/**
 * Rows in an order that is itself a secret, and back; and in one that a member knows.
 *
 * Reference: K. Chida and others, "An efficient secure three-party sorting protocol with an honest majority", IACR
 *   ePrint 2019/695 (to apply a shared permutation, and its inverse); after S. Laur, J. Willemson, B. Zhang,
 *   "Round-efficient oblivious database manipulation", ISC 2011, and K. Hamada and others, 2014.
 * Differences: over any protocol that has a shuffle with a way back; what is opened is looked at before it is used.
 * Security: that of the shuffle. What is opened is the secret order after a uniformly random permutation that no member
 *   knows: a uniformly random permutation, whatever the order is, so it can be simulated without it. Of a vector that
 *   is no order all members see the numbers then, in random places, and the run ends. Who deviates gains what it gains
 *   everywhere on the device (docs/protocols.md).
 * Needs: an order of as many positions as there are rows, each once; its bound says that they are positions.
 * Flow: to apply: shuffle the order, open it, take rows by it, and undo the shuffle on them. To undo: shuffle order and
 *   rows together, open the order, put rows where it says. What a member knows is an order of its own (protocols).
 * Cost: to apply, a shuffle of one column, an opening, a shuffle of all columns; to undo, a shuffle of one column more
 *   than there are, and an opening.
 */
import { DataError, invariant } from '../../base/errors.ts';
import { OutOfDomain, rangeText } from '../bounds/domain.ts';
import { contains, type Interval } from '../bounds/interval.ts';
import { type BoundInput, one, rule, two } from '../bounds/rule.ts';
import { type Cost, inSequence } from '../cost.ts';
import { inverseOf, isPermutation } from '../protocols/permutation.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { type Shape, shapeMismatch } from '../ring/shape.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import type { Arith, Words } from '../sharing/shares.ts';
import { local } from './costs.ts';
import { numbers, own } from './forms.ts';
import { numbersOf } from './operands.ts';
import type { Call, Form, Operation, Takes } from './operation.ts';
import { first, second } from './plain.ts';
import { columnsOf, plainRows, positionsOf, rowsAt, tensorsFrom, widthOf } from './rows.ts';
import { aFixed, anInteger, anOrder, way } from './samples.ts';
import { checkWithin, checkWithinCost } from './within.ts';

/** Row i of the result is row order[i]. @throws {DataError} PRIVITY_SECURE_ORDER, at every member alike */
export async function permute(on: Evaluator, x: SecretTensor, order: SecretTensor): Promise<SecretTensor> {
  const positions = numbersOf(on, order, 'permute', 'integer');
  const { protocol, fiber } = on;
  return fiber.as('permute', async () => {
    const { columns, undo } = await protocol.shuffleKeptS(fiber, [positions]);
    const rows = await openedOrder(on, columns);
    return only(tensorsFrom(on, [x], await undo(fiber, columnsOf(on, [rowsAt(on, x, rows)], 'permute'))));
  });
}

/** Row order[i] of the result is row i. @throws {DataError} PRIVITY_SECURE_ORDER, at every member alike */
export async function unpermute(on: Evaluator, x: SecretTensor, order: SecretTensor): Promise<SecretTensor> {
  const positions = numbersOf(on, order, 'unpermute', 'integer');
  const { protocol, fiber } = on;
  return fiber.as('unpermute', async () => {
    const shuffled = await protocol.shuffleS(fiber, [positions, ...columnsOf(on, [x], 'unpermute')]);
    const rows = await openedOrder(on, shuffled);
    return rowsAt(on, only(tensorsFrom(on, [x], shuffled.slice(1))), inverseOf(rows));
  });
}

/** The same with an order that one member knows, and only there is given: a permutation of the rows. */
export async function permuteBy(
  on: Evaluator,
  x: SecretTensor,
  owner: number,
  order: Uint32Array | undefined,
): Promise<SecretTensor> {
  const columns = columnsOf(on, [x], 'permuteBy');
  return on.fiber.as('permuteBy', async () =>
    only(tensorsFrom(on, [x], await on.protocol.permuteByS(on.fiber, columns, owner, order))),
  );
}

export const permuteByCost = (c: ProtocolCosts, owner: number, shape: Shape): Cost =>
  c.permuteByS(owner, shape[0] ?? 1, widthOf(shape));

async function openedOrder({ protocol, fiber }: Evaluator, [order]: readonly Arith[]): Promise<Uint32Array> {
  const words = await protocol.openA(fiber, order as Arith);
  invariant(words !== undefined, 'an opening to all gives a result');
  const positions = positionsIn(words);
  if (positions && isPermutation(positions)) return positions;
  throw new DataError(
    'PRIVITY_SECURE_ORDER',
    `what was to be the order of ${words.length} rows is none: it has not each position from 0 to ${words.length - 1} once. ` +
      'All members have seen its numbers by now, but not where they stood. Take an order from order(), or apply what one member knows by permuteBy().',
  );
}

function positionsIn(words: Words): Uint32Array | undefined {
  const halves = new Uint32Array(words.buffer, words.byteOffset, 2 * words.length);
  const low = new Uint32Array(words.length);
  for (let i = 0; i < low.length; i++) {
    if (halves[2 * i + 1] !== 0) return undefined;
    low[i] = halves[2 * i] as number;
  }
  return low;
}

function only([tensor]: readonly SecretTensor[]): SecretTensor {
  invariant(tensor, 'rows are moved as they are');
  return tensor;
}

const takes: Takes = { operands: 1, secretsOnly: true, on: numbers, others: 'integer' };

function rowsOf([x, order]: readonly Form[], _: readonly unknown[], name: string): Form {
  const [rows, vector] = [own(x).shape, own(order).shape];
  if (vector.length !== 1 || rows.length === 0 || rows[0] !== vector[0])
    throw shapeMismatch(
      `${name}: takes a vector with a position for each row, not [${vector}] for [${rows}]`,
    );
  return own(x);
}

const bounds = rule('the order 0 to n - 1', "the operand's", (input: BoundInput): Interval => {
  const positions = positionsOf(one(input).shape);
  const { bound } = two(input);
  if (contains(positions, bound)) return one(input).bound;
  throw new OutOfDomain({
    what: `the order of ${one(input).shape[0]} rows`,
    came: rangeText(bound, 0),
    domain: rangeText(positions, 0),
    ...(bound.min < 0n && { from: '0' }),
  });
});

const opens = { what: 'the positions of an order, in places that nobody knows', keys: 1 };

const checked = (c: ProtocolCosts, { keysAssumed, shape }: Call): Cost =>
  keysAssumed ? checkWithinCost(c, shape[0] ?? 1) : local(c);

export const permutations: readonly Operation[] = [
  {
    name: 'permute',
    takes,
    result: rowsOf,
    bounds,
    cost: (c, call) => {
      const rows = call.shape[0] ?? 1;
      const there = inSequence(c.shuffleS(rows, 1), c.openA(rows));
      return inSequence(checked(c, call), there, c.shuffleS(rows, widthOf(call.shape)));
    },
    opens,
    run: async (on, { x, others: [order], keysWithin }) => {
      if (keysWithin) await checkWithin(on, order as SecretTensor, keysWithin);
      return permute(on, x, order as SecretTensor);
    },
    plain: (input) => plainRows(first(input).data, second(input).data),
    samples: ({ keys }) => [
      way([aFixed(keys), anOrder(keys)], { what: 'one number a row' }),
      way([anInteger(keys, 3), anOrder(keys)]),
    ],
  },
  {
    name: 'unpermute',
    takes,
    result: rowsOf,
    bounds,
    cost: (c, call) => {
      const rows = call.shape[0] ?? 1;
      return inSequence(checked(c, call), c.shuffleS(rows, 1 + widthOf(call.shape)), c.openA(rows));
    },
    opens,
    run: async (on, { x, others: [order], keysWithin }) => {
      if (keysWithin) await checkWithin(on, order as SecretTensor, keysWithin);
      return unpermute(on, x, order as SecretTensor);
    },
    plain: (input) => {
      const { data } = second(input);
      const back = new Float64Array(data.length);
      data.forEach((to, from) => {
        back[to] = from;
      });
      return plainRows(first(input).data, back);
    },
    samples: ({ keys }) => [
      way([aFixed(keys), anOrder(keys)], { what: 'one number a row' }),
      way([anInteger(keys, 3), anOrder(keys)]),
    ],
  },
];
