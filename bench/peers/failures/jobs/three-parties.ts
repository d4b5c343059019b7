/** A value goes from alice to bob to carol; the task at alice throws. */
import { job, z } from 'privity';

// biome-ignore lint/style/noDefaultExport: a job is the default export of its module
export default job(
  { parties: ['alice', 'bob', 'carol'], args: z.object({ scenario: z.literal('chain-of-three') }) },
  async ({ alice, bob, carol, reveal }) => {
    await reveal(alice.run('value', () => 1));
    await reveal(bob.run('value', () => 1));
    await reveal(carol.run('value', () => 1));
    const first = alice.run('fail', (): number => {
      console.log(`FAULT-AT ${Date.now()}`);
      throw new Error('planned failure');
    });
    const second = bob.run('use', { number: first.to(bob) }, ({ number }) => number + 1);
    return await reveal(carol.run('use', { number: second.to(carol) }, ({ number }) => number + 1));
  },
);
