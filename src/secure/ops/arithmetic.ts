/** Sums and products. Costs are those of rep3, mean of members; docs/protocols.md has those of every protocol. */
import { encodeNumber, isWholeFactor } from '../ring/fixed-point.ts';
import { checkShape, dotShape, elementCount, matrixProduct } from '../ring/shape.ts';
import { dtypeMismatch } from '../ring/tensor.ts';
import type { Operand, SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, matmulPS, matmulSP, mulSP, scaleS, subSS } from '../sharing/linear.ts';
import { type Arith, likewise } from '../sharing/shares.ts';
import {
  checkPublic,
  numbersOf,
  type Pair,
  pairOf,
  sameType,
  secret,
  sharesOf,
  tensorOf,
} from './operands.ts';

/**
 * How products of fixed numbers lose their additional fractional bits. `probabilistic`: up or down, by the low bits of shares; `exact`:
 * always down.
 */
export type Truncation = 'probabilistic' | 'exact';

/** Element-wise sum; shapes broadcast. Local. Domain: the sum below 2^(63 - fracBits); outside it wraps silently. */
export async function add(on: Evaluator, x: Operand, y: Operand): Promise<SecretTensor> {
  const pair = pairOf(on, x, y, 'add');
  const dtype = sameType(pair.x, pair.y, 'add');
  return secret(
    on,
    dtype,
    pair.shape,
    moved(pair, addSS(on.kernels, sharesOf(on, pair.x), sharesOf(on, pair.y))),
  );
}

/** Element-wise difference. Local; domain as {@link add}. */
export async function sub(on: Evaluator, x: Operand, y: Operand): Promise<SecretTensor> {
  const pair = pairOf(on, x, y, 'sub');
  const dtype = sameType(pair.x, pair.y, 'sub');
  return secret(
    on,
    dtype,
    pair.shape,
    moved(pair, subSS(on.kernels, sharesOf(on, pair.x), sharesOf(on, pair.y))),
  );
}

/** A public number more or less hides nothing of how a secret was rounded; another secret does. */
function moved({ x, y }: Pair, sum: Arith): Arith {
  if (x.secret && y.secret) return sum;
  return likewise([...(x.secret ? [x.shares] : []), ...(y.secret ? [y.shares] : [])], sum);
}

/** -x, exact. Local. */
export async function neg(on: Evaluator, x: SecretTensor): Promise<SecretTensor> {
  return secret(on, x.dtype, x.shape, scaleS(on.kernels, numbersOf(on, x, 'neg'), MINUS_ONE));
}

/**
 * Element-wise product; shapes broadcast; fixed times integer is fixed.
 *
 * Domain: |x·y| < 2^(62 - 2·fracBits) (2^26 by default) where both are fixed, otherwise the type's; outside it wraps silently.
 * Accuracy: fixed times fixed: less than 2^-fracBits beside the product of the operands as they stand; otherwise exact.
 * Cost: fixed: 2 rounds, 10.25 bytes an element (8 + fracBits/8), secret or public; with an integer: 1 round, 8 bytes; with a public
 *   whole number: local. `exact`: the product of two fixed numbers rounded down, whatever the shares are; then 12 rounds, 32.9 bytes an
 *   element, by a public number 11 rounds, 24.9 bytes.
 */
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
      if (fixed && truncation === 'exact') product = await truncated(on, product, truncation);
    } else {
      const [shares, words] = a.secret ? [a.shares, b] : [(b as { shares: Arith }).shares, a];
      const raw = mulSP(kernels, shares, words.secret ? new BigUint64Array(0) : words.words);
      product = fixed ? await truncated(on, raw, truncation) : raw;
    }
    return secret(on, dtype, pair.shape, product);
  });
}

/** x·x; domain, accuracy and cost as {@link mul}. */
export function square(on: Evaluator, x: SecretTensor, truncation?: Truncation): Promise<SecretTensor> {
  return mul(on, x, x, truncation);
}

function truncated(
  { protocol, fiber, fracBits }: Evaluator,
  x: Arith,
  truncation: Truncation,
): Promise<Arith> {
  return truncation === 'exact'
    ? protocol.truncExactS(fiber, x, fracBits)
    : protocol.truncS(fiber, x, fracBits);
}

/**
 * Matrix product of [.., m, k] and [.., k, n]; a vector counts as a row on the left, as a column on the right, and is dropped from
 * the result. Leading dimensions agree. Sums of products are truncated once.
 *
 * Domain: every sum |Σ x·y| < 2^(62 - 2·fracBits). Accuracy: less than 2^-fracBits, whatever the inner dimension.
 * Cost: fixed: 2 rounds, 10.25 bytes an element of the result (8 + fracBits/8), secret or public; with integers: 1 round, 8 bytes;
 *   with public integers: local. `exact` as in {@link mul}, for as much more.
 */
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
      return secret(on, dtype, shape, fixed ? await truncated(on, raw, truncation) : raw);
    }
    let raw: Arith;
    if (left !== undefined && b.kind === 'public') raw = matmulSP(kernels, left, b.words, dims);
    else if (right !== undefined && a.kind === 'public') raw = matmulPS(kernels, a.words, right, dims);
    else throw dtypeMismatch('matmul needs at least one secret operand');
    return secret(on, dtype, shape, fixed ? await truncated(on, raw, truncation) : raw);
  });
}

/** Σ x·y along the last axis of two tensors of one shape. Domain, accuracy and cost as {@link matmul}: one element of result for each. */
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

const MINUS_ONE = 2n ** 64n - 1n;
