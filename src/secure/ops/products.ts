/** Products, of numbers and of matrices. */
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
import {
  broadcastShapes,
  checkShape,
  dotShape,
  elementCount,
  matrixProduct,
  type Shape,
} from '../ring/shape.ts';
import { dtypeMismatch } from '../ring/tensor.ts';
import type { Operand, SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { matmulPS, matmulSP, mulSP, scaleS } from '../sharing/linear.ts';
import type { Arith } from '../sharing/shares.ts';
import { local } from './costs.ts';
import { alone, form, invalid, numbers, own, same } from './forms.ts';
import { checkPublic, numbersOf, pairOf, secret, tensorOf } from './operands.ts';
import type { Call, OperandForm, Operation, PlainInput, Sample, Takes } from './operation.ts';
import { at, binaryPlain, first, second, total, unaryPlain } from './plain.ts';
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

function truncate(
  { protocol, fiber, fracBits }: Evaluator,
  x: Arith,
  truncation: Truncation,
): Promise<Arith> {
  return truncation === 'exact'
    ? protocol.truncExactS(fiber, x, fracBits)
    : protocol.truncS(fiber, x, fracBits);
}

/** Sums of products are truncated once. */
export async function matmul(
  on: Evaluator,
  x: Operand,
  y: Operand,
  truncation: Truncation = 'probabilistic',
): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const a = tensorOf(on, x, 'fixed');
  const b = tensorOf(on, y, 'fixed');
  const { dims, shape } = matrixProduct(a.shape, b.shape, 'matmul');
  checkShape(shape, 'matmul');
  if (a.kind === 'public') checkPublic(on, a, 'matmul');
  if (b.kind === 'public') checkPublic(on, b, 'matmul');
  const left = a.kind === 'secret' ? numbersOf(on, a, 'matmul') : undefined;
  const right = b.kind === 'secret' ? numbersOf(on, b, 'matmul') : undefined;
  const fixed = a.dtype === 'fixed' && b.dtype === 'fixed';
  const dtype = a.dtype === 'fixed' || b.dtype === 'fixed' ? 'fixed' : 'integer';
  return fiber.as('matmul', async () => {
    if (left !== undefined && right !== undefined) {
      if (fixed && truncation === 'probabilistic') {
        const product = await protocol.matmulTruncSS(fiber, left, right, dims, on.fracBits);
        return secret(on, dtype, shape, product);
      }
      const raw = await protocol.matmulSS(fiber, left, right, dims);
      return secret(on, dtype, shape, fixed ? await truncate(on, raw, truncation) : raw);
    }
    let raw: Arith;
    if (left !== undefined && b.kind === 'public') raw = matmulSP(kernels, left, b.words, dims);
    else if (right !== undefined && a.kind === 'public') raw = matmulPS(kernels, a.words, right, dims);
    else throw dtypeMismatch('matmul needs at least one secret operand');
    return secret(on, dtype, shape, fixed ? await truncate(on, raw, truncation) : raw);
  });
}

/** A matrix product of one row and one column for each element of the result. */
export async function dot(
  on: Evaluator,
  x: SecretTensor,
  y: Operand,
  truncation?: Truncation,
): Promise<SecretTensor> {
  const other = tensorOf(on, y, x.dtype);
  const outer = dotShape(x.shape, other.shape, 'dot');
  const inner = x.shape.at(-1) ?? 1;
  const rows = { ...x, shape: [elementCount(outer), 1, inner] };
  const columns = { ...other, shape: [elementCount(outer), inner, 1] };
  const product = await on.fiber.as('dot', () => matmul(on, rows, columns, truncation));
  return secret(on, product.dtype, outer, product.shares);
}

/** @throws {UsageError} PRIVITY_STEP_INVALID */
function truncationOf(options: unknown, name: string): Truncation {
  if (options === undefined) return 'probabilistic';
  const { truncation = 'probabilistic', ...others } = { ...(options as { readonly truncation?: unknown }) };
  const known = truncation === 'probabilistic' || truncation === 'exact';
  if (typeof options !== 'object' || options === null || !known || Object.keys(others).length > 0)
    throw invalid(`${name} takes { truncation }, which is "probabilistic" or "exact"`);
  return truncation;
}

/** Checks how products are truncated, which is their only parameter. */
const truncating =
  (result: Operation['result']): Operation['result'] =>
  (forms, params, name) => {
    truncationOf(params[0], name);
    return result(forms, params, name);
  };
/** Of both fixed a fixed number, and of one of them. */
const ofBoth = (shapeOf: (x: Shape, y: Shape, name: string) => Shape): Operation['result'] =>
  truncating(([x, y], _, name) =>
    form(shapeOf(own(x).shape, own(y).shape, name), own(x).dtype === 'fixed' ? 'fixed' : own(y).dtype),
  );

/** Sums of so many products each. */
function boundOfProducts(input: BoundInput, each: Interval, count: number, what: string): Interval {
  const [x, y = x] = input.operands as [BoundedOperand, BoundedOperand?];
  const all = times(each, BigInt(count));
  const fracBits = places(x, input) + places(y, input);
  if (x.dtype !== 'fixed' || y.dtype !== 'fixed') return below(all, RING_BITS, what, fracBits);
  return truncated(below(all, TRUNCATED_BITS, what, fracBits), input.fracBits);
}

const ofProducts: Accuracy = {
  text: "2^-f; `{ truncation: 'exact' }`: rounded down; with integers and by public whole numbers exact",
  of: (_, input) => (isTruncated(input) ? ulp(input) : 0),
};
const sumOfProducts = rule(
  'sums of k products as products: two fixed numbers below 2^(62-2f), with integers below 2^(63-f)',
  'k times the products of the ends',
  (input) =>
    boundOfProducts(
      input,
      product(one(input).bound, two(input).bound),
      one(input).shape.at(-1) ?? 1,
      'its sums of products',
    ),
  ofProducts,
);

/** Of numbers one by one, or of matrices of these dimensions. */
function productCost(c: ProtocolCosts, call: Call, dims?: MatrixDims): Cost {
  const { operands, params, fracBits } = call;
  const [x, y = x] = operands as [OperandForm, OperandForm?];
  const n = elementCount(call.shape);
  const inRing = (): Cost => (dims ? c.matmulSS(dims) : c.mulSS(n));
  if (!isTruncated(call)) return y.secret ? inRing() : local(c);
  if (truncationOf(params[0], 'a product') === 'exact')
    return y.secret ? inSequence(inRing(), c.truncExactS(n, fracBits)) : c.truncExactS(n, fracBits);
  if (!y.secret) return c.truncS(n, fracBits);
  return dims ? c.matmulTruncSS(dims, fracBits) : c.mulTruncSS(n, fracBits);
}

const factors: Takes = { operands: 1, on: numbers, others: 'numbers', publicly: 'itself' };
const exact = [{ truncation: 'exact' }];

/** Of [batch, m, k] and [batch, k, n], as matrixProduct reads their shapes. */
function matmulPlain(input: PlainInput): Float64Array {
  const [x, y] = [first(input), second(input)];
  const { batch, rows, inner, columns } = matrixProduct(x.shape, y.shape, 'matmul').dims;
  return Float64Array.from({ length: batch * rows * columns }, (_, i) => {
    const [matrix, row, column] = [
      Math.floor(i / rows / columns),
      Math.floor(i / columns) % rows,
      i % columns,
    ];
    let sum = 0;
    for (let k = 0; k < inner; k++)
      sum +=
        at(x.data, (matrix * rows + row) * inner + k) * at(y.data, (matrix * inner + k) * columns + column);
    return sum;
  });
}

function dotPlain(input: PlainInput): Float64Array {
  const [x, y] = [first(input), second(input)];
  const size = x.shape.at(-1) ?? 1;
  const products = x.data.map((value, i) => value * at(y.data, i));
  return Float64Array.from({ length: products.length / size }, (_, i) =>
    total(products.subarray(i * size, (i + 1) * size)),
  );
}

/** Of vectors of `inner` elements, whose sums of products stay in the domain. */
const domainOf = (inner: number): Sample['over'] => {
  const edge = Math.floor(ROOT / Math.sqrt(inner));
  return [
    [
      [-edge, edge],
      [edge, -edge],
    ],
  ];
};

export const products: readonly Operation[] = [
  {
    name: 'mul',
    takes: factors,
    result: ofBoth(broadcastShapes),
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
    cost: (c, call) => productCost(c, call),
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
    cost: (c, call) => productCost(c, call),
    run: (on, { x, params: [options] }) => square(on, x, truncationOf(options, 'square')),
    plain: unaryPlain((x) => x * x),
    samples: ({ count }) => [
      way([aFixed(count)], { what: '', over: [[[-ROOT, ROOT]]] }),
      way([aFixed(count)], { params: exact, over: [[[-ROOT, ROOT]]] }),
      way([anInteger(count)]),
    ],
  },
  {
    name: 'dot',
    takes: factors,
    result: ofBoth(dotShape),
    bounds: sumOfProducts,
    cost: (c, call) => {
      const inner = call.operands[0]?.shape.at(-1) ?? 1;
      return productCost(c, call, { batch: elementCount(call.shape), rows: 1, inner, columns: 1 });
    },
    run: (on, { x, others: [y], params: [options] }) =>
      dot(on, x, y as Operand, truncationOf(options, 'dot')),
    plain: dotPlain,
    samples: ({ rows, axis, side }) => {
      const [x, k] = [aFixed(rows, axis), anInteger(rows, axis)];
      const over = domainOf(axis);
      return [
        way([x, x], { what: `two vectors of ${axis}`, per: rows, over }),
        way([x, x], { params: exact, over }),
        way([x, aPublic('fixed', rows, axis)], { over }),
        way([x, k], { over }),
        way([k, x], { over }),
        way([aFixed(2, side, 3), aFixed(2, side, 3)], { over: domainOf(3) }),
      ];
    },
  },
  {
    name: 'matmul',
    takes: factors,
    result: ofBoth((x, y, name) => matrixProduct(x, y, name).shape),
    bounds: sumOfProducts,
    cost: (c, call) => {
      const [x, y] = call.operands as [OperandForm, OperandForm];
      return productCost(c, call, matrixProduct(x.shape, y.shape, 'matmul').dims);
    },
    run: (on, { x, others: [y], params: [options] }) =>
      matmul(on, x, y as Operand, truncationOf(options, 'matmul')),
    plain: matmulPlain,
    samples: ({ side }) => {
      const [x, k] = [aFixed(side, side), anInteger(side, side)];
      const over = domainOf(side);
      return [
        way([x, x], { what: `an element of the result, ${side} × ${side} by ${side} × ${side}`, over }),
        way([x, x], { what: 'exact', params: exact, over }),
        way([x, aPublic('fixed', side, side)], { what: 'by a public matrix', over }),
        way([k, k], { what: 'integers' }),
        way([x, k], { what: 'fixed numbers and integers', over }),
        way([k, x], { over }),
        way([aFixed(3, 1, 2), aFixed(3, 2, 4)]),
        way([x, aFixed(side)], { over }),
        way([k, aPublic('integer', side, side)]),
      ];
    },
  },
];
