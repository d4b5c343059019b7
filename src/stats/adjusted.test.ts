import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawn, near, PROTOCOLS, useStats } from '../../test/parts/stats-world.ts';
import {
  describe as describe_,
  partialCorrelation,
  secretColumn,
  together,
  varianceInflation,
  vertical,
} from './index.ts';

const { run } = useStats();
const random = drawn(5);
const rows = 200;
const a = Array.from({ length: rows }, () => random());
const b = a.map((x) => x + random());
const c = b.map((x) => x - random());
const all = { min: -2, max: 3 };

function r(x: readonly number[], y: readonly number[]): number {
  const mean = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0) / of.length;
  const dot = (u: readonly number[], v: readonly number[]): number =>
    u.reduce((sum, one, i) => sum + (one - mean(u)) * ((v[i] ?? 0) - mean(v)), 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

describe('adjusted correlations', () => {
  for (const protocol of PROTOCOLS)
    it(`are those of three columns in closed form (${protocol})`, async () => {
      const { result, opened } = await run(protocol, async ({ alice, bob, spu, reveal, at }) => {
        const tables = { alice: at(alice, { a, c }), bob: at(bob, { b }) };
        const columns = { alice: { a: all, c: all }, bob: { b: all } };
        const study = await vertical(spu, tables, { parties: { alice, bob }, columns, rows });
        const list = [study.column('a'), study.column('b'), study.column('c')];
        const made = together({ partial: partialCorrelation(list), vif: varianceInflation(list) });
        return { ...(await made.reveal(reveal)), opens: made.opens.map(({ name }) => name) };
      });
      const [ab, ac, bc] = [r(a, b), r(a, c), r(b, c)];
      const partial = (ac - ab * bc) / Math.sqrt((1 - ab * ab) * (1 - bc * bc));
      near(result.partial.coefficients[0]?.[2], partial, 8 * 2 ** -13);
      const explained = (ab * ab + bc * bc - 2 * ab * bc * ac) / (1 - ac * ac);
      near(result.vif.factors[1], 1 / (1 - explained), 16 * 2 ** -13);
      assert.equal(result.vif.count, rows);
      if (protocol === 'plain') return;
      const names = opened().map(({ name }) => name);
      for (const name of result.opens) assert.ok(names.includes(name), name);
    });

  it('say which column is constant, and that others repeat each other too much, and spare what else is asked', async () => {
    const twin = a.map((x) => 2 * x - 1);
    const same = a.map(() => 1);
    const { result } = await run('rep3', async ({ alice, spu, reveal, at }) => {
      const columns = { alice: { a: all, b: all, twin: all, same: all } };
      const table = { alice: at(alice, { a, b, twin, same }) };
      const study = await vertical(spu, table, { parties: { alice }, columns, rows });
      const of = (...names: readonly ('a' | 'b' | 'twin' | 'same')[]) =>
        names.map((name) => study.column(name));
      return await together({
        constant: varianceInflation(of('a', 'b', 'same')),
        twins: varianceInflation(of('a', 'b', 'twin', 'same')),
        partial: partialCorrelation(of('a', 'b', 'same')),
        partialTwins: partialCorrelation(of('a', 'twin')),
        described: describe_(study.column('a')),
      }).reveal(reveal);
    });
    const factor = 1 / (1 - r(a, b) ** 2);
    near(result.constant.factors, [factor, factor, null], 16 * 2 ** -13);
    assert.equal(result.constant.above, null);
    assert.deepEqual([result.twins.factors, result.twins.above], [[null, null, null, null], 1000]);
    near(result.partial.coefficients[0]?.[1], r(a, b), 8 * 2 ** -13);
    assert.deepEqual(
      [result.partial.coefficients[0]?.[2], result.partial.coefficients[2]?.[2]],
      [null, null],
    );
    assert.deepEqual(result.partialTwins.coefficients, [
      [null, null],
      [null, null],
    ]);
    assert.equal(result.described.count, rows);
  });

  it('refuse more columns than are inverted, by their number', async () => {
    await run('rep3', async ({ alice, spu }) => {
      const nobody = alice.run('nothing yet', () => new Float64Array(0));
      const columns = Array.from({ length: 101 }, (_, at) =>
        secretColumn(`x${at}`, nobody.to(spu, { shape: [rows], max: 1 }), { max: 1 }),
      );
      const wrong = { code: 'PRIVITY_STATS_ARGUMENTS', message: /up to 100 columns.* 101/ };
      assert.throws(() => varianceInflation(columns), wrong);
    }).catch((error: Error) => assert.match(error.message, /nothing yet/));
  });
});
