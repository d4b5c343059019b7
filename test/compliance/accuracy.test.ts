/**
 * Approximated operations keep their stated accuracy with every number of fractional bits that a device can have, over
 * all of their domain: on a fine grid of magnitudes, and up to its edges.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OutOfDomain } from '../../src/secure/bounds/domain.ts';
import { contains, interval, intervalOf, intervalOfWords } from '../../src/secure/bounds/interval.ts';
import type { BoundedOperand, BoundInput } from '../../src/secure/bounds/rule.ts';
import { catalogue } from '../../src/secure/ops/catalogue.ts';
import * as ops from '../../src/secure/ops/index.ts';
import type { Operation } from '../../src/secure/ops/operation.ts';
import { perform } from '../../src/secure/ops/perform.ts';
import type { ProtocolName } from '../../src/secure/protocols/table.ts';
import { decode, FRAC_BITS_MAX, fixedLimit } from '../../src/secure/ring/fixed-point.ts';
import type { Shape } from '../../src/secure/ring/shape.ts';
import { type PublicTensor, publicTensor, singleNumber } from '../../src/secure/ring/tensor.ts';
import type { SecretTensor } from '../../src/secure/secret.ts';
import type { Evaluator } from '../../src/secure/session.ts';
import { share, shareOf } from '../effort.ts';
import { runSecure, type SecureRun } from '../parts/secure-parties.ts';

/** Magnitudes, of either sign, in even factors from the smallest number to the largest. */
const MAGNITUDES = 2000;
/** Numbers in even steps about 0, where functions turn. */
const NEAR_ZERO = 1000;
const NEAR_TO = 32;
/** Pairs of a dividend with a divisor: every number of the grid so often, each time with another one. */
const PAIRS_EACH = 3;

/** Elements of what is computed along an axis. */
const ROW = 7;

/** Public divisors: small ones, whose rounding would show, and ordinary ones. */
const DIVISORS = [1e-6, 1e-4, 0.001, 0.002, 0.1, 1 / 3, 0.7, 1, 3, -7.3, 1000 / 7, 12345.678, 3e5];

/** Those that approximate a function of one number. What rounds nothing but a product is tried by the suite. */
const functions = ['reciprocal', 'exp', 'sigmoid', 'tanh', 'sqrt', 'rsqrt', 'log'].map(operationOf);
const div = operationOf('div');

function operationOf(name: string): Operation {
  const found = catalogue.find((operation) => operation.name === name);
  assert.ok(found, name);
  return found;
}

/** Words, so that the error is the operation's own: in turn, of either sign. */
function grid(fracBits: number): readonly number[] {
  const [unit, limit] = [2 ** fracBits, fixedLimit(fracBits)];
  // Beyond 2^53 not all whole numbers are there.
  const largest = Math.min(limit * unit - 1, limit * unit * (1 - Number.EPSILON));
  const words = new Set<number>();
  const magnitudes = share(MAGNITUDES);
  for (let i = 0; i <= magnitudes; i++)
    for (const sign of [1, -1]) words.add(sign * Math.round(largest ** (i / magnitudes)));
  const near = Math.min(NEAR_TO * unit, largest);
  for (let i = 0, steps = share(NEAR_ZERO); i <= steps; i++)
    words.add(Math.round(near * ((2 * i) / steps - 1)));
  return [...words].toSorted((a, b) => a - b);
}

const secretOf = (word: number): BoundedOperand => {
  const at = BigInt(word);
  return { dtype: 'fixed', shape: [], bound: interval(at, at) };
};
const publicOf = (tensor: PublicTensor): BoundedOperand => ({
  ...tensor,
  bound: intervalOfWords(tensor.words),
  number: singleNumber(tensor),
});

const inputOf = (
  operands: readonly BoundedOperand[],
  fracBits: number,
  shape: Shape = operands[0]?.shape ?? [],
): BoundInput => ({ operands, params: [], shape, fracBits });

function isAllowed({ bounds }: Operation, input: BoundInput): boolean {
  try {
    bounds.bound(input);
    return true;
  } catch (error) {
    if (error instanceof OutOfDomain) return false;
    throw error;
  }
}

/** Of the grid what is allowed, and the last words before an edge of the domain. */
function domainOf(operation: Operation, words: readonly number[], fracBits: number): readonly number[] {
  const allowed = (word: number): boolean => isAllowed(operation, inputOf([secretOf(word)], fracBits));
  return words.flatMap((word, i) => {
    const [before = word, inside] = [words[i - 1], allowed(word)];
    if (allowed(before) === inside) return inside ? [word] : [];
    let [last, beyond] = inside ? [word, before] : [before, word];
    while (Math.abs(beyond - last) > 1) {
      const middle = Math.floor((last + beyond) / 2);
      if (allowed(middle)) last = middle;
      else beyond = middle;
    }
    return inside ? [last, word] : [last];
  });
}

/** Every dividend with some divisors, as far as their quotient is allowed. `divisor` is what a word stands for. */
function pairsOf(
  words: readonly number[],
  fracBits: number,
  divisor: (word: number) => BoundedOperand,
): readonly (readonly [number, number])[] {
  return Array.from({ length: PAIRS_EACH }, (_, turn) =>
    words.flatMap((x, i) => {
      const y = words[((turn + 2) * 797 * i + turn) % words.length] ?? 1;
      const allowed = y !== 0 && isAllowed(div, inputOf([secretOf(x), divisor(y)], fracBits));
      return allowed ? [[x, y] as const] : [];
    }),
  ).flat();
}

/** How far results are off, beside how far they may be; and that they lie where their bounds say. */
function check(
  { operation: { name, bounds }, given, wanted }: Trial,
  found: PublicTensor,
  fracBits: number,
): void {
  const values = decode(found.words, 'fixed', fracBits);
  assert.equal(values.length, wanted.length);
  wanted.forEach((want, i) => {
    const input = inputOf(given(i), fracBits);
    const allowed = bounds.accuracy.of(want, input);
    const off = Math.abs((values[i] ?? Number.NaN) - want);
    const shown = input.operands.map(({ bound, number }) => number ?? Number(bound.min) / 2 ** fracBits);
    const where = `${name} of ${shown.join(' and ')}, ${fracBits} fractional bits`;
    // Floating-point numbers are rounded themselves.
    assert.ok(
      off <= allowed + Math.abs(want) * 2 ** -50,
      `${where}: ${values[i]}, not ${want}; ${off / allowed} times`,
    );
    const word = intervalOfWords(found.words.subarray(i, i + 1));
    assert.ok(contains(bounds.bound(input), word), `${where}: ${word.min} is outside of its bound`);
  });
}

/** A call: what is shared, what is public, and what should come of it. The same at every member, so made once. */
interface Trial {
  readonly operation: Operation;
  readonly secrets: readonly (readonly number[])[];
  readonly beside?: PublicTensor;
  /** Of its result. Default: as many as the first secret has. */
  readonly shape?: Shape;
  /** Of one element. */
  given(i: number): readonly BoundedOperand[];
  readonly wanted: readonly number[];
}

function* trialsOf(fracBits: number): Generator<Trial> {
  const [words, unit] = [grid(fracBits), 2 ** fracBits];
  for (const operation of functions) {
    const domain = domainOf(operation, words, fracBits);
    const shape = [domain.length];
    const data = Float64Array.from(domain, (word) => word / unit);
    const operands = [{ dtype: 'fixed' as const, shape, data }];
    const wanted = [...operation.plain({ operands, params: [], shape, fracBits })];
    yield { operation, secrets: [domain], given: (i) => [secretOf(domain[i] ?? 0)], wanted };
  }

  yield softmaxTrial(words, fracBits);

  const pairs = pairsOf(words, fracBits, secretOf);
  yield {
    operation: div,
    secrets: [pairs.map(([x]) => x), pairs.map(([, y]) => y)],
    given: (i) => (pairs[i] ?? []).map(secretOf),
    wanted: pairs.map(([x, y]) => x / y),
  };

  // Between two words, which fixed point would round to one of them.
  const between = (word: number): number => (word - 0.3 * Math.sign(word)) / unit;
  const divisor = (word: number): BoundedOperand =>
    publicOf(publicTensor([between(word)], { shape: [1], fracBits, exact: true }));
  const listed = pairsOf(words, fracBits, divisor);
  const list = listed.map(([, y]) => between(y));
  yield {
    operation: div,
    secrets: [listed.map(([x]) => x)],
    beside: publicTensor(list, { fracBits, exact: true }),
    given: (i) => [secretOf(listed[i]?.[0] ?? 0), divisor(listed[i]?.[1] ?? 1)],
    wanted: listed.map(([x], i) => x / unit / (list[i] ?? 1)),
  };

  for (const number of DIVISORS.filter((number) => number < fixedLimit(fracBits))) {
    const beside = publicTensor(number, { fracBits, exact: true });
    const given = (word: number): BoundedOperand[] => [secretOf(word), publicOf(beside)];
    const domain = words.filter((word) => isAllowed(div, inputOf(given(word), fracBits)));
    yield {
      ...{ operation: div, secrets: [domain], beside, given: (i) => given(domain[i] ?? 0) },
      wanted: domain.map((word) => word / unit / number),
    };
  }
}

/** Rows of numbers of all magnitudes, as far apart as they may be. */
function softmaxTrial(words: readonly number[], fracBits: number): Trial {
  const [operation, unit] = [operationOf('softmax'), 2 ** fracBits];
  // Scattered, so that a row has small ones and large ones.
  const scattered = words.map((_, i) => words[(797 * i) % words.length] ?? 0);
  const rows = Array.from({ length: Math.floor(words.length / ROW) }, (_, i) =>
    scattered.slice(i * ROW, (i + 1) * ROW),
  ).map((row, i) => (i % 2 === 0 ? row : row.map((word) => Math.round(word / 2 ** (i % 40)))));
  const given = (row: readonly number[]): BoundedOperand[] => {
    const all = intervalOf(...(row.map(BigInt) as [bigint, ...bigint[]]));
    return [{ dtype: 'fixed', shape: [ROW], bound: all }];
  };
  const allowed = rows.filter((row) => isAllowed(operation, inputOf(given(row), fracBits, [ROW])));
  const [secret, shape] = [allowed.flat(), [allowed.length, ROW]];
  const data = Float64Array.from(secret, (word) => word / unit);
  const operands = [{ dtype: 'fixed' as const, shape, data }];
  return {
    ...{ operation, secrets: [secret], shape },
    given: (i) => given(allowed[Math.floor(i / ROW)] ?? []),
    wanted: [...operation.plain({ operands, params: [], shape, fracBits })],
  };
}

async function run(on: Evaluator, trial: Trial): Promise<PublicTensor> {
  const { operation, secrets, beside, shape = [secrets[0]?.length ?? 0] } = trial;
  const shared: (SecretTensor | PublicTensor)[] = [];
  for (const words of secrets) {
    const values = on.protocol.rank === 0 ? words.map((word) => word / 2 ** on.fracBits) : undefined;
    shared.push(await ops.share(on, { owner: 0, dtype: 'fixed', shape }, values));
  }
  const result = await perform(on, operation, beside ? [...shared, beside] : shared, [], shape);
  return opened(on, result);
}

async function opened(on: Evaluator, x: SecretTensor): Promise<PublicTensor> {
  const result = await ops.reveal(on, x);
  assert.ok(result);
  return result;
}

const settings: readonly (readonly [ProtocolName, number, SecureRun])[] = [
  ['rep3', 3, {}],
  ['semi2k', 2, { dealer: true }],
];
const all = Array.from({ length: FRAC_BITS_MAX }, (_, i) => i + 1);

for (const [offset, [protocol, size, setting]] of settings.entries())
  describe(`${protocol}: approximations are as accurate as stated`, () => {
    // The most always: there accuracy is lost first.
    for (const fracBits of new Set([...shareOf(all, offset), FRAC_BITS_MAX]))
      it(`with ${fracBits} fractional bits`, async () => {
        const trials = [...trialsOf(fracBits)].filter(({ wanted }) => wanted.length > 0);
        await runSecure(
          protocol,
          size,
          async (on, rank) => {
            for (const trial of trials) {
              const found = await run(on, trial);
              if (rank === 0) check(trial, found, fracBits);
            }
          },
          { ...setting, options: { fracBits } },
        );
      });
  });
