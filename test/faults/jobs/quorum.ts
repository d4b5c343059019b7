/** A quorum of two of three; each part says that it has begun and waits until the settings' file is there. */
import { job, z } from 'privity';

const gate = z.object({ gate: z.string() });

export default job(
  { parties: ['alice', 'bob', 'carol'], settings: { alice: gate, bob: gate, carol: gate } },
  async ({ alice, bob, carol, quorum, reveal, attempt }) => {
    const taken = await quorum({ of: [alice, bob, carol], atLeast: 2 }, async (party) => {
      const part = party.run('part', async ({ settings, signal }) => {
        const { existsSync } = await import('node:fs');
        const { setTimeout: delay } = await import('node:timers/promises');
        while (!existsSync(settings.gate)) await delay(10, undefined, { signal });
        return 1;
      });
      return await reveal(part);
    });
    const sum = taken.present.reduce((total, party) => total + (taken.values[party] ?? 0), 0);
    const doubled = await reveal(bob.run('double', () => 2 * sum));
    // Later scopes are of those who are left; whoever needs the lost party fails in them.
    const again = await attempt(async () => reveal(carol.run('gone', () => 1)));
    return {
      present: taken.present,
      absent: taken.absent.map(({ party, failure }) => [party, failure.code, failure.retryable]),
      doubled,
      again: again.ok ? 'ok' : [again.failure.code, again.failure.origin],
    };
  },
);
