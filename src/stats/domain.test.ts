/** Of many rows nothing leaves its domain: what functions refuse, they refuse in the call, before anything is sent. */
import assert from 'node:assert/strict';
import { it, describe as suite } from 'node:test';
import { type StatsContext, useStats } from '../../test/parts/stats-world.ts';
import {
  anova,
  correlation,
  covariance,
  crosstab,
  describe,
  groupBy,
  histogram,
  mannWhitney,
  partialCorrelation,
  quantiles,
  secretColumn,
  secretTable,
  spearman,
  varianceInflation,
  welchTest,
} from './index.ts';

const { run } = useStats();

/** Columns that are declared and never shared: nobody asks for a result. */
function declared({ alice, spu }: StatsContext, rows: number) {
  const nobody = alice.run('nothing yet', () => new Float64Array(0));
  const masked = nobody.to(spu, { shape: [rows], dtype: 'integer', min: 0, max: 1 });
  const indicators = nobody.to(spu, { shape: [rows, 2], dtype: 'integer', min: 0, max: 1 });
  const columns = [
    ['large', -1e6, 1e6],
    ['small', 0, 0.001],
    ['years', 1900, 2030],
  ] as const;
  const whole = columns.map(([name, min, max]) =>
    secretColumn(name, nobody.to(spu, { shape: [rows], min, max }), { min, max }),
  );
  const gaps = columns.map(([name, min, max]) => {
    const values = nobody.to(spu, { shape: [rows], min: Math.min(0, min), max });
    return secretColumn(name, values, { min, max, present: masked });
  });
  const group = { name: 'group', categories: ['a', 'b'], indicators, rows, from: [] };
  return { columns: secretTable([...whole]).columns, gaps, group };
}

/** Beyond, ranks are refused by name. */
const RANKED_ROWS = 114_000;

suite('statistics of many rows', () => {
  for (const rows of [3, 1_000, RANKED_ROWS, 2 ** 20])
    it(`are not refused of ${rows} rows, of large and of small numbers, with gaps and without`, async () => {
      const world = await run('rep3', async (context) => {
        const { columns, gaps, group } = declared(context, rows);
        for (const column of [...columns, ...gaps]) {
          describe(column, { extremes: true });
          quantiles(column, [0.01, 0.5, 0.99]);
          histogram(column, { edges: [0, 0.0005, 1950, 2000] });
          if (rows <= RANKED_ROWS) mannWhitney(column, group);
          welchTest(column, group);
          anova(column, group);
        }
        for (const set of [columns, gaps]) {
          correlation(set);
          covariance(set);
          if (rows <= RANKED_ROWS) spearman(set);
          groupBy(set, group, { extremes: true });
        }
        crosstab(group, { ...group, name: 'again' });
        crosstab(group, { ...group, name: 'again' }, { cells: false });
        varianceInflation(columns);
        partialCorrelation(gaps);
      }).catch((error: Error) => error);
      assert.ok(world instanceof Error);
      assert.match(world.message, /^"nothing yet" was to be shared with shape/);
    });
});
