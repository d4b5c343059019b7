/**
 * What every operation does first: check its operands, and bring them into one form and shape. All before the first
 * message.
 */
import { UsageError } from '../../base/errors.ts';
import type { Dtype } from '../ring/fixed-point.ts';
import { broadcastIndex, broadcastShapes, broadcastStrides, checkShape, type Shape } from '../ring/shape.ts';
import { dtypeMismatch, type PublicTensor, publicTensor } from '../ring/tensor.ts';
import type { Operand, SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { gatherBits } from '../sharing/linear.ts';
import type { Arith, Bits, Words } from '../sharing/shares.ts';
import { copyOfView, wordsOfView } from '../sharing/views.ts';
import { closed } from '../violations.ts';

export type NumberType = 'fixed' | 'integer';

/** A secret of this device whose session lives. @throws {UsageError} PRIVITY_DEVICE_MISMATCH, PRIVITY_SECURE_CLOSED */
export function checkOwn(on: Evaluator, x: SecretTensor, what: string): void {
  if (x.session !== on.session) {
    throw new UsageError(
      'PRIVITY_DEVICE_MISMATCH',
      `${what}: an operand is a secret of another secure device or scope.`,
    );
  }
  if (on.session.destroyed) throw closed();
}

export function numbersOf(
  on: Evaluator,
  x: SecretTensor,
  what: string,
  ...types: readonly NumberType[]
): Arith {
  checkOwn(on, x, what);
  const { shares, dtype } = x;
  if (shares.kind !== 'arith' || (types.length > 0 && !types.includes(dtype as NumberType))) {
    throw dtypeMismatch(
      `${what} takes ${types.length > 0 ? types.join(' or ') : 'fixed or integer'} numbers, not ${dtype}`,
    );
  }
  return shares;
}

export function booleansOf(on: Evaluator, x: SecretTensor, what: string): Bits {
  checkOwn(on, x, what);
  if (x.shares.kind !== 'bits') throw dtypeMismatch(`${what} takes booleans, not ${x.dtype} numbers`);
  return x.shares;
}

export function secret(on: Evaluator, dtype: Dtype, shape: Shape, shares: Arith | Bits): SecretTensor {
  checkShape(shape, 'a result');
  return { kind: 'secret', session: on.session, dtype, shape: Object.freeze([...shape]), shares };
}

/** Two operands of one shape: each secret or public. */
export interface Pair {
  readonly shape: Shape;
  readonly x: Side;
  readonly y: Side;
}

export type Side =
  | { readonly secret: true; readonly dtype: Dtype; readonly shares: Arith }
  | { readonly secret: false; readonly dtype: Dtype; readonly words: Words };

/**
 * Broadcasts two number operands, at least one of which is secret.
 * @throws {UsageError} PRIVITY_SHAPE_MISMATCH, PRIVITY_DEVICE_MISMATCH, PRIVITY_SECURE_DTYPE
 */
export function pairOf(on: Evaluator, x: Operand, y: Operand, what: string): Pair {
  const like = typeof x === 'object' ? x.dtype : typeof y === 'object' ? y.dtype : 'fixed';
  const a = tensorOf(on, x, like);
  const b = tensorOf(on, y, like);
  if (a.kind === 'public' && b.kind === 'public')
    throw dtypeMismatch(`${what} needs at least one secret operand`);
  const shape = broadcastShapes(a.shape, b.shape, what);
  checkShape(shape, what);
  return { shape, x: sideOf(on, a, shape, what), y: sideOf(on, b, shape, what) };
}

export function tensorOf(on: Evaluator, x: Operand, dtype: Dtype): SecretTensor | PublicTensor {
  return typeof x === 'number' ? publicTensor(x, { dtype, fracBits: on.fracBits }) : x;
}

function sideOf(on: Evaluator, x: SecretTensor | PublicTensor, shape: Shape, what: string): Side {
  if (x.kind === 'secret') {
    return { secret: true, dtype: x.dtype, shares: broadcastNumbers(numbersOf(on, x, what), x.shape, shape) };
  }
  checkPublic(on, x, what);
  return { secret: false, dtype: x.dtype, words: broadcastWords(x.words, x.shape, shape) };
}

/** @throws {UsageError} PRIVITY_SECURE_DTYPE: booleans, or another number of fractional bits than the device's */
export function checkPublic(on: Evaluator, x: PublicTensor, what: string): void {
  if (x.dtype === 'boolean') throw dtypeMismatch(`${what} takes numbers, not booleans`);
  if (x.dtype === 'fixed' && x.fracBits !== on.fracBits) {
    throw dtypeMismatch(
      `${what}: a public tensor with ${x.fracBits} fractional bits on a device with ${on.fracBits}`,
    );
  }
}

export function broadcastNumbers(x: Arith, from: Shape, to: Shape): Arith {
  const strides = broadcastStrides(from, to);
  return strides === undefined ? x : copyOfView(x, { shape: to, strides });
}

export function broadcastBits(x: Bits, from: Shape, to: Shape): Bits {
  const index = broadcastIndex(from, to);
  return index === undefined ? x : gatherBits(x, index);
}

export function broadcastWords(x: Words, from: Shape, to: Shape): Words {
  const strides = broadcastStrides(from, to);
  return strides === undefined ? x : wordsOfView(x, { shape: to, strides });
}

/** Shares of either side: public ones in the form of shares. */
export function sharesOf(on: Evaluator, side: Side): Arith {
  return side.secret ? side.shares : on.protocol.publicA(side.words);
}

/** @throws {UsageError} PRIVITY_SECURE_DTYPE */
export function sameType(x: Side, y: Side, what: string): NumberType {
  if (x.dtype !== y.dtype) {
    throw dtypeMismatch(`${what}: operands are ${x.dtype} and ${y.dtype}; cast one of them`);
  }
  return x.dtype as NumberType;
}
