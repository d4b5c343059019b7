import assert from 'node:assert/strict';
import { after, afterEach, describe, it } from 'node:test';
import { closeDatabase, tableOf } from '../data/index.ts';
import { World } from '../testing/program-world.ts';
import { type Job, job } from './job.ts';
import { secure } from './secure-device.ts';
import { tensor } from './tensor.ts';

const worlds: World[] = [];
async function world(program: Job): Promise<World> {
  const made = await World.create(program);
  worlds.push(made);
  return made;
}
afterEach(async () => {
  for (const made of worlds.splice(0)) await made.close();
});
after(closeDatabase);

const three = { parties: ['alice', 'bob', 'carol'] } as const;
const four = { parties: ['alice', 'bob', 'carol', 'dave'] } as const;

describe('a secret', () => {
  it('is shared, computed with and revealed, also to a party that is no member', async () => {
    const w = await world(
      job(four, async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const x = alice
          .run('x', () => tensor([2, 2], Float64Array.of(1, -2.5, 3, 4)))
          .to(spu, { shape: [2, 2] });
        const shown = await reveal(x);
        return [[...shown.shape], [...shown.data]];
      }),
    );
    const results = await w.results();
    for (const party of four.parties)
      assert.deepEqual(results[party], [
        [2, 2],
        [1, -2.5, 3, 4],
      ]);
  });

  it('of a table has its rows and columns', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const rows = bob.run('t', () => tableOf({ a: Float64Array.of(1, 2, 3), b: Int32Array.of(4, 5, 6) }));
        const atAlice = rows.to(spu, { shape: [3, 2] }).to(alice);
        alice.run('look', { atAlice }, ({ atAlice }) => assert.deepEqual([...atAlice.data], [1, 4, 2, 5, 3, 6]));
      }),
    );
    await w.results();
    assert.deepEqual(
      w.of('alice').host.finished.filter(({ outcome }) => outcome !== 'completed'),
      [],
    );
  });
});
