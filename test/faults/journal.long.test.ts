import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { campaign } from './campaign.ts';
import { Journal } from './journal.ts';

const done = (run: number, name = 'reject, mid-task, bob of 2') => ({
  run,
  name,
  complaints: [],
  detectionMs: 12,
  leftovers: [],
  tookMs: 34,
});

describe('the journal of a campaign', () => {
  it('goes on where it was cut off, and not with other scenarios', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'privity-journal-'));
    const file = join(folder, 'journal.jsonl');
    const lines: string[] = [];
    const options = {
      runs: 1,
      seed: 1,
      folder,
      concurrency: 1,
      say: (line: string) => void lines.push(line),
    };
    try {
      assert.equal(Journal.resume(file), null);
      const plan = { runs: 2, seed: 7, only: 'reject, mid-task, bob of 2' };
      Journal.begin(file, plan).add(done(1));
      appendFileSync(file, '{"run":2,"na');
      const found = Journal.resume(file);
      assert.deepEqual(found?.plan, plan);
      assert.deepEqual(found.done, [done(1)]);

      // The second run is still to be done, of the plan in the journal.
      assert.equal(await campaign({ ...options, resume: true }), true, lines.join('\n'));
      assert.match(lines.at(-1) ?? '', /^2 runs, 0 not as expected, 0 things left behind/);
      assert.equal(Journal.resume(file)?.done.length, 2);

      Journal.begin(file, plan).add(done(1, 'another'));
      assert.equal(await campaign({ ...options, resume: true }), false);
      assert.match(lines.at(-1) ?? '', /Start anew/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
