/** The shortest run that fails: one value crosses, then a task throws. */
import { job } from 'privity';

export default job({ parties: ['alice', 'bob'] }, async ({ alice, bob, reveal }) => {
  const seed = alice.run('seed', () => 1);
  const work = bob.run('work', { seed: seed.to(bob) }, () => {
    throw new Error('planned');
  });
  return reveal(work);
});
