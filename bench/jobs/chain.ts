/** A chain of tasks, each with the result of the one before, all at one party or from party to party. */
import { job, z } from 'privity';

export default job(
  {
    parties: ['alice', 'bob'],
    args: z.object({ steps: z.coerce.number().int(), across: z.enum(['yes', 'no']) }),
  },
  async ({ alice, bob, args, reveal }) => {
    const first = alice.run('first', () => 0);
    await reveal(first);
    const begin = performance.now();
    let issuedMs: number;
    let last: number;
    if (args.across === 'no') {
      let value = first;
      for (let i = 0; i < args.steps; i++) value = alice.run('next', { value }, ({ value }) => value + 1);
      issuedMs = performance.now() - begin;
      last = await reveal(value);
    } else {
      let value = first;
      for (let i = 0; i < args.steps; i += 2) {
        const there = bob.run('next', { value: value.to(bob) }, ({ value }) => value + 1);
        value = alice.run('next', { value: there.to(alice) }, ({ value }) => value + 1);
      }
      issuedMs = performance.now() - begin;
      last = await reveal(value);
    }
    return { last, issuedMs, elapsedMs: performance.now() - begin };
  },
);
