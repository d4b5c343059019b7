/** Two parties and one value of each; each party notes in a file of the test that the run has begun there. */
import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { job, z } from 'privity';

export default job(
  { parties: ['alice', 'bob'], args: z.object({ notes: z.string(), pauseMs: z.coerce.number().int() }) },
  async ({ alice, bob, args, reveal }) => {
    const task = (name: string) => async () => {
      // The supervisor above this process was started with the id of the run.
      const words = readFileSync(`/proc/${process.ppid}/cmdline`, 'utf8').split('\0');
      appendFileSync(`${args.notes}/${name}`, `${words[words.indexOf('--run-id') + 1]}\n`);
      await delay(args.pauseMs);
      return 20;
    };
    const values = [
      alice.run('value of alice', task('alice')),
      bob.run('value of bob', task('bob')),
    ] as const;
    return { sum: (await reveal(values[0])) + (await reveal(values[1])) };
  },
);
