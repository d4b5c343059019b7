import assert from 'node:assert/strict';
import { it } from 'node:test';
import { scheduleProblem } from './open-proposal.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const createdAt = Date.parse('2026-11-30T09:00:00Z');
const problem = (cron: string, timezone = 'UTC', days = 14) =>
  scheduleProblem({
    schedule: { cron, timezone, until: createdAt + days * DAY_MS, occurrencesMax: 52 },
    createdAt,
  });

it('tells which mistake a schedule is', () => {
  assert.equal(problem('0 6 * * 1', 'Europe/Berlin'), undefined);
  assert.equal(problem('0 0 30 2 *'), '"0 0 30 2 *" never comes');
  assert.match(
    problem('61 * * * *') ?? '',
    /^"61 \* .*" is no cron expression: Invalid value for minute: 61$/,
  );
  assert.match(problem('hello') ?? '', /^"hello" is no cron expression: .*exactly five/);
  for (const nowhere of ['Mars/Base', ''])
    assert.match(problem('0 6 * * 1', nowhere) ?? '', new RegExp(`^there is no time zone "${nowhere}"`));
  assert.match(
    problem('0 6 * * 1', 'UTC', 3) ?? '',
    /^"0 6 \* \* 1" is first due at 2026-12-07T06:00:00\.000Z, and the proposal ends at 2026-12-03T09:00:00\.000Z/,
  );
});
