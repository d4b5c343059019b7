/** Three parties, a few steps, then one task at one party that ends in the way that the arguments say. */
import { existsSync } from 'node:fs';
import { job, z } from 'privity';

// Nothing runs before every party has loaded the job, and a party that has a gate does so when its file is there.
const gate = process.env.STEADY_GATE;
while (gate !== undefined && !existsSync(gate)) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
}

export default job(
  {
    parties: ['alice', 'bob', 'carol'],
    args: z.object({
      who: z.enum(['alice', 'bob', 'carol']).default('bob'),
      what: z.enum(['return', 'throw', 'wait', 'spin', 'exit', 'job']).default('return'),
    }),
  },
  async ({ alice, bob, carol, args, reveal }) => {
    const seed = alice.run('seed', () => 20);
    const doubled = bob.run('double', { seed: seed.to(bob) }, ({ seed }) => seed * 2);
    const first = await reveal(doubled);
    if (args.what === 'job') throw new Error('canary-job-message');
    const task = async ({ signal }: { signal: AbortSignal }) => {
      if (args.what === 'throw') throw new Error('canary-task-message');
      if (args.what === 'exit') process.exit(3);
      while (args.what === 'spin');
      if (args.what === 'wait') {
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      }
      return 2;
    };
    const work = {
      alice: () => reveal(alice.run('work', task)),
      bob: () => reveal(bob.run('work', task)),
      carol: () => reveal(carol.run('work', task)),
    };
    return { answer: first + (await work[args.who]()) };
  },
);
