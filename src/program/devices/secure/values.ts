/** Values of a job on their way onto a secure device and off it. */
import { DataError, UsageError } from '../../../base/errors.ts';
import { isNumeric } from '../../../data/column-type.ts';
import { GAP_WAYS } from '../../../data/gaps.ts';
import { Table } from '../../../data/table.ts';
import { boundText } from '../../../secure/bounds/declare.ts';
import type { Interval } from '../../../secure/bounds/interval.ts';
import type { Dtype } from '../../../secure/ring/fixed-point.ts';
import { elementCount, positionText, type Shape } from '../../../secure/ring/shape.ts';
import { isTensor, isTypedArray } from '../../../wire/value-kinds.ts';
import { isHandle, kindOf } from '../../steps/handle.ts';

export interface Numbers {
  readonly values: ArrayLike<number | boolean>;
  /** What the value says of its own shape; undefined for a plain list, which takes any shape of its length. */
  readonly shape: Shape | undefined;
}

/** The numbers of a public operand or of a shared value, but for tables. Undefined if it is none. */
export function numbersOf(value: unknown): Numbers | undefined {
  if (isHandle(value)) return undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return { values: [value], shape: [] };
  if (isTensor(value)) return numeric(value.data, value.shape);
  if (isTypedArray(value)) return numeric(value, undefined);
  const plain = (item: unknown): boolean => typeof item === 'number' || typeof item === 'boolean';
  if (Array.isArray(value) && value.every(plain)) return { values: value as number[], shape: undefined };
  return undefined;
}

function numeric(data: ArrayLike<number | bigint>, shape: Shape | undefined): Numbers {
  // 64-bit integers: whatever does not fit a number exactly is beyond the domain, and is refused there.
  const values = typeof data[0] === 'bigint' ? Array.from(data, Number) : (data as ArrayLike<number>);
  return { values, shape };
}

/**
 * What the owner shares, compared with what every party was told of it.
 * @throws {UsageError} PRIVITY_SHARE_MISMATCH
 * @throws {DataError} PRIVITY_COLUMN_TYPE, PRIVITY_COLUMN_NULLS, PRIVITY_SECURE_DOMAIN: NaN
 */
export async function valuesToShare(
  value: unknown,
  shape: Shape,
  name: string,
): Promise<ArrayLike<number | boolean>> {
  const numbers = value instanceof Table ? await matrixOf(value) : numbersOf(value);
  if (numbers === undefined) {
    throw new UsageError(
      'PRIVITY_SHARE_MISMATCH',
      `"${name}" is ${kindOf(value)} and cannot be shared. Share numbers, typed arrays, tensors or tables of numbers.`,
    );
  }
  const { values, shape: actual } = numbers;
  const fits = actual ? `${actual}` === `${shape}` : values.length === elementCount(shape);
  if (!fits) {
    throw new UsageError(
      'PRIVITY_SHARE_MISMATCH',
      `"${name}" was to be shared with shape [${shape}] and has ${actual ? `shape [${actual}]` : `${values.length} numbers`}.`,
    );
  }
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i])) continue;
    throw new DataError(
      'PRIVITY_SECURE_DOMAIN',
      `"${name}": the value at ${positionText(i, shape)} of what is shared is not a number, and a secret has no place for that. If these are gaps ` +
        `of a column, ${GAP_WAYS}; { nulls: 'nan' } is for plain tasks only.`,
    );
  }
  return values;
}

/** All columns of a table as a matrix, row by row. */
async function matrixOf(table: Table): Promise<Numbers> {
  const { columns, rowCount } = table;
  const odd = columns.find(({ type }) => !isNumeric(type) && type !== 'BOOLEAN');
  if (odd) {
    throw new DataError(
      'PRIVITY_COLUMN_TYPE',
      `column '${odd.name}' is ${odd.type}; only tables of numbers can be shared. Take the columns that you mean with table.select([...]).`,
    );
  }
  const values = new Float64Array(rowCount * columns.length);
  for (const [at, { name }] of columns.entries()) {
    const column = await table.numbers(name);
    for (let row = 0; row < rowCount; row++) values[row * columns.length + at] = column[row] ?? Number.NaN;
  }
  return { values, shape: [rowCount, columns.length] };
}

/**
 * The ledger's word for what is shared. That every number lies within the bound is known to all from then on, and is
 * said by a refusal
 * otherwise: one bit about the data.
 */
export const ledgerType = (dtype: Dtype, bound: Interval, fracBits: number): string =>
  dtype === 'boolean'
    ? 'secret boolean tensor'
    : `secret ${dtype} tensor, all within ${boundText(bound, dtype, fracBits)}`;
