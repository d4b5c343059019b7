/**
 * A party that is lost fails every scope that includes it; scopes among the others go on (docs/decisions/0010). Five
 * real parties; erin is lost in a scope of hers, while alice and bob are in one of their own, which then completes.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { jobFile, Parties, type Party } from './parties.ts';

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin'];
/** Far more than the evidence of a death needs, however busy the machine is: silence must not be first. */
const bounds = { lostAfterMs: 10_000, suspectAfterMs: 5_000 };

interface Lost {
  readonly parties: Parties;
  readonly survivors: readonly Party[];
  readonly open: () => void;
}

async function lose(
  role: 'program' | 'supervisor',
  shape: string,
  then: (lost: Lost) => Promise<void>,
): Promise<void> {
  const job = jobFile('nested.ts');
  const dir = mkdtempSync(join(tmpdir(), 'privity-gate-'));
  const gate = join(dir, 'open');
  const specs = NAMES.map((name) => [name, { job, ...(name === 'alice' ? { settings: { gate } } : {}) }]);
  const parties = await Parties.start({ parties: Object.fromEntries(specs), args: { shape }, bounds });
  try {
    const erin = parties.get('erin');
    await erin.event('step.started', ({ name }) => name === 'waits');
    await parties.get('alice').event('step.started', ({ name }) => name === 'works');
    process.kill(await erin.pid(role), 'SIGKILL');
    const survivors = NAMES.slice(0, -1).map((name) => parties.get(name));
    await then({ parties, survivors, open: () => writeFileSync(gate, '') });
    assert.deepEqual(await parties.leftovers(), []);
  } finally {
    parties.dispose();
    rmSync(dir, { recursive: true });
  }
}

describe('a party is lost while others are in scopes of their own, real processes', () => {
  for (const [role, code] of [
    ['program', 'PROCESS_KILLED'],
    ['supervisor', 'PEER_CRASHED'],
  ] as const) {
    for (const [shape, where] of [
      ['beside', 'in a scope of all, beside that of others'],
      ['around', 'in a conclave, within a scope of all'],
    ] as const) {
      it(`${where}, ${role} killed: hers fails, theirs completes, the run goes on`, () =>
        lose(role, shape, async ({ parties, survivors, open }) => {
          for (const party of survivors)
            assert.equal((await party.event('party.absent')).peer, 'erin', party.story());
          open();
          await parties.ended();
          const digests = new Set<string>();
          for (const party of survivors) {
            assert.equal((await party.exited).code, 0, party.story());
            const { value } = await party.event('result');
            assert.deepEqual(value, { said: [code, 'erin', ['erin']], after: 21 });
            digests.add((await party.event('verdict')).digest);
          }
          assert.equal(digests.size, 1);
        }));
    }
  }

  it('in a conclave that no scope of all is around: it ends the run, everywhere with the same cause', () =>
    lose('program', 'inside', async ({ parties }) => {
      await parties.ended();
      for (const party of parties.all) {
        const { code, origin } = await party.event('verdict');
        assert.deepEqual([code, origin], ['PROCESS_KILLED', 'erin'], party.story());
      }
    }));
});
