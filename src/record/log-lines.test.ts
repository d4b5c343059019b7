import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { systemClock } from '../base/system.ts';
import type { RunEvent, RunEventBody } from '../observe/events.ts';
import { eventLine } from './event-line.ts';
import { createLogLines } from './log-lines.ts';

const about = { time: '2026-01-02T03:04:05.678Z', runId: 'run-1', party: 'bob' };
const failed = {
  code: 'TASK_FAILED',
  origin: 'bob',
  stepId: '1',
  stepName: 'load',
  incident: 'abc',
  blame: 'user',
  retryable: false,
} as const;

/** Those whose own fields have names that a log line has, too. */
const events: readonly RunEvent[] = (
  [
    { event: 'log', level: 'warn', message: 'a word' },
    { event: 'failure', reporter: 'bob', message: 'text', ...failed },
    { event: 'verdict', outcome: 'failed', digest: 'd', attached: [], message: 'text', ...failed },
    { event: 'party.absent', peer: 'carol', code: 'PEER_CRASHED', incident: 'def' },
    { event: 'result', value: { level: 1, big: 12n } },
  ] satisfies RunEventBody[]
).map((event) => ({ ...event, ...about }));

/** YAML has all of JSON in it, and its reader refuses a key that stands twice. */
const strict = (line: string): Record<string, unknown> => parse(line, { uniqueKeys: true });

describe('lines of a log', () => {
  it('have each key once', () => {
    const lines = createLogLines(systemClock);
    const all = [
      ...events.map(eventLine),
      ...events.map((event) => lines.event(event)),
      lines.output('bob', 'said'),
      lines.summary('the end'),
    ];
    for (const line of all) {
      assert.match(line, /^\{.*\}\n$/);
      assert.deepEqual(strict(line), JSON.parse(line));
    }
    const [word] = events.map((event) => strict(lines.event(event)));
    assert.deepEqual([word?.level, word?.message], ['warn', 'a word']);
    assert.throws(() => strict('{"level":"info","level":"warn"}\n'), /unique/);
  });

  it('name the incident that they are about, and keep no result', () => {
    const lines = createLogLines(systemClock);
    const seen = events.map((event) => strict(lines.event(event)));
    assert.deepEqual(
      seen.map((line) => line.incident),
      [null, 'abc', 'abc', 'def', 'abc'],
    );
    assert.equal(seen.at(-1)?.value, undefined);
    assert.equal(strict(lines.summary('x')).incident, 'abc');
  });
});
