import assert from 'node:assert/strict';
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { useWorlds, type World } from '../../test/parts/program-world.ts';
import { RunAbortedError } from './model/abort.ts';
import type { TaskContext } from './model/context.ts';
import { job } from './model/job.ts';
import { PublicError } from './model/public-error.ts';

const world = useWorlds();

const two = { parties: ['alice', 'bob'] } as const;
const three = { parties: ['alice', 'bob', 'carol'] } as const;

/** A task that ends only with its run. */
const never = ({ signal }: TaskContext): Promise<number> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/** All parties ended with the verdict; returns the failure that its origin reported. */
async function failure(w: World) {
  const outcomes = [...(await w.run()).values()];
  for (const outcome of outcomes) {
    assert.equal(outcome.status, 'rejected');
    assert.ok((outcome as PromiseRejectedResult).reason instanceof RunAbortedError);
  }
  const reported = [...w.parties.values()].flatMap(({ host }) => host.failures);
  assert.equal(reported.length, 1, 'one party reports, once');
  const [captured] = reported;
  assert.ok(captured);
  return captured;
}

describe('a failure at one party', () => {
  it('in a task is reported at once, although nobody waits for its value', async () => {
    const w = await world(
      job(three, async ({ alice, bob, reveal }) => {
        bob.run('unused', () => {
          throw new Error('boom');
        });
        return reveal(alice.run('endless', never));
      }),
    );
    const { failure: reported, detail } = await failure(w);
    assert.deepEqual(
      { ...reported, incident: '' },
      {
        code: 'TASK_FAILED',
        origin: 'bob',
        reporter: 'bob',
        stepId: '0',
        stepName: 'unused',
        incident: '',
      },
    );
    assert.match(reported.incident, /^[0-9a-f]{32}$/);
    assert.equal(detail.message, 'boom');
    assert.match(detail.stack, /failures\.test/);
  });

  it('keeps the steps that depend on it from running', async () => {
    let ran = false;
    const w = await world(
      job(two, async ({ alice, reveal }) => {
        const x = alice.run('x', () => Promise.reject(new Error('no')));
        const y = alice.run('y', { x }, () => {
          ran = true;
        });
        await reveal(y);
      }),
    );
    await failure(w);
    assert.equal(ran, false);
    assert.deepEqual(w.of('alice').host.finished, [{ stepId: '0', outcome: 'failed' }]);
  });

  it('cannot be undone by catching it', async () => {
    const w = await world(
      job(two, async ({ alice, reveal }) => {
        try {
          await reveal(alice.run('x', () => Promise.reject(new Error('no'))));
        } catch {
          return 'saved';
        }
        return 'fine';
      }),
    );
    await failure(w);
  });

  it('fails the run without a verdict, too', async () => {
    const w = await world(
      job(two, async ({ alice }) => {
        alice.run('x', () => Promise.reject(new Error('no')));
        return 'fine';
      }),
      { supervised: false },
    );
    const outcome = (await w.run()).get('alice');
    assert.equal(outcome?.status, 'rejected');
    assert.match(String((outcome as PromiseRejectedResult).reason), /no/);
  });

  it('in the job function itself names the job', async () => {
    const w = await world({
      alice: job(two, async () => {
        throw new TypeError('in the body');
      }),
      bob: job(two, async ({ alice, reveal }) => reveal(alice.run('x', () => 1))),
    });
    const { failure: reported } = await failure(w);
    assert.equal(reported.code, 'TASK_FAILED');
    assert.equal(reported.stepName, 'job');
    assert.equal(reported.stepId, undefined);
  });

  it('in a branch of parallel rejects once', async () => {
    let rejections = 0;
    const w = await world({
      alice: job(two, async ({ parallel, reveal, bob }) => {
        try {
          await parallel([
            async () => {
              throw new Error('branch');
            },
            async () => reveal(bob.run('never', never)),
          ]);
        } catch (error) {
          rejections += 1;
          throw error;
        }
      }),
      bob: job(two, async ({ parallel, reveal, alice }) => {
        await parallel([async () => reveal(alice.run('x', () => 1)), async () => 1]);
      }),
    });
    const { failure: reported } = await failure(w);
    assert.equal(reported.stepName, 'parallel');
    assert.equal(rejections, 1);
  });

  it('to encode a value is the sender’s, and nothing is sent', async () => {
    const w = await world(
      job(two, async ({ alice, bob, reveal }) => {
        const x = alice.run('x', () => new Map([['secret', 1]]) as unknown);
        return reveal(bob.run('use', { x: x.to(bob) }, () => 1));
      }),
    );
    const { failure: reported, detail } = await failure(w);
    assert.equal(reported.code, 'USAGE');
    assert.equal(detail.code, 'PRIVITY_VALUE_NOT_SENDABLE');
    assert.match(detail.message, /The value of step 1 "x" contains a Map/);
    assert.doesNotMatch(detail.message, /secret/);
    assert.deepEqual(w.crossed, []);
    assert.deepEqual(w.of('alice').host.disclosures, []);
  });

  it('of a stream is its sender’s', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'privity-stream-'));
    const file = join(dir, 'file');
    await writeFile(file, new Uint8Array(300_000));
    const w = await world(
      job(two, async ({ alice, bob }) => {
        const blob = alice.run('file', async () => {
          const opened = await openAsBlob(file);
          await truncate(file, 100);
          return opened;
        });
        bob.run('read', { blob: blob.to(bob) }, ({ blob }) => blob.size);
      }),
    );
    const { failure: reported } = await failure(w);
    assert.deepEqual([reported.origin, reported.stepId, reported.code], ['alice', '1', 'TASK_FAILED']);
    await rm(dir, { recursive: true });
  });

  it('is a result of the job that is not public data', async () => {
    const w = await world(
      job(two, async ({ alice }) => ({ x: alice.run('x', () => 1) })),
      { supervised: false },
    );
    for (const outcome of (await w.run()).values()) {
      assert.equal((outcome as PromiseRejectedResult).reason.code, 'PRIVITY_HANDLE_COERCED');
    }
  });

  it('after the verdict is reported only if it is not its consequence', async () => {
    const w = await world(
      job(two, async ({ alice, bob }) => {
        alice.run('cleanup fails', async ({ signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          throw new Error('could not clean up');
        });
        alice.run('follows', async ({ signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          throw new Error('wrapped', { cause: signal.reason });
        });
        bob.run('fails', () => Promise.reject(new PublicError('the cause')));
      }),
    );
    await w.run();
    assert.deepEqual(
      w.of('alice').host.failures.map(({ detail }) => detail.message),
      ['could not clean up'],
    );
    assert.equal(w.of('bob').host.failures[0]?.failure.message, 'the cause');
  });
});
