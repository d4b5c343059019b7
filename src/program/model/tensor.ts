import { UsageError } from '../../base/errors.ts';
import { fits, isTypedArray, type Tensor, type TypedArray } from '../../wire/value-kinds.ts';

/**
 * Typed array with dimensions, row-major. An ordinary frozen record { shape, data }, so it can be sent and revealed.
 * @param shape non-negative integers whose product is the length of `data`; [] for a single number
 * @throws {UsageError} PRIVITY_STEP_INVALID if the shape does not fit the data
 * @example const matrix = tensor([2, 3], Float64Array.of(1, 2, 3, 4, 5, 6));
 */
export function tensor<D extends TypedArray>(shape: readonly number[], data: D): Tensor<D> {
  if (!isTypedArray(data)) throw new UsageError('PRIVITY_STEP_INVALID', 'A tensor needs a typed array.');
  if (!Array.isArray(shape) || !fits(shape, data.length)) {
    throw new UsageError(
      'PRIVITY_STEP_INVALID',
      `A tensor of ${data.length} numbers does not have the given shape of ${shape.length} dimensions.`,
    );
  }
  return Object.freeze({ shape: Object.freeze([...shape]), data });
}
