import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { campaign } from './campaign.ts';
import { runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios.ts';
import { seeded } from './seeded.ts';

describe('the long form', () => {
  it('runs what is chosen and says how it went', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'privity-campaign-'));
    const lines: string[] = [];
    try {
      const options = {
        runs: 1,
        seed: 7,
        folder,
        concurrency: 1,
        say: (line: string) => void lines.push(line),
      };
      assert.equal(
        await campaign({ ...options, only: 'reject, mid-task, bob of 2' }),
        true,
        lines.join('\n'),
      );
      assert.match(lines.at(-1) ?? '', /^1 runs, 0 not as expected, 0 things left behind$/);
      assert.deepEqual(readdirSync(folder), ['journal.jsonl']);
      assert.equal(await campaign({ ...options, only: 'no such scenario' }), false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('notices a verdict, an origin and a time that are not as expected', async () => {
    const scenario = scenarios.find(({ name }) => name === 'throw, mid-task, bob of 2');
    assert.ok(scenario);
    const wrong = { ...scenario, detectionMs: -1, expected: { code: 'STALLED', origin: 'alice' } } as const;
    const { complaints } = await runScenario(wrong, seeded(1));
    const text = complaints.join('\n');
    for (const part of [
      'alice says TASK_FAILED of bob; expected STALLED',
      'expected of alice',
      'allowed are -1 ms',
    ])
      assert.ok(text.includes(part), `${part} in\n${text}`);
  });
});
