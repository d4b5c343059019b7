/**
 * The failures that every version must answer, with real processes, keys and sockets (three parties on this machine).
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import type { RunReport } from '../../src/observe/report.ts';
import { itLong } from '../effort.ts';
import { jobFile, joining, Parties, type Setup } from './parties.ts';

// Parties that starve on a busy machine are not to be taken for lost: silence is tried in the fault matrix.
const bounds = { graceMs: 1_000, suspectAfterMs: 2_000, lostAfterMs: 5_000 };
const steady = jobFile('steady.ts');

function three(args: Record<string, string>, more: Partial<Setup['parties']> = {}): Setup {
  const parties = { alice: { job: steady }, bob: { job: steady }, carol: { job: steady }, ...more };
  return { parties: parties as Setup['parties'], args, bounds: { ...bounds, ...joining(parties) } };
}

interface Expected {
  readonly code: string;
  /** Left out where all parties fail alike and any of them may be first. */
  readonly origin?: string;
  readonly exit: number;
  /** Parties that cannot report because they were killed. */
  readonly silent?: readonly string[];
}

/** Every party that could speak: one verdict, its exit code, the same digest in its report; and nothing is left. */
async function expectVerdict(parties: Parties, expected: Expected): Promise<void> {
  await parties.ended();
  const digests = new Set<string>();
  for (const party of parties.all) {
    if (expected.silent?.includes(party.name)) continue;
    const verdict = await party.event('verdict');
    const got = { code: verdict.code, origin: verdict.origin, exit: (await party.exited).code };
    const { code, origin = verdict.origin, exit } = expected;
    assert.deepEqual(got, { code, origin, exit }, `${party.name} said:\n${party.story()}`);
    const report = JSON.parse(
      readFileSync(join(parties.dir, 'reports', `${party.name}.json`), 'utf8'),
    ) as RunReport;
    assert.deepEqual(report.leftovers, []);
    assert.equal(report.verdict.digest, verdict.digest);
    digests.add(verdict.digest);
  }
  assert.equal(digests.size, 1, 'the digests of the verdicts differ');
  assert.deepEqual(await parties.leftovers(), []);
}

async function withParties(setup: Setup, body: (parties: Parties) => Promise<void>): Promise<void> {
  const parties = await Parties.start(setup);
  try {
    await body(parties);
  } finally {
    parties.dispose();
  }
}

/** The same job with one expression written differently, elsewhere. */
function changedCopy(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'privity-job-')), 'steady.ts');
  writeFileSync(file, readFileSync(steady, 'utf8').replace('seed * 2', 'seed + seed'));
  return file;
}

async function whileWorking(parties: Parties, who: string): Promise<void> {
  await parties.get(who).event('step.started', (event) => event.name === 'work');
}

describe('seven failures, real processes', () => {
  itLong('completes when nothing fails', () =>
    withParties(three({ what: 'return' }), async (parties) => {
      await parties.ended();
      for (const party of parties.all) {
        assert.equal((await party.exited).code, 0, party.story());
        assert.deepEqual((await party.event('result')).value, { answer: 42 });
      }
      assert.deepEqual(await parties.leftovers(), []);
    }),
  );

  it('a task throws', () =>
    withParties(three({ what: 'throw', who: 'bob' }), async (parties) => {
      await expectVerdict(parties, { code: 'TASK_FAILED', origin: 'bob', exit: 70 });
      assert.match(parties.get('bob').story(), /canary-task-message/);
      for (const other of ['alice', 'carol']) assert.doesNotMatch(parties.get(other).story(), /canary/);
    }));

  itLong("the job's own code throws", () =>
    withParties(three({ what: 'job' }), async (parties) => {
      await expectVerdict(parties, { code: 'TASK_FAILED', exit: 70 });
    }),
  );

  it('the program process is killed', () =>
    withParties(three({ what: 'wait', who: 'bob' }), async (parties) => {
      await whileWorking(parties, 'bob');
      process.kill(await parties.get('bob').pid('program'), 'SIGKILL');
      await expectVerdict(parties, { code: 'PROCESS_KILLED', origin: 'bob', exit: 71 });
      assert.match(parties.get('alice').story(), /SIGKILL/);
    }));

  itLong('the program process is killed while its event loop is blocked', () =>
    withParties(three({ what: 'spin', who: 'bob' }), async (parties) => {
      await whileWorking(parties, 'bob');
      process.kill(await parties.get('bob').pid('program'), 'SIGKILL');
      await expectVerdict(parties, { code: 'PROCESS_KILLED', origin: 'bob', exit: 71 });
    }),
  );

  itLong('the supervisor is killed', () =>
    withParties(three({ what: 'wait', who: 'bob' }), async (parties) => {
      await whileWorking(parties, 'bob');
      process.kill(await parties.get('bob').pid('supervisor'), 'SIGKILL');
      await expectVerdict(parties, { code: 'PEER_CRASHED', origin: 'bob', exit: 69, silent: ['bob'] });
    }),
  );

  itLong('a peer never starts', () =>
    withParties(three({}, { carol: { job: steady, start: false } }), async (parties) => {
      await expectVerdict(parties, { code: 'JOIN_TIMEOUT', origin: 'carol', exit: 69 });
    }),
  );

  itLong('two parties run different job files', async () => {
    const changed = changedCopy();
    try {
      await withParties(three({}, { bob: { job: changed } }), async (parties) => {
        await expectVerdict(parties, { code: 'PROGRAM_MISMATCH', exit: 78 });
        for (const party of parties.all) assert.match(party.story(), /the job file.*bob/);
      });
    } finally {
      rmSync(dirname(changed), { recursive: true });
    }
  });

  itLong('two parties have federation files of different names', () =>
    withParties(three({}, { bob: { job: steady, federation: { name: 'other' } } }), async (parties) => {
      await expectVerdict(parties, { code: 'PROGRAM_MISMATCH', exit: 78 });
      for (const party of parties.all)
        assert.match(party.story(), /federation: .*bob differs from the others/);
    }),
  );

  itLong('none is a federation file that lists the same parties in another order', () =>
    withParties(three({}, { carol: { job: steady, federation: { isReversed: true } } }), async (parties) => {
      await parties.ended();
      for (const party of parties.all) assert.equal((await party.exited).code, 0, party.story());
    }),
  );

  it('Ctrl-C at one party', () =>
    withParties(three({ what: 'wait', who: 'bob' }), async (parties) => {
      await whileWorking(parties, 'bob');
      parties.get('carol').child.kill('SIGINT');
      await expectVerdict(parties, { code: 'CANCELLED', origin: 'carol', exit: 130 });
    }));

  itLong('a loop that never returns is ended after the grace period', () =>
    withParties(three({ what: 'spin', who: 'bob' }), async (parties) => {
      await whileWorking(parties, 'bob');
      parties.get('alice').child.kill('SIGINT');
      await expectVerdict(parties, { code: 'CANCELLED', origin: 'alice', exit: 130 });
    }),
  );

  itLong('the job calls process.exit', () =>
    withParties(three({ what: 'exit', who: 'carol' }), async (parties) => {
      await expectVerdict(parties, { code: 'PROCESS_KILLED', origin: 'carol', exit: 71 });
    }),
  );
});
