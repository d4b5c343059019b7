/**
 * Another engine than the product's: tasks of a party run one at a time, in the order in which they could begin, and
 * are written down.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useWorlds, type World } from '../../test/parts/program-world.ts';
import type { EngineStep, TaskEngine } from '../engine/task-engine.ts';
import { type Job, job } from './model/job.ts';

class OneAtATime implements TaskEngine {
  readonly record: string[] = [];
  #tail: Promise<unknown> = Promise.resolve();

  run<T>({ name, signal }: EngineStep, code: () => Promise<T>): Promise<T> {
    this.record.push(`queues ${name}`);
    const result = this.#tail.then(async () => {
      signal.throwIfAborted();
      this.record.push(`begins ${name}`);
      try {
        return await code();
      } finally {
        this.record.push(`ends ${name}`);
      }
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }
}

const open = useWorlds();
async function world(program: Job): Promise<{ readonly w: World; readonly alice: OneAtATime }> {
  const alice = new OneAtATime();
  const w = await open(program, {
    engineOf: (party) => (party === 'alice' ? alice : new OneAtATime()),
  });
  return { w, alice };
}

const two = { parties: ['alice', 'bob'] } as const;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('an engine that runs one task at a time', () => {
  it('gives the same result, and no task begins before the one before it has ended', async () => {
    const { w, alice } = await world(
      job(two, async ({ alice, bob, reveal, attempt }) => {
        const parts = [1, 2, 3].map((n) =>
          alice.run(`part ${n}`, async () => {
            await turn();
            return n;
          }),
        );
        const sums = parts.map((part, i) =>
          bob.run(`at bob ${i}`, { part: part.to(bob) }, ({ part }) => part),
        );
        const tried = await attempt(() => reveal(alice.run('tried', () => Promise.reject(new Error('no')))));
        return [await Promise.all(sums.map((sum) => reveal(sum))), tried.ok];
      }),
    );
    const results = await w.results();
    assert.deepEqual(results, { alice: [[1, 2, 3], false], bob: [[1, 2, 3], false] });
    const tasks = alice.record.filter((line) => !line.startsWith('queues'));
    assert.deepEqual(
      tasks,
      ['part 1', 'part 2', 'part 3', 'tried'].flatMap((name) => [`begins ${name}`, `ends ${name}`]),
    );
    // A task counts as begun when the engine begins it, not when its inputs were there.
    const log = w.of('alice').host.log.filter((line) => /^(start|completed) [012]$/.test(line));
    assert.deepEqual(log, ['start 0', 'completed 0', 'start 1', 'completed 1', 'start 2', 'completed 2']);
  });

  it('begins nothing that waits in its queue when the run ends, and the failure is the one that happened', async () => {
    const { w, alice } = await world(
      job(two, ({ alice }) => {
        alice.run('fails', async () => {
          await turn();
          throw new Error('as planned');
        });
        alice.run('never', () => 1);
      }),
    );
    assert.equal((await w.run()).get('alice')?.status, 'rejected');
    assert.deepEqual(alice.record, ['queues fails', 'queues never', 'begins fails', 'ends fails']);
    const { failures, started, finished } = w.of('alice').host;
    assert.deepEqual(
      failures.map(({ failure }) => [failure.code, failure.stepName]),
      [['TASK_FAILED', 'fails']],
    );
    assert.deepEqual(started, ['0']);
    assert.deepEqual(
      finished.map(({ stepId, outcome }) => [stepId, outcome]),
      [['0', 'failed']],
    );
  });

  it('keeps tasks from issuing steps, wherever their code runs', async () => {
    const { w } = await world(
      job(two, ({ alice }) => {
        alice.run('outer', async () => {
          await turn();
          alice.run('inner', () => 1);
        });
      }),
    );
    await w.run();
    assert.equal(w.of('alice').host.failures[0]?.detail.code, 'PRIVITY_STEP_INSIDE_TASK');
  });
});
