/** A task that prints the time and throws. */
import { job } from 'privity';

export default job({ parties: ['alice', 'bob', 'carol'] }, async ({ alice, bob, reveal }) => {
  const seed = alice.run('seed', () => 1);
  await reveal(seed);
  const work = bob.run('work', () => {
    console.log(`thrown at ${performance.timeOrigin + performance.now()}`);
    throw new Error('planned');
  });
  return reveal(work);
});
