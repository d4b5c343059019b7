/**
 * A supervisor is killed, alone or with its program, or where its program has no standing connection on which it could
 * tell, or only one that is full. Silence would tell after `lostAfterMs`, which is set far above the time in which the
 * peers have to know.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effort, itLong, shareOf } from '../effort.ts';
import { type Cell, cell, fault, others, SLOW } from '../faults/cell.ts';
import { jobFile, Parties } from '../faults/parties.ts';
import { runScenario } from '../faults/run-scenario.ts';
import type { PartyName, Scenario, When } from '../faults/scenario.ts';

const SILENCE_MS = 12_000;
/** Below silence by far, and above what a busy machine makes of a TLS handshake and an agreement. */
const TOLD_MS = 6_000;

function killed(
  victim: PartyName,
  when: When,
  rest: Omit<Cell, 'fault' | 'expected' | 'detectionMs'>,
): Scenario {
  return cell({
    ...rest,
    bounds: { suspectAfterMs: 2_000, lostAfterMs: SILENCE_MS },
    fault: fault('kill supervisor', victim, when),
    expected: { code: 'PEER_CRASHED', origin: victim, silent: [victim] },
    detectionMs: TOLD_MS,
  });
}

/** Another party is slow to load the job, so that the victim is killed before the run has started. */
const joining = (victim: PartyName): Scenario =>
  killed(victim, 'handshake', {
    parties: 3,
    note: 'while joining',
    specs: { [others(3, victim).at(-1) ?? 'alice']: { env: { MATRIX_LOAD_MS: '8000' } } },
  });

const transferring = (victim: PartyName): Scenario =>
  killed(victim, 'mid-transfer', { parties: 2, args: { scene: 'transfer' }, bytesPerSecond: SLOW });

const spinning = (victim: PartyName): Scenario =>
  killed(victim, 'mid-task', { parties: 3, note: 'in a loop', args: { act: 'spin', who: victim } });

/** No jitter in these networks. */
const random = (): number => 0.5;

describe('the last word of a party whose supervisor was killed', () => {
  const scenarios = [
    ...[joining('alice'), joining('bob'), joining('carol')],
    ...[transferring('alice'), transferring('bob')],
    ...[spinning('alice'), spinning('carol')],
  ];
  for (const scenario of shareOf(scenarios, 5)) {
    it(scenario.name, async () => {
      const { complaints, story } = await runScenario(scenario, random);
      assert.deepEqual(complaints, [], story);
    });
  }

  for (const victim of ['alice', 'bob'] as const) {
    itLong(
      `${victim}'s supervisor is killed in one instant with its program: the peers are told, and nothing stays`,
      async () => {
        const job = jobFile('steady.ts');
        const parties = await Parties.start({
          parties: { alice: { job }, bob: { job }, carol: { job } },
          args: { who: victim, what: 'wait' },
          bounds: { suspectAfterMs: 2_000, lostAfterMs: SILENCE_MS },
        });
        try {
          const dead = parties.get(victim);
          await dead.event('step.started', ({ name }) => name === 'work');
          const pids = [await dead.pid('program'), await dead.pid('supervisor')];
          process.kill(pids[0] ?? 0, 'SIGSTOP');
          for (const pid of pids.toReversed()) process.kill(pid, 'SIGKILL');
          const killedAt = Date.now();
          await parties.ended();
          for (const party of parties.all.filter((one) => one !== dead)) {
            const { code, origin, time } = await party.event('verdict');
            assert.deepEqual([code, origin], ['PEER_CRASHED', victim], party.story());
            assert.ok(Date.parse(time) - killedAt < TOLD_MS, party.story());
          }
          assert.deepEqual(await parties.leftovers(), []);
        } finally {
          parties.dispose();
        }
      },
    );
  }

  itLong('its stand-in is killed: the run goes on, and its log says what that costs', async () => {
    const job = jobFile('steady.ts');
    const parties = await Parties.start({ parties: { alice: { job }, bob: { job }, carol: { job } } });
    try {
      const bob = parties.get('bob');
      process.kill(await bob.pid('stand-in'), 'SIGKILL');
      await parties.ended();
      for (const party of parties.all) assert.equal((await party.exited).code, 0, party.story());
      const isTold = ({ message }: { readonly message: string }) =>
        /stands in for this supervisor/.test(message);
      await bob.event('log', isTold);
      assert.deepEqual(await parties.leftovers(), []);
    } finally {
      parties.dispose();
    }
  });

  for (const victim of effort >= 1 ? (['alice', 'bob', 'carol'] as const) : []) {
    it(`${victim}'s supervisor is killed while its program process starts: the peers that it has met are told`, async () => {
      const job = jobFile('steady.ts');
      const bounds = { suspectAfterMs: 2_000, lostAfterMs: SILENCE_MS };
      const parties = await Parties.start({
        parties: { alice: { job }, bob: { job }, carol: { job } },
        bounds,
      });
      try {
        const dead = parties.get(victim);
        const rest = parties.all.filter((party) => party !== dead);
        const { pid } = await dead.event('process.started', ({ role }) => role === 'program');
        // It is slow to start: nothing of the job, or of what loads it, is there yet.
        process.kill(pid, 'SIGSTOP');
        for (const party of rest)
          await party.event('peer.state', ({ peer, state }) => peer === victim && state === 'up');
        process.kill(await dead.pid('supervisor'), 'SIGKILL');
        const killedAt = Date.now();
        process.kill(pid, 'SIGCONT');
        await parties.ended();
        for (const party of rest) {
          const { code, origin, time } = await party.event('verdict');
          assert.deepEqual([code, origin], ['PEER_CRASHED', victim], party.story());
          assert.ok(Date.parse(time) - killedAt < TOLD_MS, party.story());
        }
        assert.doesNotMatch(dead.story(), /"event":"log","level":"error"/);
        assert.deepEqual(await parties.leftovers(), []);
      } finally {
        parties.dispose();
      }
    });
  }
});
