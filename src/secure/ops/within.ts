/** Bounds that are made, assumed, and checked. */
import { DataError, invariant } from '../../base/errors.ts';
import { boundText, declaredBound, fracBitsOf, type Range } from '../bounds/declare.ts';
import { clamped, type Interval, interval, realOf } from '../bounds/interval.ts';
import { checkRounding } from '../bounds/rounding.ts';
import { type BoundInput, compared, one, rule } from '../bounds/rule.ts';
import { type Cost, inSequence } from '../cost.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { addSS, concat, gather, slice, subSS } from '../sharing/linear.ts';
import { type Arith, arith, type Bits } from '../sharing/shares.ts';
import { each, local } from './costs.ts';
import { alone, invalid, numbers, same } from './forms.ts';
import { numbersOf, secret } from './operands.ts';
import type { Assumed, Form, Operation } from './operation.ts';
import { first, samePlain } from './plain.ts';
import { aFixed, anInteger, WIDE, way } from './samples.ts';

/** The nearest number of the interval `to`, in words of the ring: two comparisons at once. */
export async function clamp(on: Evaluator, x: SecretTensor, to: Interval): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const shares = numbersOf(on, x, 'clamp');
  const lift = subSS(kernels, filled(on, x, to.min), shares);
  const drop = subSS(kernels, filled(on, x, to.max), shares);
  return fiber.as('clamp', async () => {
    const negated = subSS(kernels, filled(on, x, 0n), lift);
    // Below the lower end x - min is negative, above the upper one max - x.
    const outside = await protocol.bit2a(fiber, await protocol.msbS(fiber, concat([negated, drop])));
    const steps = await protocol.mulSS(fiber, outside, concat([lift, drop]));
    const { length } = shares;
    const lifted = addSS(kernels, shares, slice(steps, 0, length));
    return secret(on, x.dtype, x.shape, addSS(kernels, lifted, slice(steps, length, 2 * length)));
  });
}

/** One bit on shares: whether none of these words has its top bit set. */
async function noneNegative(on: Evaluator, x: Arith): Promise<Bits> {
  const { protocol, fiber } = on;
  const negative = await protocol.bit2a(fiber, await protocol.msbS(fiber, x));
  return protocol.eqzS(fiber, total(negative));
}

/** These words, or zeros if one of the words `checked` has its top bit set: nobody is told. */
export async function whereNoneNegative(on: Evaluator, x: Arith, checked: Arith): Promise<Arith> {
  const { protocol, fiber } = on;
  const holds = await protocol.bit2a(fiber, await noneNegative(on, checked));
  return protocol.mulSS(fiber, gather(holds, new Uint32Array(x.length)), x);
}

/** Of `n` words, if none of `length` others is negative. */
export const whereNoneNegativeCost = (c: ProtocolCosts, n: number, length: number): Cost =>
  inSequence(c.msbS(length), c.bit2a(length), c.eqzS(1), c.bit2a(1), c.mulSS(n));

/** Opens one bit to all members: whether none of these words has its top bit set. */
export async function openNoneNegative(on: Evaluator, x: Arith): Promise<boolean> {
  const { protocol, fiber } = on;
  const opened = await protocol.openB(fiber, await noneNegative(on, x));
  invariant(opened !== undefined, 'an opening to all gives a result');
  return ((opened[0] as bigint) & 1n) === 1n;
}

export const noneNegativeCost = (c: ProtocolCosts, length: number): Cost =>
  inSequence(c.msbS(length), c.bit2a(length), c.eqzS(1), c.openB(1, 1));

/**
 * Opens one bit to all members: whether all elements lie in the interval (in words of the ring), whatever they are.
 * @throws {DataError} PRIVITY_SECURE_ASSUMPTION, at every member alike, if one does not
 */
export async function checkWithin(on: Evaluator, x: SecretTensor, range: Assumed): Promise<void> {
  const { fiber, kernels } = on;
  const shares = numbersOf(on, x, 'checkWithin');
  const holds = await fiber.as('check', async () => {
    // From the lower end on, modulo 2^64: what is below it, or 2^63 or more above it, has its top bit set; of the rest,
    // what is above
    // the upper end has it set in what is missing to that. Neither difference can wrap unnoticed.
    const above = subSS(kernels, shares, filled(on, x, range.min));
    const missing = subSS(kernels, filled(on, x, range.max - range.min), above);
    return openNoneNegative(on, concat([above, missing]));
  });
  if (holds) return;
  throw new DataError(
    'PRIVITY_SECURE_ASSUMPTION',
    `"${range.name ?? x.dtype}": a number lies outside of ${boundText(range, x.dtype, on.fracBits)}, which the job assumes (assume({ min, max })), ` +
      'so nothing was opened that rests on it. Assume a wider interval, or keep numbers in one by clamp(lo, hi); ' +
      'privity local JOB --plain shows what every step has.',
  );
}

function filled(on: Evaluator, x: SecretTensor, word: bigint): Arith {
  return on.protocol.publicA(new BigUint64Array(x.shares.length).fill(BigInt.asUintN(64, word)));
}

export function total({ parts }: Arith): Arith {
  return arith(
    1,
    parts.map((part) => {
      let sum = 0n;
      for (const word of part) sum = BigInt.asUintN(64, sum + word);
      return BigUint64Array.of(sum);
    }),
  );
}

export const checkWithinCost = (c: ProtocolCosts, length: number): Cost => noneNegativeCost(c, 2 * length);

/** `clamp(lo, hi)` and `assume({ min, max })` are given their ends as words. */
const endsOf = ([min, max]: readonly unknown[]): Interval => interval(min as bigint, max as bigint);

function clampEnds({ dtype }: Form, [min, max]: readonly unknown[], fracBits: number): Interval {
  if (typeof min !== 'number' || typeof max !== 'number') throw invalid('clamp takes two numbers, lo and hi');
  const ends = declaredBound(dtype, fracBits, { min, max }, 'clamp(lo, hi)');
  if (dtype === 'fixed')
    for (const end of [min, max])
      checkRounding({ to: 'clamp', values: [end], shape: [], fracBits }, 'itself');
  return ends;
}

function assumedEnds({ dtype }: Form, [range]: readonly unknown[], fracBits: number): Interval {
  const { min, max, ...others } = { ...(range as Range | undefined) };
  if (typeof range !== 'object' || (min === undefined && max === undefined) || Object.keys(others).length > 0)
    throw invalid('assume takes { min, max }, or { max } for a magnitude');
  return declaredBound(dtype, fracBits, { ...range }, 'assume({ min, max })');
}

const atEnds = (input: BoundInput): Interval => clamped(one(input).bound, endsOf(input.params));

export const limits: readonly Operation[] = [
  {
    name: 'clamp',
    takes: alone(numbers),
    result: same,
    ends: clampEnds,
    bounds: rule(
      'differences with both ends below 2^(63-f)',
      'lo to hi, and what was known before',
      (input) => {
        compared(input, one(input).bound, endsOf(input.params));
        return atEnds(input);
      },
    ),
    cost: each((c, n) => inSequence(c.msbS(2 * n), c.bit2a(2 * n), c.mulSS(2 * n))),
    run: (on, { x, params }) => clamp(on, x, endsOf(params)),
    plain: (input) => {
      const { data, dtype } = first(input);
      const places = fracBitsOf(dtype, input.fracBits);
      const [min, max] = input.params.map((word) => realOf(word as bigint, places)) as [number, number];
      return data.map((value) => Math.min(Math.max(value, min), max));
    },
    samples: ({ count }) => [
      way([aFixed(count)], { what: '', params: [-2.5, 30], over: [[[-50, 50]], [[-WIDE, WIDE]]] }),
      way([anInteger(count)], { params: [0, 7] }),
    ],
  },
  {
    name: 'assume',
    takes: alone(numbers),
    result: same,
    ends: assumedEnds,
    assumes: true,
    bounds: rule('any', 'min to max, and what was known before', atEnds),
    cost: local,
    run: (_, { x }) => x,
    plain: samePlain,
    samples: ({ count }) => [
      way([aFixed(count)], { params: [{ min: -50, max: 50 }], over: [[[-50, 50]]] }),
      way([anInteger(count)], { params: [{ max: 1000 }] }),
    ],
  },
];
