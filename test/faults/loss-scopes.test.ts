/** Failure and trust that stay within a part of the program, with real processes. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { itLong, shareOf } from '../effort.ts';
import { jobFile, Parties } from './parties.ts';

describe('conclave, real processes', () => {
  itLong('ends among its members while another party is busy, who sees nothing of it', async () => {
    const job = jobFile('conclave.ts');
    const release = join(mkdtempSync(join(tmpdir(), 'privity-release-')), 'now');
    const parties = await Parties.start({
      parties: { alice: { job }, bob: { job }, carol: { job, settings: { release } } },
    });
    try {
      const carol = parties.get('carol');
      await carol.event('step.started', ({ name }) => name === 'busy');
      await parties.get('alice').event('log', ({ message }) => message === 'the members are through');
      writeFileSync(release, '');
      await parties.ended();
      for (const party of parties.all) {
        assert.equal((await party.exited).code, 0, party.story());
        assert.deepEqual((await party.event('result')).value, ['bob', 41]);
        if (party.name !== 'bob') assert.doesNotMatch(party.story(), /canary/);
      }
      assert.ok(!carol.events.some(({ event }) => event === 'failure'), carol.story());
      assert.match(parties.get('alice').story(), /"event":"failure"/);
      assert.deepEqual(await parties.leftovers(), []);
    } finally {
      parties.dispose();
      rmSync(dirname(release), { recursive: true });
    }
  });
});

/**
 * All are in the scope that the step belongs to: a party that is lost while the others are on their way there ends the
 * run.
 */
const inside = (parties: Parties, step: string): Promise<unknown> =>
  Promise.all(parties.all.map((party) => party.event('step.started', ({ name }) => name === step)));

describe('loss within scopes, real processes', () => {
  for (const [what, role, code] of shareOf([
    ['program is killed', 'program', 'PROCESS_KILLED'],
    ['supervisor is killed', 'supervisor', 'PEER_CRASHED'],
  ] as const)) {
    it(`a quorum goes on with those who are present when carol's ${what}`, async () => {
      const job = jobFile('quorum.ts');
      const dir = mkdtempSync(join(tmpdir(), 'privity-gate-'));
      const spec = { job, settings: { gate: join(dir, 'open') } };
      const never = { job, settings: { gate: join(dir, 'never') } };
      // Far more than the evidence of a death needs, however busy the machine is: silence must not be first.
      const bounds = { lostAfterMs: 10_000, suspectAfterMs: 5_000 };
      const parties = await Parties.start({ parties: { alice: spec, bob: spec, carol: never }, bounds });
      try {
        const carol = parties.get('carol');
        await inside(parties, 'part');
        process.kill(await carol.pid(role), 'SIGKILL');
        const survivors = ['alice', 'bob'].map((name) => parties.get(name));
        for (const party of survivors)
          assert.equal((await party.event('party.absent')).peer, 'carol', party.story());
        writeFileSync(spec.settings.gate, '');
        await parties.ended();
        const digests = new Set<string>();
        for (const party of survivors) {
          assert.equal((await party.exited).code, 0, party.story());
          assert.deepEqual((await party.event('result')).value, {
            present: ['alice', 'bob'],
            absent: [['carol', code, false]],
            doubled: 4,
            again: [code, 'carol'],
          });
          const verdict = await party.event('verdict');
          assert.deepEqual(verdict.absent, ['carol']);
          digests.add(verdict.digest);
          const report = JSON.parse(readFileSync(join(parties.dir, 'reports', `${party.name}.json`), 'utf8'));
          assert.deepEqual(
            report.absent.map((failure: { origin: string }) => failure.origin),
            ['carol'],
          );
        }
        assert.equal(digests.size, 1);
        if (role === 'program') {
          assert.equal((await carol.event('verdict')).code, 'PROCESS_KILLED');
          assert.equal((await carol.exited).code, 71);
        }
        assert.deepEqual(await parties.leftovers(), []);
      } finally {
        parties.dispose();
        rmSync(dir, { recursive: true });
      }
    });
  }

  itLong(
    'an attempt fails everywhere when carol freezes in it, is not retried, and the run goes on',
    async () => {
      const job = jobFile('frozen.ts');
      const parties = await Parties.start({
        parties: { alice: { job }, bob: { job }, carol: { job } },
        // She is frozen for as long as this at least: above what is asserted of it below.
        bounds: { suspectAfterMs: 1_200, lostAfterMs: 2_000 },
      });
      try {
        const carol = parties.get('carol');
        await inside(parties, 'waits');
        const pids = [await carol.pid('supervisor'), await carol.pid('program')];
        for (const pid of pids) process.kill(pid, 'SIGSTOP');
        const survivors = ['alice', 'bob'].map((name) => parties.get(name));
        await parties.ended(survivors);
        for (const party of survivors) {
          assert.equal((await party.exited).code, 0, party.story());
          assert.deepEqual((await party.event('result')).value, {
            code: 'PEER_UNREACHABLE',
            origin: 'carol',
            absent: ['carol'],
            after: 5,
          });
        }
        // She wakes up and finds herself alone: she ends, with a failure.
        for (const pid of pids) process.kill(pid, 'SIGCONT');
        await parties.ended();
        assert.equal((await carol.event('verdict')).outcome, 'failed', carol.story());
        // What she can know of the reason comes first: it was not the network.
        const { forMs } = await carol.event('standstill');
        assert.ok(forMs > 1_000, carol.story());
        const told = carol.events.map(({ event }) => event);
        assert.ok(told.indexOf('standstill') < told.indexOf('failure'), carol.story());
        assert.match((await carol.event('failure')).seenHere ?? '', /^this party itself stood still for/);
        assert.notEqual((await carol.exited).code, 0);
        assert.deepEqual(await parties.leftovers(), []);
      } finally {
        parties.dispose();
      }
    },
  );
});
