/** Shapes and types of results, as several operations have them, and the checks of public parameters. */
import { UsageError } from '../../base/errors.ts';
import type { Dtype } from '../ring/fixed-point.ts';
import { axisOf, broadcastShapes, type Shape, shapeMismatch } from '../ring/shape.ts';
import { dtypeMismatch } from '../ring/tensor.ts';
import type { Form, Operation, Takes } from './operation.ts';

export const numbers: readonly Dtype[] = ['fixed', 'integer'];
export const fixed: readonly Dtype[] = ['fixed'];
export const integer: readonly Dtype[] = ['integer'];
export const boolean: readonly Dtype[] = ['boolean'];
export const any: readonly Dtype[] = ['fixed', 'integer', 'boolean'];

/** Nothing but the secret itself. */
export const alone = (on: readonly Dtype[]): Takes => ({ operands: 0, on });
/** One more, of the same type. */
export const withOther = (on: readonly Dtype[]): Takes => ({ operands: 1, on, others: 'same' });

type Result = Operation['result'];

export const form = (shape: Shape, dtype: Dtype): Form => ({ shape: Object.freeze([...shape]), dtype });

export function own(x: Form | undefined): Form {
  if (x === undefined) throw invalid('an operand is missing');
  return x;
}

export const same: Result = ([x]) => own(x);
export const toBoolean: Result = ([x]) => form(own(x).shape, 'boolean');
export const broadcast: Result = ([x, y], _, name) =>
  form(broadcastShapes(own(x).shape, own(y).shape, name), own(x).dtype);
export const compared: Result = (forms, params, name) =>
  form(broadcast(forms, params, name).shape, 'boolean');

/** Along one axis, which goes; over all without one. */
export const reduced =
  (dtype?: Dtype): Result =>
  ([x], [axis, keep = false], name) => {
    const { shape, dtype: same } = own(x);
    if (typeof keep !== 'boolean') throw invalid(`${name}: keep is true or false`);
    if (axis === undefined) return form(keep ? shape.map(() => 1) : [], dtype ?? same);
    const gone = axisOf(shape, integerOf(axis, `${name}: axis`), name);
    const rest = keep ? shape.with(gone, 1) : shape.filter((_, index) => index !== gone);
    return form(rest, dtype ?? same);
  };

/** What keeps its shape, computed along one axis. */
export const alongAxis: Result = ([x], [axis], name) => {
  axisOf(own(x).shape, axis === undefined ? -1 : integerOf(axis, `${name}: axis`), name);
  return own(x);
};

/** Which other operands' types fit. @throws {UsageError} PRIVITY_SECURE_DTYPE */
export function checkDtypes({ name, takes }: Operation, forms: readonly Form[]): void {
  const [x, ...others] = forms;
  const { dtype } = own(x);
  if (!takes.on.includes(dtype))
    throw dtypeMismatch(`${name} is defined for ${takes.on.join(' and ')} numbers, not for ${dtype}`);
  const due = takes.others === 'same' ? dtype : takes.others === 'values' ? others[0]?.dtype : takes.others;
  for (const other of others) {
    if (due === 'numbers' ? other.dtype === 'boolean' : other.dtype !== due)
      throw dtypeMismatch(
        `${name}: operands are ${[dtype, ...others.map((o) => o.dtype)].join(', ')}; convert with cast`,
      );
  }
}

export function integerOf(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw invalid(`${what} is not a whole number`);
  return value;
}

export function integersOf(value: unknown, what: string): readonly number[] {
  if (!Array.isArray(value)) throw invalid(`${what} is not a list of whole numbers`);
  return value.map((item) => integerOf(item, what));
}

export function indicesOf(value: unknown, count: number, what: string): ArrayLike<number> {
  const list = value instanceof Uint32Array ? value : integersOf(value, what);
  if (list.length === 0) throw invalid(`${what}: the list is empty`);
  for (let i = 0; i < list.length; i++) {
    const index = list[i] ?? -1;
    if (index < 0 || index >= count)
      throw shapeMismatch(`${what}: position ${i} is not in 0 to ${count - 1}`);
  }
  return list;
}

export const invalid = (why: string): UsageError =>
  new UsageError('PRIVITY_STEP_INVALID', `A step is wrong: ${why}.`);
