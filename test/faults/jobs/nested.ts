/**
 * Erin is lost in a scope of hers, while alice and bob have one of their own. The shape says where hers is: in the job
 * (beside theirs), in a conclave within a scope of all (around), or in a conclave alone (inside).
 */
import { job, type TaskContext, z } from 'privity';

const waits = ({ signal }: Pick<TaskContext, 'signal'>): Promise<number> =>
  new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason)));

export default job(
  {
    parties: ['alice', 'bob', 'carol', 'dave', 'erin'],
    args: z.object({ shape: z.enum(['beside', 'around', 'inside']) }),
    settings: { alice: z.object({ gate: z.string() }) },
  },
  async ({ alice, bob, dave, erin, args, parallel, attempt, conclave, reveal }) => {
    const hers = () =>
      conclave([dave, erin], async ({ attempt, reveal }) => {
        const tried = await attempt(async () => reveal(erin.run('waits', waits)));
        return tried.ok ? 'ok' : tried.failure.code;
      });
    const theirs = () =>
      conclave([alice, bob], async ({ attempt, reveal }) => {
        const tried = await attempt(async () => {
          const works = alice.run('works', async ({ settings, signal }) => {
            const { existsSync } = await import('node:fs');
            const { setTimeout: delay } = await import('node:timers/promises');
            while (!existsSync(settings.gate)) await delay(10, undefined, { signal });
            return 20;
          });
          return await reveal(works);
        });
        return tried.ok ? tried.value : -1;
      });
    const lost = (): Promise<unknown> => {
      if (args.shape === 'inside') return hers();
      return attempt(async () => {
        await (args.shape === 'around' ? hers() : reveal(erin.run('waits', waits)));
      }).then((tried) => (tried.ok ? 'ok' : [tried.failure.code, tried.failure.origin, tried.absent]));
    };
    const [said, own] = await parallel([lost, theirs]);
    const after = bob.run('after', { own }, ({ own }) => own + 1);
    return { said: args.shape === 'inside' ? null : said, after: await reveal(after) };
  },
);
