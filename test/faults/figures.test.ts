import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Figures, percentile } from './figures.ts';
import { scenarios } from './scenarios.ts';
import { seeded, shuffled } from './seeded.ts';

describe('figures of the fault matrix', () => {
  it('percentiles are values that occurred', () => {
    assert.equal(percentile([3, 1, 2], 0.5), 2);
    assert.equal(percentile([3, 1, 2], 0.99), 3);
    assert.equal(percentile([7], 0), 7);
    assert.ok(Number.isNaN(percentile([], 0.5)));
  });

  it('count what was not as expected, and say where to read about it', () => {
    const [scenario] = scenarios;
    assert.ok(scenario);
    const figures = new Figures();
    figures.add(scenario, { complaints: [], detectionMs: 12, leftovers: [] }, 'run 1');
    figures.add(scenario, { complaints: ['a', 'b'], detectionMs: null, leftovers: ['process 1'] }, 'run 2');
    assert.equal(figures.runs, 2);
    assert.equal(figures.leftovers, 1);
    assert.deepEqual(figures.unexpected, [`run 2: ${scenario.name}: a; b`]);
    assert.match(figures.table(), /\| throw \| 2 \| 1 \| 12 \| 12 \| 12 \| 1 \|/);
  });

  it('a seed decides the order', () => {
    const order = (seed: number) => shuffled([...Array(20).keys()], seeded(seed)).join();
    assert.equal(order(1), order(1));
    assert.notEqual(order(1), order(2));
    const all = shuffled([...Array(20).keys()], seeded(3));
    assert.deepEqual(
      all.toSorted((a, b) => a - b),
      [...Array(20).keys()],
    );
  });

  it('every scenario has a name of its own', () => {
    assert.equal(new Set(scenarios.map(({ name }) => name)).size, scenarios.length);
  });
});
