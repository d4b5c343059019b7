/** Orders and groups. */
import { invariant } from '../../base/errors.ts';
import { checkShape, elementCount, type Shape, shapeMismatch } from '../ring/shape.ts';
import { dtypeMismatch, type PublicTensor, publicTensor } from '../ring/tensor.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, gather, scaleS } from '../sharing/linear.ts';
import type { Arith } from '../sharing/shares.ts';
import { matmul } from './arithmetic.ts';
import { eq } from './compare.ts';
import { cast } from './logic.ts';
import { numbersOf, secret } from './operands.ts';
import { orderOf } from './quicksort.ts';
import { reshape } from './shape.ts';

/**
 * Rows in a uniformly random order that no member knows, the same for all tensors given (numbers; equal first dimensions).
 * Cost: 3 rounds, 16 bytes an element and member (rep3).
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
 * A vector in ascending order; equal elements keep their order. Others, of as many rows, are put in the same order.
 *
 * A shuffle, then quicksort ({@link orderOf}) on comparisons that are opened: of shuffled, pairwise different keys they show nothing. Keys
 * are made different by their position. Domain: |x| < 2^(62 - fracBits - ceil(log2 n)), for integers 2^(62 - ceil(log2 n)). Exact.
 *
 * Cost: a shuffle of 3 rounds and 32 bytes an element (16 more for each number that goes along); then on average, up to 511 keys,
 *   n · (1.39·log2 n - 2.85) comparisons of 25.5 bytes, on levels of 9 rounds each: 1.5·log2 n of them for 16 keys, 2·log2 n for 10^6. Of
 *   more keys fewer: 12.8·n comparisons of 4,096, 21.3·n of 10^6.
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

/**
 * Sum of the rows of each group, exact. Group numbers 0 … count-1 are public, or secret integers. Rows of other groups are left out.
 * Gives [count, …]. Cost: public groups: local; secret ones: 10 rounds, 18.5 bytes for each group and each element of `groups`, and 8 bytes
 * an element of the result.
 */
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
