import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useWorlds } from '../../test/parts/program-world.ts';
import type { TaskContext } from './model/context.ts';
import { job } from './model/job.ts';

const world = useWorlds();

const two = { parties: ['alice', 'bob'] } as const;

/** A task that ends only with its run. */
const never = ({ signal }: TaskContext): Promise<number> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('bounds', () => {
  it('fail the run when the mailbox and its files are full', async () => {
    let go: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const body = (wait: boolean) =>
      job(two, async ({ alice, bob }) => {
        if (wait) await gate;
        for (let i = 0; i < 4; i++) alice.run(`x${i}`, () => new Uint8Array(2000)).to(bob);
      });
    const w = await world(
      { alice: body(false), bob: body(true) },
      { limits: { mailboxBytesMax: 1000, mailboxSpillBytesMax: 5000 } },
    );
    const running = w.run();
    while (w.of('bob').host.failures.length === 0) await new Promise(setImmediate);
    go();
    await running;
    const [captured] = w.of('bob').host.failures;
    assert.equal(captured?.failure.code, 'LIMIT_EXCEEDED');
    assert.equal(captured?.detail.code, 'PRIVITY_MAILBOX_FULL');
  });

  it('fail the run when too many messages wait', async () => {
    const ahead = job(two, async ({ alice, bob }) => {
      for (let i = 0; i < 5; i++) alice.run(`x${i}`, () => i).to(bob);
    });
    const behind = job(two, async ({ alice, reveal }) => reveal(alice.run('y', never)));
    const w = await world({ alice: ahead, bob: behind }, { limits: { mailboxMessagesMax: 2 } });
    await w.run();
    assert.ok(w.of('bob').host.failures.length + w.of('bob').host.divergences.length > 0);
  });

  it('spill early values to files and deliver them from there', async () => {
    let go: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const body = (wait: boolean) =>
      job(two, async ({ alice, bob, reveal }) => {
        if (wait) await gate;
        const xs = Array.from({ length: 5 }, (_, i) =>
          alice.run(`x${i}`, () => new Float64Array(1000).fill(i)).to(bob),
        );
        const sums = xs.map((x) => bob.run('sum', { x }, ({ x }) => x.reduce((a, b) => a + b, 0)));
        const all = [];
        for (const sum of sums) all.push(await reveal(sum));
        return all;
      });
    const w = await world(
      { alice: body(false), bob: body(true) },
      { limits: { mailboxBytesMax: 10_000 }, pieceBytes: 512 },
    );
    const running = w.results();
    while (w.crossed.length < 5) await new Promise(setImmediate);
    go();
    assert.deepEqual(await running, { alice: [0, 1000, 2000, 3000, 4000], bob: [0, 1000, 2000, 3000, 4000] });
    assert.deepEqual(await w.of('bob').runtime.close(), {
      spillFiles: 0,
      mailboxMessages: 0,
      pendingSends: 0,
    });
  });

  it('back received Blobs by files until the run is closed', async () => {
    const w = await world(
      job(two, async ({ alice, bob, reveal }) => {
        const blob = alice.run('file', () => new Blob(['x'.repeat(50_000)], { type: 'text/plain' }));
        return reveal(
          bob.run(
            'read',
            { blob: blob.to(bob) },
            async ({ blob }) => `${blob.type} ${(await blob.text()).length}`,
          ),
        );
      }),
      { limits: { mailboxBytesMax: 1000 } },
    );
    assert.deepEqual(await w.results(), { alice: 'text/plain 50000', bob: 'text/plain 50000' });
    assert.equal((await w.of('bob').runtime.close()).spillFiles, 1);
  });
});
