/** The quick form of the fault matrix: each kind of cell once. `npm run faults` repeats all of them, in random order. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios.ts';
import { seeded } from './seeded.ts';

/** Parties mostly wait: two runs side by side keep two cores busy without starving each other. */
const CONCURRENCY = 2;
const SEED = 1;

const isRoot = process.getuid?.() === 0;
const quick = scenarios.filter(({ quick, root, gap }) => quick && (isRoot || !root) && gap === undefined);

describe('fault matrix, quick form', { concurrency: CONCURRENCY }, () => {
  for (const scenario of quick) {
    it(scenario.name, async () => {
      const { complaints, story } = await runScenario(scenario, seeded(SEED));
      assert.deepEqual(complaints, [], story);
    });
  }
});
