/** Sums and differences. */
import { difference, negated, sum } from '../bounds/interval.ts';
import { one, ring, rule, two } from '../bounds/rule.ts';
import type { Operand, SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, scaleS, subSS } from '../sharing/linear.ts';
import { type Arith, likewise } from '../sharing/shares.ts';
import { local } from './costs.ts';
import { alone, broadcast, numbers, same, withOther } from './forms.ts';
import { numbersOf, type Pair, pairOf, sameType, secret, sharesOf } from './operands.ts';
import type { Operation } from './operation.ts';
import { binaryPlain, unaryPlain } from './plain.ts';
import { aFixed, anInteger, aPublic, HALF, WIDE, way } from './samples.ts';

export async function add(on: Evaluator, x: Operand, y: Operand): Promise<SecretTensor> {
  const pair = pairOf(on, x, y, 'add');
  const dtype = sameType(pair.x, pair.y, 'add');
  return secret(
    on,
    dtype,
    pair.shape,
    moved(pair, addSS(on.kernels, sharesOf(on, pair.x), sharesOf(on, pair.y))),
  );
}

export async function sub(on: Evaluator, x: Operand, y: Operand): Promise<SecretTensor> {
  const pair = pairOf(on, x, y, 'sub');
  const dtype = sameType(pair.x, pair.y, 'sub');
  return secret(
    on,
    dtype,
    pair.shape,
    moved(pair, subSS(on.kernels, sharesOf(on, pair.x), sharesOf(on, pair.y))),
  );
}

/** A public number more or less hides nothing of how a secret was rounded; another secret does. */
function moved({ x, y }: Pair, sum: Arith): Arith {
  if (x.secret && y.secret) return sum;
  return likewise([...(x.secret ? [x.shares] : []), ...(y.secret ? [y.shares] : [])], sum);
}

export async function neg(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  return secret(on, x.dtype, x.shape, scaleS(on.kernels, numbersOf(on, x, 'neg'), MINUS_ONE));
}

const MINUS_ONE = 2n ** 64n - 1n;

export const sums: readonly Operation[] = [
  {
    name: 'add',
    takes: { ...withOther(numbers), publicly: 'summand' },
    result: broadcast,
    bounds: rule('sums below 2^(63-f)', 'sums of the ends', (input) =>
      ring(sum(one(input).bound, two(input).bound), 'its sums', input),
    ),
    cost: local,
    run: (on, { x, others: [y] }) => add(on, x, y as Operand),
    plain: binaryPlain((x, y) => x + y),
    samples: ({ count, rows }) => [
      way([aFixed(count), aFixed(count)], {
        over: [
          [
            [-HALF, HALF],
            [HALF, -WIDE],
          ],
        ],
      }),
      way([anInteger(count), aPublic('integer', count)]),
      way([aFixed(rows, 3), aPublic('fixed', 3)]),
    ],
  },
  {
    name: 'sub',
    takes: { ...withOther(numbers), publicly: 'summand' },
    result: broadcast,
    bounds: rule('differences below 2^(63-f)', 'differences of the ends', (input) =>
      ring(difference(one(input).bound, two(input).bound), 'its differences', input),
    ),
    cost: local,
    run: (on, { x, others: [y] }) => sub(on, x, y as Operand),
    plain: binaryPlain((x, y) => x - y),
    samples: ({ count }) => [
      way([aFixed(count), aFixed(count)], {
        over: [
          [
            [-HALF, HALF],
            [HALF, -WIDE],
          ],
        ],
      }),
    ],
  },
  {
    name: 'neg',
    takes: alone(numbers),
    result: same,
    bounds: rule('any', 'the ends with the other sign', (input) => negated(one(input).bound)),
    cost: local,
    run: (on, { x }) => neg(on, x),
    plain: unaryPlain((x) => -x),
    samples: ({ count }) => [way([aFixed(count)], { over: [[[-WIDE, WIDE]]] })],
  },
];
