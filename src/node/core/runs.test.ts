import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { deferred } from '../../base/deferred.ts';
import { DataError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import type { LifeEvent } from '../life/life-types.ts';
import { packBundle } from '../model/bundle.ts';
import type { Proposal } from '../model/proposal.ts';
import { RunFolders } from '../runs/run-folders.ts';
import { ATTACH_MS } from '../runs/watch.ts';
import type { Lives } from './lives.ts';
import { OpenProposal } from './open-proposal.ts';
import { NodeRuns } from './runs.ts';
import type { Staged } from './staging.ts';

const bundle = packBundle(new Map([['job.ts', Buffer.from('')]]));
const nth = { occurrence: 1, attempt: 1 };
const document = {
  ...{ proposer: 'alice', parties: ['alice'], expiresAt: 1e15, attemptsMax: 2, args: {}, contract: null },
  ...{ datasets: {}, outputs: {}, job: { file: 'job.ts', bundle: 'b' } },
};
const open = new OpenProposal(
  { proposal: { id: 'p1', document, signature: '' } as unknown as Proposal, life: {}, state: 'approved' },
  'alice',
);

let folder: string;
let now = 0;
let timers: (() => void)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runs-'));
  timers = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs whose tables are staged when `staged` says so. */
function runsWith(staged: Promise<Staged>) {
  const told = deferred<LifeEvent>();
  const launched = deferred<string>();
  const after = (_ms: number, callback: () => void) => {
    timers.push(callback);
    return { cancel: () => undefined };
  };
  const runs = new NodeRuns({
    self: 'alice',
    store: {} as never,
    clock: { now: () => now, wallTime: () => now, after },
    folders: new RunFolders(folder),
    sockets: folder,
    bundleOf: async () => bundle,
    packages: { check: async () => [] },
    launch: async ({ runId }) => {
      launched.resolve(runId);
      return 1;
    },
    staged: () => staged,
    lives: () => ({ happens: (_id: string, event: LifeEvent) => told.resolve(event) }) as unknown as Lives,
    ended: () => undefined,
    joinTimeoutMs: 60_000,
    wake: () => undefined,
    warn: () => undefined,
  });
  return { runs, told, launched };
}

describe('a run whose tables take long to be staged', () => {
  it('is not taken for one that does not begin, and is then started', async () => {
    const staged = deferred<Staged>();
    const { runs, told, launched } = runsWith(staged.promise);
    runs.start(open, nth);
    now += 2 * ATTACH_MS;
    for (const due of timers.splice(0)) due();
    const first = Promise.race([told.promise.then(() => 'ended'), launched.promise]);
    staged.resolve({ tables: {}, minimumRows: 0 });
    assert.equal(await first, 'p1-1-1');
    runs.close();
  });

  it('is over where its node is back after the others have waited in vain, and begun where they still wait', async () => {
    const staged = Promise.resolve({ tables: {}, minimumRows: 0 });
    const late = runsWith(staged);
    late.runs.start(open, nth, now - 60_001);
    const end = { type: 'ended', completed: false, again: true };
    assert.deepEqual(await Promise.race([late.told.promise, late.launched.promise]), end);
    late.runs.close();
    const inTime = runsWith(staged);
    inTime.runs.start(open, nth, now - 59_000);
    assert.equal(await Promise.race([inTime.told.promise, inTime.launched.promise]), 'p1-1-1');
    inTime.runs.close();
  });

  it('can be cancelled before its supervisor is there', () => {
    const { runs } = runsWith(deferred<Staged>().promise);
    assert.equal(runs.cancel('p1-1-1'), false);
    runs.start(open, nth);
    assert.equal(runs.cancel('p1-1-1'), true);
    runs.close();
  });

  it('ends at once where they are refused, and is not tried again', async () => {
    const refused = Promise.reject(new DataError('PRIVITY_ROWS_TOO_FEW', 'too few'));
    void ignored(refused, 'it is asked for later');
    const { runs, told } = runsWith(refused);
    runs.start(open, nth);
    assert.deepEqual(await told.promise, { type: 'ended', completed: false, again: false });
    runs.close();
  });
});
