/** A supervisor on a machine of which one part never answers: a folder, a port, a process. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deferred } from '../../base/deferred.ts';
import { EnvironmentError } from '../../base/errors.ts';
import type { RunEvent } from '../../observe/events.ts';
import { systemLoop } from '../machine/system-loop.ts';
import { RunRecord } from '../record/reclaim.ts';
import { RECLAIM_MS } from '../seam/bounds.ts';
import type { PartyOptions } from '../seam/options.ts';
import type { ProgramChild, SupervisorPlatform } from '../seam/platform.ts';
import { PartyRun } from './party.ts';

/** A second of the supervisor's takes so many of ours. */
const SPEED = 200;
const fast = {
  ...systemLoop,
  clock: { ...systemLoop.clock, now: () => systemLoop.clock.now() * SPEED },
  hold: (ms: number, callback: () => void) => systemLoop.hold(ms / SPEED, callback),
};
const never = new Promise<never>(() => undefined);

const events: RunEvent[] = [];
const options: PartyOptions = {
  party: 'alice',
  federationName: 'test',
  federation: ['alice', 'bob'].map((name) => ({ name, host: name, port: 1, fingerprint: '' })),
  identity: { certPem: '', keyPem: '' },
  listen: { host: 'alice', port: 7 },
  jobFile: '/job.ts',
  args: {},
  settings: {},
  errorDetail: 'redacted',
  bounds: {},
  onEvent: (event) => void events.push(event),
};

let removed = 0;
let stoodDown = 0;
const machine = (broken: Partial<SupervisorPlatform<ProgramChild>>): SupervisorPlatform<ProgramChild> => ({
  ...fast,
  pid: 1,
  clearOrphans: async () => undefined,
  tempFolder: async () => ({
    path: '/tmp/x',
    runIs: () => undefined,
    programIs: () => undefined,
    remove: async () => void removed++,
  }),
  openPlanes: async () => ({
    connect: () => assert.fail('there is nobody to connect to'),
    handDataTo: () => undefined,
    close: async () => undefined,
  }),
  startStandIn: async () => ({ pid: 2, begun: () => undefined, end: async () => void stoodDown++ }),
  createRunIdentity: (identity) => ({ ...identity, fingerprint: '' }),
  spawnProgram: () => never,
  defaultMemoryMax: () => undefined,
  createSigner: () => ({ sign: () => '', accepts: () => true }),
  rehearse: () => undefined,
  ...broken,
});

const stuck = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof EnvironmentError);
  assert.equal(error.code, 'PRIVITY_MACHINE_STUCK');
  assert.match(error.message, message);
  return true;
};

describe('a start that never comes to its end', () => {
  it('is given up, at each thing that it waits for, and what it had is given back', async () => {
    const parts: readonly [Partial<SupervisorPlatform<ProgramChild>>, RegExp, number, number][] = [
      [{ tempFolder: () => never }, /^making a temporary folder: not done within 10 s/, 0, 0],
      [{ openPlanes: () => never }, /^listening at alice:7: not done within 10 s/, 1, 0],
      [
        { startStandIn: () => never },
        /^starting the process that stands in for this one: not done within 10 s/,
        1,
        0,
      ],
      [{}, /^starting the program process: not done within 10 s/, 1, 1],
    ];
    for (const [broken, message, folders, standIns] of parts) {
      removed = 0;
      stoodDown = 0;
      await assert.rejects(new PartyRun(options, machine(broken)).run(), stuck(message));
      assert.equal(removed, folders);
      assert.equal(stoodDown, standIns);
    }
  });

  it('is given up at once when its operator does not want to wait', async () => {
    const kill = new AbortController();
    const reached = deferred<void>();
    const tempFolder = (): Promise<never> => {
      reached.resolve();
      return never;
    };
    const run = new PartyRun({ ...options, kill: kill.signal }, machine({ tempFolder })).run();
    await reached.promise;
    kill.abort();
    await assert.rejects(run, stuck(/to end at once/));
  });

  it('is not held up by what earlier runs have left', async () => {
    events.length = 0;
    const run = new PartyRun(options, machine({ clearOrphans: () => never, tempFolder: () => never })).run();
    await assert.rejects(run, stuck(/making a temporary folder/));
    const warned = events.find((event) => event.event === 'log' && event.level === 'warn');
    assert.match(JSON.stringify(warned), /clearing what earlier runs have left: not done within 10 s/);
  });
});

describe('giving back', () => {
  it('takes no longer than its bound, however much hangs, and names it', async () => {
    const record = new RunRecord(fast);
    for (let n = 0; n < 10; n++) record.hold('thing', String(n), () => never);
    const begun = fast.clock.now();
    const { items, leftovers } = await record.releaseAll();
    // Each wait of ours may be a timer's turn too long, which is some of the supervisor's time.
    assert.ok(fast.clock.now() - begun < 10 * RECLAIM_MS);
    assert.deepEqual([items, leftovers.length], [{}, 10]);
    assert.match(leftovers[0] ?? '', /^thing 9: not released within 2000 ms$/);
    assert.match(leftovers[9] ?? '', /^thing 0: not released within 0 ms$/);
  });
});
