/**
 * Numbers to call operations with, and what their results have to be: from what the catalogue says of domain, accuracy
 * and bounds.
 */
import assert from 'node:assert/strict';
import { declaredBound } from '../../src/secure/bounds/declare.ts';
import { contains, intervalOfWords } from '../../src/secure/bounds/interval.ts';
import type { BoundInput } from '../../src/secure/bounds/rule.ts';
import type { Call, OperandForm, Operation, Range } from '../../src/secure/ops/operation.ts';
import { type Dtype, decode } from '../../src/secure/ring/fixed-point.ts';
import { elementCount, type Shape } from '../../src/secure/ring/shape.ts';
import { type PublicTensor, publicTensor } from '../../src/secure/ring/tensor.ts';
import { orderAt } from '../parts/operation-calls.ts';

/**
 * What fixed point represents exactly, so that the error is the operation's own. In even steps over the range, or at
 * random.
 */
export function numbersOver(
  { dtype, shape, number, order }: OperandForm,
  [from, to, spacing]: Range,
  operand: number,
  others: number,
  random: boolean,
): readonly number[] {
  const count = elementCount(shape);
  if (number !== undefined) return [number];
  if (order) return Array.from({ length: count }, (_, i) => orderAt(i, count));
  if (dtype === 'boolean' && !random) return Array.from({ length: count }, (_, i) => (i >> operand) & 1);
  const scale = dtype === 'fixed' ? 2 ** 18 : 1;
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  return Array.from({ length: count }, (_, i) => {
    const at = random ? Math.random() : placeOf(i, count, others === 0) / Math.max(count - 1, 1);
    const value = spacing === 'geometric' ? from * (to / from) ** at : from + (to - from) * at;
    return Math.min(Math.max(Math.round(value * scale) / scale, low), high);
  });
}

/** A grid of one operand in an order that is neither up nor down: what works along an axis would not notice. */
function placeOf(i: number, count: number, scattered: boolean): number {
  if (!scattered) return i;
  let step = Math.round(0.618 * count);
  const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b));
  while (common(step, count) !== 1) step++;
  return (i * step) % count;
}

interface Known {
  readonly values: readonly number[];
  readonly range: Range;
}

/**
 * @throws if a result is not what plain arithmetic makes of the operands, within the declared accuracy, or not where
 *   its bound says
 */
export function checkResult(
  operation: Operation,
  call: Call,
  operands: readonly Known[],
  result: PublicTensor,
  dtype: Dtype,
): void {
  const { name, plain, bounds } = operation;
  const { shape, params, fracBits } = call;
  assert.deepEqual([result.shape, result.dtype], [shape, dtype], name);
  const tensors = call.operands.map((form, i) => tensorOf(form, operands[i]?.values ?? [], fracBits));
  const input: BoundInput = {
    operands: call.operands.map((form, i) => {
      const { words } = tensors[i] as PublicTensor;
      const [from = 0, to = 0] = operands[i]?.range ?? [];
      const range = { min: Math.min(from, to), max: Math.max(from, to) };
      if (!form.secret) return { ...form, words, bound: intervalOfWords(words) };
      return {
        ...form,
        bound: declaredBound(form.dtype, fracBits, form.dtype === 'boolean' ? {} : range, name),
      };
    }),
    params,
    shape,
    fracBits,
  };
  const bound = bounds.bound(input);
  assert.ok(contains(bound, intervalOfWords(result.words)), `${name}: not in ${bound.min} to ${bound.max}`);
  const data = tensors.map(({ words, shape, dtype }) => ({
    shape,
    dtype,
    data: decode(words, dtype, fracBits),
  }));
  const wanted = plain({ operands: data, params, shape, fracBits });
  const found = decode(result.words, dtype, fracBits);
  const [values, due] = operation.randomOrder ? [found.toSorted(), wanted.toSorted()] : [found, wanted];
  assert.equal(values.length, due.length);
  for (const [i, value] of values.entries()) {
    const want = due[i] ?? Number.NaN;
    const accuracy = bounds.accuracy.of(want, input);
    // What floating-point numbers are off by themselves.
    const allowed = accuracy === 0 ? 0 : accuracy + 2 ** -fracBits / 64;
    const off = Math.abs(value - want);
    const given = data.map((operand) => operand.data[operand.data.length === values.length ? i : 0]);
    assert.ok(off <= allowed, `${name}, element ${i} of ${given}: ${value}, not ${want}; allowed ${allowed}`);
  }
}

const tensorOf = (form: OperandForm, values: readonly number[], fracBits: number): PublicTensor =>
  publicTensor(values, { dtype: form.dtype, shape: form.shape as Shape, fracBits });
