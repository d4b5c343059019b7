/**
 * A task that throws, in a job that prints when that was. Not before it throws: printing takes time, which would be
 * part of what is measured. Its parties come from the environment: there may be many. So does for how long it has been
 * at work before: at once after the start, processes still load code, compile and collect garbage.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { job } from 'privity';

/** These at least. */
const parties = (process.env.BENCH_PARTIES ?? 'alice,bob,carol').split(',') as unknown as readonly [
  'alice',
  'bob',
  'carol',
];
const workMs = Number(process.env.BENCH_WORK_MS ?? 0);
let thrownAt: number | null = null;

export default job({ parties }, async ({ alice, bob, reveal }) => {
  const seed = alice.run('seed', () => 1);
  await reveal(seed);
  const work = bob.run('work', async () => {
    await wait(workMs);
    // As events have it. `performance.timeOrigin` is off by up to 50 ms where the process was kept waiting just as it
    // was read.
    thrownAt = Date.now();
    throw new Error('planned');
  });
  try {
    return await reveal(work);
  } finally {
    if (thrownAt !== null) console.log(`thrown at ${thrownAt}`);
  }
});
