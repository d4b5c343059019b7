import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { near, PROTOCOLS, useStats } from '../../test/parts/stats-world.ts';
import { readExpected } from '../../test/stats/expected.ts';
import { mannWhitney, spearman, vertical } from './index.ts';

const { run } = useStats();
type Column = readonly (number | null)[];
const expected = readExpected<{
  readonly correlation: readonly {
    readonly name: string;
    readonly x: Column;
    readonly y: Column;
    readonly is: {
      readonly n: number;
      readonly spearman: { readonly r: number | null; readonly p: number | null } | null;
    };
  }[];
  readonly compare: readonly {
    readonly name: string;
    readonly a: Column;
    readonly b: Column;
    readonly is: { readonly mannWhitney: { readonly u: number; readonly p: number | null } | null };
  }[];
}>('tables');

describe('rank statistics', () => {
  for (const protocol of PROTOCOLS)
    it(`are those of SciPy, of ties, gaps and constant columns, too (${protocol})`, async () => {
      for (const { name, x, y, is } of expected.correlation) {
        if (x.length < 3) continue;
        const { result, opened } = await run(protocol, async ({ alice, bob, spu, reveal, at }) => {
          const gaps = { max: 2048, gaps: true };
          const columns = {
            alice: { x: x.includes(null) ? gaps : { max: 2048 } },
            bob: { y: y.includes(null) ? gaps : { max: 2048 } },
          };
          const tables = { alice: at(alice, { x }), bob: at(bob, { y }) };
          const study = await vertical(spu, tables, { parties: { alice, bob }, columns, rows: x.length });
          const made = spearman(study.column('x'), study.column('y'));
          return { found: await made.reveal(reveal), opens: made.opens.map((one) => one.name) };
        });
        const { coefficients, counts, pValues } = result.found;
        assert.equal(counts[0]?.[1], is.n, name);
        const wanted = is.n < 3 ? null : (is.spearman?.r ?? null);
        near(coefficients[0]?.[1] ?? null, wanted, (2 ** -14 * x.length) / is.n, name);
        if (wanted !== null && Math.abs(wanted) < 0.999) near(pValues[0]?.[1], is.spearman?.p, 0.001, name);
        const names = new Set(opened().map((one) => one.name));
        if (protocol !== 'plain') assert.deepEqual(names, new Set(result.opens));
      }
    });

  for (const protocol of PROTOCOLS)
    it(`compare two groups as SciPy does (${protocol})`, async () => {
      for (const { name, a, b, is } of expected.compare) {
        const { result } = await run(protocol, async ({ alice, bob, spu, reveal, at }) => {
          const x = [...a, ...b];
          const g = x.map((_, row) => (row < a.length ? 'a' : 'b'));
          const columns = {
            alice: { x: { max: 2048, gaps: x.includes(null) } },
            bob: { g: { categories: ['a', 'b'] } },
          };
          const tables = { alice: at(alice, { x }), bob: at(bob, { g }) };
          const study = await vertical(spu, tables, { parties: { alice, bob }, columns, rows: x.length });
          return await mannWhitney(study.column('x'), study.category('g')).reveal(reveal);
        });
        if (result === null) {
          assert.ok(is.mannWhitney === null || is.mannWhitney.p === null || is.mannWhitney.p === 1, name);
          continue;
        }
        near([result.u, result.pValue], [is.mannWhitney?.u, is.mannWhitney?.p], 1e-9, name);
      }
    });
});
