import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useWorlds } from '../../test/parts/program-world.ts';
import { job } from './model/job.ts';

const world = useWorlds();

const two = { parties: ['alice', 'bob'] } as const;

describe('misuse of steps', () => {
  const misuse = async (body: (context: never) => unknown): Promise<{ code?: string | undefined }> => {
    const w = await world(job(two, body as () => unknown));
    for (const outcome of (await w.run()).values()) assert.equal(outcome.status, 'rejected');
    const [captured] = w.of('alice').host.failures;
    assert.match(String(captured?.failure.code), /^(USAGE|INPUT_MISSING)$/);
    return captured?.detail ?? {};
  };
  // biome-ignore lint/suspicious/noExplicitAny: a job in plain JavaScript, which nothing keeps from these calls
  type Js = any;
  const cases: readonly [string, string, (context: Js) => unknown][] = [
    ['no name', 'PRIVITY_STEP_INVALID', ({ alice }) => alice.run(() => 1)],
    ['an empty name', 'PRIVITY_STEP_INVALID', ({ alice }) => alice.run('', () => 1)],
    ['a long name', 'PRIVITY_STEP_INVALID', ({ alice }) => alice.run('x'.repeat(201), () => 1)],
    [
      'a name with control characters',
      'PRIVITY_STEP_INVALID',
      ({ alice }) => alice.run('a\u001b[2J', () => 1),
    ],
    ['no code', 'PRIVITY_STEP_INVALID', ({ alice }) => alice.run('x', {})],
    ['inputs that are no record', 'PRIVITY_STEP_INVALID', ({ alice }) => alice.run('x', [1], () => 1)],
    [
      'an input that is no handle',
      'PRIVITY_HANDLE_EXPECTED',
      ({ alice }) => alice.run('x', { y: 1 }, () => 1),
    ],
    [
      'another party’s value',
      'PRIVITY_HANDLE_NOT_HERE',
      ({ alice, bob }) => bob.run('y', { x: alice.run('x', () => 1) }, () => 1),
    ],
    ['reveal of a plain value', 'PRIVITY_HANDLE_EXPECTED', ({ reveal }) => reveal(5)],
    ['reveal of a promise', 'PRIVITY_HANDLE_EXPECTED', ({ reveal }) => reveal(Promise.resolve(1))],
    ['to nobody', 'PRIVITY_STEP_INVALID', ({ alice }) => alice.run('x', () => 1).to()],
    ['to a string', 'PRIVITY_STEP_PARTY_UNKNOWN', ({ alice }) => alice.run('x', () => 1).to('bob')],
    ['parallel of promises', 'PRIVITY_STEP_INVALID', ({ parallel }) => parallel([Promise.resolve()])],
    ['parallel of too many', 'PRIVITY_STEP_INVALID', ({ parallel }) => parallel(Array(1025).fill(() => 1))],
    [
      'a step while parallel runs',
      'PRIVITY_BRANCH_BUSY',
      async ({ alice, parallel }) => {
        const running = parallel([async () => 1]);
        alice.run('x', () => 1);
        await running;
      },
    ],
    [
      'a step in a task',
      'PRIVITY_STEP_INSIDE_TASK',
      ({ alice, reveal }) => reveal(alice.run('x', () => alice.run('y', () => 1))),
    ],
    [
      'a handle that a task returns',
      'PRIVITY_STEP_INVALID',
      ({ alice }) => {
        const y = alice.run('y', () => 1);
        alice.run('x', () => y);
      },
    ],
    ['arithmetic', 'PRIVITY_HANDLE_COERCED', ({ alice }) => alice.run('x', () => 1) + 1],
    [
      'a missing setting',
      'PRIVITY_SETTING_MISSING',
      ({ alice }) => void alice.run('x', (c: Js) => c.settings.table),
    ],
  ];
  for (const [what, code, body] of cases) {
    it(`${what}: ${code}`, async () => {
      assert.equal((await misuse(body)).code, code);
    });
  }

  it('a handle or party of another run', async () => {
    let kept: { handle?: unknown; party?: unknown } = {};
    const keep = job(two, ({ alice }) => {
      kept = { handle: alice.run('x', () => 1), party: alice };
    });
    await (await world(keep)).run();
    assert.equal((await misuse(({ reveal }: Js) => reveal(kept.handle))).code, 'PRIVITY_HANDLE_FOREIGN');
    assert.equal(
      (await misuse(({ alice }: Js) => alice.run('x', () => 1).to(kept.party))).code,
      'PRIVITY_STEP_PARTY_UNKNOWN',
    );
  });

  it('a step after the run', async () => {
    let kept: Js;
    const keep = job(two, ({ alice }) => {
      kept = alice;
    });
    await (await world(keep)).run();
    assert.throws(() => kept.run('late', () => 1), { code: 'PRIVITY_STEP_OUTSIDE_RUN' });
  });

  it('a job for other parties', async () => {
    await assert.rejects(
      world(
        job(two, () => 1),
        { parties: ['alice', 'dave'] },
      ),
      { code: 'PRIVITY_JOB_PARTIES_DIFFER' },
    );
  });
});
