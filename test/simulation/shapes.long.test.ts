/**
 * Jobs of many shapes under seeded faults: explore takes each of them, and every promise holds, that of the ledger,
 * too.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { explore, replay } from '../../src/testing/index.ts';
import { share } from '../effort.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { SHAPES } from './jobs/shapes.ts';

const job = join(projectRoot, 'test/simulation/jobs/shapes.ts');

/** Runs of one shape, and real time for them at most. */
const RUNS = share(15);
const FOR_MS = 2_500;

describe('jobs of many shapes, explored', () => {
  for (const shape of SHAPES) {
    it(shape, async () => {
      const { breaks, runs, outcomes } = await explore({ job, args: { shape }, runs: RUNS, forMs: FOR_MS });
      assert.deepEqual(breaks, []);
      assert.ok(runs > 0, JSON.stringify(outcomes));
    });
  }
});

/** What exploring them found. Each stays. */
describe('regressions of jobs of many shapes', () => {
  const violationsOf = async (shape: (typeof SHAPES)[number], seed: number, party: string) => {
    const plan = [{ kind: 'throw', party, nth: 0 }] as const;
    return (await replay({ job, args: { shape }, seed, plan })).violations;
  };

  it('a scope that fails elsewhere before this party has begun its job is not waited in for ever', async () => {
    assert.deepEqual(await violationsOf('a quorum of two', 8, 'carol'), []);
  });

  it('what a device still says for a step that has failed here is no other program', async () => {
    assert.deepEqual(await violationsOf('a device of three in an attempt', 340, 'carol'), []);
  });
});
