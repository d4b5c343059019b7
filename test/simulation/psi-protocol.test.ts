/** A protocol for private set intersection that is in no other file of the product runs as the ones that are. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { psiProtocols } from '../../src/psi/protocols/index.ts';
import { explore, replay } from '../../src/testing/index.ts';
import { itLong } from '../effort.ts';
import { salted } from '../parts/salted-psi.ts';
import { projectRoot } from '../tidy/project-files.ts';

const job = join(projectRoot, 'test/simulation/jobs/psi-salted.ts');

describe('a second protocol, which is one file and one line', () => {
  const list = psiProtocols as Record<string, unknown>;
  before(() => {
    list.salted = salted;
  });
  after(() => {
    delete list.salted;
  });

  it('is what a job gets that names it, in step, ledger and result', async () => {
    const { run, violations } = await replay({ job, plan: [] });
    assert.deepEqual(violations, []);
    for (const { report, events } of run.parties) {
      const result = events.find((event) => event.event === 'result');
      assert.ok(result?.event === 'result' && Array.isArray(result.value));
      const [atAlice, atBob] = result.value as string[];
      assert.equal(atAlice, atBob);
      assert.deepEqual(
        atAlice?.split(',').sort(),
        Array.from({ length: 10 }, (_, i) => `P${20 + i}`),
      );
      assert.ok(report?.disclosures.some(({ type }) => type === salted.discloses));
    }
  });

  itLong('keeps what is promised of a run, under faults', async () => {
    const { breaks, runs } = await explore({ job, runs: 40, forMs: 10_000 });
    assert.deepEqual(breaks, []);
    assert.ok(runs > 0);
  });
});

it('is not there where nobody has entered it, and the error says which are', async () => {
  await assert.rejects(replay({ job, plan: [] }), /no protocol of this name; there is "dh"/);
});
