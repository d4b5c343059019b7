/** Failures as values, with real processes: the same outcome at every party, and the run goes on. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jobFile, Parties } from './parties.ts';

describe('scopes, real processes', () => {
  it('fail and are retried alike at every party, and leave the run going', async () => {
    const job = jobFile('scopes.ts');
    const parties = await Parties.start({ parties: { alice: { job }, bob: { job }, carol: { job } } });
    try {
      await parties.ended();
      for (const party of parties.all) {
        assert.equal((await party.exited).code, 0, party.story());
        assert.deepEqual((await party.event('result')).value, {
          first: ['TASK_FAILED', 'bob', 'divide'],
          second: 41,
          third: 3,
          late: 'DEADLINE_EXCEEDED',
        });
        if (party.name !== 'bob') assert.doesNotMatch(party.story(), /canary/);
      }
      assert.deepEqual(await parties.leftovers(), []);
    } finally {
      parties.dispose();
    }
  });
});
