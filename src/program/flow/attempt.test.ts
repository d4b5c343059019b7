import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useWorlds } from '../../../test/parts/program-world.ts';
import { ScopeFailedError } from '../model/abort.ts';
import type { TaskContext } from '../model/context.ts';
import { job } from '../model/job.ts';
import { PublicError } from '../model/public-error.ts';

const world = useWorlds();

const two = { parties: ['alice', 'bob'] } as const;
const three = { parties: ['alice', 'bob', 'carol'] } as const;

/** A task that ends only with its scope. */
const never = ({ signal }: TaskContext): Promise<number> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });

describe('attempt', () => {
  it('gives the value when everything in it succeeds', async () => {
    const w = await world(
      job(two, async ({ alice, bob, attempt, reveal }) => {
        const outcome = await attempt(async () =>
          reveal(bob.run('y', { x: alice.run('x', () => 1).to(bob) }, ({ x }) => x + 1)),
        );
        return outcome.ok ? outcome.value : 'failed';
      }),
    );
    assert.deepEqual(await w.results(), { alice: 2, bob: 2 });
  });

  it('gives every party the same failure, also those that take no part, and the run goes on', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, attempt, reveal }) => {
        const outcome = await attempt(async () => {
          carol.run('waits', never);
          const bad = alice.run('bad', (): number => {
            throw new PublicError('no');
          });
          return reveal(bob.run('use', { bad: bad.to(bob) }, ({ bad }) => bad));
        });
        const after = await reveal(bob.run('after', () => 5));
        return [
          outcome.ok ? null : [outcome.failure.code, outcome.failure.origin, outcome.failure.message],
          after,
        ];
      }),
    );
    const results = await w.results();
    assert.deepEqual(results.alice, [['TASK_FAILED', 'alice', 'no'], 5]);
    assert.deepEqual(results.bob, results.alice);
    assert.deepEqual(results.carol, results.alice);
    assert.equal(new Set([...w.parties.values()].map(({ host }) => host.trail.at(-1)?.digest)).size, 1);
    for (const { host } of w.parties.values()) assert.deepEqual(host.failures, []);
  });

  it('keeps what was made in a failed attempt from being used', async () => {
    const w = await world(
      job(two, async ({ alice, attempt, reveal }) => {
        let kept = alice.run('before', () => 0);
        await attempt(async () => {
          kept = alice.run('inside', () => 1);
          await reveal(alice.run('bad', () => Promise.reject(new Error('no'))));
        });
        return reveal(kept);
      }),
    );
    for (const outcome of (await w.run()).values()) assert.equal(outcome.status, 'rejected');
    assert.equal(w.of('alice').host.failures[0]?.detail.code, 'PRIVITY_HANDLE_SCOPE_FAILED');
  });

  it('within another one ends alone', async () => {
    const w = await world(
      job(two, async ({ alice, bob, attempt, reveal }) => {
        const outer = await attempt(async () => {
          const inner = await attempt(async () =>
            reveal(bob.run('bad', () => Promise.reject(new Error('no')))),
          );
          return [inner.ok, await reveal(alice.run('still', () => 1))];
        });
        return outer.ok ? outer.value : outer.failure.code;
      }),
    );
    assert.deepEqual(await w.results(), { alice: [false, 1], bob: [false, 1] });
  });

  it('ends with the run', async () => {
    const w = await world(
      job(two, async ({ alice, attempt, reveal }) => {
        const outcome = await attempt(async () => reveal(alice.run('waits', never)));
        return outcome.ok;
      }),
    );
    const running = w.run();
    while (!w.of('alice').host.log.includes('start 0/0/0')) await new Promise(setImmediate);
    w.abort({ code: 'CANCELLED', origin: 'bob', reporter: 'bob', incident: '0'.repeat(32) });
    for (const outcome of (await running).values()) assert.equal(outcome.status, 'rejected');
  });
});

describe('retry', () => {
  it('tries again what failed for a reason that passes, everywhere alike', async () => {
    let tries = 0;
    const w = await world(
      job(two, async ({ alice, retry, reveal }) =>
        retry({ attempts: 3, when: () => true }, async (n) =>
          reveal(
            alice.run('flaky', () => {
              tries += 1;
              if (tries < 3) throw new Error('not yet');
              return [n, tries];
            }),
          ),
        ),
      ),
    );
    assert.deepEqual(await w.results(), { alice: [3, 3], bob: [3, 3] });
  });

  it('gives up with the last failure', async () => {
    const w = await world(
      job(two, async ({ alice, retry, reveal }) => {
        try {
          await retry({ attempts: 2, when: () => true }, async () =>
            reveal(alice.run('bad', () => Promise.reject(new Error('no')))),
          );
        } catch (error) {
          assert.ok(error instanceof ScopeFailedError);
          return error.failure;
        }
        return 'no failure';
      }),
    );
    assert.deepEqual(await w.results(), { alice: 'TASK_FAILED', bob: 'TASK_FAILED' });
  });
});
