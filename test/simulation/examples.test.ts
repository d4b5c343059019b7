import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { explore } from '../../src/testing/index.ts';
import { projectRoot } from '../tidy/project-files.ts';

/** Real time for one example: enough for some dozen runs on a quiet machine. */
const FOR_MS = 6_000;

describe('the examples, explored', () => {
  it('two-parties: every promise holds under seeded faults', async () => {
    const folder = join(projectRoot, 'examples/two-parties');
    const result = await explore({
      job: join(folder, 'job.ts'),
      settings: {
        alice: { table: join(folder, 'alice.csv') },
        bob: { table: join(folder, 'bob.csv') },
      },
      runs: 60,
      forMs: FOR_MS,
    });
    assert.deepEqual(result.breaks, []);
    assert.ok(result.runs > 0);
    assert.equal(result.deterministic, true);
  });
});
