/** The quick form of the matrix: each kind of fault at least once, with as few parties as it needs. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { whyImpossible } from './possible.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { seeded } from './seeded.ts';

/** Parties mostly wait: two runs side by side keep two cores busy without starving each other. */
const CONCURRENCY = 2;
const SEED = 1;

/** @param names of scenarios, each of which has to be there */
export function quickForm(title: string, scenarios: readonly Scenario[], names: readonly string[]): void {
  describe(title, { concurrency: CONCURRENCY }, () => {
    for (const name of names) {
      const scenario = scenarios.find((candidate) => candidate.name === name);
      it(name, async (t) => {
        assert.ok(scenario, 'there is no such scenario');
        const why = whyImpossible(scenario);
        // The summary of the whole test run counts these.
        if (why !== null) return t.diagnostic(`left out: ${name}, because ${why}`);
        const { complaints, story } = await runScenario(scenario, seeded(SEED));
        assert.deepEqual(complaints, [], story);
      });
    }
  });
}
