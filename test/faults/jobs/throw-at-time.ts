/**
 * A task that throws, in a job that prints when that was. Not before it throws: printing takes time, which would be part of what
 * is measured.
 */
import { job } from 'privity';

let thrownAt: number | null = null;

export default job({ parties: ['alice', 'bob', 'carol'] }, async ({ alice, bob, reveal }) => {
  const seed = alice.run('seed', () => 1);
  await reveal(seed);
  const work = bob.run('work', () => {
    thrownAt = performance.timeOrigin + performance.now();
    throw new Error('planned');
  });
  try {
    return await reveal(work);
  } finally {
    if (thrownAt !== null) console.log(`thrown at ${thrownAt}`);
  }
});
