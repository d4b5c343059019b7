import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertNoThreadLeft } from '../../test/parts/threads-left.ts';
import { THREAD_LIMITS, ThreadPool, ThreadTeam } from './threads.ts';

const work = new URL('../../test/parts/thread-work.js', import.meta.url);
const never = new AbortController().signal;
const open = (threads: number, signal = never): Promise<ThreadPool> =>
  ThreadPool.open('curve', work, threads, signal);

const shared = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));
/** Resolves when so many threads have begun. */
async function begun(count: Int32Array, threads: number): Promise<void> {
  while (Atomics.load(count, 0) < threads) await new Promise((resolve) => setImmediate(resolve));
}

describe('a pool of threads', () => {
  it('is called, in as many threads as were asked for, and leaves none', async () => {
    const pool = await open(2);
    try {
      const inputs = [1, 2, 3, 4, 5, 6, 7];
      assert.deepEqual(
        await Promise.all(inputs.map((x) => pool.call('twice', x))),
        inputs.map((x) => 2 * x),
      );
      const [one, other] = [shared(), shared()];
      const runs = [one, other].map((count) => assert.rejects(pool.call('spin', count), /after its end/));
      await Promise.all([begun(one, 1), begun(other, 1)]);
      await pool.close();
      await Promise.all(runs);
    } finally {
      await pool.close();
    }
    await assertNoThreadLeft();
  });

  it('has no more threads than its kind may have', async () => {
    const pool = await ThreadPool.open('matmul', work, 1000, never);
    await pool.close();
    assert.equal(pool.threads, THREAD_LIMITS.matmul.threadsMax);
    await assertNoThreadLeft();
  });

  it('ends with the reason of the signal in the middle of work that never ends, and what waits with it', async () => {
    const stop = new AbortController();
    const pool = await open(1, stop.signal);
    const count = shared();
    const reason = new Error('verdict');
    const runs = [pool.call('spin', count), pool.call('twice', 1)].map((run) => assert.rejects(run, reason));
    await begun(count, 1);
    stop.abort(reason);
    await Promise.all(runs);
    await assert.rejects(pool.call('twice', 1), reason);
    await pool.close();
    await assertNoThreadLeft();
  });

  it('starts nothing that lasts where the signal has aborted already', async () => {
    const pool = await open(2, AbortSignal.abort(new Error('too late')));
    await assert.rejects(pool.call('twice', 1), /too late/);
    await pool.close();
    await assertNoThreadLeft();
  });

  it('gives what a function throws, and goes on', async () => {
    const pool = await open(1);
    await assert.rejects(pool.call('fail', undefined), { name: 'RangeError', message: 'as asked' });
    assert.equal(await pool.call('twice', 4), 8);
    await pool.close();
  });

  for (const [what, name, error] of [
    ['a thread that goes without a word', 'go', /has ended by itself/],
    ['a thread that takes more memory than it may', 'eat', { code: 'ERR_WORKER_OUT_OF_MEMORY' }],
    ['a function that is not there', 'nothing', /nothing/],
  ] as const) {
    it(`fails with ${what}, and is closed as ever`, async () => {
      const pool = await open(1);
      await assert.rejects(pool.call(name, undefined), error);
      await pool.close();
      await assertNoThreadLeft();
    });
  }
});

describe('a team of threads', () => {
  const team = (): ThreadTeam => new ThreadTeam('matmul', work);

  it('grows to what its kind may have, is told, and ends in the middle of work that never ends', async () => {
    const threads = team();
    threads.grow(2);
    threads.grow(1);
    assert.equal(threads.running, 2);
    const count = shared();
    assert.equal(threads.tell({ begun: count }), 2);
    await begun(count, 2);
    threads.grow(1000);
    assert.equal(threads.running, THREAD_LIMITS.matmul.threadsMax);
    await threads.end();
    assert.equal(threads.running, 0);
    await assertNoThreadLeft();
  });

  it('goes on without one that dies', async () => {
    const threads = team();
    threads.grow(1);
    threads.tell({ work: 'fail', begun: shared() });
    while (threads.running > 0) await new Promise((resolve) => setImmediate(resolve));
    threads.grow(1);
    const count = shared();
    assert.equal(threads.tell({ begun: count }), 1);
    await begun(count, 1);
    await threads.end();
  });
});
