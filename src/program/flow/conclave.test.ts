import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useWorlds, type World } from '../../../test/parts/program-world.ts';
import type { TaskContext } from '../model/context.ts';
import { type Job, job } from '../model/job.ts';

const world = useWorlds();

const three = { parties: ['alice', 'bob', 'carol'] } as const;

const never = ({ signal }: TaskContext): Promise<number> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

function codesOf(w: World, party: string): readonly unknown[] {
  return w.of(party).host.failures.map(({ failure, detail }) => detail.code ?? failure.code);
}

describe('conclave', () => {
  it('gives every member the result, and the others a handle', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, conclave, reveal }) => {
        const x = alice.run('x', () => 20);
        const sum = await conclave([bob, alice], async ({ reveal }) => {
          const y = bob.run('y', { x: x.to(bob) }, ({ x }) => x + 1);
          return (await reveal(x)) + (await reveal(y)) + (await reveal(bob.run('one', () => 1)));
        });
        const atBob = bob.run('use', { sum }, ({ sum }) => sum);
        const atCarol = carol.run('use', { sum: sum.to(carol) }, ({ sum }) => sum + 1);
        return [await reveal(atBob), await reveal(atCarol)];
      }),
    );
    const result = [42, 43];
    assert.deepEqual(await w.results(), { alice: result, bob: result, carol: result });
    assert.equal(new Set([...w.parties.values()].map(({ host }) => host.trail.at(-1)?.digest)).size, 1);
  });

  it('shows nothing of itself to others, who do not wait for it', async () => {
    let finish = (): void => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const w = await world(
      job(three, async ({ alice, carol, conclave, reveal }) => {
        const secret = await conclave([alice], async ({ reveal, attempt }) => {
          await attempt(async () => reveal(alice.run('fails', () => Promise.reject(new Error('no')))));
          return reveal(alice.run('slow', () => held.then(() => 'canary')));
        });
        const own = carol.run('goes on', () => 1);
        carol.run('lets alice go', { own }, () => finish());
        await reveal(alice.run('length', { secret }, ({ secret }) => secret.length));
      }),
    );
    await w.results();
    const { host } = w.of('carol');
    assert.deepEqual(
      host.trail.map(({ name, kind, places }) => [name, kind, places.length]),
      [
        ['conclave', 'conclave', 1],
        ['goes on', 'task', 1],
        ['lets alice go', 'task', 1],
        ['length', 'task', 1],
        ['length', 'reveal', 3],
      ],
    );
    assert.deepEqual(
      host.log.filter((line) => line.startsWith('left')),
      [],
    );
    for (const { header, body } of w.crossed) {
      assert.ok(!Buffer.concat([header, body].map(Buffer.from)).includes('canary'));
    }
    // Its members compare the digest of its branch.
    assert.deepEqual(
      w.of('alice').host.conclaves.map(({ conclave, members, fin }) => [conclave, members, fin.steps]),
      [['0', ['alice'], 3]],
    );
  });

  it('keeps its scopes among the members', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, conclave, reveal }) => {
        const told = await conclave([alice, bob], async ({ attempt, retry, parallel, reveal }) => {
          const [failed, third] = await parallel([
            () => attempt(async () => reveal(bob.run('bad', () => Promise.reject(new Error('no'))))),
            () => retry({ attempts: 2 }, async (n) => reveal(alice.run('n', () => n))),
          ]);
          return [failed.ok ? '' : failed.failure.origin, third];
        });
        return reveal(carol.run('told', { told: told.to(carol) }, ({ told }) => told));
      }),
    );
    assert.deepEqual((await w.results()).carol, ['bob', 1]);
    for (const name of ['alice', 'bob'])
      assert.equal(w.of(name).host.log.filter((line) => line.startsWith('left')).length, 2);
    assert.ok(!w.of('carol').host.log.some((line) => line.startsWith('left')));
  });

  it('fails the scope around it, which learns the conclave and not the step', async () => {
    const w = await world(
      job(three, async ({ alice, bob, attempt, conclave }) => {
        const outcome = await attempt(() =>
          conclave([alice, bob], async ({ reveal }) => {
            alice.run('waits', never);
            await reveal(bob.run('canary name', () => Promise.reject(new Error('no'))));
          }),
        );
        if (outcome.ok) return 'ok';
        const { code, origin, stepId, stepName } = outcome.failure;
        return [code, origin, stepId, stepName];
      }),
    );
    const result = ['TASK_FAILED', 'bob', '0/0/0', 'conclave'];
    assert.deepEqual(await w.results(), { alice: result, bob: result, carol: result });
  });

  it('narrows when it is nested', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, conclave, reveal }) => {
        const outer = await conclave([alice, bob], async ({ conclave, reveal }) => {
          const inner = await conclave([bob], () => 5);
          return reveal(bob.run('inner', { inner }, ({ inner }) => inner));
        });
        return reveal(carol.run('c', { x: outer.to(carol) }, ({ x }) => x));
      }),
    );
    assert.deepEqual((await w.results()).alice, 5);
    assert.ok(!w.of('alice').host.trail.some(({ name }) => name === 'carol'));
  });

  it('refuses parties and values from outside, wherever they come from', async () => {
    const programs: readonly [string, Job][] = [
      [
        'PRIVITY_PARTY_NOT_IN_CONCLAVE',
        job(three, ({ alice, carol, conclave }) => conclave([alice], () => void carol.run('c', () => 1))),
      ],
      [
        'PRIVITY_PARTY_NOT_IN_CONCLAVE',
        job(three, ({ alice, carol, conclave }) =>
          conclave([alice], () => void alice.run('a', () => 1).to(carol)),
        ),
      ],
      [
        'PRIVITY_PARTY_NOT_IN_CONCLAVE',
        job(three, ({ alice, carol, conclave }) =>
          conclave([alice], async () => {
            await conclave([alice, carol], () => 1);
          }),
        ),
      ],
      [
        'PRIVITY_PARTY_NOT_IN_CONCLAVE',
        job(three, ({ alice, carol, conclave }) => conclave([alice], () => carol.onFailure(() => {}))),
      ],
      [
        'PRIVITY_HANDLE_CONCLAVE',
        job(three, ({ alice, bob, conclave, reveal }) => {
          const x = bob.run('x', () => 1);
          return conclave([alice], () => reveal(x));
        }),
      ],
      [
        'PRIVITY_HANDLE_CONCLAVE',
        job(three, async ({ alice, conclave, reveal }) => {
          let kept = alice.run('before', () => 0);
          await conclave([alice], () => {
            kept = alice.run('inside', () => 1);
          });
          return reveal(kept);
        }),
      ],
      [
        'PRIVITY_HANDLE_CONCLAVE',
        job(three, ({ alice, conclave }) => conclave([alice], (() => alice.run('x', () => 1)) as never)),
      ],
      ['PRIVITY_STEP_INVALID', job(three, ({ conclave }) => conclave([] as never, () => 1))],
      ['PRIVITY_STEP_INVALID', job(three, ({ alice, conclave }) => conclave([alice, alice], () => 1))],
      ['PRIVITY_STEP_PARTY_UNKNOWN', job(three, ({ conclave }) => conclave(['alice'] as never, () => 1))],
      [
        'PRIVITY_BRANCH_BUSY',
        job(three, async ({ alice, conclave }) => {
          const pending = conclave([alice], ({ reveal }) => reveal(alice.run('x', () => 1)));
          alice.run('beside', () => 1);
          await pending;
        }),
      ],
      [
        'PRIVITY_VALUE_NOT_SENDABLE',
        job(three, ({ alice, conclave }) => conclave([alice], () => (() => 1) as never)),
      ],
    ];
    for (const [code, program] of programs) {
      const w = await world(program);
      for (const outcome of (await w.run()).values()) assert.equal(outcome.status, 'rejected', code);
      assert.equal(codesOf(w, 'alice')[0], code);
    }
  });
});
