/** Changes of type, and of the scale of whole numbers. */
import { below, RING_BITS, TRUNCATED_BITS } from '../bounds/domain.ts';
import { bits, type Interval, shifted, times } from '../bounds/interval.ts';
import { one, ring, rule } from '../bounds/rule.ts';
import type { Dtype } from '../ring/fixed-point.ts';
import { elementCount } from '../ring/shape.ts';
import { dtypeMismatch } from '../ring/tensor.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { scaleS } from '../sharing/linear.ts';
import { local } from './costs.ts';
import { alone, any, form, integer, integerOf, invalid, own } from './forms.ts';
import { notB } from './logic.ts';
import { booleansOf, numbersOf, secret } from './operands.ts';
import type { Operation } from './operation.ts';
import { first } from './plain.ts';
import { aBoolean, aFixed, anInteger, WIDE, way } from './samples.ts';

export async function shift(on: Evaluator, x: SecretTensor, by: number): Promise<SecretTensor> {
  const shares = numbersOf(on, x, 'shift', 'integer');
  if (!Number.isInteger(by) || Math.abs(by) > 62)
    throw dtypeMismatch('shift takes a whole number of -62 to 62');
  if (by >= 0) return secret(on, 'integer', x.shape, scaleS(on.kernels, shares, 1n << BigInt(by)));
  return on.fiber.as('shift', async () =>
    secret(on, 'integer', x.shape, await on.protocol.truncExactS(on.fiber, shares, -by)),
  );
}

export async function cast(on: Evaluator, x: SecretTensor, dtype: Dtype): Promise<SecretTensor> {
  const { protocol, fiber, kernels, fracBits } = on;
  if (x.dtype === dtype) return x;
  return fiber.as('cast', async () => {
    if (x.dtype === 'boolean') {
      const numbers = await protocol.bit2a(fiber, booleansOf(on, x, 'cast'));
      const shares = dtype === 'fixed' ? scaleS(kernels, numbers, 1n << BigInt(fracBits)) : numbers;
      return secret(on, dtype, x.shape, shares);
    }
    const numbers = numbersOf(on, x, 'cast');
    if (dtype === 'boolean') return secret(on, dtype, x.shape, notB(on, await protocol.eqzS(fiber, numbers)));
    if (dtype === 'fixed')
      return secret(on, dtype, x.shape, scaleS(kernels, numbers, 1n << BigInt(fracBits)));
    return secret(on, dtype, x.shape, await protocol.truncExactS(fiber, numbers, fracBits));
  });
}

const inUnits = (bound: Interval, dtype: Dtype, fracBits: number): Interval =>
  dtype === 'fixed' ? bound : times(bound, 2n ** BigInt(fracBits));

export const casts: readonly Operation[] = [
  {
    name: 'cast',
    takes: alone(any),
    result: ([x], [dtype], name) => {
      if (!any.includes(dtype as Dtype)) throw invalid(`${name} takes one of ${any.join(', ')}`);
      return form(own(x).shape, dtype as Dtype);
    },
    bounds: rule(
      'integer to fixed: below 2^(63-f); fixed to integer: below 2^(62-f)',
      "the operand's, rounded down; of booleans 0 to 1",
      (input) => {
        const { bound, dtype } = one(input);
        const { fracBits } = input;
        const [to] = input.params as readonly [Dtype];
        if (to === dtype || dtype === 'boolean')
          return to === 'fixed' ? inUnits(bound, dtype, fracBits) : bound;
        if (to === 'boolean') return bits;
        if (to === 'fixed') return below(inUnits(bound, dtype, fracBits), RING_BITS, 'its results', fracBits);
        return shifted(below(bound, TRUNCATED_BITS, 'its operand', fracBits), fracBits);
      },
    ),
    cost: (c, call) => {
      const { operands, params, shape, fracBits } = call;
      const [from, to] = [operands[0]?.dtype, params[0]];
      const n = elementCount(shape);
      if (from === to || (from === 'integer' && to === 'fixed')) return local(c);
      if (from === 'boolean') return c.bit2a(n);
      return to === 'boolean' ? c.eqzS(n) : c.truncExactS(n, fracBits);
    },
    run: (on, { x, params: [dtype] }) => cast(on, x, dtype as Dtype),
    plain: (input) => {
      const { data, dtype } = first(input);
      const [to] = input.params;
      if (to === 'boolean') return data.map((value) => Number(value !== 0));
      return dtype === 'fixed' && to === 'integer' ? data.map(Math.floor) : data;
    },
    samples: ({ count }) => {
      const [x, k, b] = [aFixed(count), anInteger(count), aBoolean(count)];
      return [
        way([b], { what: 'boolean to number', params: ['fixed'] }),
        way([x], { what: 'number to boolean', params: ['boolean'], over: [[[-2, 2]]] }),
        way([x], { what: 'fixed to integer', params: ['integer'], over: [[[-WIDE, WIDE]]] }),
        way([k], { params: ['fixed'], over: [[[-WIDE, WIDE]]] }),
        way([k], { params: ['boolean'], over: [[[-2, 2]]] }),
        way([b], { params: ['integer'] }),
        way([x], { params: ['fixed'] }),
      ];
    },
  },
  {
    name: 'shift',
    takes: alone(integer),
    result: ([x], [by], name) => {
      if (Math.abs(integerOf(by, `${name}: by`)) > 62) throw invalid(`${name} is by -62 to 62 bits`);
      return own(x);
    },
    bounds: rule(
      'to the left: the result below 2^63; to the right: below 2^62',
      "the operand's, times 2^by",
      (input) => {
        const { bound } = one(input);
        const by = Number(input.params[0]);
        if (by >= 0) return ring(times(bound, 2n ** BigInt(by)), 'its results', input);
        return shifted(below(bound, TRUNCATED_BITS, 'its operand', 0), -by);
      },
    ),
    cost: (c, call) => {
      const by = Number(call.params[0]);
      return by >= 0 ? local(c) : c.truncExactS(elementCount(call.shape), -by);
    },
    run: (on, { x, params: [by] }) => shift(on, x, by as number),
    plain: (input) => first(input).data.map((x) => Math.floor(x * 2 ** Number(input.params[0]))),
    samples: ({ count }) => [
      way([anInteger(count)], { what: 'by -18', params: [-18], over: [[[1 - 2 ** 53, 2 ** 53 - 1]]] }),
      way([anInteger(count)], { params: [-2] }),
      way([anInteger(count)], { params: [40] }),
    ],
  },
];
