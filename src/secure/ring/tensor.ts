import { UsageError } from '../../base/errors.ts';
import type { Words } from '../sharing/shares.ts';
import { type Dtype, decode, encode, FRAC_BITS } from './fixed-point.ts';
import { checkShape, elementCount, type Shape, shapeMismatch } from './shape.ts';

/** A tensor that every member has, in the form in which the secure device computes. */
export interface PublicTensor {
  readonly kind: 'public';
  readonly dtype: Dtype;
  readonly shape: Shape;
  /** Of fixed numbers; 0 otherwise. */
  readonly fracBits: number;
  /** One element a word, row-major. */
  readonly words: Words;
  /** As they were given, for an operation that rounds them by itself. */
  readonly exact?: Float64Array;
}

/** What numbers may come as. */
export type Numbers = ArrayLike<number | boolean>;

/**
 * A public tensor of numbers.
 * @param shape default: a vector, or [] for a plain number
 * @throws {DataError} PRIVITY_SECURE_DOMAIN, PRIVITY_TENSOR_EMPTY, PRIVITY_SECURE_LIMIT
 * @throws {UsageError} PRIVITY_SHAPE_MISMATCH
 */
export function publicTensor(
  values: number | boolean | Numbers,
  options: {
    readonly dtype?: Dtype;
    readonly shape?: Shape;
    readonly fracBits?: number;
    /** Keeps the numbers as they are given, too. */
    readonly exact?: boolean;
  } = {},
): PublicTensor {
  const { dtype = 'fixed', fracBits = FRAC_BITS } = options;
  const plain = typeof values === 'number' || typeof values === 'boolean';
  const list = plain ? [values] : values;
  const shape = Object.freeze([...(options.shape ?? (plain ? [] : [list.length]))]);
  checkShape(shape, 'public tensor');
  if (elementCount(shape) !== list.length) {
    throw shapeMismatch(`public tensor: ${list.length} numbers do not have the shape [${shape}]`);
  }
  return {
    kind: 'public',
    dtype,
    shape,
    fracBits: dtype === 'fixed' ? fracBits : 0,
    words: encode(list, dtype, fracBits, shape),
    ...(options.exact && { exact: Float64Array.from(list as ArrayLike<number>, Number) }),
  };
}

/** The numbers of a public tensor, as exact as it has them. */
export const publicNumbers = ({ words, dtype, fracBits, exact }: PublicTensor): Float64Array =>
  exact ?? decode(words, dtype, fracBits);

/** The number of a public tensor that is a single one: operations know whole factors by it. */
export function singleNumber(tensor: PublicTensor): number | undefined {
  return tensor.dtype === 'boolean' || tensor.shape.length > 0 ? undefined : publicNumbers(tensor)[0];
}

export function dtypeMismatch(text: string): UsageError {
  return new UsageError('PRIVITY_SECURE_DTYPE', `${text}.`);
}
