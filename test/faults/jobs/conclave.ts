/** Alice and bob agree on something among themselves while carol is busy for as long as the settings say. */
import { job, z } from 'privity';

export default job(
  { parties: ['alice', 'bob', 'carol'], settings: { carol: z.object({ release: z.string() }) } },
  async ({ alice, bob, carol, conclave, reveal }) => {
    const busy = carol.run('busy', async ({ settings, signal }) => {
      const { existsSync } = await import('node:fs');
      const { setTimeout: delay } = await import('node:timers/promises');
      while (!existsSync(settings.release)) await delay(10, undefined, { signal });
      return 1;
    });
    const agreed = await conclave([alice, bob], async ({ attempt, reveal }) => {
      const tried = await attempt(async () =>
        reveal(bob.run('fails', () => Promise.reject(new Error('canary')))),
      );
      return [tried.ok ? 'ok' : tried.failure.origin, await reveal(alice.run('x', () => 40))] as const;
    });
    alice.run('release', { agreed }, () => process.stdout.write('the members are through\n'));
    const sum = carol.run('sum', { busy, agreed: agreed.to(carol) }, ({ busy, agreed }) => [
      agreed[0],
      agreed[1] + busy,
    ]);
    return await reveal(sum);
  },
);
