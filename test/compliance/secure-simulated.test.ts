/** Secure devices in the simulated world: all parties' supervisors and programs, over the simulated network, without faults. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { replay, type SimulatedParty } from '../../src/testing/index.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { checkSecureJob, type Shown, secureJobs, shownOf } from './secure-jobs.ts';

function shownBy({ report, events }: SimulatedParty): Shown {
  const result = events.find((event) => event.event === 'result');
  return shownOf(result?.event === 'result' && result.value, report?.secure ?? []);
}

describe('compliance of secure devices in the simulated world', () => {
  for (const job of secureJobs) {
    it(`${job.file}: results, accuracy and cost`, async () => {
      const file = join(projectRoot, 'test/compliance/jobs', `${job.file}.ts`);
      const { run, violations } = await replay({ job: file, plan: [], seed: 7 });
      assert.deepEqual(violations, []);
      await checkSecureJob(job, new Map(run.parties.map((party) => [party.name, shownBy(party)])));
    });
  }
});
