import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  chiSquareCdf,
  chiSquareQuantile,
  chiSquareSf,
  fCdf,
  fQuantile,
  fSf,
  normalCdf,
  normalQuantile,
  normalSf,
  studentTCdf,
  studentTQuantile,
  studentTSf,
} from '../../src/stats/distributions.ts';
import { fisherExact, hypergeometricPmf, type TwoByTwo } from '../../src/stats/fisher.ts';
import { readExpected } from './expected.ts';

/** Arguments, and behind them the value. */
type Row = readonly number[];
const tails = { normalSf, studentTSf, chiSquareCdf, chiSquareSf, fCdf, fSf };
const quantiles = { normalQuantile, studentTQuantile, chiSquareQuantile, fQuantile };
type Name = keyof typeof tails | keyof typeof quantiles;
const expected = readExpected<Readonly<Record<Name, readonly Row[]>>>('distributions');

interface FisherCase {
  readonly name: string;
  readonly is: {
    readonly counts: TwoByTwo;
    readonly fisher?: { readonly oddsRatio: number | 'Infinity' | null; readonly p: number };
  };
}

function near(actual: number, wanted: number, relative: number, what: string): void {
  const away = wanted === 0 ? Math.abs(actual) : Math.abs(actual / wanted - 1);
  assert.ok(away <= relative, `${what}: ${actual} instead of ${wanted}, off by ${away.toExponential(1)}`);
}

function hold(name: Name, of: (...args: number[]) => number, relative: number): void {
  for (const row of expected[name]) {
    const args = row.slice(0, -1);
    near(of(...args), row.at(-1) ?? Number.NaN, relative, `${name}(${args.join(', ')})`);
  }
}

describe('distributions beside scipy', () => {
  for (const [name, of] of Object.entries(tails)) {
    it(`${name}, down to 1e-300`, () => {
      assert.ok(expected[name as Name].some((row) => (row.at(-1) ?? 1) < 1e-150));
      hold(name as Name, of as (...args: number[]) => number, 1e-12);
    });
  }
  for (const [name, of] of Object.entries(quantiles)) {
    it(name, () => hold(name as Name, of as (...args: number[]) => number, 1e-11));
  }

  it('a comparison that is off by 1e-11 is seen', () => {
    assert.throws(() => near(1 + 1e-11, 1, 1e-12, 'one'), /off by/);
  });
});

describe('distributions', () => {
  it('both sides make one, and symmetric ones mirror', () => {
    for (const x of [0.1, 1, 3, 9]) {
      near(chiSquareCdf(x, 4) + chiSquareSf(x, 4), 1, 1e-15, 'chi-square');
      near(fCdf(x, 3, 8) + fSf(x, 3, 8), 1, 1e-15, 'F');
      assert.equal(normalCdf(-x), normalSf(x));
      assert.equal(studentTCdf(-x, 5), studentTSf(x, 5));
    }
  });

  it('ends of the range', () => {
    assert.deepEqual([normalSf(Number.POSITIVE_INFINITY), studentTSf(Number.NEGATIVE_INFINITY, 3)], [0, 1]);
    assert.deepEqual([chiSquareSf(-1, 3), chiSquareCdf(0, 3), fSf(0, 2, 3)], [1, 0, 1]);
    assert.deepEqual([fSf(Number.POSITIVE_INFINITY, 2, 3), fCdf(Number.POSITIVE_INFINITY, 2, 3)], [0, 1]);
    assert.deepEqual([normalQuantile(0), normalQuantile(0.5), normalQuantile(1)], [-1 / 0, 0, 1 / 0]);
    assert.deepEqual([chiSquareQuantile(0, 3), fQuantile(1, 2, 3)], [0, Number.POSITIVE_INFINITY]);
  });

  it('outside of the domain nothing is a number', () => {
    const outside = [
      ...[normalSf(Number.NaN), normalQuantile(-0.1), normalQuantile(1.1), studentTSf(1, 0)],
      ...[studentTSf(1, Number.POSITIVE_INFINITY), studentTQuantile(0.5, -1), chiSquareSf(1, -2)],
      ...[chiSquareQuantile(0.5, 0), fSf(1, 0, 3), fSf(Number.NaN, 2, 3), fQuantile(0.5, 2, Number.NaN)],
    ];
    assert.deepEqual(
      outside,
      outside.map(() => Number.NaN),
    );
  });

  it('a quantile is the inverse of its probability', () => {
    for (const p of [1e-9, 0.01, 0.4, 0.6, 0.99]) {
      near(studentTCdf(studentTQuantile(p, 7), 7), p, 1e-12, 't');
      near(chiSquareCdf(chiSquareQuantile(p, 3), 3), p, 1e-12, 'chi-square');
      near(fCdf(fQuantile(p, 4, 9), 4, 9), p, 1e-12, 'F');
    }
  });
});

describe('fisherExact', () => {
  const { crosstab } = readExpected<{ readonly crosstab: readonly FisherCase[] }>('tables');
  const cases = crosstab.filter(({ is }) => is.fisher !== undefined);

  it('equals scipy, with zero cells, empty rows, large counts and small p', () => {
    assert.ok(cases.length >= 8);
    for (const { name, is } of cases) {
      const { oddsRatio, p } = fisherExact(is.counts);
      near(p, is.fisher?.p ?? Number.NaN, 1e-11, name);
      const wanted = is.fisher?.oddsRatio;
      if (typeof wanted === 'number') near(oddsRatio, wanted, 1e-15, name);
      else assert.equal(oddsRatio, wanted === 'Infinity' ? Number.POSITIVE_INFINITY : Number.NaN);
    }
  });

  it('takes tables that are equally probable for such, though rounding tells them apart', () => {
    const [low, high] = [hypergeometricPmf(0, 2, 5, 2), hypergeometricPmf(1, 2, 5, 2)];
    assert.ok(low < high && high - low < 1e-15);
    assert.equal(
      fisherExact([
        [0, 2],
        [2, 3],
      ]).p,
      1,
    );
  });

  it('says the same of a table and of its mirror images', () => {
    const [[a, b], [c, d]]: TwoByTwo = [
      [7, 12],
      [0, 5],
    ];
    const { p } = fisherExact([
      [a, b],
      [c, d],
    ]);
    for (const other of [
      fisherExact([
        [c, d],
        [a, b],
      ]),
      fisherExact([
        [b, a],
        [d, c],
      ]),
      fisherExact([
        [a, c],
        [b, d],
      ]),
    ]) {
      near(other.p, p, 1e-13, 'p');
    }
  });

  it('counts that are none have no p', () => {
    assert.deepEqual(
      fisherExact([
        [1.5, 2],
        [3, 4],
      ]),
      { oddsRatio: Number.NaN, p: Number.NaN },
    );
  });

  it('probabilities of all tables make one', () => {
    const all = Array.from({ length: 12 }, (_, k) => hypergeometricPmf(k, 10, 15, 11));
    near(
      all.reduce((sum, p) => sum + p, 0),
      1,
      1e-14,
      'sum',
    );
    assert.deepEqual([hypergeometricPmf(-1, 3, 3, 3), hypergeometricPmf(4, 3, 3, 3)], [0, 0]);
  });
});
