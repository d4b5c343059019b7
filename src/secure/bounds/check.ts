/** At the owner, before anything leaves: whether its numbers are what every party was told of them. */
import { DataError } from '../../base/errors.ts';
import type { Dtype } from '../ring/fixed-point.ts';
import { positionText, type Shape } from '../ring/shape.ts';
import { boundText, fracBitsOf } from './declare.ts';
import type { Interval } from './interval.ts';

export interface Declared {
  readonly dtype: Dtype;
  readonly shape: Shape;
  readonly bound: Interval;
  /** Whether the job says the bound; otherwise it is what holds where nothing is said. */
  readonly declared: boolean;
  /** Whether numbers beyond the bound are refused; a run on plaintext goes on, and tells them. */
  readonly checked: boolean;
}

/**
 * NaN is left to the caller, which knows where it can come from. Cost: some 2 ns an element.
 * @throws {DataError} PRIVITY_SECURE_DOMAIN with row and column; the largest magnitude for the owner's own log
 */
export function checkBound(
  values: ArrayLike<number | boolean>,
  { dtype, shape, bound, declared }: Declared,
  fracBits: number,
  name: string,
): void {
  const places = fracBitsOf(dtype, fracBits);
  const scale = 2 ** places;
  const [min, max] = [Number(bound.min), Number(bound.max)];
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    // As words, since words are bounded: the last bit is rounded.
    const word = Math.round(value * scale);
    if (word < min || word > max || (dtype !== 'fixed' && word !== value && !Number.isNaN(value))) {
      const where = `"${name}": the value at ${positionText(i, shape)} of what is shared is`;
      if (dtype === 'boolean')
        throw new DataError('PRIVITY_SECURE_DOMAIN', `${where} not 0 or 1, and was to be shared as boolean.`);
      if (word >= min && word <= max)
        throw new DataError(
          'PRIVITY_SECURE_DOMAIN',
          `${where} no whole number, and was to be shared as integer.`,
        );
      const beyond = word > max ? 'above' : 'below';
      const said = declared ? 'what the job says of it' : 'what holds where the job says nothing';
      throw new DataError(
        'PRIVITY_SECURE_DOMAIN',
        `${where} ${beyond} ${said}, ${boundText(bound, dtype, fracBits)}. ` +
          'Say what such data can be at most: .to(device, { shape, min, max }).',
        { own: `The numbers here are ${spanText(values)} (for this party only).` },
      );
    }
  }
}

function spanText(values: ArrayLike<number | boolean>): string {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return `${least} to ${most}, at most ${Math.max(Math.abs(least), Math.abs(most))} in magnitude`;
}
