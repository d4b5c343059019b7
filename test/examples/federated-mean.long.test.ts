/** The example of the federated mean: whole, and with one clinic killed half way. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Parties } from '../faults/parties.ts';

const folder = fileURLToPath(new URL('../../../examples/federated-mean/', import.meta.url));
const job = `${folder}job.ts`;
const names = ['alice', 'bob', 'carol'];

const tableOf = (name: string): string => `${folder}${name}.csv`;
const specs = () =>
  Object.fromEntries(names.map((name) => [name, { job, settings: { table: tableOf(name) } }]));

/** Where its table is does not answer, so that its part of the quorum has no end. */
const held = (name: string) => ({
  job,
  settings: { table: tableOf(name) },
  env: {
    NODE_OPTIONS: `--import=${new URL('./held-table.js', import.meta.url)}`,
    HELD_TABLE: tableOf(name),
  },
});

describe('examples/federated-mean', () => {
  it('gives the mean over all three', async () => {
    const parties = await Parties.start({ parties: specs() });
    try {
      await parties.ended();
      for (const party of parties.all) {
        assert.equal((await party.exited).code, 0, party.story());
        const value = (await party.event('result')).value;
        assert.deepEqual(value, { clinics: 'alice, bob, carol', missing: '', patients: 125, minutes: 21.8 });
      }
      assert.deepEqual(await parties.leftovers(), []);
    } finally {
      parties.dispose();
    }
  });

  it('gives the mean over the others when one is killed', async () => {
    const parties = await Parties.start({ parties: { ...specs(), carol: held('carol') } });
    try {
      const carol = parties.get('carol');
      // All are in the quorum: without anybody there who goes on, the loss would end the run.
      for (const party of parties.all) await party.event('step.started', ({ name }) => name === 'quorum');
      process.kill(await carol.pid('program'), 'SIGKILL');
      await parties.ended();
      for (const name of ['alice', 'bob']) {
        const party = parties.get(name);
        assert.equal((await party.exited).code, 0, party.story());
        const value = (await party.event('result')).value;
        const missing = 'carol (PROCESS_KILLED)';
        assert.deepEqual(value, { clinics: 'alice, bob', missing, patients: 65, minutes: 25 }, party.story());
      }
      assert.equal((await carol.exited).code, 71);
      assert.deepEqual(await parties.leftovers(), []);
    } finally {
      parties.dispose();
    }
  });
});
