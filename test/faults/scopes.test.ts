/** Failures as values, with real processes: the same outcome at every party, and the run goes on. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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
          both: ['TASK_FAILED', 'bob', 'one'],
        });
        if (party.name !== 'bob') assert.doesNotMatch(party.story(), /canary/);
      }
      assert.deepEqual(await parties.leftovers(), []);
    } finally {
      parties.dispose();
    }
  });

  it('call handlers of the run, the attempt and the task, whatever one of them does', async () => {
    const job = jobFile('handlers.ts');
    const notes = join(mkdtempSync(join(tmpdir(), 'privity-notes-')), 'notes');
    const parties = await Parties.start({
      parties: { alice: { job, settings: { notes } }, bob: { job } },
    });
    try {
      await parties.ended();
      const lines = readFileSync(notes, 'utf8').trim().split('\n');
      assert.equal(lines[0], 'attempt TASK_FAILED');
      assert.deepEqual(lines.slice(1).sort(), ['run TASK_FAILED bob', 'task TASK_FAILED']);
      assert.match(parties.get('alice').story(), /onFailure: Error: handler broke/);
      assert.equal((await parties.get('alice').event('verdict')).stepName, 'fails again');
    } finally {
      parties.dispose();
      rmSync(dirname(notes), { recursive: true });
    }
  });
});
