/** Products of matrices, and of vectors. Their sums are truncated once. */
import { product } from '../bounds/interval.ts';
import { type BoundInput, one, rule, two } from '../bounds/rule.ts';
import { checkShape, dotShape, elementCount, matrixProduct, type Transposed } from '../ring/shape.ts';
import { dtypeMismatch, type PublicTensor } from '../ring/tensor.ts';
import type { Operand, SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { matmulPS, matmulSP } from '../sharing/linear.ts';
import type { Arith } from '../sharing/shares.ts';
import { invalid } from './forms.ts';
import { checkOwn, checkPublic, numbersOf, secret, tensorOf } from './operands.ts';
import type { Call, OperandForm, Operation, PlainInput, Sample } from './operation.ts';
import { at, first, second, total } from './plain.ts';
import {
  boundOfProducts,
  exact,
  factors,
  ofBoth,
  ofProducts,
  productCost,
  type Truncation,
  truncate,
  truncating,
  truncationOf,
} from './products.ts';
import { aFixed, anInteger, aPublic, ROOT, way } from './samples.ts';
import { untransposed } from './transpose.ts';

export async function matmul(
  on: Evaluator,
  x: Operand,
  y: Operand,
  truncation: Truncation = 'probabilistic',
  transposed: Transposed = {},
): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const a = tensorOf(on, x, 'fixed');
  const b = tensorOf(on, y, 'fixed');
  const { shape } = matrixProduct(a.shape, b.shape, 'matmul', transposed);
  checkShape(shape, 'matmul');
  const left = factorOf(on, a, transposed.transposeLeft);
  const right = factorOf(on, b, transposed.transposeRight);
  const { dims } = matrixProduct(left.shape, right.shape, 'matmul', {
    transposeLeft: left.transposed,
    transposeRight: right.transposed,
  });
  const fixed = a.dtype === 'fixed' && b.dtype === 'fixed';
  const dtype = a.dtype === 'fixed' || b.dtype === 'fixed' ? 'fixed' : 'integer';
  return fiber.as('matmul', async () => {
    if (left.shares !== undefined && right.shares !== undefined) {
      if (fixed && truncation === 'probabilistic') {
        const product = await protocol.matmulTruncSS(fiber, left.shares, right.shares, dims, on.fracBits);
        return secret(on, dtype, shape, product);
      }
      const raw = await protocol.matmulSS(fiber, left.shares, right.shares, dims);
      return secret(on, dtype, shape, fixed ? await truncate(on, raw, truncation) : raw);
    }
    let raw: Arith;
    if (left.shares !== undefined && b.kind === 'public') raw = matmulSP(kernels, left.shares, b.words, dims);
    else if (right.shares !== undefined && a.kind === 'public')
      raw = matmulPS(kernels, a.words, right.shares, dims);
    else throw dtypeMismatch('matmul needs at least one secret operand');
    return secret(on, dtype, shape, fixed ? await truncate(on, raw, truncation) : raw);
  });
}

/** A factor as it stands in memory: what is a transposed matrix, and nothing else yet, is read transposed instead. */
function factorOf(on: Evaluator, x: SecretTensor | PublicTensor, transposed = false) {
  if (x.kind === 'public') {
    checkPublic(on, x, 'matmul');
    return { shape: x.shape, transposed };
  }
  const standing = untransposed(x);
  if (standing === undefined) return { shape: x.shape, transposed, shares: numbersOf(on, x, 'matmul') };
  checkOwn(on, x, 'matmul');
  return { shape: standing.shape, transposed: !transposed, shares: standing.shares };
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

interface MatmulOptions extends Transposed {
  readonly truncation: Truncation;
}

const BESIDES = ', and { transposeLeft, transposeRight }, which are true or false';

/** @throws {UsageError} PRIVITY_STEP_INVALID */
function matmulOptions(options: unknown): MatmulOptions {
  if (options === undefined || typeof options !== 'object' || options === null)
    return { truncation: truncationOf(options, 'matmul', BESIDES) };
  const { transposeLeft = false, transposeRight = false, ...rest } = options as Record<string, unknown>;
  if (typeof transposeLeft !== 'boolean' || typeof transposeRight !== 'boolean')
    throw invalid(`matmul takes { truncation }${BESIDES}`);
  return { truncation: truncationOf(rest, 'matmul', BESIDES), transposeLeft, transposeRight };
}

/** How its factors stand in memory, as their shapes and the options say. */
const layoutOf = (
  [x, y]: readonly Pick<OperandForm, 'shape'>[],
  params: readonly unknown[],
): ReturnType<typeof matrixProduct>['dims'] =>
  matrixProduct(x?.shape ?? [], y?.shape ?? [], 'matmul', matmulOptions(params[0])).dims;

const sumOfProducts = (innerOf: (input: BoundInput) => number) =>
  rule(
    'sums of k products as products: two fixed numbers below 2^(62-2f), with integers below 2^(63-f)',
    'k times the products of the ends',
    (input) =>
      boundOfProducts(
        input,
        product(one(input).bound, two(input).bound),
        innerOf(input),
        'its sums of products',
      ),
    ofProducts,
  );

/** Of [batch, m, k] and [batch, k, n], as matrixProduct reads their shapes. */
function matmulPlain(input: PlainInput): Float64Array {
  const [x, y] = [first(input), second(input)];
  const layout = layoutOf(input.operands, input.params);
  const { batch, rows, inner, columns, transposeLeft, transposeRight } = layout;
  return Float64Array.from({ length: batch * rows * columns }, (_, i) => {
    const [matrix, row, column] = [
      Math.floor(i / rows / columns),
      Math.floor(i / columns) % rows,
      i % columns,
    ];
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      const left = transposeLeft ? k * rows + row : row * inner + k;
      const right = transposeRight ? column * inner + k : k * columns + column;
      sum += at(x.data, matrix * rows * inner + left) * at(y.data, matrix * inner * columns + right);
    }
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

const dotCost: Operation['cost'] = (c, call: Call) => {
  const inner = call.operands[0]?.shape.at(-1) ?? 1;
  const dims = { batch: elementCount(call.shape), rows: 1, inner, columns: 1 };
  return productCost(c, call, truncationOf(call.params[0], 'dot'), dims);
};

export const matrixProducts: readonly Operation[] = [
  {
    name: 'dot',
    takes: factors,
    result: truncating(ofBoth(dotShape)),
    bounds: sumOfProducts((input) => one(input).shape.at(-1) ?? 1),
    cost: dotCost,
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
    result: ofBoth((x, y, name, [options]) => matrixProduct(x, y, name, matmulOptions(options)).shape),
    bounds: sumOfProducts(({ operands, params }) => layoutOf(operands, params).inner),
    cost: (c, call) => {
      const { truncation } = matmulOptions(call.params[0]);
      return productCost(c, call, truncation, layoutOf(call.operands, call.params));
    },
    run: (on, { x, others: [y], params: [options] }) => {
      const { truncation, ...transposed } = matmulOptions(options);
      return matmul(on, x, y as Operand, truncation, transposed);
    },
    plain: matmulPlain,
    samples: ({ side, axis }) => {
      const [x, k] = [aFixed(side, side), anInteger(side, side)];
      const over = domainOf(side);
      const [left, right, both] = [
        [{ transposeLeft: true }],
        [{ transposeRight: true }],
        [{ transposeLeft: true, transposeRight: true }],
      ];
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
        // Of two sides, so that a factor that is read the wrong way has the wrong shape or the wrong numbers.
        way([aFixed(axis, side), aFixed(axis, 3)], { params: left, over: domainOf(axis) }),
        way([aFixed(axis, side), aFixed(axis)], { params: left, over: domainOf(axis) }),
        way([anInteger(3, axis), anInteger(side, axis)], { params: right }),
        way([aFixed(2, axis, 3), aFixed(2, 2, axis)], { params: both, over: domainOf(axis) }),
        way([aFixed(axis, side), aPublic('fixed', axis, 3)], { params: left, over: domainOf(axis) }),
        way([aFixed(axis, side), aFixed(2, axis)], {
          params: [{ truncation: 'exact', ...both[0] }],
          over: domainOf(axis),
        }),
      ];
    },
  },
];
