/** Of fewer rows than the minimum nothing is opened, whatever is asked of them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PROTOCOLS, type StatsContext, useStats } from '../../test/parts/stats-world.ts';
import {
  correlation,
  covariance,
  describe as describe_,
  partialCorrelation,
  quantiles,
  type SecretColumn,
  type Statistic,
  spearman,
  together,
  varianceInflation,
  vertical,
} from './index.ts';

const { run } = useStats();
type Column = SecretColumn<StatsContext['spu']>;

const rows = 30;
const whole = Array.from({ length: rows }, (_, i) => (i * 7) % 23);
const with_ = (count: number) => whole.map((one, i) => (i < count ? (one * one) % 11 : null));

/** A column of all rows, one of ten values and one of nine. */
async function columnsOf({ alice, bob, spu, at }: StatsContext): Promise<readonly [Column, Column, Column]> {
  const tables = { alice: at(alice, { whole }), bob: at(bob, { ten: with_(10), nine: with_(9) }) };
  const gaps = { min: 0, max: 30, gaps: true };
  const columns = { alice: { whole: { min: 0, max: 30 } }, bob: { ten: gaps, nine: gaps } };
  const study = await vertical(spu, tables, { parties: { alice, bob }, columns, rows });
  return [study.column('whole'), study.column('ten'), study.column('nine')];
}

const asked = (column: Column, other: Column, options: { readonly minimumCount?: number } = {}) => ({
  describe: describe_(column, { extremes: true, ...options }),
  quantiles: quantiles(column, [0, 0.5, 1], options),
  correlation: correlation([other, column], options),
  covariance: covariance([other, column], options),
  spearman: spearman([other, column], options),
  inflation: varianceInflation([other, column], options),
  partial: partialCorrelation([other, column], options),
});

describe('the minimum of rows', () => {
  for (const protocol of PROTOCOLS)
    it(`hides a column of nine values, and shows one of ten, as one of all rows (${protocol})`, async () => {
      const { result } = await run(protocol, async (context) => {
        const [all, ten, nine] = await columnsOf(context);
        return await together({
          ten: together(asked(ten, all)),
          nine: together(asked(nine, all)),
        }).reveal(context.reveal);
      });
      const { ten, nine } = result;
      assert.deepEqual([ten.describe.count, ten.describe.fewerThan, ten.describe.gaps], [10, null, 20]);
      assert.ok(ten.describe.mean !== null && ten.describe.max !== null && ten.quantiles.count === 10);
      for (const one of [ten.correlation, ten.spearman, ten.partial])
        assert.ok(one.coefficients[0]?.[1] !== null && one.counts[0]?.[1] === 10);
      assert.ok(ten.covariance.covariances[0]?.[1] !== null);
      assert.deepEqual([ten.inflation.count, ten.inflation.above], [10, null]);
      assert.ok(ten.inflation.factors.every((factor) => factor !== null));

      const { rows: all, fewerThan, ...rest } = nine.describe;
      assert.deepEqual([all, fewerThan], [rows, 10]);
      assert.ok(Object.values(rest).every((one) => one === null));
      assert.deepEqual(nine.quantiles.values, [null, null, null]);
      assert.deepEqual([nine.quantiles.count, nine.quantiles.fewerThan], [null, 10]);
      for (const one of [nine.correlation, nine.spearman, nine.partial])
        assert.deepEqual([one.coefficients[0]?.[1], one.counts[0]?.[1]], [null, null]);
      assert.deepEqual([nine.covariance.covariances[0]?.[1], nine.covariance.counts[0]?.[1]], [null, null]);
      const { factors, count, above, fewerThan: ofInflation } = nine.inflation;
      assert.deepEqual([factors, count, above, ofInflation], [[null, null], null, null, 10]);
    });

  it('leaves of what is hidden only what says so among opened numbers', async () => {
    const { result } = await run('rep3', async (context) => {
      const [all, , nine] = await columnsOf(context);
      const opened: number[] = [];
      const spy = (async (secret: never) => {
        const value = await (context.reveal as (secret: never) => Promise<{ data: Float64Array }>)(secret);
        opened.push(...value.data);
        return value;
      }) as never;
      await together({ a: describe_(nine, { extremes: true }), b: quantiles(nine, [0.5]) }).reveal(spy);
      await together({ c: varianceInflation([nine, all]), d: partialCorrelation([nine, all]) }).reveal(spy);
      return [...new Set(opened)].sort();
    });
    // -1 for a count, 2 for a coefficient that does not exist, 0 for all else.
    assert.deepEqual(result, [-1, 0, 2]);
  });

  it('holds for tables of few rows, and stands in the name of what is opened', async () => {
    const { result, opened } = await run('rep3', async ({ alice, bob, spu, at, reveal }) => {
      const tables = { alice: at(alice, { x: [1, 2, 4] }), bob: at(bob, { y: [3, 5, 4] }) };
      const columns = { alice: { x: { max: 9 } }, bob: { y: { max: 9 } } };
      const study = await vertical(spu, tables, { parties: { alice, bob }, columns, rows: 3 });
      const [x, y] = [study.column('x'), study.column('y')];
      const few = await together(asked(x, y)).reveal(reveal);
      const all = together(asked(x, y, { minimumCount: 3 }));
      return { few, all: await all.reveal(reveal), names: all.opens.map(({ name }) => name) };
    });
    const { few, all } = result;
    assert.deepEqual([few.describe.mean, few.describe.fewerThan], [null, 10]);
    assert.deepEqual([few.quantiles.values[1], few.correlation.coefficients[0]?.[1]], [null, null]);
    assert.deepEqual([few.spearman.coefficients[0]?.[0], few.covariance.covariances[0]?.[0]], [null, null]);
    assert.deepEqual([all.describe.count, all.quantiles.values[1]], [3, 2]);
    assert.ok(all.spearman.coefficients[0]?.[1] !== null && all.covariance.covariances[0]?.[0] !== null);
    assert.ok(result.names.every((name) => name.includes(', of 3 rows or more')));
    // Steps are the same, however many rows there are: a contract is of all of them.
    const withMinimum = (least: number) =>
      opened().flatMap(({ name }) =>
        name.includes(`, of ${least} rows`) ? [name.replace(/ of \d+ rows/, '')] : [],
      );
    assert.deepEqual(new Set(withMinimum(10)), new Set(withMinimum(3)));
  });

  it('is a whole number, of every function that has it', async () => {
    await run('rep3', async (context) => {
      const [all, ten] = await columnsOf(context);
      const wrong = { minimumCount: 1.5 };
      const calls: readonly (() => Statistic<StatsContext['spu'], unknown>)[] = [
        () => describe_(ten, wrong),
        () => quantiles(ten, [0.5], wrong),
        () => correlation([all, ten], wrong),
        () => covariance([all, ten], wrong),
        () => spearman([all, ten], wrong),
        () => varianceInflation([all, ten], wrong),
        () => partialCorrelation([all, ten], wrong),
      ];
      for (const call of calls)
        assert.throws(call, { code: 'PRIVITY_STATS_ARGUMENTS', message: /minimumCount/ });
    });
  });
});
