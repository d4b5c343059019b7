/**
 * What secrets can do: for each operation, what its operands have to be, and the shape and type of its result. Every party works
 * this out in the call, so a mistake is the same error everywhere, before anything is sent. The computation is in src/secure/ops.
 */
import { UsageError } from '../../../base/errors.ts';
import { declaredBound, type Range } from '../../../secure/bounds/declare.ts';
import type { Interval } from '../../../secure/bounds/interval.ts';
import type { Truncation } from '../../../secure/ops/arithmetic.ts';
import type { BoundedOperation } from '../../../secure/ops/bounds.ts';
import { type Dtype, isWholeFactor } from '../../../secure/ring/fixed-point.ts';
import {
  axisOf,
  broadcastShapes,
  dotShape,
  elementCount,
  matrixProduct,
  type Shape,
  shapeMismatch,
} from '../../../secure/ring/shape.ts';
import { dtypeMismatch } from '../../../secure/ring/tensor.ts';

/** What is public about a tensor. */
export interface Form {
  readonly shape: Shape;
  readonly dtype: Dtype;
}

/** What is public about an operand. */
export interface OperandForm extends Form {
  readonly secret: boolean;
  /** Of a single public number. */
  readonly number?: number | undefined;
}

export interface Rule {
  /**
   * How many further operands follow the secret itself; they may be public where `secretsOnly` does not say otherwise. `list`: the first
   * argument is a list of them; `if secret`: it is one, if it is a secret.
   */
  readonly operands: number | 'list' | 'if secret';
  readonly secretsOnly?: boolean;
  /** Types that the secret may have. */
  readonly on: readonly Dtype[];
  /**
   * The type that the other operands must have: the secret's own, or the one given. `numbers`: fixed or integer, also beside the other.
   * `values`: any, but all the same.
   */
  readonly others?: Dtype | 'same' | 'numbers' | 'values';
  /** Whether the members need no message for it. */
  readonly local: boolean | ((forms: readonly OperandForm[], params: readonly unknown[]) => boolean);
  /** Shape and type of the result. `params` are public and have been checked to be plain. */
  result(forms: readonly Form[], params: readonly unknown[], name: string): Form;
  /** The ends of an interval that `params` say, as words: what its bound and its computation are given in their place. */
  readonly ends?: (x: Form, params: readonly unknown[], fracBits: number) => Interval;
}

const numbers: readonly Dtype[] = ['fixed', 'integer'];
const fixed: readonly Dtype[] = ['fixed'];
const integer: readonly Dtype[] = ['integer'];
const boolean: readonly Dtype[] = ['boolean'];
const any: readonly Dtype[] = ['fixed', 'integer', 'boolean'];

type Result = Rule['result'];
const form = (shape: Shape, dtype: Dtype): Form => ({ shape: Object.freeze([...shape]), dtype });
const [same, toBoolean]: readonly [Result, Result] = [
  ([x]) => own(x),
  ([x]) => form(own(x).shape, 'boolean'),
];
const broadcast: Result = ([x, y], _, name) =>
  form(broadcastShapes(own(x).shape, own(y).shape, name), own(x).dtype);
const compared: Result = (forms, params, name) => form(broadcast(forms, params, name).shape, 'boolean');

/** Of products: checks how they are truncated, which is their only parameter. */
const truncating =
  (result: Result): Result =>
  (forms, params, name) => {
    truncationOf(params[0], name);
    return result(forms, params, name);
  };

const elementwise = (on: readonly Dtype[], local: Rule['local']): Rule => ({
  operands: 1,
  on,
  others: 'same',
  local,
  result: broadcast,
});
const comparison: Rule = { operands: 1, on: numbers, others: 'same', local: false, result: compared };
const unary = (on: readonly Dtype[], local: boolean): Rule => ({ operands: 0, on, local, result: same });
/** Along one axis, which goes; over all without one. */
const reduction = (on: readonly Dtype[], local: boolean, dtype?: Dtype): Rule => ({
  operands: 0,
  on,
  local,
  result: ([x], [axis, keep = false], name) => {
    const { shape, dtype: same } = own(x);
    if (typeof keep !== 'boolean') throw invalid(`${name}: keep is true or false`);
    if (axis === undefined) return form(keep ? shape.map(() => 1) : [], dtype ?? same);
    const gone = axisOf(shape, integerOf(axis, `${name}: axis`), name);
    const rest = keep ? shape.with(gone, 1) : shape.filter((_, index) => index !== gone);
    return form(rest, dtype ?? same);
  },
});
const alongAxis = (on: readonly Dtype[], local: boolean): Rule => ({
  operands: 0,
  on,
  local,
  result: ([x], [axis], name) => {
    axisOf(own(x).shape, axis === undefined ? -1 : integerOf(axis, `${name}: axis`), name);
    return own(x);
  },
});
const shiftLocal: Rule['local'] = (_, params) => Number(params[0]) >= 0;
const shiftForm: Result = ([x], [by], name) => {
  const bits = integerOf(by, `${name}: by`);
  if (Math.abs(bits) > 62) throw invalid(`${name} is by -62 to 62 bits`);
  return own(x);
};

/** Public factors of whole numbers need no truncation, and no message. */
const wholeByPublic: Rule['local'] = ([x, y]) => y?.secret === false && x?.dtype === 'integer';
const byWhole: Rule['local'] = ([x, y]) =>
  y?.secret === false && (x?.dtype === 'integer' || isWholeFactor(y.number));
/** Of products: of both fixed a fixed number, and of one of them. */
const ofBoth =
  (shapeOf: (x: Shape, y: Shape, name: string) => Shape): Result =>
  ([x, y], _, name) =>
    form(shapeOf(own(x).shape, own(y).shape, name), own(x).dtype === 'fixed' ? 'fixed' : own(y).dtype);
const product = (shapeOf: Parameters<typeof ofBoth>[0], local: Rule['local']): Rule => ({
  operands: 1,
  on: numbers,
  others: 'numbers',
  local,
  result: truncating(ofBoth(shapeOf)),
});

/** By name; bounds and costs of the same names are in src/secure/ops. */
export const rules: Readonly<Record<BoundedOperation, Rule>> = {
  add: elementwise(numbers, true),
  sub: elementwise(numbers, true),
  neg: unary(numbers, true),
  mul: product(broadcastShapes, byWhole),
  square: { ...unary(numbers, false), result: truncating(same) },
  dot: product(dotShape, wholeByPublic),
  matmul: product((x, y, name) => matrixProduct(x, y, name).shape, wholeByPublic),
  sum: reduction(numbers, true),
  cumulativeSum: alongAxis(numbers, true),
  mean: reduction(fixed, false),
  minimum: elementwise(numbers, false),
  maximum: elementwise(numbers, false),
  abs: unary(numbers, false),
  relu: unary(numbers, false),
  min: reduction(numbers, false),
  max: reduction(numbers, false),
  argmax: reduction(numbers, false, 'integer'),
  div: elementwise(fixed, false),
  reciprocal: unary(fixed, false),
  sqrt: unary(fixed, false),
  rsqrt: unary(fixed, false),
  exp: unary(fixed, false),
  log: unary(fixed, false),
  sigmoid: unary(fixed, false),
  tanh: unary(fixed, false),
  softmax: alongAxis(fixed, false),
  lt: comparison,
  le: comparison,
  gt: comparison,
  ge: comparison,
  eq: comparison,
  ne: comparison,
  select: { operands: 2, on: boolean, others: 'values', local: false, result: selectForm },
  and: elementwise(boolean, false),
  or: elementwise(boolean, false),
  xor: elementwise(boolean, true),
  not: { operands: 0, on: boolean, local: true, result: toBoolean },
  clamp: { ...unary(numbers, false), ends: clampEnds },
  assume: { ...unary(numbers, true), ends: assumedEnds },
  sort: { operands: 0, on: numbers, local: false, result: vectorForm },
  sortBy: {
    operands: 1,
    secretsOnly: true,
    on: numbers,
    others: 'numbers',
    local: false,
    result: sortedRowsForm,
  },
  shuffle: { operands: 0, on: numbers, local: false, result: rowsForm },
  groupSum: {
    operands: 'if secret',
    on: numbers,
    others: 'integer',
    local: ([, groups]) => !groups?.secret,
    result: groupForm,
  },
  reshape: { operands: 0, on: any, local: true, result: reshapeForm },
  transpose: { operands: 0, on: any, local: true, result: transposeForm },
  slice: { operands: 0, on: any, local: true, result: sliceForm },
  concat: { operands: 'list', secretsOnly: true, on: any, others: 'same', local: true, result: concatForm },
  gather: { operands: 0, on: any, local: true, result: gatherForm },
  cast: { operands: 0, on: any, local: castIsLocal, result: castForm },
  shift: { operands: 0, on: integer, local: shiftLocal, result: shiftForm },
};

/** @throws {UsageError} PRIVITY_STEP_INVALID */
export function truncationOf(options: unknown, name: string): Truncation {
  if (options === undefined) return 'probabilistic';
  const { truncation = 'probabilistic', ...others } = { ...(options as { readonly truncation?: unknown }) };
  const known = truncation === 'probabilistic' || truncation === 'exact';
  if (typeof options !== 'object' || options === null || !known || Object.keys(others).length > 0)
    throw invalid(`${name} takes { truncation }, which is "probabilistic" or "exact"`);
  return truncation;
}

/** Which other operands' types fit. @throws {UsageError} PRIVITY_SECURE_DTYPE */
export function checkDtypes(name: string, rule: Rule, forms: readonly Form[]): void {
  const [x, ...others] = forms;
  const { dtype } = own(x);
  if (!rule.on.includes(dtype))
    throw dtypeMismatch(`${name} is defined for ${rule.on.join(' and ')} numbers, not for ${dtype}`);
  const due = rule.others === 'same' ? dtype : rule.others === 'values' ? others[0]?.dtype : rule.others;
  for (const other of others) {
    if (due === 'numbers' ? other.dtype === 'boolean' : other.dtype !== due)
      throw dtypeMismatch(
        `${name}: operands are ${[dtype, ...others.map((o) => o.dtype)].join(', ')}; convert with cast`,
      );
  }
}

function selectForm([x, yes, no]: readonly Form[], _: readonly unknown[], name: string): Form {
  const values = broadcastShapes(own(yes).shape, own(no).shape, name);
  return form(broadcastShapes(own(x).shape, values, name), own(yes).dtype);
}

function vectorForm([x]: readonly Form[], _: readonly unknown[], name: string): Form {
  if (own(x).shape.length !== 1) throw shapeMismatch(`${name}: takes a vector, not [${own(x).shape}]`);
  return own(x);
}

function sortedRowsForm([x, keys]: readonly Form[], _: readonly unknown[], name: string): Form {
  const [rows, vector] = [own(x).shape, own(keys).shape];
  if (vector.length !== 1 || rows.length === 0 || rows[0] !== vector[0])
    throw shapeMismatch(`${name}: takes a vector with a key for each row, not [${vector}] for [${rows}]`);
  return own(x);
}

function clampEnds({ dtype }: Form, [min, max]: readonly unknown[], fracBits: number): Interval {
  if (typeof min !== 'number' || typeof max !== 'number') throw invalid('clamp takes two numbers, lo and hi');
  return declaredBound(dtype, fracBits, { min, max }, 'clamp(lo, hi)');
}

function assumedEnds({ dtype }: Form, [range]: readonly unknown[], fracBits: number): Interval {
  const { min, max, ...others } = { ...(range as Range | undefined) };
  if (typeof range !== 'object' || (min === undefined && max === undefined) || Object.keys(others).length > 0)
    throw invalid('assume takes { min, max }, or { max } for a magnitude');
  return declaredBound(dtype, fracBits, { ...range }, 'assume({ min, max })');
}

function rowsForm([x]: readonly Form[], _: readonly unknown[], name: string): Form {
  if (own(x).shape.length === 0) throw shapeMismatch(`${name}: a single number has no rows`);
  return own(x);
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

function reshapeForm([x]: readonly Form[], [wanted]: readonly unknown[], name: string): Form {
  const { shape, dtype } = own(x);
  const sizes = integersOf(wanted, `${name}: shape`);
  const open = sizes.filter((size) => size === -1).length;
  const known = sizes.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const total = elementCount(shape);
  const to = sizes.map((size) => (size === -1 ? total / known : size));
  if (open > 1 || to.some((size) => !Number.isInteger(size) || size < 1) || elementCount(to) !== total)
    throw shapeMismatch(`${name}: [${shape}] does not have the elements of [${sizes}]`);
  return form(to, dtype);
}

function transposeForm([x]: readonly Form[], [axes]: readonly unknown[], name: string): Form {
  const { shape, dtype } = own(x);
  if (axes === undefined) return form([...shape].reverse(), dtype);
  const order = integersOf(axes, `${name}: axes`).map((axis) => axisOf(shape, axis, name));
  if (order.length !== shape.length || new Set(order).size !== shape.length)
    throw shapeMismatch(`${name}: [${order}] is no order of the axes of [${shape}]`);
  return form(
    order.map((axis) => shape[axis] ?? 1),
    dtype,
  );
}

function sliceForm([x]: readonly Form[], [from, to, axis]: readonly unknown[], name: string): Form {
  const { shape, dtype } = own(x);
  const at = axisOf(shape, axis === undefined ? 0 : integerOf(axis, `${name}: axis`), name);
  const [start, end] = [integerOf(from, `${name}: from`), integerOf(to, `${name}: to`)];
  const size = shape[at] ?? 1;
  if (start < 0 || end > size || start >= end)
    throw shapeMismatch(`${name}: [${start}, ${end}) of axis ${at}, which has ${size} elements`);
  return form(shape.with(at, end - start), dtype);
}

function concatForm(forms: readonly Form[], [axis]: readonly unknown[], name: string): Form {
  const { shape, dtype } = own(forms[0]);
  const at = axisOf(shape, axis === undefined ? 0 : integerOf(axis, `${name}: axis`), name);
  const fits = ({ shape: other }: Form): boolean =>
    other.length === shape.length && other.every((size, index) => index === at || size === shape[index]);
  const odd = forms.find((one) => !fits(one));
  if (odd) throw shapeMismatch(`${name}: [${shape}] and [${odd.shape}] differ in another axis than ${at}`);
  const total = forms.reduce((sum, one) => sum + (one.shape[at] ?? 0), 0);
  return form(shape.with(at, total), dtype);
}

function gatherForm([x]: readonly Form[], [indices, axis]: readonly unknown[], name: string): Form {
  const { shape, dtype } = own(x);
  const at = axisOf(shape, axis === undefined ? 0 : integerOf(axis, `${name}: axis`), name);
  const list = indicesOf(indices, shape[at] ?? 1, `${name}: indices`);
  return form(shape.with(at, list.length), dtype);
}

function castForm([x]: readonly Form[], [dtype]: readonly unknown[], name: string): Form {
  if (!any.includes(dtype as Dtype)) throw invalid(`${name} takes one of ${any.join(', ')}`);
  return form(own(x).shape, dtype as Dtype);
}

function castIsLocal([x]: readonly Form[], [to]: readonly unknown[]): boolean {
  return x?.dtype === to || (x?.dtype === 'integer' && to === 'fixed');
}

function own(x: Form | undefined): Form {
  if (x === undefined) throw invalid('an operand is missing');
  return x;
}

function integerOf(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw invalid(`${what} is not a whole number`);
  return value;
}

function integersOf(value: unknown, what: string): readonly number[] {
  if (!Array.isArray(value)) throw invalid(`${what} is not a list of whole numbers`);
  return value.map((item) => integerOf(item, what));
}

function indicesOf(value: unknown, count: number, what: string): ArrayLike<number> {
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
