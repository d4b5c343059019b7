/**
 * An inverse is right or it is refused: accuracy up to the promised condition, against plain arithmetic and the formula
 * of the docstring, for matrices of all sizes; what is no such matrix; and candidates that only look right.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { operationNamed } from '../../src/secure/ops/catalogue.ts';
import * as ops from '../../src/secure/ops/index.ts';
import {
  differences,
  inverseOf,
  RESIDUAL_BITS,
  SPREAD_MAX,
  squaresOf,
} from '../../src/secure/ops/inverse-steps.ts';
import type { ProtocolName } from '../../src/secure/protocols/table.ts';
import { decode } from '../../src/secure/ring/fixed-point.ts';
import type { Evaluator } from '../../src/secure/session.ts';
import type { Arith } from '../../src/secure/sharing/shares.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { itLong, shareOf } from '../effort.ts';
import { runSecure, settleSecure } from '../parts/secure-parties.ts';

const UNIT = 2 ** 18;
const onGrid = (value: number): number => Math.round(value * UNIT) / UNIT;
const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Symmetric, with eigenvalues from `most` / `condition` to `most` along random directions. */
function matrixOf(rows: number, condition: number, most: number, random: SeededRandom): Float64Array {
  const axes: number[][] = [];
  for (let i = 0; i < rows; i++) {
    let axis = Array.from({ length: rows }, () => random.between(-1, 1));
    for (const other of axes) {
      const along = other.reduce((sum, value, k) => sum + value * (axis[k] ?? 0), 0);
      axis = axis.map((value, k) => value - along * (other[k] ?? 0));
    }
    const length = Math.hypot(...axis);
    axes.push(axis.map((value) => value / length));
  }
  const values = axes.map((_, k) => most * condition ** (-k / Math.max(rows - 1, 1)));
  const made = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j <= i; j++) {
      const sum = axes.reduce((all, axis, k) => all + (values[k] ?? 0) * (axis[i] ?? 0) * (axis[j] ?? 0), 0);
      made[i * rows + j] = onGrid(sum);
      made[j * rows + i] = onGrid(sum);
    }
  return made;
}

function plain(name: 'inverse' | 'solve', rows: number, ...data: readonly Float64Array[]): Float64Array {
  const operands = data.map((one) => ({
    shape: one.length === rows ? [rows] : [rows, rows],
    dtype: 'fixed' as const,
    data: one,
  }));
  return operationNamed(name).plain({ operands, params: [], shape: [rows, rows], fracBits: 18 });
}

async function secretOf(on: Evaluator, shape: readonly number[], data: Float64Array) {
  return ops.share(on, { owner: 0, dtype: 'fixed', shape }, on.protocol.rank === 0 ? data : undefined);
}

interface Case {
  readonly rows: number;
  readonly condition: number;
  readonly most: number;
}

async function check(protocol: ProtocolName, size: number, { rows, condition, most }: Case): Promise<void> {
  const random = new SeededRandom(rows + condition, protocol);
  const matrix = matrixOf(rows, condition, most, random);
  const right = Float64Array.from({ length: rows }, () => onGrid(random.between(-1, 1)));
  const [inverse, solution] = [plain('inverse', rows, matrix), plain('solve', rows, matrix, right)];
  // Fixed point makes the smallest eigenvalue a little smaller.
  const options = { condition: Math.ceil(1.05 * condition), max: largest(inverse) };
  const [found] = await runSecure(
    protocol,
    size,
    async (on) => {
      const a = await secretOf(on, [rows, rows], matrix);
      const b = await secretOf(on, [rows], right);
      const results = [await ops.inverse(on, a, options), await ops.solve(on, a, b, options)];
      return Promise.all(
        results.map(async (result) => {
          const opened = await ops.reveal(on, result);
          assert.ok(opened);
          return decode(opened.words, 'fixed', on.fracBits);
        }),
      );
    },
    { dealer: protocol === 'semi2k' },
  );
  const off = (values: Float64Array | undefined, due: Float64Array): number =>
    largest(due.map((value, i) => value - (values?.[i] ?? Number.NaN)));
  const where = `${protocol}, ${rows} rows, condition ${condition}`;
  // Floating-point numbers themselves are off by a part of 2^53 for each of the condition.
  const slack = condition * rows * 2 ** -48 * largest(inverse);
  const ofInverse = rows * 2 ** -RESIDUAL_BITS * largest(inverse);
  const sum = right.reduce((all, value) => all + Math.abs(value), 0);
  assert.ok(off(found?.[0], inverse) <= ofInverse + 1 / UNIT + slack, where);
  assert.ok(off(found?.[1], solution) <= (ofInverse + 2 ** -22 + slack) * sum + 1 / UNIT, where);
  // Beside what is promised, what regressions are asked for.
  assert.ok(off(found?.[0], inverse) <= 1e-6 * largest(inverse) + 2 / UNIT, where);
  assert.ok(off(found?.[1], solution) <= 1e-5 * largest(solution) + 2 / UNIT, where);
}

describe('an inverse and a solution are as accurate as declared', () => {
  const cases: readonly Case[] = [
    { rows: 1, condition: 1, most: 3 },
    { rows: 1, condition: 1, most: 200_000 },
    { rows: 2, condition: 9500, most: 1 },
    { rows: 2, condition: 100_000, most: 20 },
    { rows: 5, condition: 1, most: 0.5 },
    { rows: 5, condition: 9500, most: 10 },
    { rows: 30, condition: 10, most: 1 },
    { rows: 30, condition: 1000, most: 2 },
    { rows: 30, condition: 30_000, most: 900 },
  ];
  const settings = [
    ['ref', 2],
    ['rep3', 3],
    ['semi2k', 2],
  ] as const;
  for (const [place, [protocol, size]] of settings.entries())
    for (const one of protocol === 'ref' ? cases : shareOf(cases, 8 - place))
      it(`${protocol}, ${one.rows} rows, condition ${one.condition}`, () => check(protocol, size, one));
  for (const [protocol, size] of settings)
    itLong(`${protocol}, 100 rows, condition 9900`, () =>
      check(protocol, size, { rows: 100, condition: 9900, most: 40 }),
    );
});

describe('a matrix is refused', () => {
  const options = { condition: 10_000, max: 2 ** 18 };
  const least = 1 / UNIT;
  const refused: Readonly<Record<string, readonly (readonly number[])[]>> = {
    'that is singular': [
      [1, 1],
      [1, 1],
    ],
    'that is nearly singular, as rounding leaves it': [
      [1, 0],
      [0, -least],
    ],
    'that is indefinite': [
      [1, 2],
      [2, 1],
    ],
    'that is indefinite, without a trace to show it': [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, -0.3],
    ],
    'that is negative': [[-2]],
    'of zeros': [
      [0, 0],
      [0, 0],
    ],
    'whose elements are larger than its trace': [
      [0.001, 5],
      [5, 0.001],
    ],
    'whose condition is five times the promised one': [
      [1, 0],
      [0, 1 / 50_000],
    ],
  };
  const attempt = async (rows: readonly (readonly number[])[], given: object): Promise<unknown[]> => {
    const data = Float64Array.from(rows.flat());
    const outcomes = await settleSecure('rep3', 3, async (on) =>
      ops.inverse(on, await secretOf(on, [rows.length, rows.length], data), given),
    );
    // A member that hears of another's refusal first has no code of its own.
    const codes = outcomes.map((one) => (one.status === 'rejected' ? one.reason.code : 'given'));
    return [...new Set(codes.filter((code) => code !== undefined))];
  };

  const orZeros = async (rows: readonly (readonly number[])[], given: object): Promise<readonly number[]> => {
    const [found] = await runSecure('rep3', 3, async (on) => {
      const a = await secretOf(on, [rows.length, rows.length], Float64Array.from(rows.flat()));
      const opened = await ops.reveal(on, await ops.inverseOrZeros(on, a, given));
      return opened && [...decode(opened.words, 'fixed', on.fracBits)];
    });
    return found ?? [];
  };

  for (const [name, rows] of Object.entries(refused))
    it(name, async () => {
      assert.deepEqual(await attempt(rows, options), ['PRIVITY_SECURE_CONDITION']);
      assert.deepEqual(new Set(await orZeros(rows, options)), new Set([0]));
    });

  it('whose inverse is above max, and only then', async () => {
    const rows = [[0.01]];
    assert.deepEqual(await attempt(rows, { max: 99 }), ['PRIVITY_SECURE_CONDITION']);
    assert.deepEqual(await attempt(rows, { max: 100.01 }), ['given']);
    assert.deepEqual(await orZeros(rows, { max: 99 }), [0]);
    assert.ok(Math.abs((await orZeros(rows, { max: 100.01 })).at(0) ?? 0) > 99.9);
  });
});

describe('what is checked of a candidate', () => {
  /** Words of a matrix of one element, and of candidates for its inverse: which of the checks they fail. */
  const failing = async (words: {
    readonly inverse?: bigint;
    readonly element?: bigint;
  }): Promise<number[]> => {
    const [found] = await runSecure('ref', 2, async (on) => {
      const shared = (word: bigint): Arith =>
        on.protocol.publicA(BigUint64Array.of(BigInt.asUintN(64, word)));
      const element = shared(words.element ?? 2n ** 18n);
      const right = await inverseOf(on, element, 1, squaresOf(1, 1));
      const inverse = words.inverse === undefined ? right.inverse : shared(words.inverse);
      const all = await differences(on, element, 1, { ...right, inverse }, BigInt(UNIT));
      const [part = new BigUint64Array()] = all.parts;
      return [...part.keys()].filter((i) => (part[i] as bigint) >> 63n === 1n);
    });
    return found ?? [];
  };
  const [trace, above, tooLarge, coarse, exact] = [[0], [1, 2], [3, 4, 5, 6], [7, 8], [9, 10]] as const;
  const some = (found: readonly number[], of: readonly number[]): boolean =>
    of.some((i) => found.includes(i));

  it('holds of the inverse', async () => assert.deepEqual(await failing({}), []));

  it('fails of another number, which the exact residual shows', async () => {
    // 1 scaled by 1/2 has the inverse 2: two and a millionth.
    const found = await failing({ inverse: 2n ** 26n + 2n ** 6n });
    assert.ok(some(found, exact) && !some(found, coarse));
  });

  it('fails of a number whose product wraps around to 1, which the exact residual does not show', async () => {
    // 1/2 times 18 is 9: eight too many, which is a multiple of 2^64 in words with 61 fractional bits.
    const found = await failing({ inverse: 18n * 2n ** 25n });
    assert.ok(some(found, coarse) && !some(found, exact));
  });

  it('fails of a number so large that even the coarse product could wrap', async () => {
    assert.ok(some(await failing({ inverse: 2n ** 26n + 2n ** 63n }), tooLarge));
  });

  it('fails of a matrix outside of what an assumption said', async () => {
    assert.ok(some(await failing({ element: 2n ** 36n }), trace));
    assert.ok(some(await failing({ element: -(2n ** 20n) }), above));
  });
});

it('no step goes beyond the bits that an inverse has left, whatever is promised', () => {
  for (const rows of [1, 2, 7, 30, 100])
    for (const condition of [1, 1.5, 10, 1000, SPREAD_MAX / rows]) {
      const squares = squaresOf(rows, condition);
      assert.ok(squares.length >= 1 && squares.length <= 17, `${rows}, ${condition}: ${squares.length}`);
      assert.ok(squares.every((square) => square >= 16 && square <= 62));
    }
});
