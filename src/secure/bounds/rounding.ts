/** Public numbers beside secrets: fixed point rounds them, and a small one to another number. */
import { UsageError } from '../../base/errors.ts';
import type { Publicly } from '../ops/operation.ts';
import { positionText, type Shape } from '../ring/shape.ts';
import type { Numbers } from '../ring/tensor.ts';

/**
 * A number may be off by so much of itself: what it multiplies is then off by as much, whatever its size. With 18
 * fractional bits none from 0.0005 on is off by more.
 */
const ROUNDING_MAX = 1 / 256;

interface Worst {
  readonly at: number;
  /** Of itself. */
  readonly off: number;
  readonly rounded: number;
}

/** Public numbers, and what they are given to. */
export interface Given {
  readonly to: string;
  readonly values: Numbers;
  /** None: a single number. */
  readonly shape: Shape;
  readonly fracBits: number;
}

/**
 * Refuses numbers that fixed point makes 0, or others: the result would be wrong without a word. An exact 0 stays one,
 * and what is a multiple of 2^-f already is never off: so a job can round by itself what may be rounded. Some 5 ns an
 * element.
 * @throws {UsageError} PRIVITY_SECURE_ROUNDING with the first of those that are off the most; the number itself for the
 *   party's own log, since others may not have it
 */
export function checkRounding(given: Given, publicly: Publicly | undefined): void {
  if (publicly === 'exact') return;
  const { values, fracBits } = given;
  const unit = 2 ** fracBits;
  let worst: Worst = { at: 0, off: 0, rounded: 0 };
  let somethingLeft = false;
  for (let at = 0; at < values.length; at++) {
    const value = Number(values[at]);
    if (value === 0) continue;
    const rounded = Math.round(value * unit) / unit;
    // What becomes 0 is off by all of itself; the half that is rounded up is, too.
    const off = rounded === 0 ? Number.POSITIVE_INFINITY : Math.abs(rounded - value) / Math.abs(value);
    somethingLeft ||= rounded !== 0;
    if (off > worst.off) worst = { at, off, rounded };
  }
  const { off, rounded } = worst;
  if (off === 0 || (publicly === 'summand' && somethingLeft)) return;
  if (publicly === 'itself' ? off > ROUNDING_MAX : rounded === 0) throw refused(given, worst);
}

function refused({ to, values, shape, fracBits }: Given, { at, off, rounded }: Worst): UsageError {
  const list = shape.length === 0 ? 'a public number' : `public numbers of shape [${shape}]`;
  const which = shape.length === 0 ? 'it' : `the one at ${positionText(at, shape)}`;
  const is = rounded === 0 ? '0' : `another number, more than ${percent(ROUNDING_MAX)} off`;
  const divide =
    to === 'mul' ? 'Divide by one over it (div takes public numbers as they are), share' : 'Share';
  const becomes = rounded === 0 ? '0' : `${rounded}, ${percent(off)} off`;
  return new UsageError(
    'PRIVITY_SECURE_ROUNDING',
    `${to} with ${list}: fixed point with ${fracBits} fractional bits makes ${which} ${is}. ` +
      `${divide} secrets in another unit, or give the device more fractional bits (fracBits). ` +
      `If what it becomes will do, say so by rounding beforehand: Math.round(x * 2 ** ${fracBits}) / 2 ** ${fracBits}.`,
    { own: `It is ${Number(values[at])} and becomes ${becomes} (for this party only).` },
  );
}

const percent = (part: number): string => `${Math.round(1000 * part) / 10} %`;
