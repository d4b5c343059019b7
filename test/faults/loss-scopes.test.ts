/** Failure and trust that stay within a part of the program, with real processes. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { jobFile, Parties } from './parties.ts';

describe('conclave, real processes', () => {
  it('ends among its members while another party is busy, who sees nothing of it', async () => {
    const job = jobFile('conclave.ts');
    const release = join(mkdtempSync(join(tmpdir(), 'privity-release-')), 'now');
    const parties = await Parties.start({
      parties: { alice: { job }, bob: { job }, carol: { job, settings: { release } } },
    });
    try {
      const carol = parties.get('carol');
      await carol.event('step.started', ({ name }) => name === 'busy');
      await parties.get('alice').event('log', ({ message }) => message === 'the members are through');
      writeFileSync(release, '');
      await parties.ended();
      for (const party of parties.all) {
        assert.equal((await party.exited).code, 0, party.story());
        assert.deepEqual((await party.event('result')).value, ['bob', 41]);
        if (party.name !== 'bob') assert.doesNotMatch(party.story(), /canary/);
      }
      assert.ok(!carol.events.some(({ event }) => event === 'failure'), carol.story());
      assert.match(parties.get('alice').story(), /"event":"failure"/);
      assert.deepEqual(await parties.leftovers(), []);
    } finally {
      parties.dispose();
      rmSync(dirname(release), { recursive: true });
    }
  });
});
