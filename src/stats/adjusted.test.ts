import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawn, near, PROTOCOLS, useStats } from '../../test/parts/stats-world.ts';
import { partialCorrelation, together, varianceInflation, vertical } from './index.ts';

const { run, jobWorld } = useStats();
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

  it('of a constant column, or of one that tells all of another, end the run', async () => {
    for (const [twin, name] of [
      [a.map((x) => 2 * x - 1), 'twin'],
      [a.map(() => 1), 'constant'],
    ] as const) {
      const world = await jobWorld('rep3', async ({ alice, spu, reveal, at }) => {
        const columns = { alice: { a: all, twin: all } };
        const table = { alice: at(alice, { a, twin }) };
        const study = await vertical(spu, table, { parties: { alice }, columns, rows });
        return await varianceInflation(study.columns).reveal(reveal);
      });
      await assert.rejects(world.results());
      const codes = world.of('alice').host.failures.map(({ detail }) => detail.code);
      assert.deepEqual(codes, ['PRIVITY_SECURE_CONDITION'], name);
    }
  });
});
