/** Products, element by element, and what is said of all products. */
import { below, RING_BITS, TRUNCATED_BITS } from '../bounds/domain.ts';
import { type Interval, product, squared, times, truncated } from '../bounds/interval.ts';
import {
  type Accuracy,
  type BoundedOperand,
  type BoundInput,
  isTruncated,
  one,
  places,
  ring,
  rule,
  two,
  ulp,
} from '../bounds/rule.ts';
import { type Cost, inSequence } from '../cost.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { encodeNumber, isWholeFactor } from '../ring/fixed-point.ts';
import type { MatrixDims } from '../ring/matrix-dims.ts';
import { broadcastShapes, elementCount, type Shape } from '../ring/shape.ts';
import type { Operand, SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { mulSP, scaleS } from '../sharing/linear.ts';
import type { Arith } from '../sharing/shares.ts';
import { local } from './costs.ts';
import { alone, form, invalid, numbers, own, same } from './forms.ts';
import { numbersOf, pairOf, secret } from './operands.ts';
import type { Call, OperandForm, Operation, Sample, Takes } from './operation.ts';
import { binaryPlain, unaryPlain } from './plain.ts';
import { aFixed, aNumber, anInteger, aPublic, ROOT, WIDE, way } from './samples.ts';

/**
 * How products of fixed numbers lose their additional fractional bits. `probabilistic`: up or down, by the low bits of
 * shares; `exact`: always down.
 */
export type Truncation = 'probabilistic' | 'exact';

export async function mul(
  on: Evaluator,
  x: Operand,
  y: Operand,
  truncation: Truncation = 'probabilistic',
): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  // A plain whole number scales without truncation, whatever the other operand is.
  const [whole, other] = typeof x === 'number' ? [x, y] : [y, x];
  if (isWholeFactor(whole) && typeof other === 'object' && other.kind === 'secret') {
    const scaled = scaleS(kernels, numbersOf(on, other, 'mul'), encodeNumber(whole, 0));
    return secret(on, other.dtype, other.shape, scaled);
  }
  const pair = pairOf(on, x, y, 'mul');
  const fixed = pair.x.dtype === 'fixed' && pair.y.dtype === 'fixed';
  const dtype = pair.x.dtype === 'fixed' || pair.y.dtype === 'fixed' ? 'fixed' : 'integer';
  const { x: a, y: b } = pair;
  return fiber.as('mul', async () => {
    let product: Arith;
    if (a.secret && b.secret) {
      product =
        fixed && truncation === 'probabilistic'
          ? await protocol.mulTruncSS(fiber, a.shares, b.shares, on.fracBits)
          : await protocol.mulSS(fiber, a.shares, b.shares);
      if (fixed && truncation === 'exact') product = await truncate(on, product, truncation);
    } else {
      const [shares, words] = a.secret ? [a.shares, b] : [(b as { shares: Arith }).shares, a];
      const raw = mulSP(kernels, shares, words.secret ? new BigUint64Array(0) : words.words);
      product = fixed ? await truncate(on, raw, truncation) : raw;
    }
    return secret(on, dtype, pair.shape, product);
  });
}

export function square(on: Evaluator, x: SecretTensor, truncation?: Truncation): Promise<SecretTensor> {
  return mul(on, x, x, truncation);
}

export function truncate(
  { protocol, fiber, fracBits }: Evaluator,
  x: Arith,
  truncation: Truncation,
): Promise<Arith> {
  return truncation === 'exact'
    ? protocol.truncExactS(fiber, x, fracBits)
    : protocol.truncS(fiber, x, fracBits);
}

/** @throws {UsageError} PRIVITY_STEP_INVALID */
export function truncationOf(options: unknown, name: string, besides = ''): Truncation {
  if (options === undefined) return 'probabilistic';
  const { truncation = 'probabilistic', ...others } = { ...(options as { readonly truncation?: unknown }) };
  const known = truncation === 'probabilistic' || truncation === 'exact';
  if (typeof options !== 'object' || options === null || !known || Object.keys(others).length > 0)
    throw invalid(`${name} takes { truncation }, which is "probabilistic" or "exact"${besides}`);
  return truncation;
}

/** Checks how products are truncated, which is their only parameter. */
export const truncating =
  (result: Operation['result']): Operation['result'] =>
  (forms, params, name) => {
    truncationOf(params[0], name);
    return result(forms, params, name);
  };
/** Of both fixed a fixed number, and of one of them. */
export const ofBoth =
  (shapeOf: (x: Shape, y: Shape, name: string, params: readonly unknown[]) => Shape): Operation['result'] =>
  ([x, y], params, name) =>
    form(
      shapeOf(own(x).shape, own(y).shape, name, params),
      own(x).dtype === 'fixed' ? 'fixed' : own(y).dtype,
    );

/** Sums of so many products each. */
export function boundOfProducts(input: BoundInput, each: Interval, count: number, what: string): Interval {
  const [x, y = x] = input.operands as [BoundedOperand, BoundedOperand?];
  const all = times(each, BigInt(count));
  const fracBits = places(x, input) + places(y, input);
  if (x.dtype !== 'fixed' || y.dtype !== 'fixed') return below(all, RING_BITS, what, fracBits);
  return truncated(below(all, TRUNCATED_BITS, what, fracBits), input.fracBits);
}

export const ofProducts: Accuracy = {
  text: "2^-f; `{ truncation: 'exact' }`: rounded down; with integers and by public whole numbers exact",
  of: (_, input) => (isTruncated(input) ? ulp(input) : 0),
};
/** Of numbers one by one, or of matrices of these dimensions. */
export function productCost(c: ProtocolCosts, call: Call, truncation: Truncation, dims?: MatrixDims): Cost {
  const { operands, fracBits } = call;
  const [x, y = x] = operands as [OperandForm, OperandForm?];
  const n = elementCount(call.shape);
  const inRing = (): Cost => (dims ? c.matmulSS(dims) : c.mulSS(n));
  if (!isTruncated(call)) return y.secret ? inRing() : local(c);
  if (truncation === 'exact')
    return y.secret ? inSequence(inRing(), c.truncExactS(n, fracBits)) : c.truncExactS(n, fracBits);
  if (!y.secret) return c.truncS(n, fracBits);
  return dims ? c.matmulTruncSS(dims, fracBits) : c.mulTruncSS(n, fracBits);
}

export const factors: Takes = { operands: 1, on: numbers, others: 'numbers', publicly: 'itself' };
export const exact = [{ truncation: 'exact' }];

export const products: readonly Operation[] = [
  {
    name: 'mul',
    takes: factors,
    result: truncating(ofBoth(broadcastShapes)),
    bounds: rule(
      'two fixed numbers: products below 2^(62-2f); by a public whole number, or with integers: below 2^(63-f)',
      'products of the ends',
      (input) => {
        const [x, y] = [one(input), two(input)];
        if (isWholeFactor(y.number)) return ring(times(x.bound, BigInt(y.number)), 'its products', input);
        return boundOfProducts(input, product(x.bound, y.bound), 1, 'its products');
      },
      ofProducts,
    ),
    cost: (c, call) => productCost(c, call, truncationOf(call.params[0], 'a product')),
    run: (on, { x, others: [y], params: [options] }) =>
      mul(on, x, y as Operand, truncationOf(options, 'mul')),
    plain: binaryPlain((x, y) => x * y),
    samples: ({ count }) => {
      const [x, k] = [aFixed(count), anInteger(count)];
      const ends: Sample['over'] = [
        [
          [-ROOT, ROOT],
          [ROOT, -ROOT],
        ],
        [
          [-WIDE, WIDE],
          [0.75, -0.75],
        ],
      ];
      const byPublic: Sample['over'] = [
        [
          [-WIDE, WIDE],
          [-0.75, 0.75],
        ],
      ];
      return [
        way([x, x], { what: 'two fixed numbers', over: ends }),
        way([x, aPublic('fixed', count)], { what: 'by a public fixed number', over: byPublic }),
        way([x, x], { what: 'exact', params: exact, over: ends }),
        way([x, aNumber(-0.625)], {
          what: 'exact, by a public fixed number',
          params: exact,
          over: [[[-WIDE, WIDE]]],
        }),
        way([k, k], {
          what: 'integers',
          over: [
            [
              [1 - 2 ** 26, 2 ** 26 - 1],
              [1 - 2 ** 26, 2 ** 26 - 1],
            ],
          ],
        }),
        way([x, k], {
          what: 'a fixed number and an integer',
          over: [
            [
              [-ROOT, ROOT],
              [-ROOT, ROOT],
            ],
          ],
        }),
        way([k, x], {
          over: [
            [
              [-ROOT, ROOT],
              [-ROOT, ROOT],
            ],
          ],
        }),
        way([x, aNumber(-3)], { over: [[[-WIDE / 3, WIDE / 3]]] }),
        way([k, aNumber(3, 'integer')]),
      ];
    },
  },
  {
    name: 'square',
    takes: alone(numbers),
    result: truncating(same),
    bounds: rule(
      'as `mul`',
      '0, or squares of the ends',
      (input) => boundOfProducts(input, squared(one(input).bound), 1, 'its squares'),
      ofProducts,
    ),
    cost: (c, call) => productCost(c, call, truncationOf(call.params[0], 'a product')),
    run: (on, { x, params: [options] }) => square(on, x, truncationOf(options, 'square')),
    plain: unaryPlain((x) => x * x),
    samples: ({ count }) => [
      way([aFixed(count)], { what: '', over: [[[-ROOT, ROOT]]] }),
      way([aFixed(count)], { params: exact, over: [[[-ROOT, ROOT]]] }),
      way([anInteger(count)]),
    ],
  },
];
