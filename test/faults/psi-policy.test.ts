/** By which protocols a party runs intersections is for its own file to say: two files, two processes each. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jobFile, Parties } from './parties.ts';

interface Ended {
  readonly code: string | null;
  readonly rows: unknown;
  /** What each party's log says of the protocol that ran. */
  readonly ran: readonly (string | undefined)[];
  readonly stories: readonly string[];
}

type Files = Readonly<Record<'alice' | 'bob', readonly string[] | undefined>>;

async function run(protocol: 'dh' | 'rr22' | 'any' | 'shares', files: Files): Promise<Ended> {
  const job = jobFile('intersect.ts');
  const parties = await Parties.start({
    parties: {
      alice: { job, ...(files.alice && { psiProtocols: files.alice }) },
      bob: { job, ...(files.bob && { psiProtocols: files.bob }) },
    },
    args: { protocol },
  });
  try {
    await parties.ended();
    const both = ['alice', 'bob'].map((name) => parties.get(name));
    const [alice] = both;
    const verdict = await alice?.event('verdict');
    const result = alice?.events.find((event) => event.event === 'result');
    return {
      code: verdict?.code ?? null,
      rows: result?.event === 'result' ? result.value : undefined,
      ran: both.map((party) => /psi on id by (\w+): \d/.exec(party.story())?.[1]),
      stories: both.map((party) => party.story()),
    };
  } finally {
    parties.dispose();
  }
}

describe('what a party file says of protocols', () => {
  it('decides where the job names none, also for the other party', async () => {
    const { code, rows, ran } = await run('any', { alice: undefined, bob: ['rr22'] });
    assert.deepEqual([code, rows], [null, { rows: 2 }]);
    assert.deepEqual(ran, ['rr22', 'rr22']);
  });

  it('lets a job run that names one of it', async () => {
    const { code, ran } = await run('dh', { alice: ['rr22', 'dh'], bob: ['dh'] });
    assert.deepEqual([code, ran], [null, ['dh', 'dh']]);
  });

  it('ends a job that names another, at its own party, before anything is sent', async () => {
    const { code, ran, stories } = await run('rr22', { alice: undefined, bob: ['dh'] });
    assert.equal(code, 'POLICY_DENIED');
    assert.deepEqual(ran, [undefined, undefined]);
    assert.match(stories[1] ?? '', /PRIVITY_PSI_POLICY/);
    assert.match(
      stories[1] ?? '',
      /runs by rr22, and the party file of this party takes only dh \(psi\.protocols\)/,
    );
    assert.doesNotMatch(stories[0] ?? '', /takes only dh/);
  });

  it('holds for an intersection into shares, which rests on what rr22 rests on', async () => {
    const allowed = await run('shares', { alice: undefined, bob: ['rr22'] });
    assert.deepEqual([allowed.code, allowed.rows], [null, { rows: 2 }]);
    const { code, stories } = await run('shares', { alice: undefined, bob: ['dh'] });
    assert.equal(code, 'POLICY_DENIED');
    assert.match(stories[1] ?? '', /PRIVITY_PSI_POLICY/);
  });

  it('ends a run of two parties that have none in common', async () => {
    const { code, ran, stories } = await run('any', { alice: ['dh'], bob: ['rr22'] });
    assert.equal(code, 'DIVERGENCE');
    assert.deepEqual(ran, [undefined, undefined]);
    assert.match(stories.join(), /PRIVITY_PSI_MISMATCH/);
  });
});
