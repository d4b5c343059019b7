import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useWorlds, type World } from '../../../test/parts/program-world.ts';
import { secure } from '../devices/secure/device.ts';
import { job } from '../model/job.ts';

const two = { parties: ['alice', 'bob'] } as const;
const three = { parties: ['alice', 'bob', 'carol'] } as const;

describe('the ledger', () => {
  const world = useWorlds();
  const leftOf = (w: World, party: string) =>
    w.of(party).host.disclosures.map(({ name, to }) => [name, ...to]);
  const keptOf = (w: World, party: string) =>
    w.of(party).host.withheld.map(({ name, to, reason }) => [name, ...to, reason]);

  it('lists what left in the order in which it left, not in that of the program', async () => {
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const w = await world(
      job(two, async ({ alice, bob, reveal }) => {
        const slow = alice.run('slow', () => gate.then(() => 1)).to(bob);
        const quick = alice.run('quick', () => 2).to(bob);
        bob.run('both', { slow, quick }, () => 0);
        const seen = bob.run('seen', { quick }, ({ quick }) => quick);
        await reveal(seen);
        go();
      }),
    );
    await w.results();
    assert.deepEqual(leftOf(w, 'alice'), [
      ['quick', 'bob'],
      ['slow', 'bob'],
    ]);
    assert.ok(w.of('alice').host.disclosures.every(({ partial }) => partial === undefined));
    assert.deepEqual(keptOf(w, 'alice'), []);
  });

  it('has nothing of a value that was refused, and says so', async () => {
    const w = await world(
      job(two, async ({ alice, bob }) => {
        const x = alice.run('x', () => new Map([['a', 1]]) as unknown);
        bob.run('use', { x: x.to(bob) }, () => 1);
      }),
    );
    await w.run();
    assert.deepEqual(w.crossed, []);
    assert.deepEqual(leftOf(w, 'alice'), []);
    assert.deepEqual(keptOf(w, 'alice'), [['x', 'bob', 'refused']]);
  });

  it('has nothing of a share that does not fit, nor of the opening that would have followed', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const x = alice.run('x', () => new Float64Array(5)).to(spu, { shape: [4] });
        return (await reveal(x.mean().as('mean'))).data[0];
      }),
    );
    await w.run();
    for (const party of three.parties) assert.deepEqual(leftOf(w, party), [], party);
    assert.deepEqual(keptOf(w, 'alice')[0], ['x', 'bob', 'carol', 'refused']);
    const [share] = w.of('alice').host.withheld;
    const type = 'secret fixed tensor, all within -4096 to 4096';
    assert.deepEqual([share?.kind, share?.type, share?.shape], ['share', type, [4]]);
    assert.ok(w.of('bob').host.withheld.some(({ name, kind }) => name === 'mean' && kind === 'reveal'));
  });

  it('says of a share that its data are why it was refused: others know that much', async () => {
    for (const value of [12, Number.NaN]) {
      const w = await world(
        job(three, async ({ alice, bob, carol, reveal }) => {
          const spu = secure([alice, bob, carol], { protocol: 'rep3' });
          const x = alice.run('x', () => Float64Array.of(1, value)).to(spu, { shape: [2], max: 10 });
          return (await reveal(x.mean())).data[0];
        }),
      );
      await w.run();
      assert.deepEqual(leftOf(w, 'alice'), []);
      assert.deepEqual(keptOf(w, 'alice')[0], ['x', 'bob', 'carol', 'refused-for-data'], `${value}`);
    }
  });

  it('has shares and openings where they were made, once each', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const x = alice.run('x', () => new Float64Array(4)).to(spu, { shape: [4] });
        return (await reveal(x.mean().as('mean'))).data[0];
      }),
    );
    await w.results();
    assert.deepEqual(leftOf(w, 'alice')[0], ['x', 'bob', 'carol']);
    for (const party of three.parties) {
      assert.equal(leftOf(w, party).filter(([name]) => name === 'mean').length, 1, party);
      assert.deepEqual(keptOf(w, party), [], party);
      assert.ok(w.of(party).host.disclosures.every(({ partial }) => partial === undefined));
    }
  });

  it('says of what never came to be that its attempt failed first, and goes on', async () => {
    const w = await world(
      job(two, async ({ alice, bob, attempt, reveal }) => {
        await attempt(async () => {
          const never = alice.run(
            'never',
            ({ signal }) =>
              new Promise<number>((_, no) => signal.addEventListener('abort', () => no(signal.reason))),
          );
          bob.run('use', { never: never.to(bob) }, () => 1);
          await reveal(bob.run('fails', () => Promise.reject(new Error('no'))));
        });
        return reveal(alice.run('after', () => 1));
      }),
    );
    await w.results();
    assert.deepEqual(leftOf(w, 'alice'), [['after', 'bob']]);
    assert.deepEqual(keptOf(w, 'alice'), [['never', 'bob', 'scope-failed']]);
  });
});
