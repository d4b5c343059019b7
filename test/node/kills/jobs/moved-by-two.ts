/** Values go from one of two parties to the other, each answered by a word, until the test says that it is enough. */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { job, z } from 'privity';

/** A MiB: some frames of a link. */
const NUMBERS = 131_072;

export default job(
  { parties: ['alice', 'bob'], args: z.object({ notes: z.string(), pauseMs: z.coerce.number().int() }) },
  async ({ alice, bob, args, reveal }) => {
    let rounds = 0;
    for (let isEnough = false; !isEnough; rounds += 1) {
      const nth = rounds;
      const part = alice.run('part', async () => {
        await delay(args.pauseMs);
        return new Float64Array(NUMBERS).fill(nth);
      });
      const taken = bob.run('taken', { part: part.to(bob) }, ({ part }) => {
        assert.ok(part.every((one) => one === nth));
        appendFileSync(`${args.notes}/taken`, '.');
        return existsSync(`${args.notes}/enough`);
      });
      isEnough = await reveal(taken);
    }
    return { rounds };
  },
);
