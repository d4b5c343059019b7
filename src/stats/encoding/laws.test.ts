/** What holds of every encoding: what everybody was told of its columns, whatever the owner's data are. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { closesTables, withGaps } from '../../../test/parts/stats-world.ts';
import { encoding } from '../index.ts';

/** A few tables each: every one goes through the database. */
const RUNS = 25;

closesTables();

/** Few different values, so that many tie, and some far away. */
const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -1e6, max: 1e6, noNaN: true }));
const column = fc.array(fc.option(value, { freq: 5 }), { minLength: 1, maxLength: 40 });
/** One that has a value in some row. */
const known = fc.tuple(value, column).map(([first, others]) => [first, ...others]);

const clean = encoding({
  standard: {
    from: 'x',
    fill: 'median',
    filled: 'was a gap',
    scale: 'standard',
    min: -2,
    max: 2,
    outside: 'clip',
  },
  minmax: { from: 'x', scale: 'minmax', gaps: true, outside: 'clip' },
  bins: { from: 'x', fill: 'mean', bins: { quantiles: 5 }, outside: 'clip' },
  words: { from: 'x', gaps: true, categories: 4, unseen: 'other' },
  hot: { from: 'x', gaps: true, oneHot: 4, unseen: 'other' },
});

describe('every encoding', () => {
  it('keeps what its columns are said to be, for the table that it was fitted to and for others', async () => {
    await fc.assert(
      fc.asyncProperty(known, column, async (fit, other) => {
        const fitted = await clean.fit(await withGaps({ x: fit }));
        for (const given of [fit, other]) {
          const table = await clean.apply(await withGaps({ x: given }), fitted);
          assert.deepEqual(table.columns.map(({ name }) => name).sort(), Object.keys(clean.columns).sort());
          for (const [name, said] of Object.entries(clean.columns)) {
            if ('categories' in said) {
              const filled = await table.query(
                `SELECT "${name}" AS word FROM rows WHERE "${name}" IS NOT NULL`,
              );
              for (const word of await filled.strings('word'))
                assert.ok(said.categories.includes(word), word);
              assert.equal(
                filled.rowCount,
                said.gaps ? given.filter((x) => x !== null).length : given.length,
              );
              continue;
            }
            const { min = 0, max = 0 } = said;
            for (const [row, x] of (await table.numbers(name, { nulls: 'nan' })).entries())
              assert.ok(
                Number.isNaN(x) ? said.gaps && given[row] === null : x >= min && x <= max,
                `${name}: ${x}`,
              );
          }
        }
      }),
      { numRuns: RUNS, seed: 16 },
    );
  });

  it('learns the same of rows in another order, and puts each in the same bin', async () => {
    const rules = encoding({ x: { fill: 'median', bins: { quantiles: 5 } } });
    await fc.assert(
      fc.asyncProperty(known, async (fit) => {
        const [there, back] = [await withGaps({ x: fit }), await withGaps({ x: fit.toReversed() })];
        const [one, two] = [await rules.fit(there), await rules.fit(back)];
        assert.deepEqual(one, two);
        const bins = await (await rules.apply(there, one)).strings('x');
        assert.deepEqual((await (await rules.apply(back, two)).strings('x')).reverse(), bins);
        // A smaller number is in no later bin.
        const order = fit.map(
          (x, row) => [x ?? Number(one.columns[0]?.learned.fill), bins[row] ?? ''] as const,
        );
        const sorted = order.toSorted(([a], [b]) => a - b).map(([, bin]) => bin);
        assert.deepEqual(sorted, sorted.toSorted());
      }),
      { numRuns: RUNS, seed: 16 },
    );
  });
});
