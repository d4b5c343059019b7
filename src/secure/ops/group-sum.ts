/** Sums of rows by groups, which are public, or secret integers. Rows of other groups are left out. */
import { hull, interval, times } from '../bounds/interval.ts';
import { compared, one, ring, rule } from '../bounds/rule.ts';
import { inSequence } from '../cost.ts';
import { checkShape, elementCount, type Shape, shapeMismatch } from '../ring/shape.ts';
import { dtypeMismatch, type PublicTensor, publicTensor } from '../ring/tensor.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { cast } from './cast.ts';
import { eq } from './compare.ts';
import { local } from './costs.ts';
import { form, indicesOf, integerOf, numbers, own } from './forms.ts';
import { matmul } from './matrix-products.ts';
import { numbersOf } from './operands.ts';
import type { Form, Operation, PlainInput } from './operation.ts';
import { at, first } from './plain.ts';
import { aFixed, anInteger, way } from './samples.ts';
import { reshape } from './shape.ts';

/** Gives [count, …]. */
export async function groupSum(
  on: Evaluator,
  x: SecretTensor,
  groups: SecretTensor | ArrayLike<number>,
  count: number,
): Promise<SecretTensor> {
  numbersOf(on, x, 'groupSum');
  const rows = x.shape[0] ?? 0;
  const shape: Shape = [count, ...x.shape.slice(1)];
  checkShape(shape, 'groupSum');
  const flat = reshape(on, x, [rows, elementCount(x.shape) / Math.max(rows, 1)]);
  const members =
    'kind' in groups ? await membership(on, groups, count, rows) : publicMembership(groups, count, rows);
  return on.fiber.as('groupSum', async () => reshape(on, await matmul(on, members, flat), shape));
}

async function membership(
  on: Evaluator,
  groups: SecretTensor,
  count: number,
  rows: number,
): Promise<SecretTensor> {
  if (groups.dtype !== 'integer') throw dtypeMismatch('groupSum takes group numbers as integers');
  if (groups.shape.length !== 1 || groups.shape[0] !== rows)
    throw shapeMismatch('groupSum takes one group number a row');
  const numbers = publicTensor(
    Array.from({ length: count }, (_, i) => i),
    { dtype: 'integer', shape: [count, 1] },
  );
  return on.fiber.as('groupSum', async () =>
    cast(on, await eq(on, reshape(on, groups, [1, rows]), numbers), 'integer'),
  );
}

function publicMembership(groups: ArrayLike<number>, count: number, rows: number): PublicTensor {
  if (groups.length !== rows) throw shapeMismatch('groupSum takes one group number a row');
  const ones = new Uint8Array(count * rows);
  for (let row = 0; row < rows; row++) {
    const group = groups[row] ?? -1;
    if (Number.isInteger(group) && group >= 0 && group < count) ones[group * rows + row] = 1;
  }
  return publicTensor(ones, { dtype: 'integer', shape: [count, rows] });
}

function groupForm([x, groups]: readonly Form[], params: readonly unknown[], name: string): Form {
  const { shape, dtype } = own(x);
  // Secret groups are an operand; public ones come before the count.
  const count = integerOf(params[groups ? 0 : 1], `${name}: count`);
  const size = groups ? groups.shape[0] : indicesOf(params[0], count, `${name}: groups`).length;
  if (shape.length === 0 || size !== shape[0] || (groups && groups.shape.length !== 1))
    throw shapeMismatch(`${name}: ${size} groups for a tensor of shape [${shape}]`);
  return form([count, ...shape.slice(1)], dtype);
}

function largestGroup(groups: ArrayLike<number>): number {
  const counts = new Map<number, number>();
  for (let row = 0; row < groups.length; row++) {
    const group = groups[row] ?? -1;
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  let most = 0;
  for (const count of counts.values()) most = Math.max(most, count);
  return most;
}

function groupSumPlain(input: PlainInput): Float64Array {
  const { data, shape } = first(input);
  const groups: ArrayLike<number> = input.operands[1]?.data ?? (input.params[0] as ArrayLike<number>);
  const width = data.length / (shape[0] ?? 1);
  const out = new Float64Array(elementCount(input.shape));
  data.forEach((value, i) => {
    const to = at(groups, Math.floor(i / width)) * width + (i % width);
    if (to >= 0 && to < out.length) out[to] = at(out, to) + value;
  });
  return out;
}

export const groupSums: readonly Operation[] = [
  {
    name: 'groupSum',
    takes: { operands: 'if secret', on: numbers, others: 'integer' },
    result: groupForm,
    bounds: rule(
      'sums of the largest group below 2^(63-f); of secret groups any may have all rows, and count + group is below 2^63',
      "0, or up to as many times the operand's as a group has rows",
      (input) => {
        const { bound, shape } = one(input);
        const groups = input.operands[1];
        const rows = shape[0] ?? 1;
        if (groups) compared(input, groups.bound, interval(0n, BigInt(input.shape[0] ?? 1)));
        const size = groups ? rows : largestGroup(input.params[0] as ArrayLike<number>);
        return ring(hull(interval(0n, 0n), times(bound, BigInt(size))), 'its sums', input);
      },
    ),
    cost: (c, call) => {
      const [x, groups] = call.operands;
      if (!groups) return local(c);
      const [rows, count] = [x?.shape[0] ?? 1, call.shape[0] ?? 1];
      return inSequence(
        c.eqzS(rows * count),
        c.bit2a(rows * count),
        c.matmulSS({ batch: 1, rows: count, inner: rows, columns: elementCount(x?.shape ?? []) / rows }),
      );
    },
    run: (on, { x, others: [secret], params }) =>
      secret === undefined
        ? groupSum(on, x, params[0] as ArrayLike<number>, params[1] as number)
        : groupSum(on, x, secret as SecretTensor, params[0] as number),
    plain: groupSumPlain,
    samples: ({ rows, groups }) => [
      way([aFixed(rows), anInteger(rows)], {
        what: `${groups} secret groups, for each and each element`,
        params: [groups],
        per: groups * rows,
        over: [
          [
            [-1000, 1000],
            [-1, groups],
          ],
        ],
      }),
      way([aFixed(rows, 2), anInteger(rows)], {
        params: [groups],
        over: [
          [
            [-1000, 1000],
            [0, groups - 1],
          ],
        ],
      }),
      way([anInteger(rows, 2)], { params: [Array.from({ length: rows }, (_, i) => i % groups), groups] }),
    ],
  },
];
