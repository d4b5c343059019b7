/**
 * Systems of linear equations with a symmetric positive definite matrix, as regressions have them. How far from
 * singular it is, is promised and public, and fixes the number of steps; that the result is right is checked, and it is
 * refused otherwise.
 */
import { DataError } from '../../base/errors.ts';
import { fixedDefault } from '../bounds/declare.ts';
import { below, OutOfDomain, TRUNCATED_BITS } from '../bounds/domain.ts';
import { type Interval, interval, magnitude, product, times, truncated } from '../bounds/interval.ts';
import { type Accuracy, type BoundInput, one, rule, two, ulp } from '../bounds/rule.ts';
import { type Cost, inSequence } from '../cost.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { type Shape, shapeMismatch } from '../ring/shape.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import type { Arith } from '../sharing/shares.ts';
import { alone, fixed, form, invalid, own } from './forms.ts';
import {
  differences,
  differencesOf,
  inverseCost,
  inverseOf,
  limitUnit,
  RESIDUAL_BITS,
  ROWS_MAX,
  SPREAD_MAX,
  squaresOf,
  TRACE_BITS,
  unscaled,
} from './inverse-steps.ts';
import { isPositive, solvePlain } from './linear-solve-plain.ts';
import { numbersOf, secret } from './operands.ts';
import type { Call, Opens, Operation, PlainInput, Sample } from './operation.ts';
import { at, first, second } from './plain.ts';
import { aFixed, way } from './samples.ts';
import { noneNegativeCost, openNoneNegative, whereNoneNegative, whereNoneNegativeCost } from './within.ts';

/** Of a correlation matrix that no ridge was added to, about the most that makes sense. */
const CONDITION = 10_000;
/** An inverse with an element at `max` is off by some parts of a million, and lets through so much more. */
const MAX_SLACK = 2 ** -12;
/** What an inverse that is multiplied has beside the fractional bits of the result. */
const MORE_BITS = 4;

interface Promised {
  /** The largest eigenvalue is at most so many times the smallest. */
  readonly condition: number;
  /** No element of the inverse is larger in magnitude; undefined: what the device takes where nothing is said. */
  readonly max: number | undefined;
}

/** @throws {UsageError} PRIVITY_STEP_INVALID */
function promisedOf(options: unknown, rows: number, name: string): Promised {
  if (options !== undefined && (typeof options !== 'object' || options === null))
    throw invalid(`${name} takes { condition, max }`);
  const {
    condition = CONDITION,
    max,
    ...others
  } = { ...(options as { condition?: unknown; max?: unknown }) };
  if (Object.keys(others).length > 0) throw invalid(`${name} takes { condition, max }`);
  if (typeof condition !== 'number' || !(condition >= 1)) throw invalid(`${name}: condition is 1 or more`);
  if (max !== undefined && !(typeof max === 'number' && max > 0 && max < Number.POSITIVE_INFINITY))
    throw invalid(`${name}: max is a number above 0`);
  if (rows > ROWS_MAX || rows * condition > SPREAD_MAX)
    throw invalid(
      `${name}: ${rows} rows and a condition of ${condition}; at most ${ROWS_MAX} rows are inverted, and rows times condition is at most ${SPREAD_MAX}`,
    );
  return { condition, max };
}

const maxOf = ({ max }: Promised, fracBits: number): number =>
  max ?? Math.min(fixedDefault(fracBits), 2 ** fracBits);

/** The largest magnitude of elements of the inverse, in the units in which it is checked. */
const limitOf = (promised: Promised, fracBits: number): bigint =>
  BigInt(Math.ceil(((1 + MAX_SLACK) * maxOf(promised, fracBits)) / limitUnit(fracBits)));
/** The same as a number. */
const largestOf = (promised: Promised, fracBits: number): number =>
  Number(limitOf(promised, fracBits)) * limitUnit(fracBits);

function square(shape: Shape, name: string): number {
  const [rows = 0, columns] = shape;
  if (shape.length !== 2 || rows !== columns)
    throw shapeMismatch(`${name}: takes a square matrix, not [${shape}]`);
  return rows;
}

/** What is inverted, for whom, and with how many fractional bits. */
interface Asked {
  readonly x: SecretTensor;
  readonly options: unknown;
  readonly name: string;
  readonly bits: number;
}

/** A candidate, and the words of which none is negative if it is the inverse. */
async function candidateOf(
  on: Evaluator,
  { x, options, name, bits }: Asked,
): Promise<{ readonly checked: Arith; readonly result: Arith; readonly promised: Promised }> {
  const rows = square(x.shape, name);
  const promised = promisedOf(options, rows, name);
  const shares = numbersOf(on, x, name, 'fixed');
  const found = await inverseOf(on, shares, rows, squaresOf(rows, promised.condition));
  const limit = limitOf(promised, on.fracBits);
  const [checked, result] = await on.all(
    (at) => differences(at, shares, rows, found, limit),
    (at) => unscaled(at, found, bits),
  );
  return { checked, result, promised };
}

/** The inverse with so many fractional bits, checked. */
async function checkedInverse(on: Evaluator, asked: Asked): Promise<Arith> {
  const { checked, result, promised } = await candidateOf(on, asked);
  const rows = asked.x.shape[0] ?? 0;
  if (!(await openNoneNegative(on, checked))) throw refused(asked.name, rows, promised, on.fracBits);
  return result;
}

const refused = (name: string, rows: number, promised: Promised, fracBits: number): DataError =>
  new DataError(
    'PRIVITY_SECURE_CONDITION',
    `${name} of a [${rows}, ${rows}] matrix: it is not symmetric and positive definite with a condition number of at most ` +
      `${promised.condition} (condition), or its inverse has an element above ${maxOf(promised, fracBits)} (max), so no number was given. ` +
      'Standardise the columns, add a ridge (a small number on the diagonal), drop columns that nearly follow from others, or promise less: a larger condition or max.',
  );

export async function inverse(on: Evaluator, x: SecretTensor, options?: unknown): Promise<SecretTensor> {
  return on.fiber.as('inverse', async () =>
    secret(
      on,
      'fixed',
      x.shape,
      await checkedInverse(on, { x, options, name: 'inverse', bits: on.fracBits }),
    ),
  );
}

/** Nobody is told whether it is the inverse: only what is made of it and opened can say so. */
export async function inverseOrZeros(
  on: Evaluator,
  x: SecretTensor,
  options?: unknown,
): Promise<SecretTensor> {
  const name = 'inverseOrZeros';
  return on.fiber.as(name, async () => {
    const { checked, result } = await candidateOf(on, { x, options, name, bits: on.fracBits });
    return secret(on, 'fixed', x.shape, await whereNoneNegative(on, result, checked));
  });
}

/** The inverse is multiplied with more bits than it would be given with. */
export async function solve(
  on: Evaluator,
  x: SecretTensor,
  right: SecretTensor,
  options?: unknown,
): Promise<SecretTensor> {
  const { protocol, fiber, fracBits } = on;
  const rows = square(x.shape, 'solve');
  const sides = numbersOf(on, right, 'solve', 'fixed');
  return fiber.as('solve', async () => {
    const bits = fracBits + MORE_BITS;
    const inverted = await checkedInverse(on, { x, options, name: 'solve', bits });
    const dims = { batch: 1, rows, inner: rows, columns: sides.length / rows };
    return secret(on, 'fixed', right.shape, await protocol.matmulTruncSS(fiber, inverted, sides, dims, bits));
  });
}

/** What the inverse is checked to lie in; its elements are words with so many fractional bits. */
function boundOfInverse(input: BoundInput, name: string, bits: number): Interval {
  const { shape, bound } = one(input);
  const rows = shape[0] ?? 1;
  const { fracBits } = input;
  below(
    times(bound, BigInt(rows)),
    TRACE_BITS,
    'the trace, of as many elements as there are rows,',
    fracBits,
  );
  const promised = promisedOf(input.params[0], rows, name);
  if (maxOf(promised, fracBits) > 2 ** fracBits)
    throw new OutOfDomain({
      what: 'the inverse, by its max,',
      came: `up to ${maxOf(promised, fracBits)}`,
      domain: `up to 2^${fracBits} = ${2 ** fracBits} in magnitude`,
    });
  // What unscales it rounds by less than one.
  const most = BigInt(Math.ceil(largestOf(promised, fracBits) * 2 ** bits)) + 1n;
  return interval(-most, most);
}

function boundOfSolution(input: BoundInput): Interval {
  const { fracBits } = input;
  const bits = fracBits + MORE_BITS;
  const inverted = boundOfInverse(input, 'solve', bits);
  const sums = times(product(inverted, two(input).bound), BigInt(one(input).shape[0] ?? 1));
  const whole = { min: -magnitude(sums), max: magnitude(sums) };
  return truncated(
    below(whole, TRUNCATED_BITS, 'its sums of products with the inverse', fracBits + bits),
    bits,
  );
}

/** How far the inverse of a matrix of so many rows is off where its residual is that small, beside its rounding. */
const offBy = (rows: number, largest: number): number => {
  const residual = rows * 2 ** -RESIDUAL_BITS;
  return (residual / (1 - residual)) * largest;
};

/** The same where all that is known of the inverse is what was promised. */
const offAtMost = (input: BoundInput): number => {
  const rows = one(input).shape[0] ?? 1;
  return offBy(rows, largestOf(promisedOf(input.params[0], rows, 'an inverse'), input.fracBits));
};

const ofInverse: Accuracy = {
  text: '2^-f + d · 2^-21 of its largest element',
  of: (_, input) => ulp(input) + offAtMost(input),
};
const ofSolution: Accuracy = {
  text: '2^-f + (d · 2^-21 of the largest element of the inverse + 2^(-f-4)) · Σ|b|',
  of: (_, input) => {
    const rows = one(input).shape[0] ?? 1;
    const { bound } = two(input);
    const sides = rows * Number(magnitude(bound)) * ulp(input);
    return ulp(input) + (offAtMost(input) + ulp(input) / 2 ** MORE_BITS) * sides;
  },
};

const unit = (rows: number): Float64Array =>
  Float64Array.from({ length: rows * rows }, (_, i) => Number(i % (rows + 1) === 0));

const rowsOf = (input: PlainInput): number => first(input).shape[0] ?? 1;

/** Of a candidate and what is checked of it. */
function candidateCost(
  c: ProtocolCosts,
  { operands, params, fracBits }: Call,
  { name, bits }: Pick<Asked, 'name' | 'bits'>,
): Cost {
  const rows = operands[0]?.shape[0] ?? 1;
  const { condition } = promisedOf(params[0], rows, name);
  return inverseCost(c, rows, squaresOf(rows, condition).length, { fracBits, bits });
}

function costOf(c: ProtocolCosts, call: Call, name: string, bits: number): Cost {
  const rows = call.operands[0]?.shape[0] ?? 1;
  return inSequence(candidateCost(c, call, { name, bits }), noneNegativeCost(c, differencesOf(rows)));
}

/** Zeros where it is not positive definite, or has an element above the promised. */
function orZeros(input: PlainInput): Float64Array {
  const rows = rowsOf(input);
  const found = solvePlain(first(input), rows, unit(rows));
  const most = largestOf(promisedOf(input.params[0], rows, 'inverseOrZeros'), input.fracBits);
  return isPositive(first(input).data, rows) && found.every((value) => Math.abs(value) <= most)
    ? found
    : new Float64Array(found.length);
}

const opens: Opens = {
  what: 'one bit, whether the inverse is right: that the matrix is positive definite, with the promised condition and max',
  bit: 'whether the matrix is as promised',
};

/** Eigenvalues from 1/condition to 1, along directions that the numbers choose: a reflection of a diagonal matrix. */
const fitted =
  (rows: number, condition: number): Required<Sample>['fit'] =>
  ([numbers = [], ...others]) => {
    const along = Array.from({ length: rows }, (_, i) => at(numbers, i) + 1e-3);
    const size = along.reduce((sum, value) => sum + value * value, 0);
    const value = (i: number): number => condition ** (-i / Math.max(rows - 1, 1));
    const entry = (i: number, j: number): number => {
      const [a, b] = [at(along, i), at(along, j)];
      const both = along.reduce((sum, one, k) => sum + one * one * value(k), 0);
      const mixed = ((value(i) + value(j)) * 2 * a * b) / size;
      return (i === j ? value(i) : 0) - mixed + (4 * a * b * both) / (size * size);
    };
    const made = Array.from({ length: rows * rows }, (_, k) => {
      const [i, j] = [Math.floor(k / rows), k % rows];
      return Math.round(entry(Math.min(i, j), Math.max(i, j)) * 2 ** 18) / 2 ** 18;
    });
    return [made, ...others];
  };

const ONE = [-1, 1] as const;
/** Next to the ends of what a matrix of one element may have. */
const [SMALL, LARGE] = [2 ** -16, 250_000] as const;

/** What takes a matrix gives one of its shape. */
const ofSquare: Pick<Operation, 'takes' | 'result'> = {
  takes: alone(fixed),
  result: ([x], [options], name) => {
    promisedOf(options, square(own(x).shape, name), name);
    return own(x);
  },
};

export const solutions: readonly Operation[] = [
  {
    name: 'inverse',
    ...ofSquare,
    bounds: rule(
      'rows times the largest element below 2^(36-f); `max` up to 2^f; rows up to 100, rows times `condition` up to 2^20',
      'up to `max` and 2^-12 of it in magnitude, which is checked',
      (input) => boundOfInverse(input, 'inverse', input.fracBits),
      ofInverse,
    ),
    cost: (c, call) => costOf(c, call, 'inverse', call.fracBits),
    opens,
    run: (on, { x, params: [options] }) => inverse(on, x, options),
    plain: (input) => solvePlain(first(input), rowsOf(input), unit(rowsOf(input))),
    samples: ({ side }) => [
      way([aFixed(side, side)], {
        what: `of ${side} × ${side}, condition 1000, an element`,
        params: [{ condition: 1000, max: 1100 }],
        over: [[ONE]],
        fit: fitted(side, 990),
      }),
      way([aFixed(1, 1)], {
        params: [{ condition: 1, max: 65_536 }],
        over: [[[SMALL, SMALL]], [[LARGE, LARGE]]],
        fit: ([numbers = []]) => [numbers.map((value) => Math.min(Math.max(value, SMALL), LARGE))],
      }),
      way([aFixed(3, 3)], { over: [[ONE]], fit: fitted(3, 4000) }),
    ],
  },
  {
    name: 'inverseOrZeros',
    ...ofSquare,
    bounds: rule(
      'as `inverse`',
      'up to `max` and 2^-12 of it in magnitude, which is checked',
      (input) => boundOfInverse(input, 'inverseOrZeros', input.fracBits),
      ofInverse,
    ),
    cost: (c, call) => {
      const rows = call.operands[0]?.shape[0] ?? 1;
      const candidate = candidateCost(c, call, { name: 'inverseOrZeros', bits: call.fracBits });
      return inSequence(candidate, whereNoneNegativeCost(c, rows * rows, differencesOf(rows)));
    },
    run: (on, { x, params: [options] }) => inverseOrZeros(on, x, options),
    plain: orZeros,
    samples: ({ side }) => [
      way([aFixed(side, side)], {
        what: `of ${side} × ${side}, condition 1000, an element`,
        params: [{ condition: 1000, max: 1100 }],
        over: [[ONE]],
        fit: fitted(side, 990),
      }),
      // Of a matrix that is far from positive definite.
      way([aFixed(2, 2)], { over: [[ONE]], fit: () => [[0.25, 1, 1, 0.25]] }),
    ],
  },
  {
    name: 'solve',
    takes: { operands: 1, secretsOnly: true, on: fixed, others: 'fixed' },
    result: ([x, right], [options], name) => {
      const rows = square(own(x).shape, name);
      const { shape } = own(right);
      if ((shape.length !== 1 && shape.length !== 2) || shape[0] !== rows)
        throw shapeMismatch(`${name}: a right side of [${shape}] for a matrix of [${own(x).shape}]`);
      promisedOf(options, rows, name);
      return form(shape, 'fixed');
    },
    bounds: rule(
      'of the matrix as `inverse`; rows times `max` times the right side below 2^(58-2f)',
      'up to that product in magnitude',
      boundOfSolution,
      ofSolution,
    ),
    cost: (c, call) => {
      const bits = call.fracBits + MORE_BITS;
      const rows = call.operands[0]?.shape[0] ?? 1;
      const columns = call.shape[1] ?? 1;
      return inSequence(
        costOf(c, call, 'solve', bits),
        c.matmulTruncSS({ batch: 1, rows, inner: rows, columns }, bits),
      );
    },
    opens,
    run: (on, { x, others: [right], params: [options] }) => solve(on, x, right as SecretTensor, options),
    plain: (input) => solvePlain(first(input), rowsOf(input), second(input).data),
    samples: ({ side }) => [
      way([aFixed(side, side), aFixed(side)], {
        what: `${side} equations, condition 1000, an element of the matrix`,
        params: [{ condition: 1000, max: 1100 }],
        over: [[ONE, ONE]],
        fit: fitted(side, 990),
      }),
      way([aFixed(2, 2), aFixed(2, 3)], { over: [[ONE, [-100, 100]]], fit: fitted(2, 4000) }),
    ],
  },
];
