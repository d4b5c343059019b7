/**
 * Running sums within segments of rows, whose beginnings are secret.
 *
 * The idea: a range of rows is the sum v since the last segment in it has begun, and g, which is 1 where none has begun
 * in it. Behind another range (v', g') it becomes (v + g·v', g·g'), which is associative; so a network of prefixes
 * (prefix-network.ts) works out all rows in few levels. Products are those of ring elements, exact with 0 and 1.
 *
 * Reference: G. Blelloch, "Prefix sums and their applications", 1990 (segmented scans); networks of Ladner and Fischer.
 * Differences: what no later level needs of g is not multiplied: all of it where rows are done.
 * Cost: bytes a row of one number in rep3, and rounds, of 10^6 rows: after Hillis and Steele 300 and 20, after Sklansky
 *   150 and 20; P_0 54.8 and 20, P_1 39.3 and 21, P_2 31.5 and 22, P_3 27.7 and 23, P_4 25.8 and 24; after Brent and
 *   Kung 24 and 39. Bytes times rounds are least about P_3, of 6,400 rows as of 10^6.
 */
import { OutOfDomain, rangeText } from '../bounds/domain.ts';
import { bits, contains, hull, times } from '../bounds/interval.ts';
import { one, ring, rule, two } from '../bounds/rule.ts';
import { inSequence } from '../cost.ts';
import { release } from '../release.ts';
import { shapeMismatch } from '../ring/shape.ts';
import { dtypeMismatch } from '../ring/tensor.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { subSS } from '../sharing/linear.ts';
import { type Arith, arith, type Words } from '../sharing/shares.ts';
import { cast } from './cast.ts';
import { local } from './costs.ts';
import { numbers, own } from './forms.ts';
import { numbersOf, secret } from './operands.ts';
import type { Operation, PlainInput } from './operation.ts';
import { at, first, second } from './plain.ts';
import { type Level, prefixNetwork } from './prefix-network.ts';
import { widthOf } from './rows.ts';
import { aBoolean, aFixed, anInteger, WIDE, way } from './samples.ts';

/** So many levels more than log2 n, for fewer products. */
const LEVELS_MORE = 3;

interface Step extends Level {
  /** Places in the lists of those whose g a later level needs. */
  readonly needed: Uint32Array;
}

/**
 * Of the last number of rows: it takes longer than many a call, and every call is asked for its cost before it runs.
 */
let last: { readonly rows: number; readonly steps: WeakRef<readonly Step[]> } | undefined;

function stepsOf(rows: number): readonly Step[] {
  const known = last?.rows === rows ? last.steps.deref() : undefined;
  if (known) return known;
  const needs = new Uint8Array(rows);
  const steps = prefixNetwork(rows, LEVELS_MORE)
    .toReversed()
    .map((level) => stepOf(level, needs))
    .toReversed();
  last = { rows, steps: new WeakRef(steps) };
  return steps;
}

/** From the last level on: `needs` has the rows whose g is needed behind it, and before it afterwards. */
function stepOf({ from, to }: Level, needs: Uint8Array): Step {
  const places = new Uint32Array(to.length);
  let count = 0;
  for (let i = 0; i < to.length; i++) if (needs[to[i] as number] === 1) places[count++] = i;
  const needed = places.slice(0, count);
  for (const row of to) needs[row] = 1;
  for (const place of needed) needs[from[place] as number] = 1;
  return { from, to, needed };
}

/** `starts`: booleans, or integers 0 and 1, one a row: 1 where a segment begins. What the first one is says nothing. */
export async function segmentedSum(
  on: Evaluator,
  x: SecretTensor,
  starts: SecretTensor,
): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const shares = numbersOf(on, x, 'segmentedSum');
  const width = widthOf(x.shape);
  return fiber.as('segmentedSum', async () => {
    const flags = numbersOf(on, await cast(on, starts, 'integer'), 'segmentedSum');
    const ones = protocol.publicA(new BigUint64Array(flags.length).fill(1n));
    const goesOn = subSS(kernels, ones, flags).parts;
    const sums = shares.parts.map((part) => part.slice());
    for (const { from, to, needed } of stepsOf(flags.length)) {
      const length = to.length * width + needed.length;
      const product = await protocol.mulSS(
        fiber,
        factors(goesOn, length, (part, out) => {
          for (let i = 0; i < to.length; i++)
            out.fill(part[to[i] as number] as bigint, i * width, (i + 1) * width);
          take(part, to, needed, out.subarray(to.length * width));
        }),
        factors(sums, length, (part, out, index) => {
          rowsOf(part, from, width, out);
          take(goesOn[index] as Words, from, needed, out.subarray(to.length * width));
        }),
      );
      product.parts.forEach((part, index) => {
        const moved = part.subarray(0, to.length * width);
        addRows(on, sums[index] as Words, to, width, moved);
        const rest = goesOn[index] as Words;
        for (const [i, place] of needed.entries())
          rest[to[place] as number] = part[moved.length + i] as bigint;
      });
      for (const part of product.parts) release(part);
    }
    return secret(on, x.dtype, x.shape, arith(shares.length, sums));
  });
}

function factors(
  parts: readonly Words[],
  length: number,
  fill: (part: Words, out: Words, index: number) => void,
): Arith {
  return arith(
    length,
    parts.map((part, index) => {
      const out = new BigUint64Array(length);
      fill(part, out, index);
      return out;
    }),
  );
}

function take(from: Words, rows: Uint32Array, places: Uint32Array, out: Words): void {
  for (let i = 0; i < places.length; i++) out[i] = from[rows[places[i] as number] as number] as bigint;
}

function rowsOf(part: Words, rows: Uint32Array, width: number, out: Words): void {
  for (let i = 0; i < rows.length; i++) {
    const start = (rows[i] as number) * width;
    for (let column = 0; column < width; column++) out[i * width + column] = part[start + column] as bigint;
  }
}

function addRows({ kernels }: Evaluator, to: Words, rows: Uint32Array, width: number, added: Words): void {
  const sums = new BigUint64Array(added.length);
  rowsOf(to, rows, width, sums);
  kernels.add(sums, sums, added);
  for (let i = 0; i < rows.length; i++) {
    const start = (rows[i] as number) * width;
    for (let column = 0; column < width; column++) to[start + column] = sums[i * width + column] as bigint;
  }
  release(sums);
}

function segmentedPlain(input: PlainInput): Float64Array {
  const [{ data }, starts] = [first(input), second(input).data];
  const width = data.length / starts.length;
  const out = data.slice();
  for (let i = width; i < out.length; i++)
    if (at(starts, Math.floor(i / width)) === 0) out[i] = at(out, i) + at(out, i - width);
  return out;
}

export const segments: readonly Operation[] = [
  {
    name: 'segmentedSum',
    takes: { operands: 1, secretsOnly: true, on: numbers, others: 'values' },
    result: ([x, starts], _, name) => {
      const [rows, vector] = [own(x).shape, own(starts).shape];
      if (own(starts).dtype === 'fixed')
        throw dtypeMismatch(`${name}: where segments begin is said by booleans, or by integers 0 and 1`);
      if (vector.length !== 1 || rows.length === 0 || rows[0] !== vector[0])
        throw shapeMismatch(
          `${name}: takes a vector with a number for each row, not [${vector}] for [${rows}]`,
        );
      return own(x);
    },
    bounds: rule(
      'the sum of all n below 2^(63-f), beginnings 0 to 1',
      "1 to n times the operand's",
      (input) => {
        const { bound, shape } = one(input);
        const starts = two(input);
        if (!contains(bits, starts.bound))
          throw new OutOfDomain({
            what: 'where segments begin',
            came: rangeText(starts.bound, 0),
            domain: rangeText(bits, 0),
            ...(starts.bound.min < 0n && { from: '0' }),
          });
        return ring(hull(bound, times(bound, BigInt(shape[0] ?? 1))), 'its sums', input);
      },
    ),
    cost: (c, { shape, operands: [, starts] }) => {
      const rows = shape[0] ?? 1;
      const width = widthOf(shape);
      return inSequence(
        starts?.dtype === 'boolean' ? c.bit2a(rows) : local(c),
        ...stepsOf(rows).map(({ to, needed }) => c.mulSS(to.length * width + needed.length)),
      );
    },
    run: (on, { x, others: [starts] }) => segmentedSum(on, x, starts as SecretTensor),
    plain: segmentedPlain,
    samples: ({ rows }) => [
      way([aFixed(rows), anInteger(rows)], {
        what: `${rows} rows of one number, beginnings as integers`,
        over: [
          [
            [-WIDE, WIDE],
            [0, 1],
          ],
        ],
      }),
      way([aFixed(rows), aBoolean(rows)], { what: `${rows} rows of one number, beginnings as booleans` }),
      way([anInteger(rows, 3), aBoolean(rows)]),
    ],
  },
];
