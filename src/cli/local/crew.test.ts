import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../base/system.ts';
import type { RunEvent } from '../../observe/events.ts';
import type { Shell } from '../shell.ts';
import type { Stopping } from '../stop.ts';
import { runCrew } from './crew.ts';

/** A second of the crew's takes so many of ours. */
const SPEED = 100;
const clock = {
  ...systemClock,
  after: (ms: number, callback: () => void) => systemClock.after(ms / SPEED, callback),
};

let folder: string;
let hangs: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'privity-crew-test-'));
  hangs = join(folder, 'hangs.mjs');
  await writeFile(hangs, 'setInterval(() => undefined, 1000); process.stdin.resume();\n');
});
after(() => rm(folder, { recursive: true, force: true }));

async function crewOf(stopping: Partial<Stopping> = {}) {
  const events: RunEvent[] = [];
  const lines: string[] = [];
  const { startErrors } = await runCrew(
    { clock } as unknown as Shell,
    {
      runId: 'r',
      folder,
      parties: ['alice'],
      bounds: {},
      command: () => [hangs],
      args: {},
      onEvent: (event) => void events.push(event),
      onLine: (party, text) => void lines.push(`${party}: ${text}`),
    },
    {
      cancel: new AbortController().signal,
      kill: new AbortController().signal,
      first: () => undefined,
      dispose: () => undefined,
      ...stopping,
    },
  );
  const exit = events.find((event) => event.event === 'process.exited');
  return { startErrors, lines, because: exit?.event === 'process.exited' ? exit.endedByPrivity : undefined };
}

describe('a supervisor that stands still', () => {
  it('in its start is ended, with a cause', async () => {
    const { startErrors, lines, because } = await crewOf();
    assert.equal(because, 'because it did not start within 60 s');
    assert.deepEqual(lines, [`alice: its supervisor is ended by Privity ${because}`]);
    assert.deepEqual(
      startErrors.map(({ error, message, exitCode }) => [error, message, exitCode]),
      [['PRIVITY_MACHINE_STUCK', 'the supervisor of alice: not started within 60 s', 78]],
    );
  });

  it('and does not heed a stop signal is ended after the first', async () => {
    const { because } = await crewOf({ cancel: AbortSignal.abort() });
    assert.equal(because, 'because it did not end by itself');
  });

  it('is ended soon after the second', async () => {
    const kill = new AbortController();
    setImmediate(() => kill.abort());
    const { because } = await crewOf({ kill: kill.signal });
    assert.equal(because, 'after the second stop signal');
  });
});
