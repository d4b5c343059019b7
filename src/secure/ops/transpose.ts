/**
 * Axes in another order. A matrix that is only transposed is not copied until somebody asks for its elements: a matrix
 * product reads it as it stands, so `x.transpose().matmul(y)` costs what the product costs.
 */
import { axisOf, elementCount, gridIndex, shapeMismatch, stridesOf } from '../ring/shape.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { gatherBits } from '../sharing/linear.ts';
import type { Arith } from '../sharing/shares.ts';
import { copyOfView, transposeEach } from '../sharing/views.ts';
import { checkOwn, secret } from './operands.ts';

/** What transposed matrices are the transposed of, while they are kept. */
const standing = new WeakMap<SecretTensor, SecretTensor & { readonly shares: Arith }>();

/** The tensor whose last two axes are exchanged in `x`, if that is all that `x` is. */
export const untransposed = (x: SecretTensor): (SecretTensor & { readonly shares: Arith }) | undefined =>
  standing.get(x);

export function transpose(on: Evaluator, x: SecretTensor, axes?: readonly number[]): SecretTensor {
  checkOwn(on, x, 'transpose');
  const order = (axes ?? [...x.shape.keys()].reverse()).map((axis) => axisOf(x.shape, axis, 'transpose'));
  if (new Set(order).size !== x.shape.length) {
    throw shapeMismatch(`transpose: [${axes}] does not name every axis of [${x.shape}] once`);
  }
  const shape = order.map((axis) => x.shape[axis] ?? 1);
  const strides = stridesOf(x.shape);
  const view = { shape, strides: order.map((axis) => strides[axis] ?? 0) };
  const { shares, dtype } = x;
  if (shares.kind === 'bits')
    return secret(on, dtype, shape, gatherBits(shares, gridIndex(shape, view.strides)));
  const split = splitOf(order);
  if (split === undefined) return secret(on, dtype, shape, copyOfView(shares, view));
  const sizes = {
    batch: elementCount(x.shape.slice(0, split.from)),
    rows: elementCount(x.shape.slice(split.from, split.at)),
    columns: elementCount(x.shape.slice(split.at)),
  };
  const work = (): Arith => transposeEach(on.kernels, shares, sizes);
  const isMatrix = split.at === split.from + 1 && split.at === x.shape.length - 1;
  if (!isMatrix) return secret(on, dtype, shape, work());
  const later = whenAsked({ ...x, shape: Object.freeze(shape) }, work);
  standing.set(later, { ...x, shares });
  return later;
}

/** An order that exchanges all axes from `from` up to `at` with all behind: a batch of transposed matrices. */
function splitOf(order: readonly number[]): { readonly from: number; readonly at: number } | undefined {
  const from = order.findIndex((axis, i) => axis !== i);
  const at = order[from];
  if (at === undefined) return undefined;
  const turned = [...order.keys()].slice(from);
  const wanted = [...turned.slice(at - from), ...turned.slice(0, at - from)];
  return wanted.every((axis, i) => axis === order[from + i]) ? { from, at } : undefined;
}

function whenAsked(like: SecretTensor, work: () => Arith): SecretTensor {
  let made: Arith | undefined;
  return {
    kind: 'secret',
    session: like.session,
    dtype: like.dtype,
    shape: like.shape,
    get shares() {
      made ??= work();
      return made;
    },
  };
}
